"""The statements that every message takes, each made once.

SQLAlchemy needs longer to make and look up a statement, and to keep track of the objects that it gives, than SQLite needs to
answer it. These are made once, and asked on a session's connection; what they give is of no session: no change to it is kept.
docs/operating.md has the figures.
"""

from __future__ import annotations

from typing import Any, TypeVar

from sqlalchemy import Select, bindparam, insert, select, text, update
from sqlalchemy.orm import Session

from bot.gateway.tables import Base, Conversation, Inbound, Line

WAITING, DONE = "waiting", "done"  # an inbound message

_CONVERSATIONS, _INBOUND, _LINES = (Base.metadata.tables[kind.__tablename__] for kind in (Conversation, Inbound, Line))
ITS: Any = bindparam("its")  # the conversation's id
MESSAGE: Any = bindparam("message")  # an inbound message's id
CHANNEL: Any = bindparam("on")
BEGIN = text("BEGIN IMMEDIATE")
CONVERSATION = select(Conversation).where(Conversation.id == ITS)
TO_CHANGE = CONVERSATION.with_for_update(key_share=True)
CHANGED = update(_CONVERSATIONS).where(_CONVERSATIONS.c.id == ITS).values(
    {name: bindparam(name) for name in ("mode", "slots", "counted", "last_at")})
USED = update(_CONVERSATIONS).where(_CONVERSATIONS.c.id == ITS).values(
    last_at=bindparam("now"), channel=CHANNEL).returning(_CONVERSATIONS.c.mode)
KNOWN = select(Inbound.id).where(Inbound.channel == CHANNEL, Inbound.provider_id == bindparam("called"))
STATUS = select(Inbound.status).where(Inbound.id == MESSAGE)
ALL_WAITING = select(Inbound).where(Inbound.conversation_id == ITS, Inbound.status == WAITING).order_by(Inbound.id)
ANSWERED = update(_INBOUND).where(_INBOUND.c.id == MESSAGE, _INBOUND.c.status == WAITING).values(status=DONE)
LINES = select(Line).where(Line.conversation_id == ITS, Line.id > bindparam("after")).order_by(Line.id)
REPLIES = select(Line).where(Line.inbound_id == MESSAGE, Line.sender != "carer").order_by(Line.id)
OFFERED = select(Line.body["options"]).where(Line.conversation_id == ITS, Line.sender != "carer").order_by(
    Line.id.desc()).limit(30)
NEW_INBOUND, NEW_LINE = insert(_INBOUND), insert(_LINES)

Kind = TypeVar("Kind", bound=Base)


def found(session: Session, kind: type[Kind], statement: Select[Any], **given: Any) -> list[Kind]:
    """What the statement finds, each row as one of `kind`."""
    return [kind(**row._mapping) for row in session.connection().execute(statement, given)]


def values(one: Base) -> dict[str, Any]:
    """What is in its columns, but for an id that the database is to give."""
    return {column.name: getattr(one, column.name) for column in one.__table__.columns if column.name != "id"}
