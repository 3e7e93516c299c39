"""The store's tables. Migrations in `migrations/versions/` make them; a test compares the two."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import (
    JSON,
    Boolean,
    Date,
    DateTime,
    ForeignKey,
    Index,
    Integer,
    String,
    Text,
    TypeDecorator,
    UniqueConstraint,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column


class Moment(TypeDecorator[datetime]):
    """A UTC time that comes back with its zone, from SQLite too."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_result_value(self, value: datetime | None, dialect: Any) -> datetime | None:
        """SQLite forgets the zone."""
        return value.replace(tzinfo=UTC) if value is not None and value.tzinfo is None else value


class Base(DeclarativeBase):
    """All tables."""


class Conversation(Base):
    """One carer's conversation on one channel, and the state the last reply left."""

    __tablename__ = "conversations"

    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    channel: Mapped[str] = mapped_column(String(20))
    token_hash: Mapped[str] = mapped_column(String(64))
    mode: Mapped[str] = mapped_column(String(12), default="assistant")
    slots: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    counted: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))  # what it has counted for (tallies.py)
    created_at: Mapped[datetime] = mapped_column(Moment)
    last_at: Mapped[datetime] = mapped_column(Moment, index=True)


class Contact(Base):
    """A carer's number or chat on one phone channel. `id` is a pseudonym; the address itself is sealed."""

    __tablename__ = "contacts"

    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    channel: Mapped[str] = mapped_column(String(20))
    address: Mapped[str | None] = mapped_column(Text)  # none once forgotten: a STOP is kept, a number is not
    conversation_id: Mapped[str | None] = mapped_column(ForeignKey("conversations.id", ondelete="SET NULL"), index=True)
    opted_out_at: Mapped[datetime | None] = mapped_column(Moment)
    first_at: Mapped[datetime] = mapped_column(Moment)
    last_at: Mapped[datetime] = mapped_column(Moment)  # of a message from the carer


class ConsentChange(Base):
    """A STOP or START and when it came: the record that it was honoured."""

    __tablename__ = "consent_changes"

    id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=True)
    contact_id: Mapped[str] = mapped_column(ForeignKey("contacts.id", ondelete="CASCADE"), index=True)
    what: Mapped[str] = mapped_column(String(10))  # stop or start
    by: Mapped[str] = mapped_column(String(10))  # carer or network
    at: Mapped[datetime] = mapped_column(Moment)


class Inbound(Base):
    """One message from a carer, kept under its provider's id before anything else is done with it."""

    __tablename__ = "inbound"
    __table_args__ = (UniqueConstraint("channel", "provider_id"), Index("ix_inbound_waiting", "status", "id"))

    id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=True)
    conversation_id: Mapped[str] = mapped_column(ForeignKey("conversations.id", ondelete="CASCADE"), index=True)
    contact_id: Mapped[str | None] = mapped_column(String(64))  # whom to answer; none on the web
    channel: Mapped[str] = mapped_column(String(20))
    provider_id: Mapped[str] = mapped_column(String(200))
    text: Mapped[str] = mapped_column(Text)
    command: Mapped[str | None] = mapped_column(Text)
    joins_until: Mapped[datetime | None] = mapped_column(Moment)  # a next message up to then is part of this one
    status: Mapped[str] = mapped_column(String(10), default="waiting")
    attempts: Mapped[int] = mapped_column(Integer, default=0)
    received_at: Mapped[datetime] = mapped_column(Moment)


class Line(Base):
    """One line of the transcript; ids grow."""

    __tablename__ = "transcript"
    __table_args__ = (Index("ix_transcript_conversation", "conversation_id", "id"), {"sqlite_autoincrement": True})

    id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=True)
    conversation_id: Mapped[str] = mapped_column(ForeignKey("conversations.id", ondelete="CASCADE"))
    inbound_id: Mapped[int | None] = mapped_column(ForeignKey("inbound.id", ondelete="CASCADE"), index=True)
    sender: Mapped[str] = mapped_column(String(10))
    text: Mapped[str] = mapped_column(Text)
    body: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    at: Mapped[datetime] = mapped_column(Moment)


