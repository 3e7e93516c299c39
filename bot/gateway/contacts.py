"""Who writes to us by phone: contacts, their STOP and START, and codes that move a conversation."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm.attributes import set_committed_value

from bot.gateway.outgoing import HELD, STOPPED, WAITING, Shown, open_window, shown_in
from bot.gateway.statements import WAITING as IS_WAITING
from bot.gateway.store import MINE, Store, hashed, keep_inbound, locked, new_conversation
from bot.gateway.tables import ConsentChange, Contact, Conversation, Inbound, MoveCode, Outbound

CODE_LETTERS = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"  # without 0 O 1 I, which are misread
CODE_LENGTH = 8
CODE_LASTS = timedelta(minutes=15)


@dataclass(frozen=True)
class Arriving:
    """A message from a phone. `joins_for`: seconds in which a next one is taken as a part of it."""

    contact_id: str
    channel: str
    sealed: str
    provider_id: str
    at: datetime
    joins_for: float = 0.0


@dataclass(frozen=True)
class Arrived:
    """The message as it is kept; `new` where its conversation began with it."""

    contact: Contact
    conversation: Conversation
    inbound: Inbound
    new: bool


Read = Callable[[Contact, Conversation, Shown], tuple[str, str | None]]  # what a message means: its text and its command


class Contacts:
    """Reading and writing of contacts. They are found by pseudonym; nobody here sees a number."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def get(self, contact_id: str) -> Contact | None:
        """By pseudonym."""
        async with self._store.session(at_once=True) as session:
            return await session.get(Contact, contact_id)

    async def arrive(self, message: Arriving, read: Read) -> Arrived | None:
        """Keep a message, with the contact and the conversation where they are new, in one transaction; None for a repeat."""
        try:
            return await self._arrive(message, read)
        except IntegrityError:  # another gateway was faster, with this message or with another of the same carer
            return await self._arrive(message, read)

    async def open(self, contact_id: str, channel: str, sealed: str, now: datetime) -> tuple[Contact, Conversation, bool]:
        """The contact with its conversation, both made where they are missing; True where the conversation is new."""
        try:
            async with self._store.session(reads_first=True) as session:
                return await _opened(session, contact_id, channel, sealed, now)
        except IntegrityError:  # the same carer's message was faster
            async with self._store.session(reads_first=True) as session:
                return await _opened(session, contact_id, channel, sealed, now)

    async def _arrive(self, message: Arriving, read: Read) -> Arrived | None:
        now = message.at
        async with self._store.session(reads_first=True, at_once=True) as session:
            if await session.scalar(select(Inbound.id).where(
                    Inbound.channel == message.channel, Inbound.provider_id == message.provider_id)):
                return None
            contact, conversation, new = await _opened(session, message.contact_id, message.channel, message.sealed, now)
            shown = Shown() if new else await shown_in(session, conversation.id, contact.id, now)
            text, command = read(contact, conversation, shown)
            joins = now + timedelta(seconds=message.joins_for) if message.joins_for and command is None else None
            inbound = Inbound(conversation_id=conversation.id, contact_id=contact.id, channel=message.channel,
                              provider_id=message.provider_id, text=text, command=command, joins_until=joins,
                              status=IS_WAITING, attempts=0, received_at=now)
            await session.run_sync(keep_inbound, inbound)
            set_committed_value(conversation, "channel", inbound.channel)  # as it stands in the database by now
            set_committed_value(conversation, "last_at", now)
            contact.last_at = now
            if not new:
                await open_window(session, contact.id, now)
        return Arrived(contact, conversation, inbound, new)

    async def stop(self, contact_id: str, by: str, now: datetime) -> bool:
        """Nothing more is sent to the contact, whatever is on its way; False where that was so already."""
        async with self._store.session() as session:
            stopped = await session.execute(update(Contact).where(
                Contact.id == contact_id, Contact.opted_out_at.is_(None)).values(opted_out_at=now))
            await session.execute(update(Outbound).where(
                Outbound.contact_id == contact_id, Outbound.status.in_((WAITING, HELD)), Outbound.farewell.is_(False),
            ).values(status=STOPPED, updated_at=now))
            if stopped.rowcount == 0:  # type: ignore[attr-defined]
                return False
            session.add(ConsentChange(contact_id=contact_id, what="stop", by=by, at=now))
        return True

    async def start(self, contact_id: str, now: datetime) -> bool:
        """The contact wants messages again; False where it never stopped them. What was stopped stays unsent."""
        async with self._store.session() as session:
            started = await session.execute(update(Contact).where(
                Contact.id == contact_id, Contact.opted_out_at.is_not(None)).values(opted_out_at=None))
            if started.rowcount == 0:  # type: ignore[attr-defined]
                return False
            session.add(ConsentChange(contact_id=contact_id, what="start", by="carer", at=now))
        return True

    async def make_code(self, conversation_id: str, now: datetime) -> str:
        """A fresh code for the conversation, good once and for `CODE_LASTS`; an earlier one ends."""
        code = "".join(secrets.choice(CODE_LETTERS) for _ in range(CODE_LENGTH))
        async with self._store.session() as session:
            await session.execute(delete(MoveCode).where(
                (MoveCode.conversation_id == conversation_id) | (MoveCode.expires_at < now)))
            session.add(MoveCode(code_hash=hashed(code), conversation_id=conversation_id, expires_at=now + CODE_LASTS))
        return code

    async def use_code(self, code: str, now: datetime) -> str | None:
        """The conversation that the code opens; the code is used up. None where it opens nothing (any more)."""
        async with self._store.session(reads_first=True) as session:
            kept = await session.scalar(select(MoveCode).where(
                MoveCode.code_hash == hashed(_plain(code)), MoveCode.expires_at >= now))
            if kept is None:
                return None
            used = await session.execute(delete(MoveCode).where(MoveCode.code_hash == kept.code_hash))
            return kept.conversation_id if used.rowcount else None  # type: ignore[attr-defined]

    async def move(self, contact_id: str, conversation_id: str, channel: str) -> None:
        """The contact goes on in that conversation, which belongs to its channel from now on.

        Raises `LookupError` where that was deleted.
        """
        async with self._store.session(reads_first=True) as session:
            conversation = await locked(session, conversation_id)
            conversation.channel = channel
            await session.execute(update(Contact).where(Contact.id == contact_id).values(conversation_id=conversation_id))


async def _opened(session: AsyncSession, contact_id: str, channel: str, sealed: str,
                  now: datetime) -> tuple[Contact, Conversation, bool]:
    contact = await session.get(Contact, contact_id)
    known = await session.get(Conversation, contact.conversation_id,
                              with_for_update=MINE) if contact and contact.conversation_id else None
    if contact is not None and contact.address is None:
        contact.address = sealed
    if contact and known:
        return contact, known, False
    conversation, _ = new_conversation(channel, now)
    session.add(conversation)
    await session.flush()
    if contact is None:
        contact = Contact(id=contact_id, channel=channel, address=sealed, conversation_id=conversation.id,
                          opted_out_at=None, first_at=now, last_at=now)
        session.add(contact)
    contact.conversation_id = conversation.id
    return contact, conversation, True


def grouped(code: str) -> str:
    """The code as people read it out."""
    return f"{code[:4]}-{code[4:]}"


def _plain(code: str) -> str:
    return "".join(c for c in code.upper() if c in CODE_LETTERS)
