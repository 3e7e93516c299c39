"""Nothing is kept longer than it is needed: a job of the gateway deletes what is older (docs/privacy.md has the periods)."""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import dataclass
from datetime import timedelta

import structlog
from sqlalchemy import delete

from bot.gateway.clock import Clock
from bot.gateway.store import Store
from bot.gateway.tables import Contact, MoveCode

log = structlog.get_logger()


@dataclass(frozen=True)
class Retention:
    """`web` and `phones`: how long a conversation is kept after it was used last, by where that was."""

    store: Store
    clock: Clock
    web: timedelta
    phones: timedelta

    async def once(self) -> int:
        """Delete what is too old; gives how many conversations went."""
        now = self.clock.now()
        gone = await self.store.forget_unused(now - self.web, now - self.phones)
        async with self.store.session(lengthy=True) as session:
            await session.execute(delete(MoveCode).where(MoveCode.expires_at < now))
            # a number whose conversation went another way; of one that said STOP the pseudonym alone is left
            await session.execute(delete(Contact).where(
                Contact.conversation_id.is_(None), Contact.opted_out_at.is_(None), Contact.last_at < now - self.phones))
        await self.store.wipe()  # also what an earlier deletion left in the log because somebody was reading
        return gone

    async def run(self, stopping: asyncio.Event, every: float) -> None:
        """A round each `every` seconds, the first at once, until `stopping` is set."""
        while not stopping.is_set():
            try:
                async with self.store.locks.alone("retention") as alone:
                    if alone and (gone := await self.once()):
                        log.info("forgotten", conversations=gone)
            except Exception as error:  # such as a database that is locked: the next round does it
                log.error("cleaning_failed", error=type(error).__name__)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(stopping.wait(), every)
