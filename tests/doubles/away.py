"""A database that is away for the first calls of one thing that is asked of it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy.exc import TimeoutError as NoAnswer

ALWAYS = 1_000_000  # times


def away_at_first(patch: pytest.MonkeyPatch, of: type, method: str, times: int) -> Iterator[int]:
    """The first `times` calls of `of.method` fail. Gives what is left of these: nothing, once there were so many."""
    works, away = getattr(of, method), iter(range(times))

    async def asked(*given: Any, **more: Any) -> Any:
        if next(away, None) is not None:
            raise NoAnswer
        return await works(*given, **more)

    patch.setattr(of, method, asked)
    return away
