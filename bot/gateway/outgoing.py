"""What is on its way to phones: kept with the reply it belongs to, sent once, in order, and never after STOP."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Protocol

from sqlalchemy import exists, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Session

from bot.gateway.tables import Contact, Conversation, Inbound, Outbound
from bot.knowledge.reply import Message

if TYPE_CHECKING:
    from bot.gateway.store import Store

WAITING = "waiting"  # to be sent at `next_at`
HELD = "held"  # sent when the carer asks for MORE
SENDING = "sending"  # the provider is being asked
SENT, DELIVERED, READ = "sent", "delivered", "read"
STOPPED = "stopped"  # the carer said STOP
LAPSED = "lapsed"  # held, and a later reply came
FAILED = "failed"  # the desk knows
OPENING = "opening"  # waits for the carer to open WhatsApp's window again
FINAL = (READ, STOPPED, LAPSED, FAILED)
NUMBERS_LAST = timedelta(hours=24)
PROGRESS = (WAITING, OPENING, SENDING, SENT, DELIVERED, READ)  # a status callback moves a row to the right only


@dataclass(frozen=True)
class Parcel:
    """One message as a channel sends it: `body` is that channel's own; `options` are what numbers mean afterwards."""

    body: dict[str, Any]
    options: Sequence[dict[str, Any]] = ()
    held: bool = False
    urgent: bool = False
    farewell: bool = False


class Post(Protocol):
    """What turns need of the phone channels."""

    def pack(self, channel: str, messages: Sequence[Message]) -> list[Parcel]:
        """The messages as `channel` sends them."""

    def deliver(self, contact_id: str) -> None:
        """See that whatever waits for the contact is sent; returns at once."""

    async def obey(self, conversation: Conversation, inbound: Inbound) -> None:
        """Do what a word such as STOP or MORE asks for, and mark it done."""


OBEYED = ":"  # commands that begin so are for the post, not for Rasa


@dataclass(frozen=True)
class Shown:
    """The options shown last, whether a number may mean something else by now, and whether there is MORE."""

    options: list[dict[str, Any]] = field(default_factory=list)
    stale: bool = False
    more: bool = False


@dataclass(frozen=True)
class Next:
    """A row as it stands before it is sent, and its contact where it was taken for sending."""

    row: Outbound
    claimed_for: Contact | None = None


