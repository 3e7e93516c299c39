"""The assistant by itself at `/`, which is a plain form where there is no JavaScript, and `widget.js`.

The form page keeps nothing on the device, no cookie either: each page holds the conversation's id and token in its
forms, and a message is posted with an id of its own, so that going back or loading anew says nothing twice. The
widget, where it runs, takes the same conversation up from there.
"""

from __future__ import annotations

import json
import re
import secrets
from datetime import date, datetime
from functools import lru_cache
from typing import Any

import jinja2
import structlog
from aiohttp import web
from markupsafe import Markup, escape

from bot.gateway import web_api
from bot.gateway.patience import NAME, is_of_the_database, may_restart
from bot.gateway.problems import problem
from bot.gateway.settings import ROOT
from bot.gateway.tables import Conversation
from bot.gateway.web_api import BASE, CLOCK, PERSON, START_AGAIN, STORE
from bot.gateway.widget import Served, script, stylesheet, words
from bot.knowledge.base import KnowledgeBase
from bot.knowledge.opening import UK

log = structlog.get_logger()

WEB = ROOT / "web"
ELSEWHERE = "https://www.bbc.co.uk/weather"  # where 'Exit this page' goes, as in the GOV.UK Design System
POLICY = ("default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self'; "
          "form-action 'self' https://www.bbc.co.uk; frame-ancestors 'none'; base-uri 'none'")
OPENED = web.RequestKey("opened", tuple[Conversation, str])
FRESH = "public, max-age=300"
LINK = re.compile(r"\[([^\]]+)\]\((https?://[^\s()]+(?:\([^\s()]*\)[^\s()]*)*)\)")
routes = web.RouteTableDef()


@routes.get("/")
async def page(request: web.Request) -> web.Response:
    """A page without a conversation yet; `?council=<slug>` where a council links to it."""
    council, base, now = request.query.get("council", ""), request.app[BASE], request.app[CLOCK].now()
    off = await request.app[web_api.SWITCHES].off(web_api.CHANNEL)
    return _show(request, {"council": council if council in base.authorities else "",
                           "notice": base.say("switched_off.text", now.date()) if off else ""})


@routes.post("/")
async def post(request: web.Request) -> web.Response:
    """What the form page sends: a message, an option, a fact put right, an opinion, or 'delete everything'."""
    form = {name: str(value) for name, value in (await request.post()).items()}
    shown: dict[str, Any] = {"council": form.get("council", ""), "text": ""}
    try:
        conversation, token = await _conversation(request, form)
        shown |= {"conversation": conversation.id, "token": token}
        if form.get("delete"):
            await web_api.forgotten(request, conversation)
            return _show(request, {"wrong": words(request.app[BASE], _today(request))["deleted"]})
        before = await request.app[STORE].lines(conversation.id)
        shown["first_new"] = before[-1].id + 1 if before else 0
        await _take(request, conversation, token, form)
    except web.HTTPException as error:
        if error.content_type != "application/problem+json":
            raise
        shown |= {"wrong": json.loads(error.text or "{}").get("detail", ""), "late": error.status == 503}
        if error.status == 404:
            shown |= {"conversation": "", "token": ""}
        if error.status != 503:
            shown["text"] = form.get("text", "")
    except Exception as error:
        if not is_of_the_database(error) or may_restart(request, error):
            raise
        log.error("form_not_kept", error=type(error).__name__)
        help_now = await request.app[web_api.TURNS].help_for(form.get("text", "")[:web_api.LONGEST])  # waits for no store
        away = request.app[BASE].say("failure.store_away", _today(request))
        return _show(request, shown | {"wrong": help_now or away, "late": True, "text": form.get("text", "")})
    return await _show_conversation(request, shown)


@routes.post("/exit")
async def leave(request: web.Request) -> web.Response:
    """'Exit this page' without JavaScript: the conversation ends, unless a person was asked into it."""
    form = {name: str(value) for name, value in (await request.post()).items()}
    try:
        conversation = await web_api.opened(request, form.get("conversation", ""), form.get("token", ""))
        if conversation.mode == "assistant":
            await web_api.forgotten(request, conversation)
    except web.HTTPException:
        pass  # there is none, or it isn't hers: she leaves all the same
    return web.Response(status=303, headers={"Location": ELSEWHERE, "Clear-Site-Data": '"cache", "storage"'})


@routes.get("/widget.js")
async def widget(request: web.Request) -> web.Response:
    """The widget, for this page and for other sites."""
    return _file(request, made_script(request.app[BASE], _today(request)), "text/javascript")


@routes.get("/chat.css")
async def style(request: web.Request) -> web.Response:
    """The widget's style as a file: for the form page, and for browsers that take no style from a script."""
    return _file(request, made_style(), "text/css")


def _file(request: web.Request, made: Served, content_type: str) -> web.Response:
    headers = {"Cache-Control": FRESH, "ETag": f'"{made.integrity}"', "Vary": "Accept-Encoding"}
    if request.headers.get("If-None-Match") == headers["ETag"]:
        return web.Response(status=304, headers=headers)
    zipped = "gzip" in request.headers.get("Accept-Encoding", "")
    if zipped:
        headers["Content-Encoding"] = "gzip"
    body = made.zipped if zipped else made.text
    return web.Response(body=body, content_type=content_type, charset="utf-8", headers=headers)


