"""SQLite in an event loop: a statement takes microseconds and runs at once; a commit, which waits for the disk, in a thread.

aiosqlite sends each statement to a thread and waits for its answer, some two hundred times a text message: the way there and
back took most of the gateway's time, and a transaction held the write lock over all of it (docs/decisions/0011).
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable
from functools import partial
from typing import Any

import aiosqlite

FETCHED = 64  # rows at a time


class Disk:
    """What the connections to one database share: the commit that is being written."""

    committing: asyncio.Future[Any] | None = None


class Connection(aiosqlite.Connection):
    """As aiosqlite's, but for where its statements run.

    Nothing but statements may be awaited inside a transaction that writes: whoever else writes would hold up the loop.
    """

    def __init__(self, path: str, disk: Disk) -> None:
        super().__init__(partial(sqlite3.connect, path, check_same_thread=False), FETCHED)
        self._thread.daemon = True
        self._disk = disk

    async def _execute(self, fn: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        if self._connection is None:
            raise ValueError("Connection closed")
        if fn == self._conn.commit and self._conn.in_transaction:
            return await self._commit(fn)
        statement = args[0] if args and isinstance(args[0], str) else ""
        if fn == self._conn.close or statement.startswith("PRAGMA"):  # they may write all of the log to the database
            return await super()._execute(fn, *args, **kwargs)  # type: ignore[no-untyped-call]
        if statement and not statement.startswith("SELECT"):
            while self._disk.committing and not self._conn.in_transaction:
                await asyncio.wait([self._disk.committing])  # else the lock would hold up the loop
        return fn(*args, **kwargs)

    async def _commit(self, fn: Callable[..., Any]) -> Any:
        writing = asyncio.ensure_future(super()._execute(fn))  # type: ignore[no-untyped-call]
        self._disk.committing = writing
        writing.add_done_callback(self._committed)
        return await asyncio.shield(writing)  # it goes on, whoever stops waiting for it

    def _committed(self, writing: asyncio.Future[Any]) -> None:
        if self._disk.committing is writing:
            self._disk.committing = None


def connector(path: str) -> Callable[[], Connection]:
    """For `create_async_engine(async_creator=…)`: connections to the database at `path`."""
    disk = Disk()
    return lambda: Connection(path, disk)
