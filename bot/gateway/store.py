"""The store: what has come in, what was said, what is known. One transaction a step of a message's way."""

from __future__ import annotations

import asyncio
import hashlib
import secrets
from collections.abc import AsyncIterator, Callable, Collection, Sequence
from contextlib import asynccontextmanager, nullcontext
from datetime import UTC, datetime
from typing import Any, TypeVar

from sqlalchemy import Insert, Select, delete, event, func, make_url, select, text, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.exc import TimeoutError as NoAnswer
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, create_async_engine
from sqlalchemy.orm import Session
from sqlalchemy.pool import NullPool

from bot.gateway import statements, tallies
from bot.gateway.anonymous import anonymous
from bot.gateway.locks import Locks
from bot.gateway.masking import gives_number, masked
from bot.gateway.outgoing import Parcel, keep_parcels
from bot.gateway.sqlite import PATIENCE, connector
from bot.gateway.statements import DONE, WAITING, found, values
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
Given = tuple[list[Line], Conversation | None]  # the lines that answer a message, and its conversation, if it is still there
T = TypeVar("T")
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

    async def transaction(self, do: Callable[[Session], T], *, reads_first: bool = False, at_once: bool = False) -> T:
        """What `do` gives, in one transaction as `session` has it, and quicker.

        What an `AsyncSession` is asked goes there and back by itself, which takes longer than most statements; here all goes
        at once. For what every message takes, and for `statements`.
        """

        def all_of_it(session: Session) -> T:
            with session, session.begin():
                if reads_first and self._sqlite:
                    session.connection().execute(statements.BEGIN)
                return do(session)

        async with self._in_turn(at_once):
            return await AsyncSession(self.engine, expire_on_commit=False).run_sync(all_of_it)

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

        def keep(session: Session) -> None:
            session.add(conversation)
            session.flush()
            add_lines(session, conversation.id, None, "assistant", opening, now)

        await self.transaction(keep)
        return conversation, token

    async def conversation(self, conversation_id: str) -> Conversation | None:
        """By its id."""
        return await self.transaction(lambda session: _conversation(session, conversation_id), at_once=True)

    async def before_message(self, conversation_id: str,
                             provider_id: str) -> tuple[Conversation | None, list[dict[str, Any]], bool]:
        """What there is before a message from the web is taken.

        Gives its conversation, the options offered there, newest lines first, and whether the message is here already.
        """

        def read(session: Session) -> tuple[Conversation | None, list[dict[str, Any]], bool]:
            conversation = _conversation(session, conversation_id)
            if conversation is None:
                return None, [], False
            lines = session.connection().scalars(statements.OFFERED, {"its": conversation_id})
            offered = [option for options in lines for option in options or []]
            return conversation, offered, _knows(session, WEB, provider_id)

        return await self.transaction(read, at_once=True)

    async def receive(self, conversation: Conversation, provider_id: str, text: str, command: str | None,
                      now: datetime, shown: dict[str, Any] | None = None) -> tuple[Inbound, bool]:
        """Keep a message from the web and its line of the transcript, whose body is `shown`.

        A repeat gives the row that is there already, and False. Raises `LookupError` where the conversation was deleted
        meanwhile.
        """
        inbound = Inbound(conversation_id=conversation.id, contact_id=None, channel=WEB, provider_id=provider_id, text=text,
                          command=command, status=WAITING, attempts=0, received_at=now)
        try:
            await self.transaction(lambda session: keep_inbound(session, inbound, shown), reads_first=True, at_once=True)
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
        return await self.transaction(lambda session: _knows(session, channel, provider_id), at_once=True)

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

    async def to_answer(self, conversation_id: str) -> tuple[Conversation, list[Inbound]] | None:
        """The conversation and its messages that have no reply, oldest first; None where all have."""

        def read(session: Session) -> tuple[Conversation, list[Inbound]] | None:
            waiting = found(session, Inbound, statements.ALL_WAITING, its=conversation_id)
            conversation = _conversation(session, conversation_id) if waiting else None  # not as it was before them
            return (conversation, waiting) if conversation else None

        return await self.transaction(read)

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

    async def is_done(self, inbound_id: int) -> bool:
        """Has the message its reply? True for one that was deleted."""
        return await self.transaction(lambda session: _is_done(session, inbound_id), at_once=True)

    async def replies(self, inbound: Inbound) -> Given | None:
        """The lines that answer a message, and its conversation, if that wasn't deleted; None where it has no reply yet."""

        def read(session: Session) -> Given | None:
            if not _is_done(session, inbound.id):
                return None
            lines = found(session, Line, statements.REPLIES, message=inbound.id)
            return lines, _conversation(session, inbound.conversation_id)

        return await self.transaction(read, at_once=True)

    async def commit_reply(self, inbound: Inbound, messages: Sequence[Message], changed: dict[str, Any],
                           hand_over: HandOver | None, now: datetime, forget: bool = False,
                           joined: Sequence[Inbound] = (), parcels: Sequence[Parcel] = (),
                           note: Note | None = None, marks: Collection[tallies.Mark] = ()) -> Given | None:
        """Reply, transcript, state and 'inbound done' in one. None where the message had its reply already.

        Gives what `replies` would. `joined`: messages that this reply answers too; `parcels`: the reply as it goes to a phone;
        `marks`: what the turn counts for. `forget`: the conversation goes at the next clean-up at the latest, even if the
        gateway stops before. Danger waits for nobody.
        """

        def commit(session: Session) -> Given | None:
            connection = session.connection()
            conversation = _conversation(session, inbound.conversation_id, statements.TO_CHANGE)
            done = connection.execute(statements.ANSWERED, {"message": inbound.id})
            if conversation is None or done.rowcount == 0:
                return None
            for one in joined:
                connection.execute(statements.ANSWERED, {"message": one.id})
            conversation.last_at = LONG_AGO if forget else now
            lines, silent = list[Line](), False
            if conversation.mode == HELPLINE:
                _carer_waits(session, conversation.id, now)
                # a person has her, since this moment perhaps: the assistant keeps silent
                silent = not (forget or any(message.urgent for message in messages))
            if not silent:
                conversation.slots = {**conversation.slots, **changed}
                lines = add_lines(session, conversation.id, inbound.id, "assistant", messages, now)
                if inbound.contact_id:
                    keep_parcels(session, conversation.id, inbound.contact_id, parcels, now)
                if hand_over:
                    queue_for_person(session, conversation, hand_over.reason, now)
                if note:
                    session.add(_kept(note, now))
                if marks:
                    tallies.count(session, conversation, marks, now)
            state = {name: getattr(conversation, name) for name in ("mode", "slots", "counted", "last_at")}
            connection.execute(statements.CHANGED, {"its": conversation.id, **state})
            return lines, conversation

        danger = hand_over is not None and hand_over.reason == "danger"
        return await self.transaction(commit, reads_first=True, at_once=danger)

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
            await session.run_sync(add_lines, conversation_id, None, sender, messages, now)
            if contact_id:
                await session.run_sync(keep_parcels, conversation_id, contact_id, parcels, now)

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
        return await self.transaction(
            lambda session: found(session, Line, statements.LINES, its=conversation_id, after=after), at_once=True)

    async def rate(self, conversation_id: str, line_id: int, says: str, now: datetime) -> Line | None:
        """Keep the carer's feedback with one of the assistant's lines; None where there is no such line."""
        async with self.session(reads_first=True) as session:
            conversation = await session.get(Conversation, conversation_id, with_for_update=MINE)
            line = await session.get(Line, line_id)
            if conversation is None or line is None or line.conversation_id != conversation_id or line.sender != "assistant":
                return None
            line.body = {**line.body, "feedback": says}
            wrong = {(tallies.WRONG, answer["entry"]) for answer in line.body.get("answers", [])}
            made, undone = (wrong, ()) if says == "wrong" else ((), wrong)
            await session.run_sync(tallies.count, conversation, made, now, undone)
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
                await session.run_sync(queue_for_person, conversation, reason, now)
                await session.run_sync(tallies.count, conversation, tallies.handed_over(reason), now)


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


