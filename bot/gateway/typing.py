"""Who is typing: kept in memory for some seconds, written down nowhere."""

from __future__ import annotations

import time

from bot.gateway.events import Wakeups

SHOWN = 6.0  # seconds after the last sign


class Typing:
    """By conversation."""

    def __init__(self, wakeups: Wakeups) -> None:
        self._wakeups = wakeups
        self._carers: dict[str, float] = {}
        self._advisers: dict[str, float] = {}

    def carer_types(self, conversation_id: str) -> None:
        """Her page says so."""
        self._mark(self._carers, conversation_id)

    def adviser_types(self, conversation_id: str) -> None:
        """The console says so."""
        self._mark(self._advisers, conversation_id)

    def carer_stopped(self, conversation_id: str) -> None:
        """The message is there."""
        self._carers.pop(conversation_id, None)

    def adviser_stopped(self, conversation_id: str) -> None:
        """The message is there."""
        self._advisers.pop(conversation_id, None)

    def carer(self, conversation_id: str) -> bool:
        """Is she typing?"""
        return self._carers.get(conversation_id, 0.0) > time.monotonic()

    def adviser(self, conversation_id: str) -> bool:
        """Is the adviser?"""
        return self._advisers.get(conversation_id, 0.0) > time.monotonic()

    def _mark(self, whose: dict[str, float], conversation_id: str) -> None:
        now = time.monotonic()
        for known in [known for known, until in whose.items() if until < now]:
            del whose[known]
        whose[conversation_id] = now + SHOWN
        self._wakeups.wake(conversation_id)
