"""Copies of the SQLite store while it is in use, and their way back."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path


class NotRestored(RuntimeError):
    """The copy can't be used, or the store is in use; the message says which."""


def back_up(database: Path, target: Path) -> None:
    """Copy the store as it is at one moment, for this user alone, and check the copy. Raises `NotRestored`, `OSError`."""
    if not database.is_file():
        raise NotRestored(f"There is no store at {database}.")
    fresh = target.with_name(f"{target.name}.new")
    fresh.unlink(missing_ok=True)
    fresh.touch(mode=0o600)
    with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as source, closing(sqlite3.connect(fresh)) as copy:
        source.backup(copy)
        copy.execute("PRAGMA journal_mode=DELETE")
    _check(fresh)
    fresh.replace(target)


def restore(copy: Path, database: Path) -> None:
    """Put a copy in the store's place; what was there is kept beside it as `….before-restore`.

    Raises `NotRestored` where the copy is damaged or no store of ours, or where the service is running.
    """
    _check(copy)
    if database.exists():
        _only_one(database)
        database.replace(database.with_name(f"{database.name}.before-restore"))
    for leftover in ("-wal", "-shm"):
        database.with_name(database.name + leftover).unlink(missing_ok=True)
    fresh = database.with_name(f"{database.name}.new")
    fresh.touch(mode=0o600)
    fresh.write_bytes(copy.read_bytes())
    fresh.replace(database)


def _check(copy: Path) -> None:
    try:
        with closing(sqlite3.connect(f"file:{copy}?mode=ro", uri=True)) as connection:
            sound = connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
            ours = connection.execute("SELECT count(*) FROM sqlite_master WHERE name = 'conversations'").fetchone()[0]
    except sqlite3.DatabaseError as error:
        raise NotRestored(f"{copy} is no SQLite database, or a damaged one.") from error
    if not (sound and ours):
        raise NotRestored(f"{copy} is damaged or holds no conversations.")


def _only_one(database: Path) -> None:
    """Empties the write-ahead log into the store, which can't be done while somebody else has it open."""
    try:
        with closing(sqlite3.connect(database, timeout=1, isolation_level=None)) as connection:
            connection.execute("PRAGMA locking_mode=EXCLUSIVE")
            connection.execute("PRAGMA journal_mode=DELETE")
            connection.execute("BEGIN EXCLUSIVE")
            connection.execute("ROLLBACK")
    except sqlite3.OperationalError as error:
        raise NotRestored("The service is running. Stop it first.") from error
