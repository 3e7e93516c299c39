"""The log of administrative acts: who did what to the service, and when. No carer is named in it."""

from __future__ import annotations

import os
import pwd
from datetime import datetime

from sqlalchemy import select

from bot.gateway.masking import masked
from bot.gateway.store import Store
from bot.gateway.tables import Act

LONGEST = 500  # characters of a note


def operator() -> str:
    """Who runs a command on the machine: the process's user, and as whom they came by sudo, which root could make up."""
    try:
        name = pwd.getpwuid(os.getuid()).pw_name
    except KeyError:  # a container's user without a name
        name = str(os.getuid())
    came_as = os.environ.get("SUDO_USER")
    return f"operator:{name}{f'(sudo:{came_as})' if came_as else ''}"[:60]


def act(who: str, what: str, now: datetime, about: str = "", note: str = "") -> Act:
    """A row to be kept in the transaction of what was done. A note is kept without numbers and addresses."""
    return Act(at=now, who=who[:60], what=what, about=about[:80], note=masked(note.strip())[:LONGEST])


class Acts:
    """Reading the log, and keeping what has no transaction of its own."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def keep(self, done: Act) -> None:
        """Add one."""
        async with self._store.session() as session:
            session.add(done)

    async def newest(self, most: int = 200) -> list[Act]:
        """The newest first."""
        async with self._store.session() as session:
            return list(await session.scalars(select(Act).order_by(Act.id.desc()).limit(most)))
