"""The store: what has come in, what was said, what is known. One transaction a step of a message's way."""

from __future__ import annotations

import asyncio
import hashlib
import secrets
from collections.abc import AsyncIterator, Collection, Sequence
from contextlib import asynccontextmanager, nullcontext
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Insert, delete, event, func, make_url, select, text, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.exc import TimeoutError as NoAnswer
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, AsyncSession, create_async_engine
from sqlalchemy.pool import NullPool

from bot.gateway import statements, tallies
from bot.gateway.anonymous import anonymous
from bot.gateway.locks import Locks
from bot.gateway.masking import gives_number, masked
from bot.gateway.outgoing import Parcel, keep_parcels
from bot.gateway.sqlite import PATIENCE, connector
from bot.gateway.statements import DONE, WAITING, made, values
from bot.gateway.tables import Act, Contact, Conversation, Inbound, Line, NoteKept, WaitingForPerson
from bot.knowledge.reply import HandOver, Message, Note

WEB = "web"
ASSISTANT, QUEUED, HELPLINE = "assistant", "waiting", "helpline"  # modes of a conversation: who answers it
POOL = {"pool_size": 10, "max_overflow": 10, "pool_timeout": PATIENCE}  # connections to PostgreSQL; postgresql.conf has room
KEPT = 16  # connections to SQLite that are not closed after use: each message that is to be kept waits for its turn on one
CONNECTS, ANSWERS, LENGTHY = 3.0, 5.0, 120.0  # seconds for PostgreSQL: to take a connection, a statement, a lengthy one
HURRIES = 3.0  # seconds for all of a transaction that help in danger may have to wait for
# What PostgreSQL ends by itself: a transaction that its gateway has left open, and connections (with their locks) to one that
# vanished.
UNATTENDED = {"idle_in_transaction_session_timeout": "30s", "tcp_keepalives_idle": "10", "tcp_keepalives_interval": "5",
              "tcp_keepalives_count": "3"}
AT_A_TIME, MANY = 2, 1000  # transactions that begin, on SQLite and elsewhere; the rest wait, so that what hurries is quick
BATCH = 200  # conversations that one transaction of the clean-up deletes
EMPTYING = 50  # tries to empty the log, a tenth of a second apart; the next clean-up tries again
Transaction = AsyncSession | AsyncConnection
LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)  # last use of a conversation that is to go at the next clean-up


def hashed(token: str) -> str:
    """What is kept of a token: enough to know it again, not to use it."""
    return hashlib.sha256(token.encode("utf-8", "surrogateescape")).hexdigest()


def new_conversation(channel: str, now: datetime, slots: dict[str, Any] | None = None) -> tuple[Conversation, str]:
    """A conversation, not kept yet, and the token that opens it."""
    token = secrets.token_urlsafe(32)
    return Conversation(id=f"c_{secrets.token_hex(12)}", channel=channel, token_hash=hashed(token), slots=slots or {},
                        mode=ASSISTANT, created_at=now, last_at=now), token


