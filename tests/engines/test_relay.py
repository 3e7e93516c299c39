"""What gateways tell each other over Redis: nothing strange on the line deafens one, and nothing is told in a circle."""

from __future__ import annotations

import asyncio
import json

import pytest
from redis import asyncio as redis
from sqlalchemy import select
from structlog.testing import capture_logs

from bot.channels import post
from bot.channels.mount import POST
from bot.gateway import relay
from bot.gateway.relay import CHANNEL, Relay
from bot.gateway.tables import Outbound
from tests.channels.conftest import settings
from tests.doubles.engines import Engines
from tests.doubles.gateway import StartGateway
from tests.doubles.twilio import FakeTwilio, Phone
from tests.doubles.waiting import until

STRANGE = [b"", b"hello", b"\xff\xfe", b"7", b"null", b"{}", b'["a", "b"]', b'["a", "b", "c", "d"]', b'["a", ["b"], {"c": 1}]',
           b'["a", "b", null]', b"[" * 100_000, b'["a", "raises", "of the secret"]']


async def test_whatever_is_on_the_line_a_gateway_goes_on_hearing_and_telling(engines: Engines,
                                                                            monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(relay, "AGAIN", 60.0)  # it may not need another try
    heard: list[tuple[str, str]] = []
    there = asyncio.Event()

    def hear(kind: str, whose: str) -> None:
        if kind == "raises":
            raise LookupError(whose)
        heard.append((kind, whose))

    one, other = Relay(engines.redis_url), Relay(engines.redis_url)
    with capture_logs() as logs:
        async with one.running(hear, there.set), redis.from_url(engines.redis_url) as anybody:
            await there.wait()
            for strange in STRANGE:
                await anybody.publish(CHANNEL, strange)
            async with other.running(lambda *_: None, lambda: None):
                other.tell("changed", "c_1")
                await until(lambda: heard)
    assert heard == [("changed", "c_1")]
    assert [entry["event"] for entry in logs] == ["others_not_understood"] * len(STRANGE) and "secret" not in str(logs)


async def test_gateways_do_not_go_on_telling_each_other_of_a_text_that_waits(
        start_one: StartGateway, engines: Engines, twilio: FakeTwilio, monkeypatch: pytest.MonkeyPatch) -> None:
    """One of three is at it, with a pause before the next try; the others hear of it, and leave it at that."""
    monkeypatch.setattr(post, "PAUSES", (600,) * 9)
    twilio.fault_always = 503
    first, *others = [await start_one(settings(twilio, None)) for _ in range(3)]
    phone = Phone(twilio, first.url)
    await phone.text("hello")

    async def waits_for_the_next_try() -> bool:
        async with first.store.session() as session:
            return [row.attempts for row in await session.scalars(select(Outbound).order_by(Outbound.id))][:1] == [1]

    await until(waits_for_the_next_try)
    async with redis.from_url(engines.redis_url) as anybody, anybody.pubsub() as line:
        await line.subscribe(CHANNEL)
        async with first.store.session() as session:
            contact_id = await session.scalar(select(Outbound.contact_id))
        others[0].app[POST].deliver(contact_id)
        told: list[str] = []
        async with asyncio.timeout(60):
            while (message := await line.get_message(ignore_subscribe_messages=True, timeout=0.5)) or not told:
                kind = json.loads(message["data"])[1] if message else None
                told += [kind] if kind == post.POST else []
                assert len(told) < 50, "a storm"
    assert told == [post.POST], "by the one who had news"
