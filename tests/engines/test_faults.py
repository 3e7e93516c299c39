"""kill -9 of PostgreSQL and Redis while carers talk to two gateways: nothing lost, nothing doubled, everybody told."""

from __future__ import annotations

import asyncio
import random
import signal
from datetime import UTC, datetime

import pytest
from sqlalchemy import make_url

from bot.gateway import left_behind, patience, store, turns
from bot.gateway.store import Store, add_lines, locked
from bot.knowledge.base import KnowledgeBase
from bot.knowledge.reply import Message
from tests.doubles.carer import Carer, Got, say_until_answered
from tests.doubles.engines import Engines
from tests.doubles.frozen import way_to
from tests.doubles.gateway import StartGateway
from tests.doubles.rasa import FakeRasa
from tests.engines.conftest import Pair

DANGER = "I want to kill myself"


async def talk(carer: Carer, texts: list[str]) -> list[Got]:
    chance, got = random.Random(carer.id), []  # noqa: S311
    for number, text in enumerate(texts):
        got.append(await say_until_answered(carer, text, f"k{number}"))
        await asyncio.sleep(chance.random() * 0.1)
    return got


async def exactly_once(carer: Carer, texts: list[str], answered: list[Got]) -> None:
    lines = await carer.transcript()
    assert [line["text"] for line in lines if line["from"] == "carer"] == texts
    assert [line["id"] for line in lines] == sorted({line["id"] for line in lines})
    replies = [message["id"] for got in answered for message in got.messages]
    assert all(got.messages for got in answered), "no message without a reply"
    assert sorted(replies) == [line["id"] for line in lines if line["from"] == "assistant"][1:]


async def test_engines_killed_at_any_moment(gateway: Pair, engines: Engines) -> None:
    texts = [f"message {number}" if number != 5 else DANGER for number in range(12)]
    carers = [await gateway.carer() for _ in range(4)]
    talking = [asyncio.create_task(talk(carer, texts)) for carer in carers]
    for engine in (engines.postgres, engines.redis, engines.postgres):
        await asyncio.sleep(0.3)
        engine.end(signal.SIGKILL)
        await asyncio.sleep(0.5)
        engine.start()
    for carer, task in zip(carers, talking, strict=True):
        answered = await task
        await exactly_once(carer, texts, answered)
        assert answered[5].urgent


async def test_help_is_said_without_a_store(gateway: Pair, engines: Engines) -> None:
    carer = await gateway.carer()
    engines.postgres.end(signal.SIGKILL)
    try:
        async with asyncio.timeout(8):  # it is not waited for, as it is with others
            got = await carer.say(DANGER, "k1")
        assert got.status == 503 and "999" in got.body["detail"] and got.headers["Retry-After"]
    finally:
        engines.postgres.start()
    got = await say_until_answered(carer, DANGER, "k1")
    assert got.urgent
    await exactly_once(carer, [DANGER], [got])


async def test_a_database_that_never_answers_is_not_waited_for(start_one: StartGateway, engines: Engines, base: KnowledgeBase,
                                                               monkeypatch: pytest.MonkeyPatch) -> None:
    """It takes connections, and what is sent to it, and that is all: as on a machine that hangs."""
    monkeypatch.setattr(store, "ANSWERS", 3.0)
    url = make_url(await engines.fresh())
    async with way_to(url.port or 0) as way:
        gateway = await start_one(database_url=url.set(port=way.port).render_as_string(hide_password=False))
        carer = await gateway.carer()
        first = await say_until_answered(carer, "before", "k0")
        way.freeze()
        with monkeypatch.context() as hurried:
            hurried.setattr(store, "HURRIES", 1.0)
            hurried.setattr(patience, "WITHIN", 1.0)
            async with asyncio.timeout(60):
                hello, danger, ready, looked = await asyncio.gather(
                    carer.say("hello", "k1"), carer.say(DANGER, "k2"), carer.session.get(gateway.url + "/readyz"),
                    gateway.store.all_waiting(), return_exceptions=True)
        assert isinstance(looked, Exception) and patience.passes(looked), "nor does what is in no hurry wait for ever"
        assert danger.status == hello.status == ready.status == 503
        assert danger.headers["Retry-After"] and hello.headers["Retry-After"] and "999" in danger.body["detail"]
        assert hello.body["detail"] == base.say("failure.store_away", datetime(2026, 11, 24, tzinfo=UTC).date())
        way.thaw()
        later = [await say_until_answered(carer, text, key) for text, key in (("hello", "k1"), (DANGER, "k2"))]
        assert later[1].urgent
        await exactly_once(carer, ["before", "hello", DANGER], [first, *later])