class Store:
    """All reading and writing of the database."""

    def __init__(self, url: str) -> None:
        parsed = make_url(url)
        self._sqlite = parsed.get_backend_name() == "sqlite"
        self._turns = asyncio.Semaphore(AT_A_TIME if self._sqlite else MANY)
        if self._sqlite:  # no limit to connections: those that wait for another process keep nobody from reading
            given: dict[str, Any] = {"async_creator": connector(parsed.database or ""), "pool_size": KEPT, "max_overflow": -1}
            lengthy: dict[str, Any] = {"timeout": PATIENCE}
        else:
            given, lengthy = POOL | {"connect_args": _bounds(ANSWERS)}, _bounds(LENGTHY)
        self.engine: AsyncEngine = create_async_engine(url, hide_parameters=True, **given)  # no carer's words in an error
        self._beside = create_async_engine(url, hide_parameters=True, poolclass=NullPool, connect_args=lengthy)
        self.locks = Locks(None if self._sqlite else self.engine)
        if self._sqlite:
            event.listen(self.engine.sync_engine, "connect", _sqlite_settings)
            event.listen(self._beside.sync_engine, "connect", _sqlite_settings)

    async def close(self) -> None:
        """Close all connections."""
        await self.locks.close()
        await self.engine.dispose()
        await self._beside.dispose()

    @asynccontextmanager
    async def session(self, *, reads_first: bool = False, at_once: bool = False,
                      lengthy: bool = False) -> AsyncIterator[AsyncSession]:
        """One transaction: committed at the end of the block, undone where it raises.

        `reads_first`: it writes what follows from what it reads. SQLite refuses that at once, without waiting, where
        somebody else wrote in between; so it takes its turn at the start. `at_once`: it waits behind no others, because a
        provider waits for it, or it reads what help in danger needs. `lengthy`: its statements take their time, and run in a
        thread. Await nothing but the session in the block. Raises what SQLAlchemy does; `NoAnswer` where no
        connection can be made, or the database is there and does not answer.
        """
        engine = self._beside if lengthy else self.engine
        async with self._in_turn(at_once, lengthy), AsyncSession(engine, expire_on_commit=False) as session, session.begin():
            if reads_first and self._sqlite:
                await session.execute(statements.BEGIN)
            yield session

    @asynccontextmanager
    async def connection(self, *, reads_first: bool = False, at_once: bool = False) -> AsyncIterator[AsyncConnection]:
        """As `session`, and quicker: for `statements`."""
        async with self._in_turn(at_once), self.engine.begin() as connection:
            if reads_first and self._sqlite:
                await connection.execute(statements.BEGIN)
            yield connection

    @asynccontextmanager
    async def _in_turn(self, at_once: bool, lengthy: bool = False) -> AsyncIterator[None]:
        turn = nullcontext() if at_once or lengthy else self._turns
        within = asyncio.timeout(HURRIES) if at_once and not self._sqlite else nullcontext()
        try:
            async with within, turn:
                yield
        except OSError as error:  # our time is up; or the driver's words on the way to a connection, as they are
            raise NoAnswer("the database does not answer") from error

    async def ping(self) -> None:
        """Raises where the database does not answer."""
        async with self.session(at_once=True) as session:
            await session.execute(select(func.count()).select_from(WaitingForPerson))

    async def open_conversation(self, channel: str, now: datetime, opening: Sequence[Message],
                                slots: dict[str, Any] | None = None) -> tuple[Conversation, str]:
        """A new conversation with its first lines and slots, and the token that opens it (kept nowhere)."""
        conversation, token = new_conversation(channel, now, slots)
        async with self.session() as session:
            session.add(conversation)
            await session.flush()
            await add_lines(session, conversation.id, None, "assistant", opening, now)
        return conversation, token

    async def conversation(self, conversation_id: str) -> Conversation | None:
        """By its id."""
        async with self.connection(at_once=True) as connection:
            row = (await connection.execute(statements.CONVERSATION, {"its": conversation_id})).one_or_none()
        return made(Conversation, row) if row else None

    async def receive(self, conversation: Conversation, provider_id: str, text: str, command: str | None,
                      now: datetime, shown: dict[str, Any] | None = None) -> tuple[Inbound, bool]:
        """Keep a message from the web and its line of the transcript, whose body is `shown`.

        A repeat gives the row that is there already, and False. Raises `LookupError` where the conversation was deleted
        meanwhile.
        """
        inbound = Inbound(conversation_id=conversation.id, contact_id=None, channel=WEB, provider_id=provider_id, text=text,
                          command=command, status=WAITING, attempts=0, received_at=now)
        try:
            async with self.connection(reads_first=True, at_once=True) as connection:
                await keep_inbound(connection, inbound, shown)
            return inbound, True
        except IntegrityError as error:
            async with self.session() as session:
                known = await session.scalar(select(Inbound).where(
                    Inbound.channel == WEB, Inbound.provider_id == provider_id))
            if known is None:
                raise LookupError(conversation.id) from error  # not a repeat
            return known, False

    async def knows(self, channel: str, provider_id: str) -> bool:
        """Is the message here already?"""
        async with self.connection(at_once=True) as connection:
            return await connection.scalar(statements.KNOWN, {"on": channel, "called": provider_id}) is not None

    async def reword(self, channel: str, provider_id: str, text: str) -> bool:
        """Put a message right that nobody has answered yet; False where it is too late."""
        async with self.session(reads_first=True) as session:
            inbound = await session.scalar(select(Inbound).where(
                Inbound.channel == channel, Inbound.provider_id == provider_id, Inbound.status == WAITING))
            if inbound is None:
                return False
            conversation = await session.get(Conversation, inbound.conversation_id, with_for_update=MINE)
            if conversation is None:
                return False
            text = _to_keep(text, conversation.mode)
            reworded = await session.execute(update(Inbound).where(
                Inbound.id == inbound.id, Inbound.status == WAITING).values(text=text))
            if reworded.rowcount == 0:  # type: ignore[attr-defined]
                return False
            await session.execute(update(Line).where(Line.inbound_id == inbound.id, Line.sender == "carer").values(text=text))
        return True

    async def texts(self, inbound_ids: Sequence[int]) -> list[str]:
        """What these messages say, oldest first; those that were deleted are left out."""
        if not inbound_ids:
            return []
        async with self.session() as session:
            return list(await session.scalars(select(Inbound.text).where(Inbound.id.in_(inbound_ids)).order_by(Inbound.id)))

    async def waiting(self, conversation_id: str) -> list[Inbound]:
        """The messages of the conversation that have no reply, oldest first."""
        async with self.connection() as connection:
            rows = (await connection.execute(statements.ALL_WAITING, {"its": conversation_id})).all()
        return [made(Inbound, row) for row in rows]

    async def inbound(self, inbound_id: int) -> Inbound | None:
        """By its id."""
        async with self.session() as session:
            return await session.get(Inbound, inbound_id)

    async def all_waiting(self) -> list[Inbound]:
        """Every message that has no reply, oldest first: what a crash left behind."""
        async with self.session() as session:
            return list(await session.scalars(select(Inbound).where(Inbound.status == WAITING).order_by(Inbound.id)))

    async def failed_once_more(self, inbound_id: int) -> int:
        """Count a failed attempt; gives how many there were."""
        async with self.session(reads_first=True) as session:
            inbound = await session.get_one(Inbound, inbound_id)
            inbound.attempts += 1
            return inbound.attempts

    async def conversation_to_answer(self, inbound_id: int) -> Conversation | None:
        """The conversation of a message that has no reply yet."""
        async with self.connection() as connection:
            row = (await connection.execute(statements.CONVERSATION_TO_ANSWER, {"message": inbound_id})).one_or_none()
        return made(Conversation, row) if row else None

    async def is_done(self, inbound_id: int) -> bool:
        """Has the message its reply? True for one that was deleted."""
        async with self.connection(at_once=True) as connection:
            return await connection.scalar(statements.STATUS, {"message": inbound_id}) in (None, DONE)

    async def replies(self, inbound: Inbound) -> tuple[list[Line], Conversation | None] | None:
        """The lines that answer a message, and its conversation, if that wasn't deleted; None where it has no reply yet."""
        async with self.connection(at_once=True) as connection:
            if await connection.scalar(statements.STATUS, {"message": inbound.id}) not in (None, DONE):
                return None
            lines = (await connection.execute(statements.REPLIES, {"message": inbound.id})).all()
            row = (await connection.execute(statements.CONVERSATION, {"its": inbound.conversation_id})).one_or_none()
        return [made(Line, line) for line in lines], made(Conversation, row) if row else None

    async def commit_reply(self, inbound: Inbound, messages: Sequence[Message], changed: dict[str, Any],
                           hand_over: HandOver | None, now: datetime, forget: bool = False,
                           joined: Sequence[Inbound] = (), parcels: Sequence[Parcel] = (),
                           note: Note | None = None, marks: Collection[tallies.Mark] = ()) -> bool:
        """Reply, transcript, state and 'inbound done' in one. False where the message had its reply already.

        `joined`: messages that this reply answers too; `parcels`: the reply as it goes to a phone; `marks`: what the turn
        counts for. `forget`: the conversation goes at the next clean-up at the latest, even if the gateway stops before.
        Danger waits for nobody.
        """
        danger = hand_over is not None and hand_over.reason == "danger"
        async with self.session(reads_first=True, at_once=danger) as session:
            row = (await session.execute(statements.TO_CHANGE, {"its": inbound.conversation_id})).one_or_none()
            done = await session.execute(statements.ANSWERED, {"message": inbound.id})
            if row is None or done.rowcount == 0:  # type: ignore[attr-defined]
                return False
            conversation = made(Conversation, row)
            for one in joined:
                await session.execute(statements.ANSWERED, {"message": one.id})
            conversation.last_at = LONG_AGO if forget else now
            silent = False
            if conversation.mode == HELPLINE:
                await _carer_waits(session, conversation.id, now)
                # a person has her, since this moment perhaps: the assistant keeps silent
                silent = not (forget or any(message.urgent for message in messages))
            if not silent:
                conversation.slots = {**conversation.slots, **changed}
                await add_lines(session, conversation.id, inbound.id, "assistant", messages, now)
                if inbound.contact_id:
                    await keep_parcels(session, conversation.id, inbound.contact_id, parcels, now)
                if hand_over:
                    await queue_for_person(session, conversation, hand_over.reason, now)
                if note:
                    session.add(_kept(note, now))
                if marks:
                    await tallies.count(session, conversation, marks, now)
            state = {name: getattr(conversation, name) for name in ("mode", "slots", "counted", "last_at")}
            await session.execute(statements.CHANGED, {"its": conversation.id, **state})
        return True

    async def learn(self, conversation_id: str, changed: dict[str, Any]) -> None:
        """Slots that become known beside a reply, where nothing is known; nothing where the conversation was deleted."""
        async with self.session(reads_first=True, at_once=True) as session:
            conversation = await session.get(Conversation, conversation_id, with_for_update=MINE)
            if conversation:
                known = {name: value for name, value in conversation.slots.items() if value is not None}
                conversation.slots = {**changed, **known}

    async def keep_note(self, note: Note, now: datetime) -> None:
        """Keep what editors should know."""
        async with self.session() as session:
            session.add(_kept(note, now))

    async def notes(self, kind: str) -> list[NoteKept]:
        """All notes of a kind, oldest first."""
        async with self.session() as session:
            return list(await session.scalars(select(NoteKept).where(NoteKept.kind == kind).order_by(NoteKept.id)))

    async def some_conversations(self, most: int) -> list[str]:
        """Ids of conversations in which a carer wrote something, picked at random."""
        wrote = select(Line.conversation_id).where(Line.sender == "carer").distinct().subquery()
        async with self.session(lengthy=True) as session:
            return list(await session.scalars(select(wrote.c.conversation_id).order_by(func.random()).limit(most)))

    async def say(self, conversation_id: str, sender: str, messages: Sequence[Message], now: datetime,
                  contact_id: str | None = None, parcels: Sequence[Parcel] = ()) -> None:
        """Lines that answer no message: a person's at the helpline, or the system's. Raises `LookupError` where gone."""
        async with self.session(reads_first=True) as session:
            await locked(session, conversation_id)
            await add_lines(session, conversation_id, None, sender, messages, now)
            if contact_id:
                await keep_parcels(session, conversation_id, contact_id, parcels, now)

    async def move_to_web(self, conversation_id: str) -> tuple[Conversation, str]:
        """The conversation goes on on the web, and its new token; an earlier token opens it no more.

        Raises `LookupError` where it was deleted.
        """
        token = secrets.token_urlsafe(32)
        async with self.session(reads_first=True) as session:
            conversation = await locked(session, conversation_id)
            conversation.channel, conversation.token_hash = WEB, hashed(token)
        return conversation, token

    async def phone_of(self, conversation: Conversation) -> Contact | None:
        """The phone the carer used last; None where she used the web last."""
        async with self.session(at_once=True) as session:
            return await session.scalar(select(Contact).where(
                Contact.conversation_id == conversation.id, Contact.channel == conversation.channel,
            ).order_by(Contact.last_at.desc()).limit(1))

    async def lines(self, conversation_id: str, after: int = 0) -> list[Line]:
        """The transcript from the line after `after`."""
        async with self.connection(at_once=True) as connection:
            rows = (await connection.execute(statements.LINES, {"its": conversation_id, "after": after})).all()
        return [made(Line, row) for row in rows]

    async def offered(self, conversation_id: str, most: int = 30) -> list[dict[str, Any]]:
        """Options offered in the conversation, newest lines first."""
        async with self.connection(at_once=True) as connection:
            bodies = await connection.scalars(statements.SAID, {"its": conversation_id, "most": most})
        return [option for body in bodies for option in body.get("options", [])]

    async def rate(self, conversation_id: str, line_id: int, says: str, now: datetime) -> Line | None:
        """Keep the carer's feedback with one of the assistant's lines; None where there is no such line."""
        async with self.session(reads_first=True) as session:
            conversation = await session.get(Conversation, conversation_id, with_for_update=MINE)
            line = await session.get(Line, line_id)
            if conversation is None or line is None or line.conversation_id != conversation_id or line.sender != "assistant":
                return None
            line.body = {**line.body, "feedback": says}
            wrong = {(tallies.WRONG, answer["entry"]) for answer in line.body.get("answers", [])}
            await tallies.count(session, conversation, wrong if says == "wrong" else (), now, () if says == "wrong" else wrong)
            return line

    async def forget(self, conversation_id: str, done: Act | None = None) -> None:
        """Delete everything kept of a conversation; `done` is kept with it, where it is the act of somebody at the desk."""
        async with self.session(reads_first=True) as session:
            await session.get(Conversation, conversation_id, with_for_update=True)
            if done:
                session.add(done)
            await forget_contacts(session, Contact.conversation_id == conversation_id)
            await session.execute(delete(Conversation).where(Conversation.id == conversation_id))
        await self.wipe()

    async def forget_unused(self, web_since: datetime, phones_since: datetime) -> int:
        """Delete conversations last used before these moments, by where they were used last; gives how many."""
        for_a_person = Conversation.id.in_(select(WaitingForPerson.conversation_id))  # kept until one has seen to it
        web = (Conversation.channel == WEB) & (~for_a_person | (Conversation.last_at <= LONG_AGO))
        unused = (web & (Conversation.last_at < web_since)) | (~web & (Conversation.last_at < phones_since))
        count, last = 0, BATCH
        while last == BATCH:  # a batch at a time, so that who writes meanwhile doesn't wait for all of it
            async with self.session(lengthy=True, reads_first=True) as session:
                batch = list(await session.scalars(
                    select(Conversation.id).where(unused).order_by(Conversation.id).limit(
                        BATCH).with_for_update(skip_locked=True)))
                await forget_contacts(session, Contact.conversation_id.in_(batch))
                await session.execute(delete(Conversation).where(Conversation.id.in_(batch)))
            last = len(batch)
            count += last
        if count:
            await self.wipe()
        return count

    async def wipe(self) -> None:
        """SQLite keeps what was deleted in its write-ahead log until the log is emptied, which one at a time can do."""
        if not self._sqlite:
            return
        async with self._beside.connect() as connection:
            for _ in range(EMPTYING):
                refused, *_ = (await connection.execute(text("PRAGMA wal_checkpoint(TRUNCATE)"))).one()
                if not refused:
                    return
                await asyncio.sleep(0.1)

    async def tell_desk(self, conversation_id: str, reason: str, now: datetime) -> None:
        """Something about the conversation needs a person: put it into the queue."""
        async with self.session(reads_first=True) as session:
            conversation = await session.get(Conversation, conversation_id, with_for_update=MINE)
            if conversation:
                await queue_for_person(session, conversation, reason, now)
                await tallies.count(session, conversation, tallies.handed_over(reason), now)


