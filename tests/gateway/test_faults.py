"""A disk that is full, and a model's file that is damaged: carers are told, and so are operators."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event, func, select
from sqlalchemy.exc import DBAPIError, IntegrityError

from bot.gateway import patience
from bot.gateway import store as stores
from bot.gateway.patience import is_of_the_database, passes
from bot.gateway.settings import ROOT
from bot.gateway.store import Store
from bot.gateway.tables import Conversation, Inbound
from bot.knowledge.base import KnowledgeBase
from tests.doubles.away import ALWAYS, away_at_first
from tests.doubles.carer import say_until_answered
from tests.doubles.gateway import StartGateway
from tests.doubles.rasa import FakeRasa

ON = date(2026, 11, 24)
DANGER = "I want to kill myself"
LONG = "a long message " * 200


async def test_a_full_disk(start_gateway: StartGateway, rasa: FakeRasa, base: KnowledgeBase) -> None:
    """Nothing is acknowledged that isn't kept; help in danger is said all the same; with room again all goes on."""
    gateway = await start_gateway(answer_within=0.5)
    carer, full = await gateway.carer(), True

    def limit(connection: Any, *_: Any) -> None:
        cursor = connection.cursor()
        cursor.execute(f"PRAGMA max_page_count = {1 if full else 10**6}")  # no less than there are
        cursor.close()

    event.listen(gateway.store.engine.sync_engine, "checkout", limit)
    told = set()
    for number in range(4):
        got = await carer.say(LONG, f"k{number}")  # the first may find room for itself, and none for its reply
        assert got.status == 503 and got.headers["Retry-After"]
        told.add(got.body["detail"])
    assert base.say("failure.store_away", ON) in told and told <= {
        base.say(f"failure.{name}", ON) for name in ("store_away", "rasa_away")}
    danger = await carer.say(f"{DANGER}. {LONG}", "danger")
    assert danger.status == 503 and "999" in danger.body["detail"]
    form = {"conversation": carer.id, "token": carer.token, "text": f"{DANGER}. {LONG}"}
    async with carer.session.post(f"{gateway.url}/", data=form) as page:  # without JavaScript
        assert page.status == 200 and "999" in await page.text()
    full = False
    for number in range(4):
        assert (await say_until_answered(carer, LONG, f"k{number}")).text == f"You said: {LONG.strip()}"
    assert (await say_until_answered(carer, f"{DANGER}. {LONG}", "danger")).urgent
    lines = await carer.transcript()
    assert [line["from"] for line in lines].count("carer") == 5 and [line["from"] for line in lines].count("assistant") == 6


async def test_help_is_kept_where_the_database_only_restarts(start_gateway: StartGateway,
                                                             monkeypatch: pytest.MonkeyPatch) -> None:
    """For a moment it is tried to keep it, so that a person hears of it; then help is said all the same."""
    gateway = await start_gateway()
    carer = await gateway.carer()
    monkeypatch.setattr(patience, "RESTARTS", 60.0)
    away_at_first(monkeypatch, Store, "before_message", 3)
    got = await carer.say(DANGER, "k")
    assert got.status == 200 and got.urgent
    away = away_at_first(monkeypatch, Store, "conversation", 3)
    form = {"conversation": carer.id, "token": carer.token, "text": "hello"}
    async with carer.session.post(f"{gateway.url}/", data=form) as page:  # without JavaScript
        assert "You said: hello" in await page.text() and next(away, None) is None
    away_at_first(monkeypatch, Store, "before_message", ALWAYS)
    monkeypatch.setattr(patience, "RESTARTS", 0.5)
    got = await carer.say(DANGER, "k2")
    assert got.status == 503 and "999" in got.body["detail"]


@pytest.mark.parametrize("how", ["refused", "reset", "silent", "in the middle of a word"])
async def test_no_way_to_the_database_is_a_database_that_is_away(how: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stores, "HURRIES", 1.0)

    async def take(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(8)
        if how == "silent":
            await reader.read()
        if how != "reset":
            writer.write(b"N")
        writer.transport.abort()

    server = await asyncio.start_server(take, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    if how == "refused":
        server.close()
    store = Store(f"postgresql+asyncpg://postgres:secret@127.0.0.1:{port}/postgres")
    with pytest.raises(Exception) as raised:
        await store.conversation("c_1")
    assert passes(raised.value), raised.value
    await store.close()
    server.close()


def test_a_damaged_model_stops_the_start_and_is_named(tmp_path: Path) -> None:
    for content in (b"", b"no model", b"PK\x03\x04 half a zip"):
        model = tmp_path / "danger.npz"
        model.write_bytes(content)
        given = os.environ | {"SIGNPOST_RASA_TOKEN": "9f1c4b7ae2d80356c1f7a94be8d20c63", "SIGNPOST_DATA": str(tmp_path),
                              "SIGNPOST_DANGER_MODEL": str(model), "PYTHONPATH": str(ROOT)}
        done = subprocess.run([sys.executable, "-m", "bot.serve"], cwd=ROOT, env=given, capture_output=True, text=True,
                              check=False, timeout=300)
        assert done.returncode == 1 and str(model) in done.stderr and "Traceback" not in done.stderr


class Refused(Exception):
    """What PostgreSQL says, as its driver gives it."""

    def __init__(self, sqlstate: str) -> None:
        self.sqlstate = sqlstate


@pytest.mark.parametrize(("sqlstate", "again"), [
    ("08006", True), ("40P01", True), ("53100", True), ("57014", True), ("57P01", True),  # 57014: it took too long
    ("25006", False), ("58030", False), ("XX001", False),  # it can only be read; its disk fails; a page of it is damaged
])
def test_whatever_fails_in_the_database_is_its_fault(sqlstate: str, again: bool) -> None:
    error = DBAPIError("UPDATE", {}, Refused(sqlstate))
    assert is_of_the_database(error) and passes(error) is again
    assert not is_of_the_database(IntegrityError("INSERT", {}, Refused("23505"))) and not is_of_the_database(ValueError())


async def test_help_is_said_whatever_the_database_says(start_gateway: StartGateway, monkeypatch: pytest.MonkeyPatch) -> None:
    gateway = await start_gateway()
    carer = await gateway.carer()

    async def reads_only(*_: Any, **__: Any) -> Any:
        raise DBAPIError("INSERT", {}, Refused("25006"))

    monkeypatch.setattr(Store, "receive", reads_only)
    got = await carer.say(DANGER, "k")
    assert got.status == 503 and "999" in got.body["detail"]
    assert (await carer.say("what about school", "k2")).status == 503


async def test_a_first_message_without_javascript_is_one_though_it_is_taken_twice(
        start_gateway: StartGateway, monkeypatch: pytest.MonkeyPatch) -> None:
    gateway = await start_gateway()
    monkeypatch.setattr(patience, "WITHIN", 600.0)
    away = away_at_first(monkeypatch, Store, "lines", 3)
    async with gateway.session.post(f"{gateway.url}/", data={"text": "hello"}) as page:
        assert "You said: hello" in await page.text() and next(away, None) is None
    async with gateway.store.session() as session:
        counts = [await session.scalar(select(func.count()).select_from(table)) for table in (Conversation, Inbound)]
    assert counts == [1, 1]
