"""What a gateway that died left waiting is taken up by another, not only by its own next start."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Hashable
from typing import TypeVar

import structlog

log = structlog.get_logger()

Key = TypeVar("Key", bound=Hashable)
EVERY = 3.0  # seconds


async def watch(waiting: Callable[[], Awaitable[set[Key]]], take_up: Callable[[Key], Awaitable[None]]) -> None:
    """`take_up` whatever was `waiting` at two looks running; until cancelled.

    Two looks, not a time since when: clocks differ, and jump.
    """
    before: set[Key] = set()
    while True:
        await asyncio.sleep(EVERY)
        try:
            now = await waiting()
            for one in now & before:
                await take_up(one)
            before = now
        except Exception as error:  # such as a database that is away: the next look does it
            log.error("not_taken_up", error=type(error).__name__)