MINE = {"key_share": True}  # lock a row against others' changes, not against new rows that hang on it


async def locked(session: AsyncSession, conversation_id: str) -> Conversation:
    """The conversation, for this transaction alone. Raises `LookupError` where it was deleted.

    Whoever writes anything of a conversation takes it first, so that two never wait for each other, and so that the ids of its
    lines grow in the order in which they become visible: a reader goes on from the last one that it saw.
    """
    conversation = await session.get(Conversation, conversation_id, with_for_update=MINE)
    if conversation is None:
        raise LookupError(conversation_id)
    return conversation


async def keep_inbound(transaction: Transaction, inbound: Inbound, shown: dict[str, Any] | None = None) -> None:
    """A message and its line, masked as its conversation's mode asks for, which was used last where it came from.

    Gives it its id. Raises `LookupError` where the conversation was deleted.
    """
    mode = await transaction.scalar(statements.MODE, {"its": inbound.conversation_id})
    if mode is None:
        raise LookupError(inbound.conversation_id)
    inbound.text = _to_keep(inbound.text, mode)
    inbound.id = await _kept_new(transaction, statements.NEW_INBOUND, inbound)
    line = Line(conversation_id=inbound.conversation_id, inbound_id=inbound.id, sender="carer", text=inbound.text,
                body=shown or {}, at=inbound.received_at)
    await _kept_new(transaction, statements.NEW_LINE, line)
    await transaction.execute(statements.USED, {"its": inbound.conversation_id, "now": inbound.received_at,
                                                "on": inbound.channel})