class Outbound(Base):
    """One message on its way to a carer's phone, as rendered. The web needs none: its page fetches the transcript."""

    __tablename__ = "outbound"
    __table_args__ = (Index("ix_outbound_due", "status", "next_at"), Index("ix_outbound_contact", "contact_id", "status"),
                      {"sqlite_autoincrement": True})

    id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=True)
    conversation_id: Mapped[str] = mapped_column(ForeignKey("conversations.id", ondelete="CASCADE"), index=True)
    contact_id: Mapped[str] = mapped_column(ForeignKey("contacts.id", ondelete="CASCADE"))
    channel: Mapped[str] = mapped_column(String(20))
    body: Mapped[dict[str, Any]] = mapped_column(JSON)
    options: Mapped[list[dict[str, Any]]] = mapped_column(JSON, default=list)  # what a number means once this is shown
    urgent: Mapped[bool] = mapped_column(Boolean, default=False)
    farewell: Mapped[bool] = mapped_column(Boolean, default=False)  # the answer to STOP itself
    status: Mapped[str] = mapped_column(String(12))
    error: Mapped[str | None] = mapped_column(String(40))
    provider_id: Mapped[str | None] = mapped_column(String(200), index=True)
    attempts: Mapped[int] = mapped_column(Integer, default=0)
    next_at: Mapped[datetime] = mapped_column(Moment)
    updated_at: Mapped[datetime] = mapped_column(Moment)
    first_tried_at: Mapped[datetime | None] = mapped_column(Moment)  # where it may have come through: look for it from then on


class MoveCode(Base):
    """A code that brings a conversation to another channel, once and for a short time."""

    __tablename__ = "move_codes"

    code_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    conversation_id: Mapped[str] = mapped_column(ForeignKey("conversations.id", ondelete="CASCADE"), index=True)
    expires_at: Mapped[datetime] = mapped_column(Moment)


class WaitingForPerson(Base):
    """A conversation that is a person's matter: why, since when, and who at the desk has it, if anybody."""

    __tablename__ = "waiting_for_person"

    conversation_id: Mapped[str] = mapped_column(ForeignKey("conversations.id", ondelete="CASCADE"), primary_key=True)
    reason: Mapped[str] = mapped_column(String(20))
    urgent: Mapped[bool] = mapped_column(Boolean, default=False)
    since: Mapped[datetime] = mapped_column(Moment)
    staff_id: Mapped[str | None] = mapped_column(String(60))  # who has it; none while it waits
    claimed_at: Mapped[datetime | None] = mapped_column(Moment)  # the first claim: what was waited ends there
    unanswered_since: Mapped[datetime | None] = mapped_column(Moment)  # the carer's turn is over, and nobody has answered
    tell_me: Mapped[bool] = mapped_column(Boolean, default=False)  # she wants word when an adviser is there
    announced_at: Mapped[datetime | None] = mapped_column(Moment)  # a desk elsewhere has been told
    call_back: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))  # when and where to ring her


class Tally(Base):
    """A figure: so many conversations in a week. No conversation, no words, no time but the week."""

    __tablename__ = "tallies"

    week: Mapped[date] = mapped_column(Date, primary_key=True)  # its Monday
    kind: Mapped[str] = mapped_column(String(20), primary_key=True)
    what: Mapped[str] = mapped_column(String(120), primary_key=True)  # a topic, a reason, an entry; empty where none belongs
    authority: Mapped[str] = mapped_column(String(60), primary_key=True)  # empty where it isn't known
    arrangement: Mapped[str] = mapped_column(String(40), primary_key=True)
    count: Mapped[int] = mapped_column(Integer)


class NoteKept(Base):
    """What editors should know of an answer, without whose it is: no conversation, and the day only."""

    __tablename__ = "notes"

    id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=True)
    day: Mapped[date] = mapped_column(Date)
    kind: Mapped[str] = mapped_column(String(12))
    value: Mapped[str] = mapped_column(String(20))
    entry: Mapped[str | None] = mapped_column(String(120))
    words: Mapped[str | None] = mapped_column(Text)


class Act(Base):
    """What somebody who runs the service or works at the desk did to it. Only ever added: the database refuses the rest."""

    __tablename__ = "acts"
    __table_args__ = ({"sqlite_autoincrement": True},)

    id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=True)
    at: Mapped[datetime] = mapped_column(Moment)
    who: Mapped[str] = mapped_column(String(60))  # staff's sign-in name, or operator:<user of the machine>
    what: Mapped[str] = mapped_column(String(30))
    about: Mapped[str] = mapped_column(String(80))  # a channel, an account, a quarter; never a carer
    note: Mapped[str] = mapped_column(Text)


class Switch(Base):
    """A channel that was switched off or on again; one that never was has no row."""

    __tablename__ = "switches"

    channel: Mapped[str] = mapped_column(String(20), primary_key=True)
    off: Mapped[bool] = mapped_column(Boolean)
    note: Mapped[str] = mapped_column(Text)
    who: Mapped[str] = mapped_column(String(60))
    at: Mapped[datetime] = mapped_column(Moment)
