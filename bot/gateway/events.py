"""Who listens to a conversation is woken when it has a new line; the lines themselves come from the store."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, nullcontext

from bot.gateway.relay import Relay

EVERYWHERE = "*"  # to listen to every conversation at once
CHANGED = "changed"


class Wakeups:
    """One `asyncio.Event` a listener, on this gateway and, with a relay, on all others."""

    def __init__(self, relay: Relay | None = None) -> None:
        self._listeners: dict[str, set[asyncio.Event]] = defaultdict(set)
        self._heard: dict[str, Callable[[str], None]] = {CHANGED: self.wake_here}
        self._relay = relay
        self.closed = False

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Hear the other gateways."""
        async with self._relay.running(self._hear, self._wake_all) if self._relay else nullcontext():
            yield

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

    def wake(self, conversation_id: str, but: asyncio.Event | None = None) -> None:
        """Something changed in the conversation, and everybody is woken `but` a listener who knows."""
        self.wake_here(conversation_id, but)
        self.tell_others(CHANGED, conversation_id)

    def on(self, kind: str, do: Callable[[str], None]) -> None:
        """Do this when that kind of thing is told, on whichever gateway."""
        self._heard[kind] = do

    def tell(self, kind: str, whose: str) -> None:
        """On every gateway."""
        self._hear(kind, whose)
        self.tell_others(kind, whose)

    def tell_others(self, kind: str, whose: str) -> None:
        """On every gateway but this."""
        if self._relay:
            self._relay.tell(kind, whose)

    def close(self) -> None:
        """The gateway stops: every listener is woken, and finds `closed` set."""
        self.closed = True
        self._wake_all()

    def _hear(self, kind: str, whose: str) -> None:
        if kind in self._heard:  # a newer gateway may tell what we don't know of
            self._heard[kind](whose)

    def wake_here(self, conversation_id: str, but: asyncio.Event | None = None) -> None:
        """Wake this gateway's listeners alone."""
        for heard in (conversation_id, EVERYWHERE):
            for woken in self._listeners.get(heard, ()):
                if woken is not but:
                    woken.set()

    def _wake_all(self) -> None:
        for listeners in self._listeners.values():
            for woken in listeners:
                woken.set()
