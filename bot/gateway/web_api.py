"""The web chat API, word for word as in web_api.md of the project's shared folder."""

from __future__ import annotations

import asyncio
import contextlib
import hmac
import json
import re
import secrets
from typing import Any

from aiohttp import web
from aiohttp_sse import EventSourceResponse, sse_response

from bot.gateway.clock import Clock
from bot.gateway.events import Wakeups
from bot.gateway.limits import CONVERSATIONS, MESSAGES, Limits
from bot.gateway.problems import problem
from bot.gateway.settings import Settings
from bot.gateway.store import Store, hashed
from bot.gateway.tables import Conversation, Line
from bot.gateway.turns import Turns
from bot.knowledge.base import KnowledgeBase
from bot.knowledge.reply import Message

STORE = web.AppKey("store", Store)
TURNS = web.AppKey("turns", Turns)
BASE = web.AppKey("base", KnowledgeBase)
CLOCK = web.AppKey("clock", Clock)
WAKEUPS = web.AppKey("wakeups", Wakeups)
LIMITS = web.AppKey("limits", Limits)
SETTINGS = web.AppKey("settings", Settings)

CHANNEL = "web"
LONGEST = 4000  # characters of one message
GONE = "There is no such conversation. It may have been deleted."
CLIENT_ID = re.compile(r"[\w.:-]{1,80}")
FACTS = ("child_age", "relationship", "previously_looked_after")
routes = web.RouteTableDef()


@routes.post("/api/v1/conversations")
async def start(request: web.Request) -> web.Response:
    """Open a conversation."""
    if wait := await request.app[LIMITS].wait(CONVERSATIONS, request.remote or "?"):
        raise problem(429, "Too many conversations from here. Please wait a moment.", {"Retry-After": str(wait)})
    await _json(request)
    base, now = request.app[BASE], request.app[CLOCK].now()
    text = "\n\n".join(base.say(name, now.date()) for name in ("start.hello", "start.kept"))
    opening = [Message(text=text, topics=["assistant.greeting"])]
    conversation, token = await request.app[STORE].open_conversation(CHANNEL, now, opening)
    lines = await request.app[STORE].lines(conversation.id)
    body = {"conversation_id": conversation.id, "token": token, **_turn(lines, conversation)}
    return web.json_response(body, status=201)


@routes.post("/api/v1/conversations/{id}/messages")
async def say(request: web.Request) -> web.Response:
    """Take a message and wait for the end of the assistant's turn."""
    conversation = await _opened(request)
    body = await _json(request)
    text, command = await _said(request, conversation, body)
    if wait := await request.app[LIMITS].wait(MESSAGES, conversation.id):
        alarming = command is None and request.app[TURNS].alarming(text)
        if not alarming:
            raise problem(429, "That was a lot at once. Please wait a moment.", {"Retry-After": str(wait)})
    given = body.get("client_message_id")
    provider_id = f"{conversation.id}:{given if given is not None else secrets.token_hex(8)}"
    turns = request.app[TURNS]
    try:
        inbound = await turns.take(conversation, provider_id, text, command)
    except LookupError as error:
        raise problem(404, GONE) from error
    lines = await turns.replies(inbound, request.app[SETTINGS].answer_within)
    if lines is None:
        base, on = request.app[BASE], request.app[CLOCK].now().date()
        raise problem(503, base.say("failure.rasa_away", on), {"Retry-After": "3"})
    fresh = await request.app[STORE].conversation(conversation.id) or conversation
    silent = not lines and fresh.mode == "helpline"
    return web.json_response(_turn(lines, fresh), status=202 if silent else 200)


@routes.get("/api/v1/conversations/{id}/events")
async def events(request: web.Request) -> web.StreamResponse:
    """Lines as they come, from the one after `Last-Event-ID` or `?after=`."""
    conversation = await _opened(request)
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


@routes.delete("/api/v1/conversations/{id}")
async def forget(request: web.Request) -> web.Response:
    """Delete everything kept of the conversation."""
    conversation = await _opened(request)
    await request.app[STORE].forget(conversation.id)
    request.app[WAKEUPS].wake(conversation.id)
    return web.Response(status=204)


async def _opened(request: web.Request) -> Conversation:
    """The conversation that the request's token opens; 401 or 404 else."""
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token:
        raise problem(401, "This conversation needs its token.", {"WWW-Authenticate": "Bearer"})
    conversation = await request.app[STORE].conversation(request.match_info["id"])
    if conversation is None or conversation.channel != CHANNEL:
        raise problem(404, GONE)
    if not hmac.compare_digest(conversation.token_hash, hashed(token)):
        raise problem(401, "This token opens another conversation.", {"WWW-Authenticate": "Bearer"})
    return conversation


async def _json(request: web.Request) -> dict[str, Any]:
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


async def _said(request: web.Request, conversation: Conversation, body: dict[str, Any]) -> tuple[str, str | None]:
    """(text, command) of a message: a carer's words, or an option that was offered to her."""
    given = body.get("client_message_id")
    if given is not None and not (isinstance(given, str) and CLIENT_ID.fullmatch(given)):
        raise problem(400, "client_message_id has to be 1 to 80 letters, digits or . : - _")
    text, option = body.get("text"), body.get("option")
    offered = await request.app[STORE].offered(conversation.id)
    if isinstance(option, str) and text is None:
        chosen = next((o for o in offered if o["payload"] == option), None)
        if chosen is None:
            raise problem(422, "That option was not offered in this conversation.")
        return chosen["label"], chosen["payload"]
    if not isinstance(text, str) or option is not None:
        raise problem(400, "Send either text or option, as a string.")
    if len(text) > LONGEST:
        raise problem(413, f"That is over {LONGEST} characters. Please send it in parts.")
    text = _readable(text)
    if not text:
        raise problem(422, "The message is empty.")
    return text, choice(text, offered)


def choice(text: str, offered: list[dict[str, Any]]) -> str | None:
    """The payload of the offered option whose label `text` repeats; newest first."""
    said = text.casefold().rstrip(".?! ")
    return next((o["payload"] for o in offered if o["label"].casefold().rstrip(".?! ") == said), None)


def _readable(text: str) -> str:
    """`text` without control, tag and lone surrogate characters, which no person types."""
    return "".join(c for c in text if c in "\n\t" or ((c.isprintable() or c.isspace()) and not 0xE0000 <= ord(c) < 0xE0080
                   and not 0xD800 <= ord(c) < 0xE000 and ord(c) >= 32)).strip()


def _after(request: web.Request) -> int:
    given = request.headers.get("Last-Event-ID") or request.query.get("after") or "0"
    if not given.isdecimal() or len(given) > 15:
        raise problem(400, "after has to be the id of a message.")
    return int(given)


def _turn(lines: list[Line], conversation: Conversation) -> dict[str, Any]:
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
