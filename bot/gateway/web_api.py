"""The web chat API, word for word as in docs/web_api.md."""

from __future__ import annotations

import asyncio
import contextlib
import hmac
import json
import re
from dataclasses import dataclass
from datetime import date
from typing import Any

import structlog
from aiohttp import web
from aiohttp_sse import EventSourceResponse, sse_response
from limits import RateLimitItem

from bot.gateway.clock import Clock
from bot.gateway.corrections import arrangements, correction
from bot.gateway.events import Wakeups
from bot.gateway.limits import CONVERSATIONS, MESSAGES, REPEATS, Limits
from bot.gateway.patience import NAME, is_of_the_database, may_restart
from bot.gateway.problems import problem
from bot.gateway.settings import Settings
from bot.gateway.store import HELPLINE, Store, hashed
from bot.gateway.switches import Switches, off_reply
from bot.gateway.tables import Conversation, Line
from bot.gateway.turns import Turns
from bot.gateway.typing import Typing
from bot.knowledge.base import KnowledgeBase
from bot.knowledge.reply import Message

log = structlog.get_logger()

STORE = web.AppKey("store", Store)
TURNS = web.AppKey("turns", Turns)
BASE = web.AppKey("base", KnowledgeBase)
CLOCK = web.AppKey("clock", Clock)
WAKEUPS = web.AppKey("wakeups", Wakeups)
LIMITS = web.AppKey("limits", Limits)
TYPING = web.AppKey("typing", Typing)
SETTINGS = web.AppKey("settings", Settings)
SWITCHES = web.AppKey("switches", Switches)
COUNTED = web.RequestKey("counted", dict[RateLimitItem, int])

CHANNEL = "web"
LONGEST = 4000  # characters of one message
GONE = "There is no such conversation. It may have been deleted."
CLIENT_ID = re.compile(r"[\w.:-]{1,80}")
FACTS = ("child_age", "relationship", "previously_looked_after")
PERSON, START_AGAIN = "/helpline.talk_to_someone", "/assistant.correction.start_again"
ALWAYS = {PERSON: "helpline.option", START_AGAIN: "put_right.start_again_option"}  # on offer at any time: payload, its words
FEEDBACK = ("helpful", "not_helpful", "wrong")
routes = web.RouteTableDef()


@dataclass(frozen=True)
class Said:
    """One message as it was sent: words, and the payload behind them where it is not her own wording."""

    text: str
    command: str | None
    client_id: str | None


@routes.post("/api/v1/conversations")
async def start(request: web.Request) -> web.Response:
    """Open a conversation."""
    body = await read_json(request)
    conversation, token = await open_conversation(request, body.get("authority"))
    lines = await request.app[STORE].lines(conversation.id)
    opened = {"conversation_id": conversation.id, "token": token, **turn(lines, conversation)}
    return web.json_response(opened, status=201)


async def open_conversation(request: web.Request, authority: object = None) -> tuple[Conversation, str]:
    """A new conversation with its greeting, and its token; `authority` is the slug of the council that embeds the page."""
    if wait := await held_back(request, CONVERSATIONS, request.remote or "?"):
        raise problem(429, "Too many conversations from here. Please wait a moment.", {"Retry-After": str(wait)})
    base, now = request.app[BASE], request.app[CLOCK].now()
    slots = {}
    if authority is not None:
        if not isinstance(authority, str) or authority not in base.authorities:
            raise problem(422, "authority has to be the slug of a council.")
        slots["authority"] = authority
    if await request.app[SWITCHES].off(CHANNEL):
        opening = off_reply(base, now).messages
    else:
        text = "\n\n".join(base.say(name, now.date()) for name in ("start.hello", "start.kept"))
        opening = [Message(text=text, topics=["assistant.greeting"])]
    return await request.app[STORE].open_conversation(CHANNEL, now, opening, slots)


