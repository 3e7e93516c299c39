"""Telegram: webhook with its secret, or polling for development; HTML, inline keyboards, flood limits."""

from __future__ import annotations

import asyncio
import hmac
import html
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, Literal

import structlog
from aiohttp import web
from telegram import Bot, Chat, InlineKeyboardButton, InlineKeyboardMarkup, LinkPreviewOptions, Update
from telegram import Message as Sent
from telegram.constants import ChatMemberStatus, ChatType, MessageLimit, ParseMode
from telegram.error import BadRequest, ChatMigrated, Forbidden, InvalidToken, NetworkError, RetryAfter, TelegramError, TimedOut
from telegram.request import HTTPXRequest

from bot.channels.channel import Channel, NotSent, Outcome, Received, Say, Status, refuse
from bot.channels.rendering import options_of, whole
from bot.channels.text import LINK, split
from bot.gateway.outgoing import Parcel, mark_of
from bot.knowledge.reply import Message

log = structlog.get_logger()

SOURCES = 5  # of each answer
LONGEST = int(MessageLimit.MAX_TEXT_LENGTH)
UPDATES = ["message", "edited_message", "callback_query", "my_chat_member"]
TELEGRAM = "https://api.telegram.org"
PATH = "/channels/telegram"
SECRET = "X-Telegram-Bot-Api-Secret-Token"  # noqa: S105  (a header's name)
COMMANDS = {"/stop": "STOP", "/help": "HELP", "/delete": "DELETE", "/web": "WEB"}
POLL = 25  # seconds of one long poll
AGAIN = 5.0  # seconds after a failed one


class Telegram:
    """One bot."""

    name = "telegram"
    pause = 1.0  # seconds: Telegram asks for no more than a message a second in one chat
    confirms_stop = True

    def __init__(self, token: str, secret: str, public_url: str, polling: bool, say: Say, api: str = "") -> None:
        self._secret, self._public_url, self._polling, self._say = secret, public_url, polling, say
        request = HTTPXRequest(connection_pool_size=32, connect_timeout=3, read_timeout=10, write_timeout=10, pool_timeout=10)
        polls = HTTPXRequest(connect_timeout=3, read_timeout=POLL + 10)
        self._requests = request, polls
        self._bot = Bot(token, f"{(api or TELEGRAM).rstrip('/')}/bot", request=request, get_updates_request=polls)
        self._take: Callable[[Channel, Received], Any] | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    def refused(self, address: str) -> str | None:
        """A chat costs nobody anything."""
        return None

    def render(self, messages: Sequence[Message]) -> list[Parcel]:
        """The whole answer with its source; the options under the last piece."""
        offered = options_of(messages)
        options = [option.model_dump() for option in offered]
        pieces = split(whole(messages, self._say, SOURCES), lambda piece: len(as_html(piece)) <= LONGEST)
        bodies: list[dict[str, Any]] = [{"text": piece} for piece in pieces]
        bodies[-1]["labels"] = [option.label for option in offered]
        urgent = any(message.urgent for message in messages)
        return [Parcel(body, options, urgent=urgent) for body in bodies]

    async def send(self, address: str, body: dict[str, Any], outbound_id: int, wrote_at: datetime) -> str:
        """Raises `NotSent`, with the wait that Telegram asks for when there is too much."""
        rows = [[InlineKeyboardButton(label, callback_data=mark_of(outbound_id, number))]
                for number, label in enumerate(body.get("labels", []), start=1)]
        sent: Sent = await asked(self._bot.send_message(
            int(address), as_html(body["text"]), ParseMode.HTML, reply_markup=InlineKeyboardMarkup(rows) if rows else None,
            link_preview_options=LinkPreviewOptions(is_disabled=True)))
        return str(sent.message_id)

    async def find(self, address: str, body: dict[str, Any], since: datetime) -> str | None:
        """A bot can't look up what it sent."""
        return None

    async def knock(self, address: str, outbound_id: int) -> None:
        """There is no window."""
        raise NotSent(Outcome.GIVE_UP, "no_window")

    def routes(self, take: Callable[[Channel, Received], Any], report: Callable[[Status], Any]) -> list[web.RouteDef]:
        """The webhook; none where we poll."""
        self._take = take
        return [] if self._polling else [web.post(PATH, self._webhook)]

    async def open(self) -> None:
        """Say where updates go, or fetch them; neither holds up the start."""
        self._do(self._poll() if self._polling else self._register())

    async def close(self) -> None:
        """Done."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for request in self._requests:  # the bot itself closes them only where it was asked who it is
            await request.shutdown()

    async def _webhook(self, request: web.Request) -> web.Response:
        """200 for whatever Telegram sends: it would send again what we can't read."""
        given = request.headers.get(SECRET, "").encode("utf-8", "surrogateescape")
        if not hmac.compare_digest(given, self._secret.encode()):
            raise await refuse(request, "Telegram", "secret")
        try:
            update = Update.de_json(await request.json(), self._bot)
        except (ValueError, TypeError, KeyError, AttributeError, LookupError, RecursionError):
            log.warning("update_unreadable")
            return web.Response()
        await self._see(update)
        return web.Response()

    async def _see(self, update: Update) -> None:
        chat = update.effective_chat
        if chat is None or self._take is None:
            return
        try:
            received = read(update)
        except (AttributeError, TypeError, ValueError):  # parts of it are missing, whatever its type says
            log.warning("update_unreadable")
            return
        if update.callback_query:
            self._do(self._quietly(self._bot.answer_callback_query(update.callback_query.id)))
        if chat.type in (ChatType.GROUP, ChatType.SUPERGROUP):
            self._do(self._leave(chat))
        elif chat.type == ChatType.PRIVATE and received:
            await self._take(self, received)

    async def _leave(self, chat: Chat) -> None:
        """A group reads what its members write: say so, and go."""
        await self._quietly(self._bot.send_message(chat.id, self._say("phone.no_groups")))
        await self._quietly(self._bot.leave_chat(chat.id))

    async def _register(self) -> None:
        await self._quietly(self._bot.set_webhook(f"{self._public_url}{PATH}", secret_token=self._secret,
                                                  allowed_updates=UPDATES, max_connections=40))

    async def _poll(self) -> None:
        """For development: no public address is needed."""
        await self._quietly(self._bot.delete_webhook())
        offset = 0
        while True:
            try:
                for update in await self._bot.get_updates(offset, timeout=POLL, allowed_updates=UPDATES):
                    await self._see(update)
                    offset = update.update_id + 1
            except TelegramError as error:
                log.warning("poll_failed", error=type(error).__name__)
                await asyncio.sleep(AGAIN)

    async def _quietly(self, call: Any) -> None:
        """Do what a carer doesn't wait for; a failure is noted."""
        try:
            await call
        except TelegramError as error:
            log.warning("telegram_refused", error=type(error).__name__)

    def _do(self, work: Any) -> None:
        task: asyncio.Task[None] = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


