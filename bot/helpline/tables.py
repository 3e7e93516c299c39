"""The desk's tables, beside the gateway's. What hangs on a conversation goes with it."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Boolean, ForeignKey, Integer, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from bot.gateway.tables import Base, Moment


class Staff(Base):
    """Somebody who may use the console. Made by `signpost staff add` alone."""

    __tablename__ = "staff"

    id: Mapped[str] = mapped_column(String(40), primary_key=True)  # what they sign in as
    name: Mapped[str] = mapped_column(String(60))  # what carers see
    role: Mapped[str] = mapped_column(String(12))
    password_hash: Mapped[str] = mapped_column(String(200))
    totp_secret: Mapped[str] = mapped_column(Text)  # sealed
    totp_step: Mapped[int] = mapped_column(Integer, default=0)  # of the last code used: none opens twice
    failures: Mapped[int] = mapped_column(Integer, default=0)
    locked_until: Mapped[datetime | None] = mapped_column(Moment)
    created_at: Mapped[datetime] = mapped_column(Moment)


class StaffSession(Base):
    """One sign-in on one browser; the cookie holds what `id_hash` is the hash of."""

    __tablename__ = "staff_sessions"

    id_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    staff_id: Mapped[str] = mapped_column(ForeignKey("staff.id", ondelete="CASCADE"), index=True)
    csrf: Mapped[str] = mapped_column(String(64))
    here: Mapped[bool] = mapped_column(Boolean, default=False)  # takes conversations
    created_at: Mapped[datetime] = mapped_column(Moment)
    acted_at: Mapped[datetime] = mapped_column(Moment)  # last page opened or button pressed
    seen_at: Mapped[datetime] = mapped_column(Moment)  # the page was open


class LogEntry(Base):
    """Who read or did what. When a conversation is deleted its name goes from here too; that somebody acted stays."""

    __tablename__ = "staff_log"

    id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=True)
    staff_id: Mapped[str] = mapped_column(String(40))
    what: Mapped[str] = mapped_column(String(30))
    conversation_id: Mapped[str | None] = mapped_column(ForeignKey("conversations.id", ondelete="SET NULL"), index=True)
    at: Mapped[datetime] = mapped_column(Moment)


class StaffMessage(Base):
    """An adviser's message by the key her page gave it, so that one sent twice is said once."""

    __tablename__ = "staff_messages"

    key: Mapped[str] = mapped_column(String(160), primary_key=True)
    conversation_id: Mapped[str] = mapped_column(ForeignKey("conversations.id", ondelete="CASCADE"), index=True)
    line_id: Mapped[int] = mapped_column(Integer)
    staff_id: Mapped[str] = mapped_column(String(60))


class CaseNote(Base):
    """A private note: staff read it, the carer never does."""

    __tablename__ = "case_notes"

    id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=True)
    conversation_id: Mapped[str] = mapped_column(ForeignKey("conversations.id", ondelete="CASCADE"), index=True)
    staff_id: Mapped[str] = mapped_column(String(40))
    text: Mapped[str] = mapped_column(Text)
    at: Mapped[datetime] = mapped_column(Moment)


class ChatwootLink(Base):
    """A conversation as Chatwoot knows it, and the last line that it was sent."""

    __tablename__ = "chatwoot_links"

    conversation_id: Mapped[str] = mapped_column(ForeignKey("conversations.id", ondelete="CASCADE"), primary_key=True)
    source_id: Mapped[str] = mapped_column(String(80))
    chatwoot_id: Mapped[int] = mapped_column(Integer, index=True)
    last_line: Mapped[int] = mapped_column(Integer)


class Handled(Base):
    """A hand-over that came to an end, for the figures: no conversation, no words."""

    __tablename__ = "handled"

    id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=True)
    at: Mapped[datetime] = mapped_column(Moment, index=True)
    reason: Mapped[str] = mapped_column(String(20))
    outcome: Mapped[str] = mapped_column(String(20))
    channel: Mapped[str] = mapped_column(String(20))
    topic: Mapped[str | None] = mapped_column(String(60))
    authority: Mapped[str | None] = mapped_column(String(60))
    arrangement: Mapped[str | None] = mapped_column(String(40))
    waited: Mapped[int | None] = mapped_column(Integer)  # seconds until somebody came; none where nobody did
