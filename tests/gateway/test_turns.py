"""A message's way: one reply each, in order, whatever Rasa does."""

from __future__ import annotations

import asyncio
import threading
import time
from datetime import date
from typing import Any

import pytest
from sqlalchemy import event
from structlog.testing import capture_logs

from bot.embedding.carried import mark
from bot.gateway import turns, web_api
from bot.helpline.cases import Cases
from bot.helpline.desk import HelplineDesk
from bot.knowledge.base import KnowledgeBase
from bot.knowledge.reply import Message
from bot.safeguarding.watch import Alarm, DangerWatch
from tests.doubles.carer import Carer
from tests.doubles.gateway import Running, StartGateway
from tests.doubles.rasa import FakeRasa
from tests.doubles.waiting import until

ON = date(2026, 11, 24)
DANGER = "I want to kill myself"


async def rows(gateway: Running, table: str) -> int:
    async with gateway.store.engine.connect() as connection:
        return (await connection.exec_driver_sql(f"SELECT count(*) FROM {table}")).scalar_one()  # noqa: S608


async def test_the_same_message_twice_is_one_message(gateway: Running, carer: Carer, rasa: FakeRasa) -> None:
    first, second = await carer.say("hello", "k1"), await carer.say("hello", "k1")
    assert first.status == second.status == 200 and first.messages == second.messages
    third = await carer.say("something else", "k1")
    assert third.messages == first.messages, "the same id is the same message, whatever it says"
    assert rasa.heard == ["hello"] and await rows(gateway, "inbound") == 1


async def test_the_same_message_twenty_times_at_once_is_one_message(gateway: Running, carer: Carer,
                                                                    rasa: FakeRasa) -> None:
    rasa.delay = 0.1
    got = await asyncio.gather(*(carer.say("hello", "same") for _ in range(20)))
    assert {g.status for g in got} == {200} and all(g.messages == got[0].messages for g in got)
    assert rasa.heard == ["hello"] and await rows(gateway, "inbound") == 1
    assert [m["from"] for m in await carer.transcript()] == ["assistant", "carer", "assistant"]


async def test_a_message_takes_four_transactions(gateway: Running, carer: Carer) -> None:
    """What it is read by, its keeping, what is to answer, the reply."""
    began: list[object] = []
    event.listen(gateway.store.engine.sync_engine, "begin", began.append)
    counts = []
    for n in range(10):
        began.clear()
        assert (await carer.say(f"message {n}")).status == 200
        counts.append(len(began))
    assert min(counts) == 4, "now and then something else is under way"


async def test_one_id_in_two_conversations_is_two_messages(gateway: Running, carer: Carer, rasa: FakeRasa) -> None:
    other = await gateway.carer()
    assert (await carer.say("one", "k")).text != (await other.say("two", "k")).text
    assert rasa.heard == ["one", "two"]


async def test_messages_sent_at_once_are_answered_in_order_one_at_a_time(carer: Carer, rasa: FakeRasa) -> None:
    rasa.delay = 0.05
    got = await asyncio.gather(*(carer.say(f"message {n}", f"k{n}") for n in range(8)))
    assert [g.text for g in got] == [f"You said: message {n}" for n in range(8)], "each gets its own reply"
    lines = (await carer.transcript())[1:]
    kept = [m["text"] for m in lines if m["from"] == "carer"]
    assert rasa.heard == kept
    assert [m["text"] for m in lines if m["from"] == "assistant"] == [f"You said: {text}" for text in kept]
    assert rasa.busiest == 1, "Rasa has one message of a conversation at a time"
    assert [t["slots"].get("turn", 0) for t in rasa.turns] == list(range(8)), "each starts where the last ended"


async def test_one_conversation_does_not_wait_for_another(start_gateway: StartGateway, rasa: FakeRasa) -> None:
    gateway, rasa.moods = await start_gateway(rasa_timeout=4), ["hang"]
    carer = await gateway.carer()
    stuck = asyncio.create_task(carer.say("hello"))
    await until(lambda: rasa.turns)
    other = await gateway.carer()
    assert (await other.say("quick")).text == "You said: quick"
    assert not stuck.done()
    await stuck


