"""The list that every adviser sees: made once for all of them when something happens, sent as what has changed."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections import Counter
from datetime import datetime, timedelta
from typing import Any

import structlog

from bot.gateway.clock import Clock
from bot.gateway.events import EVERYWHERE, Wakeups
from bot.gateway.store import Store
from bot.gateway.tables import Conversation, WaitingForPerson
from bot.helpline import calling_back
from bot.helpline.accounts import Accounts
from bot.helpline.cases import Cases
from bot.helpline.desk import HelplineDesk
from bot.knowledge.base import KnowledgeBase

log = structlog.get_logger()

GATHER = 0.1  # seconds in which changes are put into one list
LIVE = timedelta(minutes=15)  # conversations with the assistant alone that went on so lately can be stepped into


class Board:
    """`items` by conversation as JSON text, and `about` the desk; `listening()` gives an event set at each change."""

    def __init__(self, store: Store, cases: Cases, accounts: Accounts, desk: HelplineDesk, base: KnowledgeBase, clock: Clock,
                 wakeups: Wakeups, seen_within: timedelta, every: float) -> None:
        self._store, self._cases, self._accounts, self._desk, self._base = store, cases, accounts, desk, base
        self._clock, self._wakeups, self._seen_within, self._every = clock, wakeups, seen_within, every
        self.items: dict[str, str] = {}
        self.about = "{}"
        self._changed: set[asyncio.Event] = set()

    @contextlib.contextmanager
    def listening(self) -> Any:
        """An event that is set when the list is made anew, and when the gateway stops."""
        changed = asyncio.Event()
        self._changed.add(changed)
        try:
            yield changed
        finally:
            self._changed.discard(changed)

    async def run(self) -> None:
        """Until cancelled."""
        async with self._wakeups.listening(EVERYWHERE) as woken:
            while not self._wakeups.closed:
                woken.clear()
                try:
                    if self._changed:
                        await self.make()
                except Exception as error:  # such as a database that is locked: the next round does it
                    log.error("board_failed", error=type(error).__name__)
                await asyncio.sleep(GATHER)
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(woken.wait(), self._every)
        self._tell()

    async def make(self) -> None:
        """Read it all."""
        now = self._clock.now()
        staff = {account.id: account.name for account in await self._accounts.all()}
        here = await self._accounts.here(now - self._seen_within)
        cases = await self._cases.all()
        live = await self._cases.lately(now - LIVE)
        items = {case.conversation_id: self._item(case, conversation, staff) for case, conversation in cases}
        for conversation in live:
            items.setdefault(conversation.id, self._live(conversation))
        has = Counter(case.staff_id for case, _ in cases if case.staff_id)
        people = [{"id": one, "name": name, "here": one in here, "has": has[one]} for one, name in staff.items()
                  if one in here or has[one]]
        about = json.dumps({"state": await self._desk.state(now), "until": self._desk.telling.until(now), "staff": people})
        fresh = {conversation_id: json.dumps(item, ensure_ascii=False) for conversation_id, item in items.items()}
        if fresh != self.items or about != self.about:
            self.items, self.about = fresh, about
            self._tell()

    def _tell(self) -> None:
        for changed in self._changed:
            changed.set()

    def _item(self, case: WaitingForPerson, conversation: Conversation, staff: dict[str, str]) -> dict[str, Any]:
        if case.staff_id:
            state = "with"
        elif calling_back.complete(case.call_back):
            state = "ring"
        else:
            state = "later" if case.tell_me else "waiting"
        return self._known(conversation) | {
            "state": state, "urgent": case.urgent, "reason": case.reason, "since": _iso(case.since),
            "staff_id": case.staff_id, "staff": staff.get(case.staff_id or "", case.staff_id),
            "unanswered": _iso(case.unanswered_since)}

    def _live(self, conversation: Conversation) -> dict[str, Any]:
        return self._known(conversation) | {
            "state": "live", "urgent": False, "reason": "", "since": _iso(conversation.created_at), "staff_id": None,
            "staff": None, "unanswered": None}

    def _known(self, conversation: Conversation) -> dict[str, Any]:
        """Enough to choose by, and nothing that she wrote."""
        slots = conversation.slots
        topic = self._base.topics.get(slots.get("topic") or "")
        authority = self._base.authorities.get(slots.get("authority") or "")
        return {"id": conversation.id, "label": conversation.id[-4:].upper(), "channel": conversation.channel,
                "topic": topic.title if topic else "", "council": authority.short_name if authority else ""}


def _iso(moment: datetime | None) -> str | None:
    return moment.isoformat(timespec="seconds") if moment else None
