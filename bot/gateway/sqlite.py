"""SQLite in an event loop: its statements and commits run at once, in the loop.

They take microseconds, a commit a millisecond or so. aiosqlite sends each of them to a thread and waits for its answer, some
two hundred times a text message: the way there and back took longer than all else, and a transaction held the write lock all
the while (docs/decisions/0011). Now no two transactions of a gateway ever overlap, as long as nothing but statements is
awaited inside one.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from functools import partial
from typing import Any

import aiosqlite

FETCHED = 64  # rows at a time


class Connection(aiosqlite.Connection):
    """As aiosqlite's, but for where its statements run. Its thread opens and closes it, and does what takes its time."""

    def __init__(self, path: str) -> None:
        super().__init__(partial(sqlite3.connect, path, check_same_thread=False), FETCHED)
        self._thread.daemon = True

    async def _execute(self, fn: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        if self._connection is None:
            raise ValueError("Connection closed")
        pragma = bool(args) and isinstance(args[0], str) and args[0].startswith("PRAGMA")
        if pragma or fn == self._conn.close:  # such as writing all of the log to the database
            return await super()._execute(fn, *args, **kwargs)  # type: ignore[no-untyped-call]
        return fn(*args, **kwargs)


def connector(path: str) -> Callable[[], Connection]:
    """For `create_async_engine(async_creator=…)`: connections to the database at `path`."""
    return partial(Connection, path)