@pytest.mark.parametrize("mood", ["500", "502", "garbage", "html", "list", "empty", "no_slots", "no_topics"])
async def test_whatever_rasa_answers_the_carer_gets_one_kind_sentence(carer: Carer, rasa: FakeRasa, base: KnowledgeBase,
                                                                      mood: str) -> None:
    rasa.mood = mood
    got = await carer.say("hello", "k")
    assert got.status == 200 and got.text == base.say("failure.action", ON)
    (apology,) = got.messages
    assert apology["topics"] and apology["answers"]
    assert [o["topic"] for o in apology["options"]] == ["helpline.talk_to_someone"]
    assert len(rasa.turns) == turns.ATTEMPTS
    rasa.mood = "answer"
    assert (await carer.say("and now?")).text == "You said: and now?"
    assert (await carer.say("hello", "k")).messages == got.messages, "the apology was the reply"


@pytest.mark.parametrize("moods", [["502"], ["500", "garbage"], ["hang"], ["404", "404"]])
async def test_what_passes_is_tried_again(carer: Carer, rasa: FakeRasa, moods: list[str]) -> None:
    rasa.moods = list(moods)
    got = await carer.say("hello")
    assert (got.status, got.text) == (200, "You said: hello")
    assert rasa.heard == ["hello"] * (len(moods) + 1)
    assert len({t["turn"] for t in rasa.turns}) == 1
    assert [m["from"] for m in await carer.transcript()] == ["assistant", "carer", "assistant"]


async def test_a_rasa_that_hangs_ends_in_a_kind_sentence(start_gateway: StartGateway, rasa: FakeRasa,
                                                         base: KnowledgeBase) -> None:
    carer = await (await start_gateway(rasa_timeout=0.2)).carer()
    rasa.mood = "hang"
    assert (await carer.say("hello")).text == base.say("failure.action", ON)
    assert len(rasa.turns) == turns.HUNG_ATTEMPTS


async def test_while_rasa_is_away_the_message_is_kept_and_answered_later(
        start_gateway: StartGateway, rasa: FakeRasa, base: KnowledgeBase) -> None:
    carer = await (await start_gateway(answer_within=0.3)).carer()
    await rasa.stop()
    got = await carer.say("hello", "k1")
    assert got.status == 503 and int(got.headers["Retry-After"]) >= 1
    assert got.headers["Content-Type"].startswith("application/problem+json")
    assert got.body["detail"] == base.say("failure.rasa_away", ON)
    repeated, second = await carer.say("hello", "k1"), await carer.say("are you there", "k2")
    assert repeated.status == second.status == 503
    listening = asyncio.create_task(carer.listen(until=5))
    await rasa.start()
    heard = await listening
    assert [m["text"] for m in heard if m["from"] == "carer"] == ["hello", "are you there"]
    assert [m["text"] for m in heard if m["from"] == "assistant"][1:] == ["You said: hello", "You said: are you there"]
    assert (await carer.say("hello", "k1")).text == "You said: hello"
    assert len(await carer.transcript()) == 5


async def test_danger_is_answered_while_rasa_is_away(gateway: Running, carer: Carer, rasa: FakeRasa) -> None:
    await rasa.stop()
    got = await carer.say(DANGER)
    assert got.status == 200 and got.urgent and got.state["mode"] == "waiting"
    (message,) = got.messages
    assert message["topics"] == ["urgent.suicide_or_self_harm"]
    assert message["answers"] and message["answers"][0]["sources"] and message["answers"][0]["checked_on"]
    ((waiting, _),) = await Cases(gateway.store).all()
    assert waiting.urgent and waiting.reason == "danger"


async def test_danger_is_answered_while_an_earlier_message_is_stuck(start_gateway: StartGateway, rasa: FakeRasa) -> None:
    carer = await (await start_gateway(answer_within=0.3)).carer()
    await rasa.stop()
    assert (await carer.say("what about money", "k1")).status == 503
    got = await carer.say(DANGER, "k2")
    assert got.status == 200 and got.urgent
    await rasa.start()
    heard = await carer.listen(until=5)
    assert [m["text"] for m in heard if m["from"] == "carer"] == ["what about money", DANGER]
    replies = [m for m in heard if m["from"] == "assistant"][1:]
    assert [m["urgent"] for m in replies] == [True, False] and replies[1]["text"] == "You said: what about money"
    assert rasa.heard == ["what about money"], "danger never waits for Rasa, nor goes there"
    assert len(await carer.transcript()) == 5


