"""A provider that is away for an hour, and a clock that jumps: texts are late at worst."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from functools import partial

import pytest
from sqlalchemy import select

from bot.channels import post
from bot.channels.mount import POST
from bot.gateway.tables import Outbound, WaitingForPerson
from tests.channels.conftest import StartPhones
from tests.channels.quiet import Stopped, quiet, until_idle
from tests.doubles.gateway import Running
from tests.doubles.rasa import FakeRasa
from tests.doubles.twilio import FakeTwilio, Phone
from tests.doubles.waiting import until

REAL_PAUSES = post.PAUSES  # the fixtures shorten them


async def all_rows(gateway: Running) -> list[Outbound]:
    async with gateway.store.session() as session:
        return list(await session.scalars(select(Outbound).order_by(Outbound.id)))


async def test_a_provider_away_for_an_hour_loses_nothing(start_phones: StartPhones, twilio: FakeTwilio,
                                                         monkeypatch: pytest.MonkeyPatch) -> None:
    gateway = await start_phones()
    monkeypatch.setattr(post, "PAUSES", REAL_PAUSES)
    clock, phone = Stopped(gateway, monkeypatch), Phone(twilio, gateway.url)
    twilio.fault_always = 503
    await phone.text("hello")

    async def given_back(tries: int) -> bool:
        """Was it tried once more, and waits again?"""
        return twilio.requests > tries and {row.status for row in await all_rows(gateway)} == {"waiting"}

    await until(lambda: given_back(0))
    for _ in range(6):  # an hour
        tries = twilio.requests
        clock.ahead(minutes=10)
        gateway.app[POST].deliver((await all_rows(gateway))[0].contact_id)
        await until(partial(given_back, tries))
    assert phone.screen == []
    async with gateway.store.session() as session:
        assert not list(await session.scalars(select(WaitingForPerson))), "the desk isn't bothered yet"
    twilio.fault_always = None

    async def comes() -> bool:
        clock.ahead(seconds=600)
        gateway.app[POST].deliver((await all_rows(gateway))[0].contact_id)
        await asyncio.sleep(0.05)
        return len(phone.screen) == 2

    await until(comes)
    assert [await phone.next(), await phone.next()][1] == "You said: hello" and await quiet(gateway, phone)


@pytest.mark.parametrize("jump", [timedelta(hours=-1), timedelta(hours=1)], ids=["back", "ahead"])
async def test_a_clock_that_jumps_holds_no_text_up(start_phones: StartPhones, twilio: FakeTwilio, rasa: FakeRasa,
                                                   monkeypatch: pytest.MonkeyPatch, jump: timedelta) -> None:
    """While a text waits for its other half, and while its answer is on its way."""
    monkeypatch.setattr("bot.gateway.turns.LONGEST_JOIN", 0.5)
    gateway = await start_phones(join_seconds=0.5)
    clock, phone = Stopped(gateway, monkeypatch), Phone(twilio, gateway.url)
    rasa.delay = 0.2
    await phone.text("hello")
    clock.moment += jump
    assert [await phone.next(), await phone.next()][1] == "You said: hello"
    await phone.text("and now")
    await until(lambda: "and now" in rasa.heard)
    clock.moment += jump
    assert await phone.next() == "You said: and now"
    await until_idle(gateway)
    assert rasa.heard == ["hello", "and now"] and await quiet(gateway, phone)
