"""Fixtures of the gateway's tests."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.gateway.migrate import migrate
from bot.gateway.store import Store
from tests.doubles.gateway import base, carer, gateway, rasa, start_gateway  # noqa: F401  (fixtures)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Of the store's database."""
    return tmp_path / "store.db"


@pytest.fixture
async def store(path: Path) -> AsyncIterator[Store]:
    """One with nothing in it."""
    made = Store(f"sqlite+aiosqlite:///{path}")
    await migrate(made.engine)
    yield made
    await made.close()
