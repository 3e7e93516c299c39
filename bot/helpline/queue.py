"""The helpline's queue: who waits, since when, what was said and what is known. A list page, behind a password."""

from __future__ import annotations

import hmac
from pathlib import Path
from typing import Any

import aiohttp_jinja2
import jinja2
from aiohttp import BasicAuth, web

from bot.gateway import web_api
from bot.gateway.tables import Conversation, WaitingForPerson
from bot.knowledge.opening import UK

TEMPLATES = Path(__file__).parent / "templates"
USER = "helpline"


def add_queue(app: web.Application) -> None:
    """Mount the desk's pages."""
    pages = aiohttp_jinja2.setup(app, loader=jinja2.FileSystemLoader(TEMPLATES), autoescape=True)
    pages.filters["uk"] = lambda moment: moment.astimezone(UK)
    app.router.add_get("/helpline", queue)


async def queue(request: web.Request) -> web.Response:
    """Conversations waiting for a person: danger first, then the longest wait."""
    _only_staff(request)
    waiting = await request.app[web_api.STORE].queue()
    rows = [await _row(request, entry, conversation) for entry, conversation in waiting]
    response: web.Response = aiohttp_jinja2.render_template("queue.html", request, {"rows": rows})
    return response


async def _row(request: web.Request, entry: WaitingForPerson, conversation: Conversation) -> dict[str, Any]:
    lines = await request.app[web_api.STORE].lines(conversation.id)
    slots = conversation.slots
    authority = request.app[web_api.BASE].authorities.get(slots.get("authority") or "")
    known = {
        "Arrangement": slots.get("arrangement"),
        "Council": authority.name if authority else None,
        "Carer is the child's": slots.get("relationship"),
        "Child's age": ", ".join(map(str, slots.get("child_age") or [])),
        "Was in care before": {"True": "yes", "False": "no"}.get(str(slots.get("previously_looked_after"))),
        "Last topic": slots.get("topic"),
    }
    return {"reason": entry.reason.replace("_", " "), "urgent": entry.urgent, "channel": conversation.channel,
            "since": entry.since, "known": {k: v for k, v in known.items() if v}, "lines": lines,
            "id": conversation.id}


def _only_staff(request: web.Request) -> None:
    """HTTP Basic with the password that `signpost run` made or `SIGNPOST_HELPLINE_PASSWORD` gives; else 401."""
    expected = request.app[web_api.SETTINGS].helpline_password.get_secret_value()
    challenge = {"WWW-Authenticate": 'Basic realm="Helpline desk", charset="UTF-8"'}
    try:
        given = BasicAuth.decode(request.headers.get("Authorization", ""), encoding="utf-8")
    except ValueError as error:
        raise web.HTTPUnauthorized(headers=challenge, text="The desk needs its password.") from error
    right = hmac.compare_digest(given.password.encode(), expected.encode()) and given.login == USER
    if not (expected and right):
        raise web.HTTPUnauthorized(headers=challenge, text="That is not the desk's password.")
