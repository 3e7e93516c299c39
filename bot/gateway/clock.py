"""The service's clock: the real one, or one that starts at `SIGNPOST_NOW` and runs on from there."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta


class Clock:
    """Call `now()` for the moment in UTC."""

    def __init__(self, starts_at: str = "") -> None:
        """`starts_at`: RFC 3339 time or empty. Raises `ValueError` where it is neither."""
        start = datetime.fromisoformat(starts_at) if starts_at else None
        if start and start.tzinfo is None:
            start = start.replace(tzinfo=UTC)
        self._ahead = start - datetime.now(UTC) if start else timedelta(0)

    def now(self) -> datetime:
        """This moment."""
        return datetime.now(UTC) + self._ahead