async def add_lines(session: AsyncSession, conversation_id: str, inbound_id: int | None, sender: str,
                    messages: Sequence[Message], now: datetime, by: str | None = None) -> list[Line]:
    """Lines of the transcript, in order; `by` is the name that the carer sees of a person who wrote them.

    The conversation is `locked`, or new.
    """
    lines = []
    for message in messages:
        body = message.model_dump(mode="json", exclude={"text"}) | ({"by": by} if by else {})
        line = Line(conversation_id=conversation_id, inbound_id=inbound_id, sender=sender, text=message.text, body=body,
                    at=now)
        line.id = await _kept_new(session, statements.NEW_LINE, line)  # ids in the order of the reply
        lines.append(line)
    return lines


async def _kept_new(transaction: Transaction, statement: Insert, one: Inbound | Line) -> int:
    """The id of a new row."""
    inserted = await transaction.execute(statement, values(one))
    return int(inserted.inserted_primary_key[0])  # type: ignore[attr-defined]


async def _carer_waits(session: AsyncSession, conversation_id: str, now: datetime) -> None:
    """She wrote to the person who has her: how long that goes unanswered counts from the first such message."""
    await session.execute(update(WaitingForPerson).where(
        WaitingForPerson.conversation_id == conversation_id, WaitingForPerson.unanswered_since.is_(None),
    ).values(unanswered_since=now))


