"""The event stream: nothing lost, nothing twice."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from structlog.testing import capture_logs

from tests.doubles.carer import Carer
from tests.doubles.gateway import Running
from tests.doubles.rasa import FakeRasa


async def messages(events: Any, count: int) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    while len(found) < count:
        event = await anext(events)
        if event["event"] == "message":
            assert event["id"] == str(event["data"]["id"])
            found.append(event["data"])
    return found


@pytest.fixture
async def talked(carer: Carer) -> Carer:
    for text in ("one", "two", "three"):
        await carer.say(text)
    return carer


@pytest.mark.parametrize("way", ["after", "last_event_id"])
@pytest.mark.parametrize("seen", range(8))
async def test_it_goes_on_after_the_last_one_seen(talked: Carer, way: str, seen: int) -> None:
    everything = await talked.transcript()
    assert [m["from"] for m in everything] == ["assistant"] + ["carer", "assistant"] * 3
    last = everything[seen - 1]["id"] if seen else 0
    async with asyncio.timeout(30), talked.stream(**{way: last}) as events:
        heard = await messages(events, len(everything) - seen)
        assert heard == everything[seen:]
        assert (await anext(events))["event"] == "state", "and no line twice"


async def test_the_header_of_a_reconnecting_browser_wins_over_the_query(talked: Carer) -> None:
    everything = await talked.transcript()
    async with asyncio.timeout(30), talked.stream(after=0, last_event_id=everything[4]["id"]) as events:
        assert await messages(events, 2) == everything[5:]


async def test_a_listener_who_keeps_falling_off_hears_all_once(carer: Carer, rasa: FakeRasa) -> None:
    rasa.delay = 0.02
    heard: list[dict[str, Any]] = []

    async def listen() -> None:
        while len(heard) < 21:
            async with carer.stream(after=heard[-1]["id"] if heard else 0) as events:
                heard.extend(await messages(events, min(2, 21 - len(heard))))

    listening = asyncio.create_task(listen())
    for n in range(10):
        await carer.say(f"message {n}")
    await asyncio.wait_for(listening, 10)
    assert heard == await carer.transcript()
    assert [m["id"] for m in heard] == sorted({m["id"] for m in heard})


async def test_the_carers_own_line_comes_before_the_reply_is_there(carer: Carer, rasa: FakeRasa) -> None:
    rasa.delay = 0.5
    async with asyncio.timeout(30), carer.stream(after=carer.opened["messages"][0]["id"]) as events:
        assert (await anext(events))["event"] == "state"
        saying = asyncio.create_task(carer.say("hello"))
        (mine,) = await messages(events, 1)
        assert mine["text"] == "hello" and not saying.done()
        await saying


async def test_a_changed_state_is_told_with_an_id(carer: Carer, rasa: FakeRasa) -> None:
    rasa.slots["maltby"] = {"authority": "rotherham"}
    async with asyncio.timeout(30), carer.stream() as events:
        seen = [await anext(events) for _ in range(2)]
        await carer.say("maltby")
        while seen[-1]["event"] != "state" or seen[-1]["data"]["authority"] is None:
            seen.append(await anext(events))
    states = [e for e in seen if e["event"] == "state"]
    assert [s["data"]["authority"] for s in states] == [None, "rotherham"]
    assert all(s["id"].isdecimal() for s in states) and states[-1]["id"] == seen[-2]["id"]


async def test_the_stream_of_a_deleted_conversation_ends(carer: Carer) -> None:
    async with asyncio.timeout(30), carer.stream() as events:
        await messages(events, 1)
        assert await carer.delete() == 204
        assert [e async for e in events if e["event"] == "message"] == []


async def test_one_carer_does_not_hear_another(gateway: Running, carer: Carer) -> None:
    other = await gateway.carer()
    await other.say("mine alone")
    assert "mine alone" not in str(await carer.transcript())


async def test_listeners_who_leave_make_no_noise_and_do_not_hold_up_a_stop(gateway: Running, carer: Carer) -> None:
    loop = asyncio.get_running_loop()
    with capture_logs() as logs:
        async with carer.stream() as events:
            await messages(events, 1)
        await carer.say("hello")  # wakes the listener who left
        async with carer.stream() as events:
            await messages(events, 3)
            begun = loop.time()
            await gateway.close()
            assert loop.time() - begun < 1
    assert logs == []