class Outgoing:
    """Reading and writing of the rows on their way."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def claim_next(self, contact_id: str, now: datetime) -> Next | None:
        """The next row for the contact: danger first, then the oldest. Taken for sending where it is due; None: there is none.

        Where the carer said STOP it is never sent, and is passed over by the next call.
        """
        stopped = exists().where(Contact.id == Outbound.contact_id, Contact.opted_out_at.is_not(None))
        async with self._store.session(reads_first=True, at_once=True) as session:
            contact = await session.get(Contact, contact_id, with_for_update={"read": True})  # STOP comes before this or after
            row = await session.scalar(select(Outbound).where(
                Outbound.contact_id == contact_id, Outbound.status.in_((WAITING, SENDING)),
            ).order_by(Outbound.urgent.desc(), Outbound.id).limit(1))
            if row is None:
                return None
            later = row.attempts > 0 and row.next_at > now  # a first try is due, whatever the clock was when it was kept
            if row.status == SENDING or later:
                return Next(row)
            session.expunge(row)  # as it was before: how often it was tried, and when last
            mine = update(Outbound).where(Outbound.id == row.id, Outbound.status == WAITING)
            claimed = await session.execute(mine.where(or_(Outbound.farewell, ~stopped)).values(
                status=SENDING, attempts=Outbound.attempts + 1, updated_at=now,
                first_tried_at=func.coalesce(Outbound.first_tried_at, now)))
            if claimed.rowcount:  # type: ignore[attr-defined]
                return Next(row, contact)
            await session.execute(mine.where(stopped).values(status=STOPPED, updated_at=now))
        return Next(row)

    async def contacts_waiting(self) -> list[str]:
        """Everybody something is to be sent to."""
        async with self._store.session() as session:
            return list(await session.scalars(select(Outbound.contact_id).where(
                Outbound.status.in_((WAITING, SENDING))).distinct()))

    async def set(self, outbound_id: int, status: str, now: datetime, **values: Any) -> None:
        """Where the row stands now."""
        async with self._store.session() as session:
            await session.execute(update(Outbound).where(Outbound.id == outbound_id).values(
                status=status, updated_at=now, **values))

    async def progress(self, outbound_id: int, provider_id: str, status: str, error: str | None, now: datetime) -> bool:
        """A status callback, in whatever order they come; False where it brought no news."""
        async with self._store.session(reads_first=True) as session:
            row = await session.get(Outbound, outbound_id, with_for_update=True)
            if row is None or row.provider_id not in (None, provider_id) or row.status in FINAL:
                return False
            if status != FAILED and PROGRESS.index(status) <= PROGRESS.index(row.status):
                return False
            row.status, row.provider_id, row.error, row.updated_at = status, provider_id, error, now
        return True

    async def release_more(self, conversation_id: str, contact_id: str, now: datetime) -> bool:
        """Send the next held part; False where there is none."""
        async with self._store.session(reads_first=True) as session:
            await session.get(Contact, contact_id, with_for_update={"key_share": True})  # another MORE waits for this one
            row = await session.scalar(select(Outbound).where(
                Outbound.conversation_id == conversation_id, Outbound.contact_id == contact_id, Outbound.status == HELD,
            ).order_by(Outbound.id).limit(1))
            if row is None:
                return False
            row.status, row.next_at, row.updated_at = WAITING, now, now
        return True

    async def waits_for_window(self, contact_id: str) -> bool:
        """Does something wait until the carer writes?"""
        async with self._store.session() as session:
            return await session.scalar(select(Outbound.id).where(
                Outbound.contact_id == contact_id, Outbound.status == OPENING).limit(1)) is not None

    async def shown(self, conversation_id: str, contact_id: str, now: datetime) -> Shown:
        """What a number and MORE mean now."""
        async with self._store.session() as session:
            return await shown_in(session, conversation_id, contact_id, now)

    async def option(self, mark: str, contact_id: str) -> dict[str, Any] | None:
        """The option behind a button: `mark` is '<row>/<number>', as `mark_of` made it."""
        row_id, _, number = mark.partition("/")
        if not (row_id.isdecimal() and number.isdecimal() and len(row_id) < 16):
            return None
        row = await self.get(int(row_id))
        if row is None or row.contact_id != contact_id or not 1 <= int(number) <= len(row.options):
            return None
        return row.options[int(number) - 1]

    async def get(self, outbound_id: int) -> Outbound | None:
        """By its id."""
        async with self._store.session() as session:
            return await session.get(Outbound, outbound_id)


def mark_of(outbound_id: int, number: int) -> str:
    """What a button carries: which message it hangs on, and which option it is, from 1."""
    return f"{outbound_id}/{number}"


async def shown_in(session: AsyncSession, conversation_id: str, contact_id: str, now: datetime) -> Shown:
    """What a number and MORE mean now. A number is stale where something else was said since, or a day went by."""
    mine = select(Outbound).where(Outbound.conversation_id == conversation_id, Outbound.contact_id == contact_id)
    newest = list(await session.scalars(mine.where(
        Outbound.status.not_in((HELD, STOPPED, LAPSED))).order_by(Outbound.id.desc()).limit(12)))
    more = await session.scalar(mine.where(Outbound.status == HELD).limit(1)) is not None
    for row in newest:
        if row.options:
            return Shown(row.options, row is not newest[0] or now - row.updated_at > NUMBERS_LAST, more)
        if str(row.body.get("text", "")).rstrip().endswith("?"):
            break  # a number answers that question
    return Shown(more=more)


async def open_window(session: AsyncSession, contact_id: str, now: datetime) -> None:
    """The carer wrote: what waited for that is sent."""
    await session.execute(update(Outbound).where(
        Outbound.contact_id == contact_id, Outbound.status == OPENING).values(status=WAITING, next_at=now))


def keep_parcels(session: Session, conversation_id: str, contact_id: str, parcels: Sequence[Parcel],
                 now: datetime) -> None:
    """Rows for the parcels, in order. What was held of an earlier reply lapses; after STOP nothing will be sent."""
    contact = session.get(Contact, contact_id)
    if contact is None or not parcels:
        return
    session.execute(update(Outbound).where(
        Outbound.contact_id == contact_id, Outbound.status == HELD).values(status=LAPSED, updated_at=now))
    for parcel in parcels:
        stopped = contact.opted_out_at is not None and not parcel.farewell
        session.add(Outbound(conversation_id=conversation_id, contact_id=contact_id, channel=contact.channel,
                             body=parcel.body, options=list(parcel.options), urgent=parcel.urgent,
                             farewell=parcel.farewell, status=STOPPED if stopped else HELD if parcel.held else WAITING,
                             attempts=0, next_at=now, updated_at=now))
        session.flush()
