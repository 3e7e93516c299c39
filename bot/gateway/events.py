"""Who listens to a conversation is woken when it has a new line; the lines themselves come from the store."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

EVERYWHERE = "*"  # to listen to every conversation at once


class Wakeups:
    """One `asyncio.Event` a listener."""

    def __init__(self) -> None:
        self._listeners: dict[str, set[asyncio.Event]] = defaultdict(set)
        self.closed = False

    @asynccontextmanager
    async def listening(self, conversation_id: str) -> AsyncIterator[asyncio.Event]:
        """An event that is set at each change, as long as the block runs."""
        woken = asyncio.Event()
        self._listeners[conversation_id].add(woken)
        try:
            yield woken
        finally:
            self._listeners[conversation_id].discard(woken)
            if not self._listeners[conversation_id]:
                del self._listeners[conversation_id]

    def wake(self, conversation_id: str) -> None:
        """Something changed in the conversation."""
        for heard in (conversation_id, EVERYWHERE):
            for woken in self._listeners.get(heard, ()):
                woken.set()

    def close(self) -> None:
        """The gateway stops: every listener is woken, and finds `closed` set."""
        self.closed = True
        for conversation_id in list(self._listeners):
            self.wake(conversation_id)