@routes.post("/api/v1/conversations/{id}/messages")
async def say(request: web.Request) -> web.Response:
    """Take a message and wait for the end of the assistant's turn."""
    body = await read_json(request)
    try:
        lines, fresh = await answered(request, request.match_info["id"], bearer(request), body)
    except Exception as error:
        text = body.get("text")
        if not (is_of_the_database(error) and isinstance(text, str)):
            raise
        help_now = await request.app[TURNS].help_for(text[:LONGEST])
        if help_now is None or may_restart(request, error):
            raise
        log.error("danger_not_kept", error=type(error).__name__)  # help waits for no store
        raise problem(503, help_now, {"Retry-After": "3"}) from error
    silent = not lines and fresh.mode == HELPLINE
    return web.json_response(turn(lines, fresh), status=202 if silent else 200)


async def answered(request: web.Request, conversation_id: str, token: str,
                   body: dict[str, Any]) -> tuple[list[Line], Conversation]:
    """Keep the message and wait for its replies; gives them, and the conversation as it is then.

    Raises a problem: as `opened` and `read_message`, 429 too many, 503 no answer yet (the message is kept).
    """
    if not token:
        admitted(None, token)  # whoever has none keeps the store from nobody
    turns, client_id = request.app[TURNS], body.get("client_message_id")
    provider_id = f"{conversation_id}:{client_id if _is_id(client_id) else request[NAME]}"
    found, offered, repeat = await request.app[STORE].before_message(conversation_id, provider_id)
    conversation = admitted(found, token)
    said = read_message(request, offered, body)
    if wait := await held_back(request, REPEATS if repeat else MESSAGES, conversation.id):  # a repeat is no message more
        alarming = said.command is None and await turns.alarming(said.text)
        if not alarming:
            raise problem(429, "That was a lot at once. Please wait a moment.", {"Retry-After": str(wait)})
    request.app[TYPING].carer_stopped(conversation.id)
    shown = {"client_message_id": said.client_id} if said.client_id else {}
    within = request.app[SETTINGS].answer_within
    try:
        given = await turns.take(conversation, provider_id, said.text, said.command, within, shown)
    except LookupError as error:
        raise problem(404, GONE) from error
    if given is None:
        base, on = request.app[BASE], request.app[CLOCK].now().date()
        help_now = await turns.help_for(said.text) if said.command is None else None  # it is kept, and its reply can't be
        raise problem(503, help_now or base.say("failure.rasa_away", on), {"Retry-After": "3"})
    lines, fresh = given
    return lines, fresh or conversation


@routes.put("/api/v1/conversations/{id}/messages/{message}/feedback")
async def feedback(request: web.Request) -> web.Response:
    """Was the message of help? Kept with it, and logged with the entries it draws on, never with a word of it."""
    conversation = await opened(request, request.match_info["id"], bearer(request))
    await rate(request, conversation, request.match_info["message"], (await read_json(request)).get("says"))
    return web.Response(status=204)


async def rate(request: web.Request, conversation: Conversation, message: str, says: object) -> None:
    """Take `says` (one of `FEEDBACK`) on the message of that id. Raises a problem: 404, 422."""
    if says not in FEEDBACK:
        raise problem(422, f"says has to be one of {', '.join(FEEDBACK)}.")
    line_id = int(message) if message.isdecimal() and len(message) <= 15 else 0
    line = await request.app[STORE].rate(conversation.id, line_id, str(says), request.app[CLOCK].now())
    if line is None:
        raise problem(404, "There is no such message from the assistant.")
    log.info("feedback", says=says, entries=[answer["entry"] for answer in line.body.get("answers", [])])


@routes.get("/api/v1/names")
async def names(request: web.Request) -> web.Response:
    """What the ids in a State are called; the same for everybody."""
    found = called(request.app[BASE], request.app[CLOCK].now().date())
    return web.json_response(found, headers={"Cache-Control": "public, max-age=3600"})


