"""A database of every earlier version, with rows in every table, is brought up to date and is of use."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import JSON, Boolean, Column, Connection, Date, DateTime, Integer, MetaData, Table, inspect, select

from bot.gateway.migrate import MIGRATIONS, migrate
from bot.gateway.store import Store
from bot.gateway.tables import Base
from bot.knowledge.reply import HandOver, Message
from tests.doubles.engines import Engines

NOW = datetime(2026, 11, 24, 11, tzinfo=UTC)
CONVERSATION = "c_0123"
SAID = {"conversation_id": CONVERSATION, "id": CONVERSATION, "mode": "assistant", "status": "waiting", "channel": "web",
        "sender": "carer", "provider_id": "p1", "contact_id": "0" * 64, "staff_id": "sam"}
IDS = {"conversations": CONVERSATION, "contacts": SAID["contact_id"], "staff": "sam"}
REVISIONS = [script.revision for script in reversed(list(ScriptDirectory(str(MIGRATIONS)).walk_revisions()))]


def value(column: Column[Any]) -> Any:
    """Something that fits: the same for what refers to each other."""
    kind = column.type
    for sort, given in ((Boolean, False), (Integer, 1), (DateTime, NOW), (Date, date(2026, 11, 24)), (JSON, {"a": [1]})):
        if isinstance(kind, sort):
            return given
    return SAID.get(column.name, "x")


def counted(column: Column[Any]) -> bool:
    """Does the database number the rows?"""
    return column.name == "id" and isinstance(column.type, Integer)


def one_row_each(connection: Connection) -> dict[str, dict[str, Any]]:
    """Put a row into every table, and give what is in them then."""
    found = MetaData()
    found.reflect(connection)
    rows = {}
    for table in found.sorted_tables:
        if table.name == "alembic_version":
            continue
        given = {column.name: value(column) for column in table.columns if not counted(column)}
        given |= {"id": IDS[table.name]} if table.name in IDS else {}
        connection.execute(table.insert().values(given))
        rows[table.name] = dict(connection.execute(select(table)).mappings().one())
    return rows


def rows_now(connection: Connection, names: list[str]) -> dict[str, list[dict[str, Any]]]:
    there = [name for name in names if name in inspect(connection).get_table_names()]
    tables = [Table(name, MetaData(), autoload_with=connection) for name in there]
    return {table.name: [dict(row) for row in connection.execute(select(table)).mappings()] for table in tables}


@pytest.fixture(params=["sqlite", "postgresql"])
def empty(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[], Awaitable[str]]:
    """The address of a database without tables."""

    async def sqlite() -> str:
        return f"sqlite+aiosqlite:///{tmp_path / 'store.db'}"

    if request.param == "sqlite":
        return sqlite
    engines: Engines = request.getfixturevalue("engines")
    return engines.empty


@pytest.mark.parametrize("since", REVISIONS)
async def test_every_earlier_version_is_brought_up_to_date(since: str, empty: Callable[[], Awaitable[str]]) -> None:
    store = Store(await empty())
    try:
        await migrate(store.engine, since)
        async with store.engine.begin() as connection:
            before = await connection.run_sync(one_row_each)
        await migrate(store.engine)
        async with store.engine.connect() as connection:
            assert await connection.run_sync(
                lambda c: compare_metadata(MigrationContext.configure(c), Base.metadata)) == []
            after = await connection.run_sync(rows_now, list(before))
        for name, row in before.items():
            if name == "outbound" and since == "0001":
                continue  # nothing was ever sent by that version
            (kept,) = after[name]
            assert {column: kept[column] for column in row} == row, name
        await _goes_on(store, had_phones=since != "0001")
    finally:
        await store.close()


async def _goes_on(store: Store, had_phones: bool) -> None:
    """What waited is answered, and the next message is kept: ids go on where they were."""
    conversation = await store.conversation(CONVERSATION)
    (waiting,) = await store.all_waiting()
    assert conversation
    said = [Message(text="An answer.", topics=["x.y"])]
    assert await store.commit_reply(waiting, said, {"turn": 1}, HandOver(reason="asked"), NOW)
    _, new = await store.receive(conversation, "p2", "hello", None, NOW)
    assert new
    assert [line.text for line in await store.lines(CONVERSATION)][1:] == ["An answer.", "hello"]
    await store.forget(CONVERSATION)
    assert await store.all_waiting() == [] and not await store.lines(CONVERSATION)
