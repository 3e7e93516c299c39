"""Who writes to us by phone: contacts, their STOP and START, and codes that move a conversation."""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta

from sqlalchemy import delete, select, update
from sqlalchemy.exc import IntegrityError

from bot.gateway.outgoing import HELD, STOPPED, WAITING
from bot.gateway.store import Store, hashed, new_conversation
from bot.gateway.tables import ConsentChange, Contact, Conversation, MoveCode, Outbound

CODE_LETTERS = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"  # without 0 O 1 I, which are misread
CODE_LENGTH = 8
CODE_LASTS = timedelta(minutes=15)


class Contacts:
    """Reading and writing of contacts. They are found by pseudonym; nobody here sees a number."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def get(self, contact_id: str) -> Contact | None:
        """By pseudonym."""
        async with self._store.session() as session:
            return await session.get(Contact, contact_id)

    async def open(self, contact_id: str, channel: str, sealed: str, now: datetime) -> tuple[Contact, Conversation, bool]:
        """The contact with its conversation, both made where they are missing; True where the conversation is new."""
        try:
            return await self._open(contact_id, channel, sealed, now)
        except IntegrityError:  # the same carer's other message was faster
            return await self._open(contact_id, channel, sealed, now)

    async def _open(self, contact_id: str, channel: str, sealed: str, now: datetime) -> tuple[Contact, Conversation, bool]:
        async with self._store.session(reads_first=True) as session:
            contact = await session.get(Contact, contact_id)
            if contact is not None and contact.address is None:
                contact.address = sealed
            known = await session.get(Conversation, contact.conversation_id) if contact and contact.conversation_id else None
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
        """The contact goes on in that conversation, which belongs to its channel from now on."""
        async with self._store.session() as session:
            await session.execute(update(Contact).where(Contact.id == contact_id).values(conversation_id=conversation_id))
            await session.execute(update(Conversation).where(Conversation.id == conversation_id).values(channel=channel))


def grouped(code: str) -> str:
    """The code as people read it out."""
    return f"{code[:4]}-{code[4:]}"


def _plain(code: str) -> str:
    return "".join(c for c in code.upper() if c in CODE_LETTERS)