def called(base: KnowledgeBase, on: date) -> dict[str, dict[str, str]]:
    """Arrangements, authorities and relationships: what each id is called."""
    return {"arrangements": {a: base.say(f"arrangement_names.{a}", on) for a in arrangements(base)},
            "authorities": {slug: authority.short_name for slug, authority in base.authorities.items()},
            "relationships": {r: base.say(f"relationships.{r}", on) for r in base.words.under("relationships")}}


@routes.get("/api/v1/conversations/{id}/events")
async def events(request: web.Request) -> web.StreamResponse:
    """Lines as they come, from the one after `Last-Event-ID` or `?after=`."""
    conversation = await opened(request, request.match_info["id"], bearer(request))
    after = _after(request)
    store, wakeups = request.app[STORE], request.app[WAKEUPS]
    async with sse_response(request) as stream, wakeups.listening(conversation.id) as woken:
        state: dict[str, Any] = {}
        while stream.is_connected():
            woken.clear()
            fresh = await store.conversation(conversation.id)
            if wakeups.closed or fresh is None:
                break
            after, state = await _send_news(stream, store, fresh, after, state)
            if request.app[TYPING].adviser(conversation.id):
                await stream.send("{}", event="typing")
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(woken.wait(), 20)
    return stream


async def _send_news(stream: EventSourceResponse, store: Store, conversation: Conversation, after: int,
                     state: dict[str, Any]) -> tuple[int, dict[str, Any]]:
    """Send lines after `after`, then the state where it changed; gives the new last line and state."""
    for line in await store.lines(conversation.id, after=after):
        after = line.id
        await stream.send(json.dumps(_message(line), ensure_ascii=False), id=str(line.id), event="message")
    now = _state(conversation)
    if now != state:
        await stream.send(json.dumps(now, ensure_ascii=False), id=str(after), event="state")
    return after, now


@routes.post("/api/v1/conversations/{id}/typing")
async def typing(request: web.Request) -> web.Response:
    """The carer is typing; whoever at the helpline has her sees it for some seconds. Nothing is kept."""
    conversation = await opened(request, request.match_info["id"], bearer(request))
    if conversation.mode == HELPLINE:
        request.app[TYPING].carer_types(conversation.id)
    return web.Response(status=204)


@routes.delete("/api/v1/conversations/{id}")
async def forget(request: web.Request) -> web.Response:
    """Delete everything kept of the conversation."""
    conversation = await opened(request, request.match_info["id"], bearer(request))
    await forgotten(request, conversation)
    return web.Response(status=204)


async def forgotten(request: web.Request, conversation: Conversation) -> None:
    """Everything of it is gone, and whoever listens is told."""
    await request.app[STORE].forget(conversation.id)
    request.app[WAKEUPS].wake(conversation.id)


async def held_back(request: web.Request, item: RateLimitItem, who: str) -> int:
    """Seconds that `who` has to wait, 0 where nothing holds her back; a request that is taken anew counts once."""
    counted = request.get(COUNTED)
    if counted is None:
        counted = request[COUNTED] = {}
    if item not in counted:
        counted[item] = await request.app[LIMITS].wait(item, who)
    return counted[item]


def bearer(request: web.Request) -> str:
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    return token if scheme.lower() == "bearer" else ""


async def opened(request: web.Request, conversation_id: str, token: str) -> Conversation:
    """The conversation that the token opens. Raises a problem: 401 or 404."""
    return admitted(await request.app[STORE].conversation(conversation_id), token)


def admitted(conversation: Conversation | None, token: str) -> Conversation:
    """The conversation, where there is one and the token opens it. Raises a problem: 401 or 404."""
    if not token:
        raise problem(401, "This conversation needs its token.", {"WWW-Authenticate": "Bearer"})
    if conversation is None:
        raise problem(404, GONE)
    if not hmac.compare_digest(conversation.token_hash, hashed(token)):
        raise problem(401, "This token opens another conversation.", {"WWW-Authenticate": "Bearer"})
    return conversation


