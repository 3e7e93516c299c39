"""Texting the real thing, over the double of Twilio: answered, kept through crashes, silent after STOP."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from datetime import date
from pathlib import Path

import pytest

from bot.channels.text import segments
from bot.knowledge.base import KnowledgeBase
from tests.doubles.twilio import ACCOUNT, SMS_NUMBER, TOKEN, FakeTwilio, Phone, twilio  # noqa: F401  (fixture)
from tests.doubles.waiting import until
from tests.e2e.conftest import System

ON = date(2026, 11, 24)
PATIENCE = 120.0  # seconds, in which processes start again
MONEY = "what money can I get for my grandson, we have an SGO"
DANGER = "I want to kill myself"


@pytest.fixture
async def texted(twilio: FakeTwilio, tmp_path: Path) -> AsyncIterator[System]:  # noqa: F811
    made = System(tmp_path / "data", settings={
        "SIGNPOST_PUBLIC_URL": twilio.public_url, "SIGNPOST_TWILIO_ACCOUNT_SID": ACCOUNT,
        "SIGNPOST_TWILIO_AUTH_TOKEN": TOKEN, "SIGNPOST_TWILIO_SMS_FROM": SMS_NUMBER, "SIGNPOST_TWILIO_API": twilio.url})
    try:
        await asyncio.to_thread(made.start)
        yield made
    finally:
        if made.running:
            await asyncio.to_thread(made.stop, within=120)


def waiting(system: System) -> int:
    """Texts without an answer yet."""
    with closing(sqlite3.connect(system.data / "signpost.db", timeout=30)) as connection:
        return int(connection.execute("SELECT count(*) FROM inbound WHERE status = 'waiting'").fetchone()[0])


async def test_texts(texted: System, twilio: FakeTwilio, base: KnowledgeBase) -> None:  # noqa: F811
    phone = Phone(twilio, texted.url)
    sid = await phone.text(MONEY)
    assert await phone.next(PATIENCE) == base.say("phone.hello", ON)
    answer = await phone.next(PATIENCE)
    assert "Child Benefit" in answer and segments(answer) <= 2
    again = twilio.fields(phone.number, MONEY, sid=sid)
    assert (await twilio.call(texted.url, phone.path, again))[0] == 200, "Twilio may repeat itself"

    # Rasa dies: danger is answered all the same, and what else she writes is kept
    texted.kill("rasa")
    await phone.text(DANGER)
    assert "999" in await phone.next(PATIENCE)
    await phone.text("how do I get a school place for him")

    # and so does the gateway: each text has its one answer nevertheless
    texted.kill("gateway")
    school = await phone.next(PATIENCE * 2)
    assert "school" in school.lower()
    await asyncio.to_thread(texted.wait_ready)

    # STOP: nothing more, whatever she or anybody else writes; START comes back
    await phone.text("STOP")
    await phone.text("what about therapy")
    await until(lambda: waiting(texted) == 0, PATIENCE)
    await phone.text("START")
    assert await phone.next(PATIENCE) == base.say("phone.started", ON)
    assert len(phone.screen) == phone.seen, "and nothing else came: no text twice, none after STOP"
    assert phone.number not in texted.output.read_text() and MONEY not in texted.output.read_text()
