"""The console's pages: sign in, the queue with a conversation, calls to make, waiting times, the log, figures."""

from __future__ import annotations

import csv
import io
from collections import Counter
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any

import aiohttp_jinja2
import jinja2
from aiohttp import web

from bot.gateway import tallies, web_api
from bot.gateway.acts import act
from bot.gateway.limits import SIGN_INS
from bot.gateway.problems import problem
from bot.helpline import calling_back
from bot.helpline.accounts import NotAllowed
from bot.helpline.door import EVERYBODY, ROOT, SIGN_IN, TALKING, drop_cookie, me, only, set_cookie
from bot.helpline.keys import ACCOUNTS, ACTS, DESK, REPLIES, SIGNED_IN
from bot.helpline.replies import filled
from bot.helpline.report import BANDS, FEW, Quarter, Report, by_number
from bot.helpline.telling import LATELY
from bot.knowledge.opening import UK

TEMPLATES = Path(__file__).parent / "templates"
OUTCOMES = ("answered", "call_arranged", "passed_to_council", "no_reply", "other")
routes = web.RouteTableDef()


def set_up(app: web.Application) -> None:
    """Templates."""
    env = aiohttp_jinja2.setup(app, loader=jinja2.FileSystemLoader(TEMPLATES), autoescape=True, trim_blocks=True,
                               lstrip_blocks=True, undefined=jinja2.StrictUndefined)
    env.filters["uk"] = lambda moment: moment.astimezone(UK)
    env.filters["minutes"] = _minutes


@routes.get(SIGN_IN)
async def sign_in_page(request: web.Request) -> web.Response:
    """Name, password, code."""
    return page(request, "sign_in.html", {"wrong": "", "name": ""})


@routes.post(SIGN_IN)
async def sign_in(request: web.Request) -> web.Response:
    """Start a session; a wrong try says nothing of what was wrong."""
    form = {name: str(value) for name, value in (await request.post()).items()}
    name = form.get("name", "").strip().casefold()
    if wait := await web_api.held_back(request, SIGN_INS, request.remote or "?"):
        raise problem(429, "Too many tries from here. Please wait.", {"Retry-After": str(wait)})
    try:
        _, secret = await request.app[ACCOUNTS].sign_in(name, form.get("password", ""), form.get("code", ""),
                                                        request.app[web_api.CLOCK].now())
    except NotAllowed as refused:
        response = page(request, "sign_in.html", {"wrong": "locked" if refused.locked else "wrong", "name": name})
        response.set_status(401)
        return response
    response = web.Response(status=303, headers={"Location": ROOT})
    set_cookie(request, response, secret)
    return response


@routes.post(f"{ROOT}/sign-out")
@only(*EVERYBODY)
async def sign_out(request: web.Request) -> web.Response:
    """End the session."""
    await request.app[ACCOUNTS].sign_out(request[SIGNED_IN], request.app[web_api.CLOCK].now())
    response = web.Response(status=303, headers={"Location": SIGN_IN})
    drop_cookie(response)
    return response


@routes.get(ROOT)
@only(*EVERYBODY)
async def start(request: web.Request) -> web.Response:
    """The queue, with nothing opened."""
    if me(request).role == "editor":
        raise web.HTTPSeeOther(f"{ROOT}/figures")
    return _desk(request, None)


@routes.get(f"{ROOT}/conversations/{{id}}")
@only(*TALKING)
async def conversation(request: web.Request) -> web.Response:
    """The queue beside a conversation; that it was read goes into the log."""
    conversation_id = request.match_info["id"]
    if await request.app[web_api.STORE].conversation(conversation_id) is None:
        response = page(request, "gone.html", {})
        response.set_status(404)
        return response
    await request.app[ACCOUNTS].note(me(request).id, "read", conversation_id, request.app[web_api.CLOCK].now())
    return _desk(request, conversation_id)


def _desk(request: web.Request, conversation_id: str | None) -> web.Response:
    base, on = request.app[web_api.BASE], request.app[web_api.CLOCK].now().date()
    called = web_api.called(base, on)
    saved = [filled(reply, base, me(request).name, on) for reply in request.app[REPLIES]]
    topics = sorted((topic.title, name) for name, topic in base.topics.items())
    return page(request, "desk.html", {"conversation_id": conversation_id, "saved": saved, "topics": topics,
                                        "outcomes": OUTCOMES, **called})


@routes.get(f"{ROOT}/calls")
@only(*TALKING)
async def calls(request: web.Request) -> web.Response:
    """Whom to ring: the number, when, under which name. Reading it goes into the log."""
    desk, now = request.app[DESK], request.app[web_api.CLOCK].now()
    rows = []
    for case, conversation in await desk.cases.all():
        if case.call_back and calling_back.complete(case.call_back):
            await request.app[ACCOUNTS].note(me(request).id, "read_number", case.conversation_id, now)
            rows.append({"id": case.conversation_id, "urgent": case.urgent, "since": case.since, "told": case.call_back,
                         "number": desk.opened(case.call_back["number"]), "channel": conversation.channel})
    return page(request, "calls.html", {"rows": rows})


