"""A kill switch for each channel: while it is off, a message gets one short true answer, and danger is answered as ever.

Kept in the database, so that it holds for every gateway there; each looks again within a second.
"""

from __future__ import annotations

import asyncio
from datetime import datetime

from sqlalchemy import select

from bot.gateway.acts import act
from bot.gateway.store import WEB, Store
from bot.gateway.tables import Switch
from bot.knowledge.base import KnowledgeBase
from bot.knowledge.reply import Message, Reply

CHANNELS = (WEB, "sms", "whatsapp", "telegram")
LOOK_AGAIN = 1.0  # seconds
TOPIC = "helpline.details"


class Switches:
    """Which channels are off."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._off: frozenset[str] = frozenset()
        self._until = 0.0  # by the loop's clock: when to look again

    async def off(self, channel: str) -> bool:
        """Is it?"""
        return channel in await self.all_off()

    async def all_off(self) -> frozenset[str]:
        """Those that are off, as it was a second ago at most."""
        now = asyncio.get_running_loop().time()
        if now >= self._until:
            async with self._store.session(at_once=True) as session:
                self._off = frozenset(await session.scalars(select(Switch.channel).where(Switch.off)))
            self._until = now + LOOK_AGAIN
        return self._off

    async def set(self, channel: str, off: bool, who: str, note: str, now: datetime) -> None:
        """Switch it, and keep who did and why."""
        done = act(who, "switched_off" if off else "switched_on", now, channel, note)
        async with self._store.session(reads_first=True) as session:
            await session.merge(Switch(channel=channel, off=off, note=done.note, who=done.who, at=now))
            session.add(done)
        self._until = 0.0

    async def all(self) -> list[Switch]:
        """Every channel, also those that were never switched."""
        async with self._store.session() as session:
            kept = {switch.channel: switch for switch in await session.scalars(select(Switch))}
        return [kept.get(one) or Switch(channel=one, off=False, note="", who="", at=None) for one in CHANNELS]


def off_reply(base: KnowledgeBase, now: datetime) -> Reply:
    """That nothing is answered here now, and where to turn."""
    return Reply(messages=[Message(text=base.say("switched_off.text", now.date()), topics=[TOPIC])])
