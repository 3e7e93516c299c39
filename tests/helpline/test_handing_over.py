"""From the queue to a person and back: what the carer is told, who may write, and that nothing is lost or said twice."""

from __future__ import annotations

import asyncio
from datetime import date

import pytest

from bot.knowledge.base import KnowledgeBase
from tests.channels.quiet import until_idle
from tests.doubles.adviser import Adviser
from tests.doubles.carer import Carer
from tests.doubles.gateway import Running, StartGateway
from tests.doubles.rasa import FakeRasa, says
from tests.doubles.twilio import FakeTwilio, Phone
from tests.doubles.waiting import until
from tests.helpline.conftest import PLEASE, Arrive, StartPhones

ON = date(2026, 11, 24)


async def texts(carer: Carer) -> list[str]:
    return [m["text"] for m in await carer.transcript()]


async def waiting(adviser: Adviser) -> dict:
    """The one that waits, once it does."""
    await until(lambda: _some(adviser), within=15)
    return next(item for item in await adviser.items() if item["state"] == "waiting")


async def _some(adviser: Adviser) -> bool:
    return any(item["state"] == "waiting" for item in await adviser.items())


async def test_a_carer_and_an_adviser_talk_and_the_assistant_takes_over_again(carer: Carer, sam: Adviser, rasa: FakeRasa,
                                                                              base: KnowledgeBase) -> None:
    got = await carer.say(PLEASE)
    assert got.state["mode"] == "waiting" and base.say("desk.passed", ON) in got.text and base.say("desk.next", ON) in got.text
    (item,) = await sam.items()
    assert (item["id"], item["state"], item["reason"], item["channel"]) == (carer.id, "waiting", "asked", "web")
    assert await sam.claim(carer.id) == 204
    before = len(rasa.turns)
    silent = await carer.say("are you a person?")
    assert silent.status == 202 and silent.messages == [] and silent.state["mode"] == "helpline"
    assert await sam.reply(carer.id, "Yes, I'm Sam.") == 200
    assert len(rasa.turns) == before, "the assistant is not asked while a person has her"
    assert await sam.end(carer.id, note="rang about school") == 204
    said = await carer.transcript()
    assert [(m["from"], m["text"]) for m in said[-4:-1]] == [
        ("system", base.say("desk.joined", ON, name="Sam")), ("carer", "are you a person?"), ("helpline", "Yes, I'm Sam.")]
    assert base.say("desk.closed", ON, name="Sam") in said[-1]["text"] and said[-2]["by"] == "Sam"
    again = await carer.say("thanks, and the school?")
    assert again.status == 200 and again.text == "You said: thanks, and the school?" and again.state["mode"] == "assistant"


async def test_the_same_by_text_message(start_phones: StartPhones, twilio: FakeTwilio, arrive: Arrive,
                                        base: KnowledgeBase) -> None:
    gateway: Running = await start_phones()
    phone, sam = Phone(twilio, gateway.url), await arrive("sam", at=gateway)
    await phone.text(PLEASE)
    item = await waiting(sam)
    assert item["channel"] == "sms"
    assert await sam.claim(item["id"]) == 204
    await phone.text("I have 2 of them")
    assert await sam.reply(item["id"], "Which two? " + "I mean the children you told the assistant about. " * 9) == 200
    texts = [await phone.next() for _ in range(5)]
    assert base.say("desk.joined_phone", ON, name="Sam") in texts[2] and "MORE" not in "".join(texts[3:])
    assert "".join(texts[3:]).count("I mean the children") == 9, "all of it is sent at once, in parts"
    await phone.text("2")
    await phone.text("back")
    assert await phone.next() == base.say("desk.let_go", ON)
    await phone.text("what about school")
    assert await phone.next() == "You said: what about school"


