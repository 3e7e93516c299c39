"""What one gateway does at a time, though there be several: a conversation's turns, a carer's post, the rounds.

PostgreSQL's advisory locks, all held by one connection of the gateway: they end when it dies, whatever the clock says. Nothing
hangs on them for good: a reply is committed once and a message is taken for sending once, with or without.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
from collections.abc import AsyncIterator

import structlog
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

log = structlog.get_logger()


class Locks:
    """`async with locks.alone(what) as alone`: no other gateway is at it. Within a gateway, see to that yourself."""

    def __init__(self, engine: AsyncEngine | None) -> None:
        """`engine`: PostgreSQL's; none where there is one gateway only, which is always alone."""
        self._engine = engine
        self._connection: AsyncConnection | None = None
        self._asking = asyncio.Lock()  # one question at a time on a connection

    @contextlib.asynccontextmanager
    async def alone(self, what: str) -> AsyncIterator[bool]:
        """False where another gateway is at `what`. Raises what the database raises."""
        if self._engine is None:
            yield True
            return
        held_by = await self._ask(self._engine, "pg_try_advisory_lock", what)
        try:
            yield held_by is not None
        finally:
            if held_by is not None and held_by is self._connection:
                await self._let_go(self._engine, what)

    async def close(self) -> None:
        """Every lock ends."""
        if self._connection:
            await self._connection.close()

    async def _let_go(self, engine: AsyncEngine, what: str) -> None:
        try:
            await self._ask(engine, "pg_advisory_unlock", what)
        except Exception as error:  # it ended with the connection
            log.warning("lock_lost", error=type(error).__name__)

    async def _ask(self, engine: AsyncEngine, function: str, what: str) -> AsyncConnection | None:
        """The connection, where the answer is yes. It outlives whoever is cancelled while he asks."""
        return await asyncio.shield(self._asked(engine, function, what))

    async def _asked(self, engine: AsyncEngine, function: str, what: str) -> AsyncConnection | None:
        key = int.from_bytes(hashlib.sha256(what.encode()).digest()[:8], signed=True)
        async with self._asking:
            try:
                if self._connection is None:
                    self._connection = await engine.execution_options(isolation_level="AUTOCOMMIT").connect()
                yes = await self._connection.scalar(text(f"SELECT {function}(:key)"), {"key": key})
            except BaseException:
                broken, self._connection = self._connection, None
                if broken:
                    await broken.invalidate()
                raise
            return self._connection if yes else None
