"""SQLite in the loop: whoever has to wait for the disk or for another process waits alone."""

from __future__ import annotations

import asyncio
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy.exc import OperationalError

from bot.gateway import sqlite
from bot.gateway.migrate import migrate
from bot.gateway.store import Store
from bot.gateway.tables import Conversation
from tests.doubles.waiting import until

NOW = datetime(2026, 11, 24, 11, tzinfo=UTC)


@contextmanager
def held(path: Path) -> Iterator[None]:
    """Another process writes, and takes its time."""
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        yield
        other.execute("ROLLBACK")


async def opened(store: Store) -> str:
    conversation, _ = await store.open_conversation("web", NOW, [])
    return conversation.id


async def rename(store: Store, conversation_id: str, channel: str, *, at_once: bool = False) -> None:
    """Write what follows from what is read."""
    async with store.session(reads_first=True, at_once=at_once) as session:
        conversation = await session.get_one(Conversation, conversation_id)
        conversation.channel = f"{conversation.channel}{channel}"


async def channel_of(store: Store, conversation_id: str) -> str:
    found = await store.conversation(conversation_id)
    assert found
    return found.channel


class SlowDisk(sqlite3.Connection):
    """Each commit of a change takes its time."""

    committing = 0

    def commit(self) -> None:
        if self.in_transaction:
            SlowDisk.committing += 1
            time.sleep(0.1)
            SlowDisk.committing -= 1
        super().commit()


@pytest.fixture
def slow_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    real = sqlite3.connect
    monkeypatch.setattr(sqlite3, "connect", lambda *given, **more: real(*given, **more, factory=SlowDisk))


async def test_a_writer_waits_for_another_process_and_nobody_else_does(store: Store, path: Path) -> None:
    first = await opened(store)
    with held(path):
        writing = [asyncio.create_task(rename(store, first, letter, at_once=letter == "b")) for letter in "abcd"]
        for _ in range(20):
            assert await channel_of(store, first) == "web", "reading goes on"
            await asyncio.sleep(0.005)
        assert not any(task.done() for task in writing)
    await asyncio.gather(*writing)
    assert sorted(await channel_of(store, first)) == sorted("webabcd")


async def test_whoever_waited_too_long_is_told_and_the_next_is_served(store: Store, path: Path,
                                                                      monkeypatch: pytest.MonkeyPatch) -> None:
    first = await opened(store)
    monkeypatch.setattr(sqlite, "PATIENCE", 0.05)
    with held(path):
        told = await asyncio.gather(*(rename(store, first, "x") for _ in range(6)), return_exceptions=True)
    assert [type(error) for error in told] == [OperationalError] * 6
    await rename(store, first, "!")
    assert await channel_of(store, first) == "web!"


@pytest.mark.usefixtures("slow_disk")
async def test_while_the_disk_is_slow_others_read_and_one_writes_at_a_time(path: Path) -> None:
    store = Store(f"sqlite+aiosqlite:///{path}")
    await migrate(store.engine)
    first = await opened(store)
    writing = [asyncio.create_task(rename(store, first, str(number), at_once=number % 2 == 0)) for number in range(6)]
    seen = set()
    while not all(task.done() for task in writing):
        await channel_of(store, first)
        seen.add(SlowDisk.committing)
        await asyncio.sleep(0.005)
    await asyncio.gather(*writing)
    assert seen == {0, 1} or seen == {1}, "the loop goes on during a commit, and no two are under way"
    assert sorted(await channel_of(store, first)) == sorted("web012345"), "no change is lost"
    await store.close()


@pytest.mark.usefixtures("slow_disk")
async def test_a_writer_that_is_cancelled_holds_nobody_up(path: Path) -> None:
    store = Store(f"sqlite+aiosqlite:///{path}")
    await migrate(store.engine)
    first = await opened(store)
    writing = [asyncio.create_task(rename(store, first, str(number), at_once=True)) for number in range(4)]
    await until(lambda: SlowDisk.committing == 1)  # one commits, the others wait for their turn
    for task in writing[:3]:
        task.cancel()
    await asyncio.gather(*writing, return_exceptions=True)
    await asyncio.wait_for(rename(store, first, "!"), 20)
    said = await channel_of(store, first)
    assert said.startswith("web") and said.endswith("3!")
    await store.close()


async def test_a_lengthy_transaction_lets_others_in_before_and_after(store: Store) -> None:
    first = await opened(store)
    async with store.session(lengthy=True) as session:
        conversation = await session.get_one(Conversation, first)
        conversation.channel = "slow"
        await session.flush()
        writing = asyncio.create_task(rename(store, first, "!"))
        for _ in range(10):
            assert await channel_of(store, first) == "web"
            await asyncio.sleep(0.005)
        assert not writing.done()
    await writing
    assert await channel_of(store, first) == "slow!"
