"""The web's side of moving a conversation between the web and a phone, by a code; no number leaves the store."""

from __future__ import annotations

from aiohttp import web

from bot.channels.settings import PhoneSettings
from bot.gateway import web_api
from bot.gateway.contacts import CODE_LASTS, Contacts, grouped
from bot.gateway.limits import CODES
from bot.gateway.problems import problem

CONTACTS = web.AppKey("contacts", Contacts)
PHONES = web.AppKey("phones", PhoneSettings)
routes = web.RouteTableDef()


@routes.get("/api/v1/phones")
async def phones(request: web.Request) -> web.Response:
    """The numbers that carers text, by channel; none where there are none."""
    return web.json_response(request.app[PHONES].numbers(), headers={"Cache-Control": "public, max-age=300"})


@routes.post("/api/v1/conversations/{id}/code")
async def give(request: web.Request) -> web.Response:
    """A code to go on with elsewhere, and where."""
    conversation = await web_api.opened(request, request.match_info["id"], web_api.bearer(request))
    now, settings = request.app[web_api.CLOCK].now(), request.app[PHONES]
    code = await request.app[CONTACTS].make_code(conversation.id, now)
    return web.json_response({"code": grouped(code), "expires_at": (now + CODE_LASTS).isoformat(), **settings.numbers()},
                             status=201)


@routes.post("/api/v1/conversations/resume")
async def take(request: web.Request) -> web.Response:
    """Go on here with a conversation from elsewhere: a new token, and everything said so far."""
    who = request.remote or "?"
    if wait := await web_api.held_back(request, CODES, who):
        raise problem(429, "Too many codes from here. Please wait.", {"Retry-After": str(wait)})
    body = await web_api.read_json(request)
    code = body.get("code")
    if not isinstance(code, str):
        raise problem(400, "Send the code as a string.")
    now, store = request.app[web_api.CLOCK].now(), request.app[web_api.STORE]
    conversation_id = await request.app[CONTACTS].use_code(code, now)
    if conversation_id is None:
        raise problem(404, request.app[web_api.BASE].say("phone.code_wrong", now.date()))
    conversation, token = await store.move_to_web(conversation_id)
    lines = await store.lines(conversation_id)
    return web.json_response({"conversation_id": conversation.id, "token": token, **web_api.turn(lines, conversation)})