async def test_only_one_of_many_gets_a_conversation(carer: Carer, arrive: Arrive, base: KnowledgeBase) -> None:
    await carer.say(PLEASE)
    advisers = [await arrive(f"adviser{n}") for n in range(4)]
    statuses = await asyncio.gather(*(one.claim(carer.id) for one in advisers for _ in range(2)))
    assert sorted(statuses) == [204] + [409] * 7
    joined = [text for text in await texts(carer) if "now chatting with" in text]
    assert len(joined) == 1
    winner = advisers[statuses.index(204) // 2]
    for one in advisers:
        assert await one.reply(carer.id, f"It's {one.id}.") == (200 if one is winner else 409)
    assert [t for t in await texts(carer) if t.startswith("It's ")] == [f"It's {winner.id}."]


async def test_an_advisers_message_sent_twice_is_said_once(carer: Carer, sam: Adviser) -> None:
    await carer.say(PLEASE)
    await sam.claim(carer.id)
    statuses = await asyncio.gather(*(sam.reply(carer.id, "Once.", key="the-same-key") for _ in range(5)))
    assert statuses == [200] * 5 and (await texts(carer)).count("Once.") == 1


async def test_a_message_to_a_phone_survives_a_gateway_that_is_gone(start_phones: StartPhones, twilio: FakeTwilio,
                                                                    arrive: Arrive) -> None:
    """The row for the phone is kept with the line, so the next start sends it; the page's second try adds nothing."""
    gateway: Running = await start_phones()
    phone, sam = Phone(twilio, gateway.url), await arrive("sam", at=gateway)
    await phone.text(PLEASE)
    item = await waiting(sam)
    await sam.claim(item["id"])
    for _ in range(3):
        await phone.next()
    twilio.fault_always = 503
    assert await sam.reply(item["id"], "I'm here.", key="key-of-the-page") == 200
    await gateway.close()
    twilio.fault_always = None
    gateway = await start_phones()
    sam.gateway = gateway
    assert await phone.next() == "I'm here."
    assert await sam.reply(item["id"], "I'm here.", key="key-of-the-page") == 200
    await until_idle(gateway)
    assert [taken.body for taken in twilio.taken].count("I'm here.") == 1


async def test_the_assistant_keeps_silent_when_somebody_takes_over_in_the_middle(carer: Carer, sam: Adviser, rasa: FakeRasa,
                                                                                ) -> None:
    await carer.say(PLEASE)
    rasa.delay = 0.5
    asking = asyncio.create_task(carer.say("how much is it?"))
    await until(lambda: "how much is it?" in rasa.heard)
    assert await sam.claim(carer.id) == 204
    assert (await asking).messages == []
    assert not [t for t in await texts(carer) if t.startswith("You said: how much")]


async def test_signs_of_typing_go_when_the_message_comes(carer: Carer, sam: Adviser) -> None:
    await carer.say(PLEASE)
    await sam.claim(carer.id)
    await sam.reply(carer.id, "Tell me more.")
    async with asyncio.timeout(30), sam.stream(f"/conversations/{carer.id}/events") as events:
        async with carer.session.post(f"{carer.path}/typing", json={}, headers=carer.headers) as got:
            assert got.status == 204
        while (await anext(events))["event"] != "typing":
            pass
        await carer.say("it's about school")
        assert (await sam.post(f"/conversations/{carer.id}/note", text="the last thing"))[0] == 204
        heard = [await anext(events)]
        while "the last thing" not in str(heard[-1]):
            heard.append(await anext(events))
    assert [one["event"] for one in heard if one["event"] == "typing"] == []
    assert any(one["event"] == "line" for one in heard)


async def test_danger_is_answered_while_a_person_has_her_and_the_desk_sees_it(carer: Carer, sam: Adviser) -> None:
    await carer.say(PLEASE)
    await sam.claim(carer.id)
    got = await carer.say("I want to kill myself")
    assert got.urgent and got.state["mode"] == "helpline"
    (item,) = await sam.items()
    assert item["urgent"] and item["state"] == "with" and item["unanswered"]


@pytest.mark.parametrize("how", ["button", "adviser closes at the same time"])
async def test_the_carer_goes_back_to_the_assistant(carer: Carer, sam: Adviser, base: KnowledgeBase, how: str) -> None:
    await carer.say(PLEASE)
    await sam.claim(carer.id)
    jobs = [carer.choose("desk:back")] + ([sam.end(carer.id)] if how != "button" else [])
    await asyncio.gather(*jobs)
    last = (await texts(carer))[-1]
    assert base.say("desk.let_go", ON) == last or base.say("desk.closed", ON, name="Sam") in last
    assert len([t for t in await texts(carer) if "assistant again" in t]) == 1
    assert await sam.reply(carer.id, "Still there?") == 409
    assert (await carer.say("school?")).text == "You said: school?"


async def test_a_carer_who_leaves_while_she_is_claimed_is_gone(carer: Carer, sam: Adviser) -> None:
    await carer.say(PLEASE)
    await asyncio.gather(sam.claim(carer.id), carer.delete())
    assert await sam.claim(carer.id) == 404 and await sam.reply(carer.id, "Hello?") in (404, 409)
    await until(lambda: _empty(sam))


async def _empty(sam: Adviser) -> bool:
    return await sam.items() == []


async def test_an_adviser_whose_page_is_gone_loses_the_conversation_to_the_queue(start_gateway: StartGateway, arrive: Arrive,
                                                                                 base: KnowledgeBase) -> None:
    gateway = await start_gateway(desk_seen_minutes=0.02, desk_round_seconds=0.2)
    carer, sam, pat = await gateway.carer(), await arrive("sam", at=gateway), await arrive("pat", at=gateway)
    async with sam.stream() as events:
        await anext(events)
        await carer.say(PLEASE)
        await sam.claim(carer.id)
        await sam.reply(carer.id, "Hello")
    since = (await pat.items())[0]["since"]
    await until(lambda: _waits(pat, carer.id), within=15)
    assert (await pat.items())[0]["since"] == since, "she keeps her place"
    assert base.say("desk.lost", ON) in (await texts(carer))[-1]
    assert await sam.reply(carer.id, "Sorry, I was away") == 409 and await pat.claim(carer.id) == 204


async def _waits(adviser: Adviser, conversation_id: str) -> bool:
    return any(item["id"] == conversation_id and item["state"] == "waiting" for item in await adviser.items())


async def test_a_carer_whom_nobody_answers_goes_back_into_the_queue(start_gateway: StartGateway, arrive: Arrive) -> None:
    gateway = await start_gateway(desk_answer_minutes=0.02, desk_round_seconds=0.2)
    carer, sam = await gateway.carer(), await arrive("sam", at=gateway)
    await carer.say(PLEASE)
    async with sam.stream() as events:
        await anext(events)
        await sam.claim(carer.id)
        await sam.reply(carer.id, "Tell me more")
        await asyncio.sleep(1.5)
        assert (await sam.items())[0]["state"] == "with", "it is the carer's turn: nobody hurries her"
        await carer.say("it's about school")
        await until(lambda: _waits(sam, carer.id), within=15)


async def test_stepping_in_where_nobody_asked(carer: Carer, sam: Adviser, pat: Adviser, base: KnowledgeBase) -> None:
    await carer.say("hello")
    (item,) = await sam.items()
    assert item["state"] == "live"
    statuses = await asyncio.gather(sam.claim(carer.id), pat.claim(carer.id))
    assert sorted(statuses) == [204, 409]
    winner, other = (sam, pat) if statuses[0] == 204 else (pat, sam)
    assert (await texts(carer))[-1] == base.say("desk.joined", ON, name=winner.id.title())
    (item,) = await other.items()
    assert (item["state"], item["staff_id"], item["reason"]) == ("with", winner.id, "stepped_in")
    assert await winner.reply(carer.id, "May I help?") == 200 and await other.reply(carer.id, "Me too") == 409
    assert (await carer.say("yes please")).messages == [], "the assistant keeps silent"
    assert await winner.end(carer.id) == 204
    assert base.say("desk.closed", ON, name=winner.id.title()) in (await texts(carer))[-1]


async def test_handing_over_to_a_colleague_and_back_into_the_queue(carer: Carer, sam: Adviser, pat: Adviser,
                                                                   base: KnowledgeBase) -> None:
    await carer.say(PLEASE)
    await sam.claim(carer.id)
    assert (await sam.post(f"/conversations/{carer.id}/transfer", to="nobody"))[0] == 409
    assert (await sam.post(f"/conversations/{carer.id}/transfer", to="pat"))[0] == 204
    assert base.say("desk.moved", ON, name="Sam", other="Pat") == (await texts(carer))[-1]
    assert await sam.reply(carer.id, "Me again") == 409 and await pat.reply(carer.id, "Pat here") == 200
    assert (await pat.post(f"/conversations/{carer.id}/transfer", to=""))[0] == 204
    assert base.say("desk.released", ON, name="Pat") == (await texts(carer))[-1]
    await until(lambda: _waits(sam, carer.id))


async def test_danger_first_then_the_longest_wait(gateway: Running, sam: Adviser) -> None:
    carers = [await gateway.carer() for _ in range(4)]
    for one, text in zip(carers, [PLEASE, PLEASE, "I want to kill myself", "he has hit me again now"], strict=True):
        await one.say(text)
    await carers[1].say("I want to kill myself")
    await until(lambda: _urgent(sam, 3))
    assert [item["id"] for item in await sam.items()] == [carers[n].id for n in (1, 2, 3, 0)]


async def _urgent(sam: Adviser, count: int) -> bool:
    return sum(item["urgent"] for item in await sam.items()) == count


async def test_the_list_holds_nothing_that_a_carer_wrote(carer: Carer, sam: Adviser, rasa: FakeRasa) -> None:
    rasa.script["my secret story"] = says("Ring them.", hand_over="asked")
    rasa.slots["my secret story"] = {"authority": "rotherham", "topic": "money.overview"}
    await carer.say("my secret story")
    (item,) = await sam.items()
    assert "secret" not in str(item) and item["council"] == "Rotherham" and item["topic"]