async def queue_for_person(session: AsyncSession, conversation: Conversation, reason: str, now: datetime) -> None:
    """Put the conversation into the helpline's queue, danger to the front; it is there once at most."""
    urgent = reason == "danger"
    waiting = await session.get(WaitingForPerson, conversation.id)
    if waiting is None:
        session.add(WaitingForPerson(conversation_id=conversation.id, reason=reason, urgent=urgent, since=now))
    elif urgent:
        waiting.reason, waiting.urgent = reason, True
    if conversation.mode == ASSISTANT:
        conversation.mode = QUEUED


async def forget_contacts(session: AsyncSession, which: Any) -> None:
    """Forget numbers. Of one that said STOP the pseudonym is kept, so that it is honoured for good."""
    await session.execute(update(Contact).where(which, Contact.opted_out_at.is_not(None)).values(address=None))
    await session.execute(delete(Contact).where(which, Contact.opted_out_at.is_(None)))


def _bounds(statement: float) -> dict[str, Any]:
    """How long the driver waits for PostgreSQL, and PostgreSQL for itself; a server may be there and never answer."""
    milliseconds = str(int(statement * 1000))
    return {"timeout": CONNECTS, "command_timeout": statement,
            "server_settings": UNATTENDED | {"statement_timeout": milliseconds}}


def _sqlite_settings(connection: Any, _: Any) -> None:
    cursor = connection.cursor()
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "secure_delete=ON"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _to_keep(text: str, mode: str) -> str:
    """A message without identifiers; her number stays where a person is to call it, or is talking to her."""
    return masked(text, keeps_phone=mode != ASSISTANT or gives_number(text))


def _kept(note: Note, now: datetime) -> NoteKept:
    return NoteKept(day=now.date(), kind=note.kind, value=note.value, entry=note.entry,
                    words=anonymous(note.words) if note.words else None)
