"""How often one client may write: fixed windows in memory, by the `limits` library. Danger is never held back."""

from __future__ import annotations

import time

from limits import RateLimitItem, parse
from limits.aio.storage import MemoryStorage
from limits.aio.strategies import FixedWindowRateLimiter

MESSAGES = parse("30/minute")
CONVERSATIONS = parse("60/minute")
CODES = parse("10/hour")
SIGN_INS = parse("20/minute")
FORGED = parse("60/minute")


class Limits:
    """`wait(...)` gives the seconds a client has to wait, 0 where it may go on."""

    def __init__(self, on: bool) -> None:
        self._on = on
        self._limiter = FixedWindowRateLimiter(MemoryStorage())

    async def wait(self, item: RateLimitItem, who: str) -> int:
        """Count one try by `who`."""
        if not self._on or await self._limiter.hit(item, who):
            return 0
        window = await self._limiter.get_window_stats(item, who)
        return max(1, int(window.reset_time - time.time()) + 1)
