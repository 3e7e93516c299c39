"""Waiting for what another task or process brings about."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Callable
from typing import Any


async def until(check: Callable[[], Any], within: float = 30.0) -> None:
    """Return once `check()` is true; it may be a coroutine function. Raises `TimeoutError`."""
    async with asyncio.timeout(within):
        while True:
            found = check()
            if await found if inspect.isawaitable(found) else found:
                return
            await asyncio.sleep(0.02)
