"""SQLite in an event loop: statements run at once in the loop, commits in a thread, and nobody waits for a lock in the loop.

A statement takes microseconds. aiosqlite sends each of them to a thread and waits for its answer, some two hundred times a
text message: the way there and back took longer than all else (docs/decisions/0012). A commit waits for the disk, so it goes
to the thread. Who writes takes turns with the gateway's other writers, in the order they came; where another process holds the
database, it is asked again and again, while others are served.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable
from functools import partial
from typing import Any

import aiosqlite

FETCHED = 64  # rows at a time
PATIENCE = 10.0  # seconds for another process to let go of the database
PAUSE = 0.01  # seconds between two tries
READING = ("SELECT", "PRAGMA")


class Connection(aiosqlite.Connection):
    """As aiosqlite's, but for where its statements run."""

    def __init__(self, path: str, writers: asyncio.Lock) -> None:
        super().__init__(partial(sqlite3.connect, path, timeout=0, check_same_thread=False), FETCHED)
        self._thread.daemon = True
        self._writers, self._writes, self._before = writers, False, 0  # changes before this transaction

    async def _execute(self, fn: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        if self._connection is None:
            raise ValueError("Connection closed")
        if not self._writes and fn.__name__.startswith("execute") and not args[0].lstrip().startswith(READING):
            await self._writers.acquire()
            self._writes, self._before = True, self._connection.total_changes
        try:
            if fn == self._connection.close or (fn == self._connection.commit and self._changed()):
                return await super()._execute(fn, *args, **kwargs)  # type: ignore[no-untyped-call]
            return await _asked_again(partial(fn, *args, **kwargs))
        finally:
            if not self._in_transaction():
                self._let_go()

    def stop(self) -> asyncio.Future[Any] | None:
        """Close, whatever is under way."""
        self._let_go()
        return super().stop()

    def _in_transaction(self) -> bool:
        try:
            return self._connection is not None and self._connection.in_transaction
        except sqlite3.ProgrammingError:  # closed
            return False

    def _changed(self) -> bool:
        return self._connection is not None and self._writes and self._connection.total_changes != self._before

    def _let_go(self) -> None:
        if self._writes:
            self._writes = False
            self._writers.release()


def connector(path: str) -> Callable[[], Connection]:
    """For `create_async_engine(async_creator=…)`: connections to the database at `path`."""
    return partial(Connection, path, asyncio.Lock())


async def _asked_again(do: Callable[[], Any]) -> Any:
    """What `do` gives, once no other process holds the database. Raises `sqlite3.OperationalError` where one does for long."""
    deadline = asyncio.get_running_loop().time() + PATIENCE
    while True:
        try:
            return do()
        except sqlite3.OperationalError as error:
            code = error.sqlite_errorcode
            in_vain = code == sqlite3.SQLITE_BUSY_SNAPSHOT or code & 0xFF != sqlite3.SQLITE_BUSY
            if in_vain or asyncio.get_running_loop().time() > deadline:
                raise
        await asyncio.sleep(PAUSE)
