"""Who is typing: kept in memory for some seconds, on every gateway, written down nowhere."""

from __future__ import annotations

import time
from functools import partial

from bot.gateway.events import Wakeups

SHOWN = 6.0  # seconds after the last sign
CARER, ADVISER = "carer", "adviser"


class Typing:
    """By conversation."""

    def __init__(self, wakeups: Wakeups) -> None:
        self._wakeups = wakeups
        self._until: dict[tuple[str, str], float] = {}
        for who in (CARER, ADVISER):
            wakeups.on(f"{who}_types", partial(self._mark, who))
            wakeups.on(f"{who}_stopped", partial(self._unmark, who))

    def carer_types(self, conversation_id: str) -> None:
        """Her page says so."""
        self._wakeups.tell("carer_types", conversation_id)

    def adviser_types(self, conversation_id: str) -> None:
        """The console says so."""
        self._wakeups.tell("adviser_types", conversation_id)

    def carer_stopped(self, conversation_id: str) -> None:
        """The message is there."""
        if self.carer(conversation_id):
            self._wakeups.tell("carer_stopped", conversation_id)

    def adviser_stopped(self, conversation_id: str) -> None:
        """The message is there."""
        self._wakeups.tell("adviser_stopped", conversation_id)

    def carer(self, conversation_id: str) -> bool:
        """Is she typing?"""
        return self._until.get((CARER, conversation_id), 0.0) > time.monotonic()

    def adviser(self, conversation_id: str) -> bool:
        """Is the adviser?"""
        return self._until.get((ADVISER, conversation_id), 0.0) > time.monotonic()

    def _mark(self, who: str, conversation_id: str) -> None:
        now = time.monotonic()
        for known in [known for known, until in self._until.items() if until < now]:
            del self._until[known]
        self._until[who, conversation_id] = now + SHOWN
        self._wakeups.wake_here(conversation_id)

    def _unmark(self, who: str, conversation_id: str) -> None:
        self._until.pop((who, conversation_id), None)
