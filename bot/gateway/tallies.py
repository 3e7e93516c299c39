"""Figures without identity: how many conversations a week were about what, and how they went.

A conversation counts once a week for each mark, under the council and the arrangement that it knows by then. What it has
counted for is kept with it and goes with it; the counts are nobody's, and stay.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import bindparam, func, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Session

from bot.gateway.tables import Conversation, Tally
from bot.knowledge.opening import UK
from bot.knowledge.reply import Reply

Mark = tuple[str, str]  # what happened, and of what: a topic, a reason, an entry, or nothing
Cell = tuple[str, str, str, str]  # a mark, council, arrangement
TALKED, ANSWERED, NOT_UNDERSTOOD, HANDED_OVER = "talked", "answered", "not_understood", "handed_over"
SHUT, HANDED_OVER_SHUT = "shut", "handed_over_shut"  # she wrote, or was handed over, outside the helpline's hours
ASKED, REASON, WRONG = "asked", "reason", "wrong"  # of a topic; why handed over; the entry that was wrong
PERSON = "helpline.talk_to_someone"
_TABLE: Any = Tally.__table__
_KEY = ("week", "kind", "what", "authority", "arrangement")
# made once: see statements.py
_ADD = {name: insert(_TABLE).on_conflict_do_update(index_elements=_KEY, set_={"count": _TABLE.c.count + bindparam("by")})
        for name, insert in (("sqlite", sqlite.insert), ("postgresql", postgresql.insert))}


def marks(reply: Reply, changed: Mapping[str, Any], shut: bool) -> set[Mark]:
    """What a turn counts for. `changed`: the slots that it changed; `shut`: is it outside the helpline's hours?"""
    topics = {answer.topic for message in reply.messages for answer in message.answers if answer.topic in message.topics}
    made = {(TALKED, ""), *((ASKED, topic) for topic in topics)}
    if topics - {PERSON}:
        made.add((ANSWERED, ""))
    if changed.get("unclear"):
        made.add((NOT_UNDERSTOOD, ""))
    if shut:
        made.add((SHUT, ""))
    if reply.hand_over:
        made |= handed_over(reply.hand_over.reason, shut)
    if reply.note and reply.note.kind == "wrong" and reply.note.entry:
        made.add((WRONG, reply.note.entry))
    return made


def handed_over(reason: str, shut: bool = False) -> set[Mark]:
    """What a hand-over counts for, also where no message of hers led to it."""
    return {(TALKED, ""), (HANDED_OVER, ""), (REASON, reason), *([(HANDED_OVER_SHUT, "")] if shut else [])}


def count(session: Session, conversation: Conversation, made: Collection[Mark], now: datetime,
          undone: Collection[Mark] = ()) -> None:
    """Count the conversation for `made` and no longer for `undone`, and for all it has counted for where it knows more now."""
    week = monday(now)
    before = conversation.counted or {}
    same = before.get("week") == week.isoformat()
    known: set[Mark] = {(kind, what) for kind, what in before["marks"]} if same else set()
    facts = {name: conversation.slots.get(name) or "" for name in ("authority", "arrangement")}
    after = {"week": week.isoformat(), "marks": sorted((known | set(made)) - set(undone)), **facts}
    old, new = _cells(before) if same else set(), _cells(after)
    if old == new:
        return
    conversation.counted = after
    for cell in sorted(old ^ new):  # always in the same order, so that two never wait for each other
        _add(session, week, cell, 1 if cell in new else -1)


async def between(session: AsyncSession, since: date, until: date) -> list[Tally]:
    """The counts of the weeks that begin from `since` on and before `until`."""
    return list(await session.scalars(select(Tally).where(Tally.week >= since, Tally.week < until, Tally.count > 0)))


async def most(session: AsyncSession, kind: str, number: int) -> list[tuple[str, int]]:
    """Of what a kind was counted most in all weeks, and how often; the most often first."""
    total = func.sum(Tally.count)
    found = await session.execute(select(Tally.what, total).where(Tally.kind == kind).group_by(Tally.what).having(
        total > 0).order_by(total.desc(), Tally.what).limit(number))
    return [(what, int(count)) for what, count in found]


async def first_week(session: AsyncSession) -> date | None:
    """The Monday of the first week that was counted."""
    return await session.scalar(select(Tally.week).order_by(Tally.week).limit(1))


def monday(moment: datetime) -> date:
    """The first day of its week, in the United Kingdom."""
    day = moment.astimezone(UK).date()
    return day - timedelta(days=day.weekday())


def _cells(counted: Mapping[str, Any]) -> set[Cell]:
    return {(kind, what, counted["authority"], counted["arrangement"]) for kind, what in counted["marks"]}


def _add(session: Session, week: date, cell: Cell, by: int) -> None:
    key, connection = dict(zip(_KEY, (week, *cell), strict=True)), session.connection()
    connection.execute(_ADD[connection.dialect.name], {**key, "count": by, "by": by})