async def read_json(request: web.Request) -> dict[str, Any]:
    if request.content_type != "application/json":
        raise problem(415, "Send JSON, with Content-Type: application/json.")
    try:
        body = await request.json()
    except (ValueError, UnicodeDecodeError, RecursionError) as error:
        raise problem(400, "The body is not JSON.") from error
    except LookupError as error:
        raise problem(415, "Send JSON in UTF-8.") from error
    if not isinstance(body, dict):
        raise problem(400, "The body has to be a JSON object.")
    return body


def _is_id(client_id: object) -> bool:
    return isinstance(client_id, str) and CLIENT_ID.fullmatch(client_id) is not None


def read_message(request: web.Request, offered: list[dict[str, Any]], body: dict[str, Any]) -> Said:
    """A message: a carer's words, an option that was `offered` to her, or a fact that she puts right.

    Raises a problem: 400, 413, 422.
    """
    client_id = body.get("client_message_id")
    if client_id is not None and not _is_id(client_id):
        raise problem(400, "client_message_id has to be 1 to 80 letters, digits or . : - _")
    text, option, facts = body.get("text"), body.get("option"), body.get("correction")
    if sum(given is not None for given in (text, option, facts)) != 1:
        raise problem(400, "Send one of text, option and correction.")
    if facts is not None:
        base, on = request.app[BASE], request.app[CLOCK].now().date()
        try:
            return Said(*correction(base, on, facts), client_id)
        except ValueError as error:
            raise problem(422, str(error)) from error
    return Said(*chosen(request, offered, text, option), client_id)


def chosen(request: web.Request, offered: list[dict[str, Any]], text: object, option: object) -> tuple[str, str | None]:
    """(words, payload) of a typed message or of an option. Raises a problem: 400, 413, 422."""
    if isinstance(option, str):
        base, on = request.app[BASE], request.app[CLOCK].now().date()
        if option in ALWAYS:
            return base.say(ALWAYS[option], on), option
        found = next((o for o in offered if o["payload"] == option), None)
        if found is None:
            raise problem(422, "That option was not offered in this conversation.")
        return found["label"], found["payload"]
    if not isinstance(text, str):
        raise problem(400, "Send text or option as a string.")
    if len(text) > LONGEST:
        raise problem(413, f"That is over {LONGEST} characters. Please send it in parts.")
    text = readable(text)
    if not text:
        raise problem(422, "The message is empty.")
    return text, choice(text, offered)


def choice(text: str, offered: list[dict[str, Any]]) -> str | None:
    """The payload of the offered option whose label `text` repeats; newest first."""
    said = text.casefold().rstrip(".?! ")
    return next((o["payload"] for o in offered if o["label"].casefold().rstrip(".?! ") == said), None)


def readable(text: str) -> str:
    """`text` without control, tag and lone surrogate characters, which no person types."""
    return "".join(c for c in text if c in "\n\t" or ((c.isprintable() or c.isspace()) and not 0xE0000 <= ord(c) < 0xE0080
                   and not 0xD800 <= ord(c) < 0xE000 and ord(c) >= 32)).strip()


def _after(request: web.Request) -> int:
    given = request.headers.get("Last-Event-ID") or request.query.get("after") or "0"
    if not given.isdecimal() or len(given) > 15:
        raise problem(400, "after has to be the id of a message.")
    return int(given)


def turn(lines: list[Line], conversation: Conversation) -> dict[str, Any]:
    return {"messages": [_message(line) for line in lines], "state": _state(conversation)}


def _message(line: Line) -> dict[str, Any]:
    body = {"topics": [], "answers": [], "options": [], "urgent": False} | line.body
    body.pop("sms", None)
    return {"id": line.id, "from": line.sender, "text": line.text, "at": line.at.isoformat(), **body}


def _state(conversation: Conversation) -> dict[str, Any]:
    slots = conversation.slots
    facts = {name: slots[name] for name in FACTS if slots.get(name) not in (None, [])}
    return {"arrangement": slots.get("arrangement"), "authority": slots.get("authority"), "facts": facts,
            "mode": conversation.mode}
