"""How often one client may write: fixed windows, by the `limits` library. Danger is never held back.

Several gateways count together in Redis; where it is away, each counts for itself.
"""

from __future__ import annotations

import time

import structlog
from limits import RateLimitItem, parse
from limits.aio.storage import MemoryStorage, RedisStorage
from limits.aio.strategies import FixedWindowRateLimiter
from redis.exceptions import RedisError

log = structlog.get_logger()

MESSAGES = parse("30/minute")
REPEATS = parse("120/minute")  # of messages that are there already
CONVERSATIONS = parse("60/minute")
CODES = parse("10/hour")
SIGN_INS = parse("20/minute")
FORGED = parse("60/minute")
QUICK = 0.25  # seconds for Redis to answer
AGAIN = 5.0  # seconds in which Redis is not asked after it failed


class Limits:
    """`wait(...)` gives the seconds a client has to wait, 0 where it may go on."""

    def __init__(self, on: bool, redis_url: str = "") -> None:
        self._on = on
        self._own = FixedWindowRateLimiter(MemoryStorage())
        self._shared = FixedWindowRateLimiter(RedisStorage(
            f"async+{redis_url}", implementation="redispy", socket_timeout=QUICK, socket_connect_timeout=QUICK,
        )) if redis_url else None
        self._not_before = 0.0

    async def wait(self, item: RateLimitItem, who: str) -> int:
        """Count one try by `who`."""
        if not self._on:
            return 0
        if self._shared and time.monotonic() >= self._not_before:
            try:
                return await _counted(self._shared, item, who)
            except (RedisError, OSError) as error:
                self._not_before = time.monotonic() + AGAIN
                log.warning("limits_not_shared", error=type(error).__name__)
        return await _counted(self._own, item, who)


async def _counted(limiter: FixedWindowRateLimiter, item: RateLimitItem, who: str) -> int:
    if await limiter.hit(item, who):
        return 0
    window = await limiter.get_window_stats(item, who)
    return max(1, int(window.reset_time - time.time()) + 1)