@routes.get(f"{ROOT}/supervisor")
@only("supervisor")
async def supervisor(request: web.Request) -> web.Response:
    """Who waits how long, who has what, how long people waited lately."""
    app, now = request.app, request.app[web_api.CLOCK].now()
    cases = await app[DESK].cases.all()
    staff = {account.id: account for account in await app[ACCOUNTS].all()}
    waits = await app[DESK].cases.waits(now - LATELY)
    handled = await app[DESK].cases.all_handled(now - LATELY)
    rows = [{"case": case, "channel": conversation.channel, "label": conversation.id[-4:].upper(),
             "waited": (case.claimed_at or now) - case.since,
             "who": staff[case.staff_id].name if case.staff_id in staff else case.staff_id}
            for case, conversation in cases]
    return page(request, "supervisor.html", {
        "rows": rows, "team": list(staff.values()), "now": now,
        "present": await app[ACCOUNTS].here(now - app[DESK].seen_within),
        "median": waits[len(waits) // 2] if waits else None, "worst": waits[int(len(waits) * .9)] if waits else None,
        "outcomes": Counter(one.outcome for one in handled).most_common()})


@routes.get(f"{ROOT}/log")
@only("supervisor")
async def log_page(request: web.Request) -> web.Response:
    """Who read and did what, the newest first."""
    return page(request, "log.html", {"entries": await request.app[ACCOUNTS].log()})


@routes.get(f"{ROOT}/figures")
@only("supervisor", "editor")
async def figures(request: web.Request) -> web.Response:
    """What editors need: entries that carers marked as wrong, the most often first."""
    async with request.app[web_api.STORE].session() as session:
        wrong = await tallies.most(session, tallies.WRONG, 50)
    return page(request, "figures.html", {"wrong": wrong, "few": FEW})


@routes.get(f"{ROOT}/report")
@only("supervisor")
async def report_page(request: web.Request) -> web.Response:
    """What carers needed in a quarter, and how it went: of all, of one council or of one arrangement."""
    base, today = request.app[web_api.BASE], request.app[web_api.CLOCK].now().astimezone(UK).date()
    quarter, quarters = await _quarters(request, today)
    dimension, _, one = request.query.get("of", "").partition(":")
    called = web_api.called(base, today)
    arrangements = called["arrangements"].items()
    names = {"authority": {"": "Not said", **called["authorities"]},
             "arrangement": {"": "Not said", **{each: f"{name[:1].upper()}{name[1:]}" for each, name in arrangements}}}
    if not one or one not in names.get(dimension, {}):
        dimension = one = ""
    return page(request, "report.html", {
        "report": await _report(request, quarter), "quarter": quarter, "quarters": quarters, "weeks": quarter.weeks(today),
        "dimension": dimension, "one": one, "names": names, "few": FEW, "by_number": by_number, "bands": BANDS,
        "topics": {name: topic.title for name, topic in base.topics.items()}})


@routes.get(f"{ROOT}/report.csv")
@only("supervisor")
async def report_csv(request: web.Request) -> web.Response:
    """The same for a spreadsheet: every number that the page shows for any council and arrangement."""
    quarter, _ = await _quarters(request, request.app[web_api.CLOCK].now().astimezone(UK).date())
    written = io.StringIO()
    await request.app[ACTS].keep(act(me(request).id, "report_downloaded", request.app[web_api.CLOCK].now(), str(quarter)))
    rows = csv.writer(written)
    rows.writerow(["figure", "week", "of", "council", "arrangement", "conversations"])
    rows.writerows((await _report(request, quarter)).rows())
    return web.Response(text=written.getvalue(), content_type="text/csv", charset="utf-8", headers={
        "Content-Disposition": f"attachment; filename=kinship-signpost-{quarter}.csv"})


async def _quarters(request: web.Request, today: date) -> tuple[Quarter, list[Quarter]]:
    """The quarter that is asked for, and all there are figures of, the newest first."""
    async with request.app[web_api.STORE].session() as session:
        first = await tallies.first_week(session)
    known = [Quarter.of(today)]
    one = Quarter.of(first or today)
    while one < known[0]:
        known.insert(1, one)
        one = one.next
    asked = request.query.get("quarter", "")
    return next((quarter for quarter in known if str(quarter) == asked), known[0]), known


async def _report(request: web.Request, quarter: Quarter) -> Report:
    async with request.app[web_api.STORE].session() as session:
        counted = await tallies.between(session, quarter.start, quarter.until)
    begins = datetime.combine(quarter.start, time(), UK)
    handled = await request.app[DESK].cases.all_handled(begins)
    return Report(counted, [one for one in handled if one.at.astimezone(UK).date() < quarter.until])


def page(request: web.Request, template: str, values: dict[str, Any]) -> web.Response:
    signed_in = request.get(SIGNED_IN)
    shared = {"staff": signed_in.staff if signed_in else None, "csrf": signed_in.session.csrf if signed_in else "",
              "here": signed_in.session.here if signed_in else False, "path": request.path}
    response: web.Response = aiohttp_jinja2.render_template(template, request, shared | values)
    return response


def _minutes(length: Any) -> str:
    seconds = int(length.total_seconds() if isinstance(length, timedelta) else length)
    hours, minutes = divmod(seconds // 60, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min"