def read(update: Update) -> Received | None:
    """An update as a message; None for one that says nothing to us."""
    chat = update.effective_chat
    address = str(chat.id) if chat else ""
    if update.callback_query:
        return Received(f"tap:{update.callback_query.id}", address, chosen=update.callback_query.data or None)
    if update.my_chat_member:
        gone = update.my_chat_member.new_chat_member.status == ChatMemberStatus.BANNED
        return Received(f"member:{update.update_id}", address, command="blocked") if gone else None
    message = update.edited_message or update.message
    if message is None:
        return None
    text = _said(message.text or message.caption or "")
    kind: Literal["words", "media", "location"] = "words" if text else "location" if message.location else "media"
    if not text and message.venue:
        text, kind = f"{message.venue.title}, {message.venue.address}", "words"
    if update.edited_message:
        edit = int(message.edit_date.timestamp()) if message.edit_date else update.update_id
        return Received(f"{message.message_id}:{edit}", address, text, kind, edits=str(message.message_id))
    return Received(str(message.message_id), address, text, kind)


def _said(text: str) -> str:
    """The bot's commands as the words that every channel knows; `/start` may bring a code along."""
    word, _, rest = text.strip().partition(" ")
    name = word.partition("@")[0].lower()
    if name == "/start":
        return f"CODE {rest.strip()}" if rest.strip() else "START"
    return COMMANDS.get(name, text.strip()) if not rest else text.strip()


def as_html(text: str) -> str:
    """`text` with its links as HTML; everything else is escaped."""
    pieces, at = [], 0
    for link in LINK.finditer(text):
        pieces += [html.escape(text[at : link.start()], quote=False),
                   f'<a href="{html.escape(link[2])}">{html.escape(link[1], quote=False)}</a>']
        at = link.end()
    return "".join([*pieces, html.escape(text[at:], quote=False)])


async def asked(call: Any) -> Any:
    """The result of a call to Telegram. Raises `NotSent`."""
    try:
        return await call
    except RetryAfter as error:
        wait = error.retry_after
        raise NotSent(Outcome.RETRY, "429", after=float(wait if isinstance(wait, int) else wait.total_seconds())) from error
    except Forbidden as error:  # she blocked the bot, or her account is gone
        raise NotSent(Outcome.OPTED_OUT, "403") from error
    except InvalidToken as error:  # an operator can mend that
        raise NotSent(Outcome.RETRY, "401") from error
    except (BadRequest, ChatMigrated) as error:
        raise NotSent(Outcome.GIVE_UP, "400") from error
    except TimedOut as error:
        raise NotSent(Outcome.RETRY, "timeout", unsure=True) from error
    except (NetworkError, TelegramError) as error:
        raise NotSent(Outcome.RETRY, type(error).__name__.lower()) from error