async def test_what_a_dead_gateway_left_another_takes_up(start_one: StartGateway, rasa: FakeRasa,
                                                         monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(left_behind, "EVERY", 0.2)
    first = await start_one(answer_within=0.2, rasa_timeout=60)
    carer = await first.carer()
    rasa.mood = "hang"
    assert (await carer.say("hello", "k")).status == 503
    with monkeypatch.context() as dying:
        dying.setattr(turns.Turns, "resume", lambda _: asyncio.sleep(0))  # no start helps it
        second = await start_one()
    rasa.mood = "answer"
    await first.close()
    heard = await (await second.again(carer)).listen(until=3, within=60)
    assert [line["text"] for line in heard][1:] == ["hello", "You said: hello"]


async def test_a_conversation_is_answered_by_one_gateway_at_a_time(gateway: Pair, rasa: FakeRasa) -> None:
    """Messages at once to both: one after the other, each from the state that the one before left."""
    rasa.delay = 0.05
    carer = await gateway.carer()
    got = await asyncio.gather(*(carer.say(f"message {n}", f"k{n}") for n in range(10)))
    assert rasa.busiest == 1
    assert [turn["slots"].get("turn", 0) for turn in rasa.turns] == list(range(10))
    kept = [line["text"] for line in await carer.transcript() if line["from"] == "carer"]
    assert rasa.heard == kept and {one.status for one in got} == {200}


async def test_without_redis_news_is_late_and_not_lost(gateway: Pair, engines: Engines, rasa: FakeRasa) -> None:
    carer = await gateway.carer()
    engines.redis.end(signal.SIGKILL)
    try:
        elsewhere = Carer(carer.session, gateway.other.url, carer.opened)
        listening = asyncio.create_task(elsewhere.listen(until=3, within=60))
        await asyncio.sleep(0.2)
        assert (await Carer(carer.session, gateway.one.url, carer.opened).say("hello")).status == 200
        assert [line["text"] for line in await listening][1:] == ["hello", "You said: hello"]
    finally:
        engines.redis.start()


async def test_one_of_two_sends_the_mail(start_one: StartGateway, rasa: FakeRasa) -> None:
    """Rounds, clean-ups and the post are one gateway's at a time."""
    first, second = await start_one(), await start_one()
    async with first.store.locks.alone("of-this-test") as one, second.store.locks.alone("of-this-test") as other:
        assert (one, other) == (True, False)
    async with second.store.locks.alone("of-this-test") as free:
        assert free
    async with first.store.locks.alone("of-this-test"):
        await first.close()
        async with second.store.locks.alone("of-this-test") as freed:
            assert freed, "a gateway that is gone holds nothing"


async def test_lines_show_in_the_order_of_their_ids(store: Store) -> None:
    """A reader goes on after the last id it saw: nothing with a smaller one may show up later."""
    now = datetime(2026, 11, 24, 11, tzinfo=UTC)
    conversation, _ = await store.open_conversation("web", now, [])
    first_has_ids, may_commit = asyncio.Event(), asyncio.Event()

    async def slow() -> None:
        async with store.session() as session:
            await locked(session, conversation.id)
            await session.run_sync(add_lines, conversation.id, None, "assistant", [Message(text="slow", topics=["x.y"])], now)
            first_has_ids.set()
            await may_commit.wait()

    writing = asyncio.create_task(slow())
    await first_has_ids.wait()
    quick = asyncio.create_task(store.say(conversation.id, "assistant", [Message(text="quick", topics=["x.y"])], now))
    done, _ = await asyncio.wait([quick], timeout=0.5)
    assert not done and await store.lines(conversation.id) == []
    may_commit.set()
    await asyncio.gather(writing, quick)
    assert [line.text for line in await store.lines(conversation.id)] == ["slow", "quick"]
