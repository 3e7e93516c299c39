"""The console's pages about the service itself: channels off and on, who did what to it, and 'delete my data' by staff."""

from __future__ import annotations

from typing import Any

from aiohttp import web

from bot.gateway import web_api
from bot.gateway.acts import act
from bot.gateway.problems import problem
from bot.gateway.switches import CHANNELS
from bot.helpline.console import page
from bot.helpline.door import ROOT, TALKING, me, only
from bot.helpline.forgetting import NoNumber, forget_number, read
from bot.helpline.keys import ACTS, ADDRESSES, DESK

LONGEST = 500  # characters of a note
SERVICE, FORGET = f"{ROOT}/service", f"{ROOT}/forget"
routes = web.RouteTableDef()


@routes.get(SERVICE)
@only("supervisor")
async def service(request: web.Request) -> web.Response:
    """The channels with their switches, and the log of administrative acts."""
    return await _service(request, "")


async def _service(request: web.Request, wrong: str) -> web.Response:
    return page(request, "service.html", {"switches": await request.app[web_api.SWITCHES].all(), "wrong": wrong,
                                          "acts": await request.app[ACTS].newest()})


@routes.post(f"{SERVICE}/switch")
@only("supervisor")
async def switch(request: web.Request) -> web.Response:
    """Switch a channel off or on; the note says why."""
    form = await request.post()
    channel, note = str(form.get("channel")), web_api.readable(str(form.get("note") or ""))[:LONGEST]
    if channel not in CHANNELS or form.get("to") not in ("off", "on"):
        raise problem(422, "There is no such channel.")
    if not note:
        return await _service(request, "Write why, for whoever looks at this later.")
    await request.app[web_api.SWITCHES].set(channel, form["to"] == "off", me(request).id, note,
                                            request.app[web_api.CLOCK].now())
    raise web.HTTPSeeOther(SERVICE)


@routes.get(FORGET)
@only(*TALKING)
async def forget_page(request: web.Request) -> web.Response:
    """A number to type in."""
    return page(request, "forget.html", {"wrong": "", "gone": None})


@routes.post(FORGET)
@only(*TALKING)
async def forget_typed(request: web.Request) -> web.Response:
    """Everything of the number goes, from every table. The number itself is kept nowhere."""
    form = await request.post()
    shown: dict[str, Any] = {"wrong": "", "gone": None}
    try:
        number = read(str(form.get("number") or "")[:40])
    except NoNumber:
        return page(request, "forget.html", shown | {"wrong": "That isn't a phone number."})
    if not form.get("sure"):
        return page(request, "forget.html", shown | {"wrong": "Tick the box: it can't be undone."})
    app = request.app
    done = act(me(request).id, "deleted_by_number", app[web_api.CLOCK].now())
    gone = await forget_number(app[web_api.STORE], app[ADDRESSES], number, done)
    for conversation_id in gone:
        app[web_api.WAKEUPS].wake(conversation_id)
    return page(request, "forget.html", shown | {"gone": len(gone)})


@routes.post(f"{ROOT}/conversations/{{id}}/forget")
@only(*TALKING)
async def forget_conversation(request: web.Request) -> web.Response:
    """Everything of a conversation goes, for whoever has it, or a supervisor."""
    conversation_id, app = request.match_info["id"], request.app
    if await app[web_api.STORE].conversation(conversation_id) is None:
        raise problem(404, "This conversation was deleted.")
    case = await app[DESK].cases.get(conversation_id)
    if me(request).role != "supervisor" and (case is None or case.staff_id != me(request).id):
        raise problem(409, "Take the conversation first.")
    await app[web_api.STORE].forget(conversation_id, act(me(request).id, "deleted_conversation", app[web_api.CLOCK].now()))
    app[web_api.WAKEUPS].wake(conversation_id)
    return web.Response(status=204)
