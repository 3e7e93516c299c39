"""A stand-in for the danger detector: one sentence is danger, nothing else is.

What the trained one finds is tested in tests/safeguarding; a test of a channel must not hang on a model.
"""

from __future__ import annotations

from bot.safeguarding.detector import Finding

DANGER = "I want to kill myself"


class FakeDetector:
    """Finds `DANGER`, whatever stands around it."""

    topics = frozenset({"urgent.suicide_or_self_harm"})

    def certain(self, text: str) -> Finding | None:
        """No phrase counts by itself."""
        return None

    def find(self, text: str, after: str | None = None) -> Finding | None:
        """As the real one."""
        return Finding("urgent.suicide_or_self_harm", 1.0) if DANGER.lower() in text.lower() else None

    def carried(self, text: str) -> None:
        """It reads nothing that Rasa could use."""
