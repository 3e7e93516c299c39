"""Cases: conversations that are a person's matter. Each step is one transaction, and a race has one winner."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import delete, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from bot.gateway import tallies
from bot.gateway.outgoing import Parcel, keep_parcels
from bot.gateway.store import ASSISTANT, HELPLINE, MINE, QUEUED, Store, add_lines, locked
from bot.gateway.tables import Conversation, Line, WaitingForPerson
from bot.helpline.tables import CaseNote, Handled, LogEntry, StaffMessage
from bot.knowledge.reply import Message

STEPPED_IN = "stepped_in"


@dataclass(frozen=True)
class Said:
    """What the carer is told with a step, and how it goes to her phone, if it does."""

    sender: str
    messages: Sequence[Message]
    contact_id: str | None = None
    parcels: Sequence[Parcel] = ()
    by: str | None = None


class NotYours(Exception):
    """Somebody else has the conversation, or nobody, or it is gone."""


class Cases:
    """Reading and writing of cases."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def all(self) -> list[tuple[WaitingForPerson, Conversation]]:
        """Every case: danger first, then the longest wait."""
        query = select(WaitingForPerson, Conversation).join(
            Conversation, Conversation.id == WaitingForPerson.conversation_id).order_by(
            WaitingForPerson.urgent.desc(), WaitingForPerson.since)
        async with self._store.session(at_once=True) as session:
            return [(case, conversation) for case, conversation in await session.execute(query)]

    async def get(self, conversation_id: str) -> WaitingForPerson | None:
        """The case, if it is one."""
        async with self._store.session(at_once=True) as session:
            return await session.get(WaitingForPerson, conversation_id)

    async def lately(self, since: datetime, most: int = 50) -> list[Conversation]:
        """Conversations that went on after `since` and are the assistant's alone, the newest first."""
        query = select(Conversation).where(Conversation.mode == ASSISTANT, Conversation.last_at > since).order_by(
            Conversation.last_at.desc()).limit(most)
        async with self._store.session() as session:
            return list(await session.scalars(query))

    async def claim(self, conversation_id: str, staff_id: str, said: Said, now: datetime) -> bool:
        """Take it, from the queue or by stepping in; False where somebody else has it. Raises `LookupError` where gone."""
        try:
            async with self._store.session(reads_first=True) as session:
                conversation = await locked(session, conversation_id)
                taken = await session.execute(update(WaitingForPerson).where(
                    WaitingForPerson.conversation_id == conversation_id, WaitingForPerson.staff_id.is_(None),
                ).values(staff_id=staff_id, unanswered_since=now))
                if taken.rowcount == 0:  # type: ignore[attr-defined]
                    if await session.get(WaitingForPerson, conversation_id):
                        return False
                    session.add(WaitingForPerson(conversation_id=conversation_id, reason=STEPPED_IN, urgent=False, since=now,
                                                 staff_id=staff_id, claimed_at=now, unanswered_since=now, tell_me=False))
                    await session.run_sync(tallies.count, conversation, tallies.handed_over(STEPPED_IN), now)
                else:
                    await session.execute(update(WaitingForPerson).where(
                        WaitingForPerson.conversation_id == conversation_id, WaitingForPerson.claimed_at.is_(None),
                    ).values(claimed_at=now))
                conversation.mode = HELPLINE
                await _say(session, conversation_id, said, now)
                session.add(LogEntry(staff_id=staff_id, what="claimed", conversation_id=conversation_id, at=now))
        except IntegrityError:  # two stepped in at once
            return False
        return True

    async def transfer(self, conversation_id: str, giver: str, taker: str | None, said: Said, now: datetime) -> None:
        """Hand it to a colleague, or back into the queue (`taker` none). Raises `NotYours`."""
        async with self._store.session(reads_first=True) as session:
            conversation = await self._given(session, conversation_id, giver, {
                "staff_id": taker, "unanswered_since": now if taker else None})
            conversation.mode = HELPLINE if taker else QUEUED
            await _say(session, conversation_id, said, now)
            session.add(LogEntry(staff_id=giver, what="transferred" if taker else "released",
                                 conversation_id=conversation_id, at=now))

    async def take_back(self, case: WaitingForPerson, said: Said, now: datetime, unanswered: bool) -> bool:
        """Nobody answers her: back into the queue, at her old place. False where she was answered just now."""
        same = [WaitingForPerson.staff_id == case.staff_id]
        if unanswered:
            same.append(WaitingForPerson.unanswered_since == case.unanswered_since)
        async with self._store.session(reads_first=True) as session:
            conversation = await session.get(Conversation, case.conversation_id, with_for_update=MINE)
            freed = await session.execute(update(WaitingForPerson).where(
                WaitingForPerson.conversation_id == case.conversation_id, *same).values(staff_id=None, unanswered_since=None))
            if conversation is None or freed.rowcount == 0:  # type: ignore[attr-defined]
                return False
            conversation.mode = QUEUED
            await _say(session, conversation.id, said, now)
            session.add(LogEntry(staff_id=str(case.staff_id), what="taken_back", conversation_id=case.conversation_id, at=now))
        return True

    async def reply(self, conversation_id: str, staff_id: str, key: str, said: Said, now: datetime) -> int:
        """An adviser's message, once however often it is sent under its key; gives its line. Raises `NotYours`."""
        known = f"{staff_id}:{key}"
        try:
            async with self._store.session(reads_first=True) as session:
                before = await session.get(StaffMessage, known)
                if before:
                    return before.line_id
                conversation = await self._given(session, conversation_id, staff_id, {"unanswered_since": None})
                (line,) = await _say(session, conversation_id, said, now)
                session.add(StaffMessage(key=known, conversation_id=conversation_id, line_id=line.id, staff_id=staff_id))
                conversation.last_at = now
                return line.id
        except IntegrityError:
            async with self._store.session() as session:
                return (await session.get_one(StaffMessage, known)).line_id

    async def close(self, conversation_id: str, staff_id: str | None, outcome: str, said: Said, now: datetime,
                    note: str = "", by: str | None = None) -> None:
        """It is over, and the assistant goes on. Raises `NotYours`.

        `staff_id`: who has it; none where nobody needs to. `by`: who did it then, none where the carer did.
        """
        actor = staff_id or by
        async with self._store.session(reads_first=True) as session:
            conversation = await session.get(Conversation, conversation_id, with_for_update=MINE)
            case = await session.get(WaitingForPerson, conversation_id, with_for_update=True)
            if case is None or conversation is None or (staff_id is not None and case.staff_id != staff_id):
                raise NotYours
            session.add(handled(case, conversation, outcome, now))
            if note and actor:
                session.add(CaseNote(conversation_id=conversation_id, staff_id=actor, text=note, at=now))
            await session.execute(delete(WaitingForPerson).where(WaitingForPerson.conversation_id == conversation_id))
            conversation.mode, conversation.last_at = ASSISTANT, now
            conversation.slots = {**conversation.slots, "open_question": None}
            await _say(session, conversation_id, said, now)
            if actor:
                session.add(LogEntry(staff_id=actor, what="closed", conversation_id=conversation_id, at=now))

    async def ask_call_back(self, conversation_id: str, told: dict[str, Any] | None, mode: str | None = None,
                            tell_me: bool | None = None) -> bool:
        """Keep what she told about ringing her; False where the conversation is no case."""
        values: dict[str, Any] = {"call_back": told}
        if tell_me is not None:
            values["tell_me"] = tell_me
        async with self._store.session(reads_first=True) as session:
            conversation = await session.get(Conversation, conversation_id, with_for_update=MINE)
            kept = await session.execute(update(WaitingForPerson).where(
                WaitingForPerson.conversation_id == conversation_id).values(**values))
            if mode and conversation and conversation.mode != HELPLINE:
                conversation.mode = mode
            return bool(kept.rowcount)  # type: ignore[attr-defined]

    async def stop_telling(self, conversation_id: str) -> bool:
        """Word is on its way to her; False where somebody else has sent it."""
        async with self._store.session() as session:
            done = await session.execute(update(WaitingForPerson).where(
                WaitingForPerson.conversation_id == conversation_id, WaitingForPerson.tell_me).values(tell_me=False))
            return bool(done.rowcount)  # type: ignore[attr-defined]

    async def announced(self, conversation_id: str, now: datetime) -> None:
        """The desk elsewhere knows."""
        async with self._store.session() as session:
            await session.execute(update(WaitingForPerson).where(
                WaitingForPerson.conversation_id == conversation_id).values(announced_at=now))

    async def set_facts(self, conversation_id: str, staff_id: str, facts: dict[str, Any], now: datetime,
                        urgent: bool | None = None) -> None:
        """What the assistant knows, put right by a person, and whether it is danger. Raises `NotYours`."""
        values = {"staff_id": staff_id} if urgent is None else {"urgent": urgent}
        async with self._store.session(reads_first=True) as session:
            conversation = await self._given(session, conversation_id, staff_id, values)
            conversation.slots = {**conversation.slots, **facts}
            session.add(LogEntry(staff_id=staff_id, what="changed_facts", conversation_id=conversation_id, at=now))

    async def add_note(self, conversation_id: str, staff_id: str, text: str, now: datetime) -> None:
        """A private note."""
        async with self._store.session() as session:
            session.add(CaseNote(conversation_id=conversation_id, staff_id=staff_id, text=text, at=now))

    async def notes(self, conversation_id: str) -> list[CaseNote]:
        """The private notes, oldest first."""
        async with self._store.session() as session:
            return list(await session.scalars(select(CaseNote).where(
                CaseNote.conversation_id == conversation_id).order_by(CaseNote.id)))

    async def waits(self, since: datetime) -> list[int]:
        """Seconds that carers waited for somebody, of cases handled after `since`; shortest first."""
        async with self._store.session(at_once=True) as session:
            return sorted(await session.scalars(select(Handled.waited).where(
                Handled.at > since, Handled.waited.is_not(None))))

    async def all_handled(self, since: datetime) -> list[Handled]:
        """What came to an end after `since`."""
        async with self._store.session() as session:
            return list(await session.scalars(select(Handled).where(Handled.at > since)))

    @staticmethod
    async def _given(session: AsyncSession, conversation_id: str, staff_id: str, values: dict[str, Any]) -> Conversation:
        """Change a case that this person has; gives its conversation, locked. Raises `NotYours`."""
        conversation = await session.get(Conversation, conversation_id, with_for_update=MINE)
        changed = await session.execute(update(WaitingForPerson).where(
            WaitingForPerson.conversation_id == conversation_id, WaitingForPerson.staff_id == staff_id).values(**values))
        if conversation is None or changed.rowcount == 0:  # type: ignore[attr-defined]
            raise NotYours
        return conversation


async def _say(session: AsyncSession, conversation_id: str, said: Said, now: datetime) -> list[Line]:
    lines = await session.run_sync(add_lines, conversation_id, None, said.sender, said.messages, now, said.by)
    if said.contact_id:
        await session.run_sync(keep_parcels, conversation_id, said.contact_id, said.parcels, now)
    return lines


def handled(case: WaitingForPerson, conversation: Conversation, outcome: str, now: datetime) -> Handled:
    """What is kept for the figures: nothing that was said, and not whose it was."""
    slots = conversation.slots
    waited = int((case.claimed_at - case.since).total_seconds()) if case.claimed_at else None
    return Handled(at=now, reason=case.reason, outcome=outcome, channel=conversation.channel, topic=slots.get("topic"),
                   authority=slots.get("authority"), arrangement=slots.get("arrangement"), waited=waited)