async def test_danger_is_answered_while_rasa_has_an_earlier_message(start_gateway: StartGateway, rasa: FakeRasa) -> None:
    carer, rasa.moods = await (await start_gateway(rasa_timeout=4)).carer(), ["hang"]
    stuck = asyncio.create_task(carer.say("what about money"))
    await until(lambda: rasa.turns)
    assert (await carer.say(DANGER)).urgent
    assert not stuck.done()
    assert (await stuck).text == "You said: what about money"


@pytest.fixture
def slow_look(monkeypatch: pytest.MonkeyPatch) -> None:
    """The danger check takes its time, as on a busy machine."""
    look = DangerWatch.look

    def slowly(*args: Any) -> Any:
        time.sleep(0.3)
        return look(*args)

    monkeypatch.setattr(DangerWatch, "look", slowly)


@pytest.mark.parametrize("wrong", ["slow", "broken"])
async def test_help_waits_for_no_desk(carer: Carer, monkeypatch: pytest.MonkeyPatch, wrong: str) -> None:
    """Such as a Chatwoot that is away: help comes first, and who is there is told later."""
    async def adds(*_: object) -> list[Message]:
        await asyncio.sleep(300 if wrong == "slow" else 0)
        raise RuntimeError

    monkeypatch.setattr(turns, "AT_ONCE", 0.1)
    monkeypatch.setattr(HelplineDesk, "adds", adds)
    async with asyncio.timeout(30):
        assert (await carer.say(DANGER)).urgent


