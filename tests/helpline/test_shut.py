"""Nobody there: what she is told, a call-back with other questions in between, and word when somebody is back."""

from __future__ import annotations

from datetime import date

import pytest

from bot.knowledge.base import KnowledgeBase
from tests.doubles.carer import Carer
from tests.doubles.gateway import Running, StartGateway
from tests.doubles.rasa import FakeRasa, says
from tests.doubles.twilio import FakeTwilio, Phone
from tests.doubles.waiting import until
from tests.helpline.conftest import PLEASE, Arrive, StartPhones

ON = date(2026, 11, 24)
FRIDAY_EVENING = "2026-11-27T18:00:00+00:00"

STATES = [  # clock, is an adviser there, what is said
    ("2026-11-24T11:00:00+00:00", True, "desk.passed", {}),
    ("2026-11-24T11:00:00+00:00", False, "desk.nobody", {"closes": "3pm"}),
    (FRIDAY_EVENING, True, "desk.shut", {"day": "on Monday", "time": "9.30am"}),
    ("2026-12-24T18:00:00+00:00", False, "desk.shut", {"day": "on Tuesday 29 December", "time": "9.30am"}),
]


@pytest.mark.parametrize(("now", "there", "name", "values"), STATES, ids=["open", "nobody there", "shut", "Christmas"])
async def test_open_is_the_clock_and_an_adviser(start_gateway: StartGateway, arrive: Arrive, base: KnowledgeBase, now: str,
                                                there: bool, name: str, values: dict[str, str]) -> None:
    gateway = await start_gateway(now=now)
    if there:
        await arrive("sam", at=gateway)
    got = await (await gateway.carer()).say(PLEASE)
    said = base.say(name, date.fromisoformat(now[:10]), **values)
    if name == "desk.shut":  # the day may be put in another way; the helpline's opening has tests of its own
        said = said.split("They're back")[0]
    assert said in got.text and got.state["mode"] == "waiting"
    labels = [o["label"] for o in got.options]
    assert base.say("desk.ring_me", ON) in labels and base.say("desk.stop_waiting", ON) in labels


REASONS = ["asked", "danger", "not_understood", "complaint", "person_first"]


@pytest.mark.parametrize("reason", REASONS)
async def test_whatever_the_reason_she_is_told_what_happens(carer: Carer, rasa: FakeRasa, base: KnowledgeBase,
                                                            reason: str) -> None:
    rasa.script["x"] = says("Here is what I know.", hand_over=reason)
    got = await carer.say("x")
    told = got.text.split("Here is what I know.")[1]
    assert got.state["mode"] == "waiting" and "helpline" in told
    if reason in base.words.under("desk.why"):
        assert base.say(f"desk.why.{reason}", ON) in told, "she didn't ask for a person, and is told why one comes"


async def test_how_many_are_before_her(gateway: Running, arrive: Arrive, base: KnowledgeBase) -> None:
    await arrive("sam")
    for place in ("desk.next", "desk.one_before"):
        assert base.say(place, ON) in (await (await gateway.carer()).say(PLEASE)).text
    assert base.say("desk.before", ON, count=2) in (await (await gateway.carer()).say(PLEASE)).text


async def test_a_call_back_with_a_question_a_correction_and_danger_in_between(start_gateway: StartGateway, arrive: Arrive,
                                                                              base: KnowledgeBase, rasa: FakeRasa) -> None:
    gateway = await start_gateway(now=FRIDAY_EVENING)
    carer, sam = await gateway.carer(), await arrive("sam", at=gateway)
    await carer.say(PLEASE)
    assert (await carer.choose("desk:ring_me")).text == base.say("call_back.number", ON)
    got = await carer.say("how much is the allowance")
    assert got.text.startswith("You said: how much") and base.say("call_back.number", ON) in got.text
    assert (await carer.say("0113 12")).text == base.say("call_back.number_wrong", ON)
    danger = await carer.say("I want to kill myself")
    assert danger.urgent
    assert (await carer.say("my number is 07700 900 123 thanks")).text == base.say("call_back.times", ON)
    assert (await carer.say("is it free to ring?")).text.startswith("You said: is it free")
    assert (await carer.say("after half 9 when kids are at school")).text == base.say("call_back.message", ON)
    assert (await carer.say("better not")).text == base.say("call_back.name", ON)
    got = await carer.choose("desk:name")
    assert base.say("call_back.done", ON, ending="123") in got.text and base.say("call_back.leave_none", ON) in got.text
    assert got.state["mode"] == "assistant"
    calls = await sam.page("/calls")
    assert "+447700900123" in calls and "after half 9" in calls and "leave none" in calls
    async with gateway.store.engine.connect() as connection:
        kept = str((await connection.exec_driver_sql("SELECT call_back FROM waiting_for_person")).all())
    assert "7700900123" not in kept, "the number is sealed"
    async with sam.session.post(f"{gateway.url}/helpline/calls/{carer.id}", allow_redirects=False,
                                data={"csrf": sam.csrf, "outcome": "answered"}) as done:
        assert done.status == 303
    assert "+447700900123" not in await sam.page("/calls")


async def test_she_changes_her_mind_about_the_call(carer: Carer, base: KnowledgeBase, sam: object) -> None:
    await carer.say(PLEASE)
    await carer.choose("desk:ring_me")
    got = await carer.choose("desk:no_call")
    assert got.text == base.say("call_back.stopped", ON) and got.state["mode"] == "assistant"


async def test_she_stops_waiting(carer: Carer, base: KnowledgeBase) -> None:
    await carer.say(PLEASE)
    got = await carer.choose("desk:stop_waiting")
    assert got.text == base.say("desk.stopped_waiting", ON) and got.state["mode"] == "assistant"


async def test_word_by_text_when_somebody_is_back(start_phones: StartPhones, twilio: FakeTwilio, arrive: Arrive,
                                                  base: KnowledgeBase) -> None:
    gateway = await start_phones(desk_round_seconds=0.2)
    phone, page = Phone(twilio, gateway.url), await gateway.carer()
    await phone.text(PLEASE)
    await phone.next(), await phone.next()
    await phone.text(base.say("desk.tell_me", ON))
    assert await phone.next() == base.say("desk.told_later", ON)
    await page.say(PLEASE)
    await page.choose("desk:tell_me")
    got = await page.say("07700 900 456")
    assert got.text == base.say("desk.told_later_text", ON, ending="456")
    sam = await arrive("sam", at=gateway)
    assert await phone.next(60) == base.say("desk.there_now", ON, closes="3pm")
    await until(lambda: [t for t in twilio.taken if t.to == "+447700900456"], within=60)
    texts = [t.body for t in twilio.taken if t.to == "+447700900456"]
    assert texts == [base.say("desk.there_now_text", ON, closes="3pm")], "and nothing of what she wrote"
    assert any(item["channel"] == "sms" and item["state"] == "waiting" for item in await sam.items())