# What follows is for `Store.transaction`, or for an `AsyncSession`'s `run_sync`.


def keep_inbound(session: Session, inbound: Inbound, shown: dict[str, Any] | None = None) -> None:
    """A message and its line, masked as its conversation's mode asks for, which was used last where it came from.

    Gives it its id. Raises `LookupError` where the conversation was deleted.
    """
    used = {"its": inbound.conversation_id, "now": inbound.received_at, "on": inbound.channel}
    mode = session.connection().scalar(statements.USED, used)
    if mode is None:
        raise LookupError(inbound.conversation_id)
    inbound.text = _to_keep(inbound.text, mode)
    inbound.id = _kept_new(session, statements.NEW_INBOUND, inbound)
    line = Line(conversation_id=inbound.conversation_id, inbound_id=inbound.id, sender="carer", text=inbound.text,
                body=shown or {}, at=inbound.received_at)
    _kept_new(session, statements.NEW_LINE, line)


def add_lines(session: Session, conversation_id: str, inbound_id: int | None, sender: str,
              messages: Sequence[Message], now: datetime, by: str | None = None) -> list[Line]:
    """Lines of the transcript, in order; `by` is the name that the carer sees of a person who wrote them.

    The conversation is `locked`, or new.
    """
    lines = []
    for message in messages:
        body = message.model_dump(mode="json", exclude={"text"}) | ({"by": by} if by else {})
        line = Line(conversation_id=conversation_id, inbound_id=inbound_id, sender=sender, text=message.text, body=body,
                    at=now)
        line.id = _kept_new(session, statements.NEW_LINE, line)  # ids in the order of the reply
        lines.append(line)
    return lines


def _conversation(session: Session, conversation_id: str,
                  statement: Select[Any] = statements.CONVERSATION) -> Conversation | None:
    return next(iter(found(session, Conversation, statement, its=conversation_id)), None)


def _knows(session: Session, channel: str, provider_id: str) -> bool:
    return session.connection().scalar(statements.KNOWN, {"on": channel, "called": provider_id}) is not None


def _is_done(session: Session, inbound_id: int) -> bool:
    return session.connection().scalar(statements.STATUS, {"message": inbound_id}) in (None, DONE)


def _kept_new(session: Session, statement: Insert, one: Inbound | Line) -> int:
    """The id of a new row."""
    inserted = session.connection().execute(statement, values(one))
    return int(inserted.inserted_primary_key[0])  # type: ignore[index]


def _carer_waits(session: Session, conversation_id: str, now: datetime) -> None:
    """She wrote to the person who has her: how long that goes unanswered counts from the first such message."""
    session.execute(update(WaitingForPerson).where(
        WaitingForPerson.conversation_id == conversation_id, WaitingForPerson.unanswered_since.is_(None),
    ).values(unanswered_since=now))


def queue_for_person(session: Session, conversation: Conversation, reason: str, now: datetime) -> None:
    """Put the conversation into the helpline's queue, danger to the front; it is there once at most."""
    urgent = reason == "danger"
    waiting = session.get(WaitingForPerson, conversation.id)
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