async def test_others_are_served_while_a_message_is_looked_at(gateway: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also one of many that are held back, or that find the store away."""
    served = threading.Event()
    alarm = Alarm("urgent.suicide_or_self_harm", 1.0, None)
    monkeypatch.setattr(DangerWatch, "look", lambda *_: alarm if served.wait(60) else None)
    of = gateway.app[web_api.TURNS]
    asyncio.get_running_loop().call_later(0.01, served.set)
    assert await of.alarming("hello")
    served.clear()
    asyncio.get_running_loop().call_later(0.01, served.set)
    assert "999" in str(await of.help_for("hello"))


async def test_danger_twice_with_one_id_is_one_reply(carer: Carer, rasa: FakeRasa, slow_look: None) -> None:
    got = await asyncio.gather(*(carer.say(DANGER, "k") for _ in range(10)))
    assert all(g.messages == got[0].messages and g.urgent for g in got)
    assert len(await carer.transcript()) == 3 and rasa.heard == []


async def test_danger_is_found_before_its_turn_comes(carer: Carer, rasa: FakeRasa, slow_look: None) -> None:
    """The message before it is answered while this one is still looked at."""
    rasa.delay = 0.15
    ordinary = asyncio.create_task(carer.say("what about money", "k1"))
    await until(lambda: rasa.turns)
    got = await carer.say(DANGER, "k2")
    assert got.urgent and (await ordinary).text == "You said: what about money"
    assert rasa.heard == ["what about money"]


async def test_danger_knows_the_council_named_before(carer: Carer, rasa: FakeRasa, base: KnowledgeBase) -> None:
    slug, phone = next((slug, contact.phone) for slug in base.offers
                       if (contact := base.contact(slug, "children_services")) and contact.phone)
    rasa.slots["we live there"] = {"authority": slug}
    await carer.say("we live there")
    got = await carer.say("he says he is going to hurt the kids")
    assert got.urgent and phone in got.text and got.state["authority"] == slug


async def test_what_was_told_with_danger_goes_to_rasa_with_the_next_turn_alone(carer: Carer, rasa: FakeRasa) -> None:
    await rasa.stop()
    told = [DANGER + " and I've got an SGO", DANGER + " with my niece here"]
    assert [(await carer.say(text)).urgent for text in told] == [True, True]
    await rasa.back()
    await carer.say("we are all right again")
    await carer.say("so what about money")
    assert rasa.heard == ["we are all right again", "so what about money"]
    assert [turn["metadata"]["earlier"] for turn in rasa.turns] == [told, []]


async def test_what_the_look_for_danger_has_read_goes_to_rasa(carer: Carer, rasa: FakeRasa) -> None:
    """So that Rasa needn't read it once more."""
    await carer.say("What about  money")
    await carer.say("I'm on gran@example.org")
    reads = [turn["metadata"]["read"] for turn in rasa.turns]
    assert [read["of"] for read in reads] == [mark("what about money"), mark(rasa.heard[1].lower())]
    assert len(reads[0]["spans"]) == 5


async def test_of_very_many_alarms_the_last_go_to_rasa(carer: Carer, rasa: FakeRasa) -> None:
    """So that no number of them makes a turn that can't be taken."""
    told = [f"{DANGER} {number}" for number in range(turns.MOST_UNHEARD + 3)]
    for text in told:
        assert (await carer.say(text)).urgent
    await carer.say("we are all right again")
    assert [turn["metadata"]["earlier"] for turn in rasa.turns] == [told[3:]]


async def test_the_arrangement_told_with_a_first_alarm_is_known_at_once(carer: Carer, rasa: FakeRasa,
                                                                      monkeypatch: pytest.MonkeyPatch) -> None:
    """A person who is fetched sees it, before the carer writes again."""
    monkeypatch.setattr(turns, "AT_HAND", 10)
    rasa.told = {DANGER: "special_guardianship_order", f"{DANGER} now": "informal"}
    got = await carer.say(DANGER)
    assert got.urgent and got.state["arrangement"] == "special_guardianship_order"
    assert (await carer.say(f"{DANGER} now")).state["arrangement"] == "special_guardianship_order", "known is known"
    assert rasa.heard == []


async def test_help_does_not_wait_for_what_else_is_told(start_gateway: StartGateway, rasa: FakeRasa) -> None:
    carer = await (await start_gateway(rasa_timeout=120)).carer()
    rasa.mood = "hang"
    async with asyncio.timeout(20):
        got = await carer.say(DANGER)
    assert got.urgent and got.state["arrangement"] is None


async def test_what_plainly_is_danger_waits_for_no_other_look(gateway: Running, carer: Carer) -> None:
    """The detector has one thread; where the processor is short, others queue before it."""
    go_on = threading.Event()
    busy = gateway.app[web_api.TURNS]._looking.submit(go_on.wait, 60)
    try:
        got = await carer.say("I want to kill myself")
        assert got.urgent and not busy.done()
    finally:
        go_on.set()


async def test_a_danger_check_that_breaks_holds_nothing_up(carer: Carer, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("the secret of a carer")

    monkeypatch.setattr(DangerWatch, "look", broken)
    with capture_logs() as logs:
        assert (await carer.say("hello")).text == "You said: hello"
    assert [entry["event"] for entry in logs] == ["danger_check_failed"] and "secret" not in str(logs)


async def test_danger_is_found_though_content_is_taken_in_the_middle_of_the_look(
        carer: Carer, monkeypatch: pytest.MonkeyPatch) -> None:
    """Half of the old and half of the new: a name that was there a moment ago is not."""
    look, torn = DangerWatch.look, [KeyError("a council")]

    def tearing(*given: Any) -> Any:
        if torn:
            raise torn.pop()
        return look(*given)

    monkeypatch.setattr(DangerWatch, "look", tearing)
    with capture_logs() as logs:
        assert (await carer.say("My granddaughter has been cutting herself tonight and says she wants to die")).urgent
    assert not torn and "danger_check_failed" not in str(logs)


@pytest.mark.parametrize("said", ["hello", DANGER])
async def test_a_store_that_fails_for_a_moment_strands_nobody(gateway: Running, carer: Carer, rasa: FakeRasa, said: str,
                                                              monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(turns, "LONGEST_PAUSE", 0.1)
    real, failures = gateway.store.commit_reply, [RuntimeError("database is locked: the secret of a carer")]

    async def flaky(*given: object) -> bool:
        if failures:
            raise failures.pop()
        return await real(*given)  # type: ignore[arg-type]

    monkeypatch.setattr(gateway.store, "commit_reply", flaky)
    with capture_logs() as logs:
        got = await carer.say(said)
    failed = [entry for entry in logs if entry["log_level"] == "error"]
    assert len(failed) == 1 and "secret" not in str(logs)
    assert (got.urgent and rasa.heard == []) if said == DANGER else got.text == "You said: hello"


async def test_rasa_is_sent_the_committed_state_and_the_clock(carer: Carer, rasa: FakeRasa) -> None:
    rasa.slots["one"] = {"authority": "rotherham", "given": ["answer"]}
    await carer.say("one")
    await carer.say("two")
    assert rasa.turns[1]["slots"] == {"authority": "rotherham", "given": ["answer"], "turn": 1}
    assert rasa.turns[1]["metadata"]["now"].startswith("2026-11-24T11:00")
    assert carer.id not in str(rasa.turns) and carer.token not in str(rasa.turns)
