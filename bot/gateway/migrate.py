"""Brings the database's tables up to date; safe to run at every start."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.pool import NullPool

ONE_AT_A_TIME = 20261122  # the number of the lock
MIGRATIONS = Path(__file__).parent / "migrations"


async def migrate(engine: AsyncEngine, to: str = "head") -> None:
    """Run every migration that the database has not seen, up to the revision `to`."""

    def upgrade(connection: Any) -> None:
        config = Config()
        config.set_main_option("script_location", str(MIGRATIONS))
        config.attributes["connection"] = connection
        command.upgrade(config, to)

    if engine.dialect.name != "postgresql":
        async with engine.begin() as connection:
            await connection.run_sync(upgrade)
        return
    patient = create_async_engine(engine.url, hide_parameters=True, poolclass=NullPool)  # it may take its time
    async with patient.begin() as connection:
        await connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": ONE_AT_A_TIME})  # several start at once
        await connection.run_sync(upgrade)
    await patient.dispose()
