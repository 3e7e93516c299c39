"""What nobody presses a button for: a carer who isn't answered, an adviser who is gone, word to who asked for it."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta

import structlog

from bot.gateway.clock import Clock
from bot.gateway.events import Wakeups
from bot.gateway.store import HELPLINE, QUEUED, Store
from bot.gateway.tables import Conversation, WaitingForPerson
from bot.helpline.accounts import Accounts
from bot.helpline.desk import HelplineDesk, Unreachable

log = structlog.get_logger()

ELSEWHERE = ":"  # in the id of somebody who sits at another desk, whose presence is that desk's matter


class Rounds:
    """Goes round every few seconds."""

    def __init__(self, desk: HelplineDesk, accounts: Accounts, store: Store, clock: Clock, wakeups: Wakeups,
                 answer_within: timedelta, seen_within: timedelta, every: float) -> None:
        self._desk, self._accounts, self._store, self._clock, self._wakeups = desk, accounts, store, clock, wakeups
        self._answer_within, self._seen_within, self._every = answer_within, seen_within, every

    async def run(self) -> None:
        """Until cancelled."""
        while not self._wakeups.closed:
            try:
                async with self._store.locks.alone("rounds") as alone:
                    if alone:
                        await self.once()
            except Exception as error:  # such as a database that is locked: the next round does it
                log.error("round_failed", error=type(error).__name__)
            await asyncio.sleep(self._every)

    async def once(self) -> None:
        """One round."""
        now = self._clock.now()
        cases = await self._desk.cases.all()
        if any(case.staff_id for case, _ in cases):
            seen = await self._accounts.seen_since(now - self._seen_within)
            for case, _ in cases:
                await self._look_after(case, seen, now)
        if any(case.tell_me for case, _ in cases) and await self._desk.state(now) == "there":
            for case, conversation in cases:
                if case.tell_me:
                    await self._desk.tell_back(case, conversation)
        for case, conversation in cases:
            await self._announce(case, conversation, now)

    async def _look_after(self, case: WaitingForPerson, seen: set[str], now: datetime) -> None:
        """Back into the queue with a carer whom nobody answers."""
        if case.staff_id is None:
            return
        unanswered = case.unanswered_since is not None and now - case.unanswered_since > self._answer_within
        gone = ELSEWHERE not in case.staff_id and case.staff_id not in seen
        if (unanswered or gone) and await self._desk.take_back(case, unanswered and not gone):
            log.warning("back_in_queue", why="gone" if gone else "unanswered")

    async def _announce(self, case: WaitingForPerson, conversation: Conversation, now: datetime) -> None:
        try:
            if case.announced_at is None:
                for backend in self._desk.backends:
                    await backend.announce(case, conversation)
                await self._desk.cases.announced(case.conversation_id, now)
            if conversation.mode in (HELPLINE, QUEUED):
                for backend in self._desk.backends:
                    await backend.heard(case.conversation_id)
        except Unreachable as error:
            log.warning("desk_not_told", why=str(error))