@lru_cache(maxsize=2)
def made_script(base: KnowledgeBase, on: date) -> Served:
    """Made once a day, because the figures in its words are dated."""
    return script(WEB, words(base, on))


@lru_cache(maxsize=1)
def made_style() -> Served:
    """Made once."""
    return stylesheet(WEB)


async def _conversation(request: web.Request, form: dict[str, str]) -> tuple[Conversation, str]:
    """The conversation that the form names, or a new one."""
    if form.get("conversation"):
        return await web_api.opened(request, form["conversation"], form.get("token", "")), form.get("token", "")
    if OPENED not in request:  # a request that is taken anew goes on in what it opened
        request[OPENED] = await web_api.open_conversation(request, form.get("council") or None)
    return request[OPENED]


async def _take(request: web.Request, conversation: Conversation, token: str, form: dict[str, str]) -> None:
    if form.get("feedback"):
        await web_api.rate(request, conversation, form.get("message", ""), form["feedback"])
    elif not form.get("look"):
        for body in _bodies(request, form):
            await web_api.answered(request, conversation.id, token, body)


def _bodies(request: web.Request, form: dict[str, str]) -> list[dict[str, Any]]:
    """The messages in the form, as the API has them: one, but for a correction, where each fact is one."""
    key = form.get("client_message_id") or request[NAME]
    if not form.get("correct"):
        said = {"option": form["option"]} if form.get("option") else {"text": form.get("text", "")}
        return [said | {"client_message_id": key}]
    facts: dict[str, Any] = {name: form[name] for name in ("arrangement", "authority") if form.get(name)}
    if ages := re.findall(r"\d+", form.get("child_age", "")):
        facts["child_age"] = [int(age[:3]) for age in ages]
    if not facts:
        raise problem(422, words(request.app[BASE], _today(request))["empty"])
    bodies = [{"correction": {name: value}, "client_message_id": f"{key}.{name}"} for name, value in facts.items()]
    for body in bodies:
        web_api.read_message(request, [], body)  # all of them, or none
    return bodies


async def _show_conversation(request: web.Request, shown: dict[str, Any]) -> web.Response:
    store, base, on = request.app[STORE], request.app[BASE], _today(request)
    conversation = await store.conversation(shown.get("conversation", ""))
    if conversation is None:
        return _show(request, shown | {"conversation": "", "token": ""})
    turn = web_api.turn(await store.lines(conversation.id), conversation)
    lines = [line | {"clock": _clock(line["at"])} for line in turn["messages"][1:]]  # the greeting is on the page
    called = web_api.called(base, on)
    state = turn["state"]
    facts = {"arrangement": called["arrangements"].get(state["arrangement"]),
             "authority": called["authorities"].get(state["authority"]),
             "child_age": ", ".join(map(str, state["facts"].get("child_age", [])))}
    known = facts if any(facts.values()) else {}
    return _show(request, shown | called | {"lines": lines, "mode": conversation.mode, "facts": known})


def _show(request: web.Request, shown: dict[str, Any]) -> web.Response:
    base, on = request.app[BASE], _today(request)
    said = words(base, on)
    text = TEMPLATES.get_template("page.html").render(
        {"conversation": "", "token": "", "council": "", "text": "", "mode": "assistant"} | shown,
        say=said, key=secrets.token_hex(16), person=PERSON, start_again=START_AGAIN)
    headers = {"Content-Security-Policy": POLICY, "Link": "</chat.css>; rel=preload; as=style"}
    response = web.Response(text=text, content_type="text/html", headers=headers)
    response.enable_compression()
    return response


def shown(plain: str) -> Markup:
    """A message's text as HTML: links as [label](url) and '- ' bullets, nothing else is markup."""
    blocks: list[str] = []
    for line in filter(str.strip, plain.split("\n")):
        bullet = line.startswith("- ")
        inner = _linked(line[2:] if bullet else line)
        if bullet and blocks and blocks[-1].endswith("</ul>"):
            blocks[-1] = f"{blocks[-1].removesuffix('</ul>')}<li>{inner}</li></ul>"
        else:
            blocks.append(f"<ul><li>{inner}</li></ul>" if bullet else f'<p dir="auto">{inner}</p>')
    return Markup("".join(blocks))  # noqa: S704  (its parts are escaped in _linked)


def _linked(line: str) -> str:
    pieces, end = [], 0
    for link in LINK.finditer(line):
        anchor = Markup('<a href="{}" rel="noreferrer noopener">{}</a>').format(link[2], link[1])
        pieces += [escape(line[end:link.start()]), anchor]
        end = link.end()
    return "".join([*pieces, escape(line[end:])])


def _day(iso: str) -> str:
    moment = date.fromisoformat(iso)
    return f"{moment.day} {moment:%B %Y}"


def _clock(at: str) -> str:
    return f"{datetime.fromisoformat(at).astimezone(UK):%H:%M}"


def _today(request: web.Request) -> date:
    return request.app[CLOCK].now().date()


TEMPLATES = jinja2.Environment(loader=jinja2.FileSystemLoader(ROOT / "bot" / "gateway" / "templates"), autoescape=True,
                               trim_blocks=True, undefined=jinja2.ChainableUndefined)
TEMPLATES.filters |= {"shown": shown, "day": _day}
