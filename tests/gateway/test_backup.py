"""A backup is whole although the service runs; a restore brings it back, and nothing else can be restored."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.gateway.backup import NotRestored, back_up, restore
from bot.gateway.store import Store
from bot.knowledge.reply import Message
from tests.doubles.gateway import empty_database
from tests.gateway.test_store import NOW

HELLO = [Message(text="hello", topics=["assistant.greeting"])]


async def store_at(folder: Path) -> Store:
    (folder / "signpost.db").write_bytes(await empty_database(folder))
    return Store(f"sqlite+aiosqlite:///{folder / 'signpost.db'}")


async def test_backup_and_restore(tmp_path: Path) -> None:
    store, database, copy = await store_at(tmp_path), tmp_path / "signpost.db", tmp_path / "copy.db"
    kept, _ = await store.open_conversation("web", NOW, HELLO)
    back_up(database, copy)  # while it is open, and the row in its write-ahead log
    assert copy.stat().st_mode & 0o077 == 0 and not (tmp_path / "copy.db.new").exists()
    later, _ = await store.open_conversation("web", NOW, HELLO)
    with pytest.raises(NotRestored, match="running"):
        restore(copy, database)
    assert await store.conversation(later.id), "a refused restore changes nothing"
    await store.close()

    restore(copy, database)
    again = Store(f"sqlite+aiosqlite:///{database}")
    assert await again.conversation(kept.id) and await again.conversation(later.id) is None
    assert [line.text for line in await again.lines(kept.id)] == ["hello"]
    await again.close()
    assert database.stat().st_mode & 0o077 == 0
    before = Store(f"sqlite+aiosqlite:///{tmp_path / 'signpost.db.before-restore'}")
    assert await before.conversation(later.id), "what was there is kept"
    await before.close()


@pytest.mark.parametrize("content", [b"", b"not a database", b"SQLite format 3\x00" + b"\x00" * 500])
async def test_what_is_no_backup_is_refused(tmp_path: Path, content: bytes) -> None:
    store, bad = await store_at(tmp_path), tmp_path / "bad.db"
    await store.close()
    before = (tmp_path / "signpost.db").read_bytes()
    bad.write_bytes(content)
    with pytest.raises(NotRestored):
        restore(bad, tmp_path / "signpost.db")
    assert (tmp_path / "signpost.db").read_bytes() == before
    with pytest.raises(NotRestored):
        back_up(tmp_path / "nowhere.db", tmp_path / "copy.db")
