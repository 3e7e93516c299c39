"""What the console's pages ask for: the list and a conversation as they change, and everything an adviser does there."""

from __future__ import annotations

import asyncio
import contextlib
import json
import re
from datetime import timedelta
from typing import Any

from aiohttp import web
from aiohttp_sse import sse_response

from bot.gateway import web_api
from bot.gateway.problems import problem
from bot.gateway.tables import Conversation, Line
from bot.helpline import searching
from bot.helpline.cases import NotYours
from bot.helpline.console import OUTCOMES
from bot.helpline.door import EVERYBODY, ROOT, TALKING, me, only
from bot.helpline.keys import ACCOUNTS, BOARD, DESK, SIGNED_IN
from bot.helpline.telling import TOPIC
from bot.knowledge.reply import Message
from bot.knowledge.situation import Situation

CASE = f"{ROOT}/conversations/{{id}}"
LOOKED_AFTER = "previously_looked_after"
OLDEST, MOST_CHILDREN, MOST_NEEDS = 25, 12, 6  # years, children, topics
LONGEST = 4000  # characters of a message or note
KEY = re.compile(r"[\w.:-]{8,80}")
TICK = 15.0  # seconds between two signs of life of an open page
SEEN_EVERY = timedelta(seconds=5)  # at most
routes = web.RouteTableDef()


@routes.get(f"{ROOT}/events")
@only(*TALKING)
async def events(request: web.Request) -> web.StreamResponse:
    """The list: first all of it, then what has changed; an open stream is what 'seen' means."""
    board, sent, about, clock = request.app[BOARD], dict[str, str](), "", request.app[web_api.CLOCK]
    seen_at = None
    async with sse_response(request) as stream:
        with board.listening() as changed:
            await board.make()  # where nobody looked, nobody made it
            while stream.is_connected() and not request.app[web_api.WAKEUPS].closed:
                changed.clear()
                news = {one: item for one, item in board.items.items() if sent.get(one) != item}
                gone = [one for one in sent if one not in board.items]
                if news or gone or board.about != about:
                    sent, about = dict(board.items), board.about
                    told = json.dumps({"gone": gone, "now": clock.now().isoformat()})
                    body = f'{{"items": [{",".join(news.values())}], "desk": {about}, {told[1:]}'
                    await stream.send(body, event="list")
                if seen_at is None or clock.now() - seen_at > SEEN_EVERY:  # not a write for each change of the list
                    seen_at = clock.now()
                    if not await request.app[ACCOUNTS].seen(request[SIGNED_IN], seen_at):
                        break
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(changed.wait(), TICK)
    return stream


@routes.get(f"{CASE}/events")
@only(*TALKING)
async def conversation_events(request: web.Request) -> web.StreamResponse:
    """Lines from the one after `Last-Event-ID`, the card whenever it changes, and whether the carer is typing."""
    app, conversation_id = request.app, request.match_info["id"]
    last = request.headers.get("Last-Event-ID", "0")
    after, card = int(last) if last.isdecimal() and len(last) < 16 else 0, ""
    async with sse_response(request) as stream, app[web_api.WAKEUPS].listening(conversation_id) as woken:
        while stream.is_connected() and not app[web_api.WAKEUPS].closed:
            woken.clear()
            conversation = await app[web_api.STORE].conversation(conversation_id)
            if conversation is None:
                await stream.send("{}", event="gone")
                break
            for line in await app[web_api.STORE].lines(conversation_id, after=after):
                after = line.id
                await stream.send(json.dumps(_line(line), ensure_ascii=False), id=str(line.id), event="line")
            now = json.dumps(await _card(request, conversation), ensure_ascii=False)
            if now != card:
                card = now
                await stream.send(card, event="card")
            if app[web_api.TYPING].carer(conversation_id):
                await stream.send("{}", event="typing")
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(woken.wait(), TICK)
    return stream


def _line(line: Line) -> dict[str, Any]:
    answers = [{"entry": a["entry"], "topic": a["topic"], "sources": a["sources"], "checked_on": a["checked_on"]}
               for a in line.body.get("answers", [])]
    return {"id": line.id, "from": line.sender, "by": line.body.get("by"), "text": line.text, "at": line.at.isoformat(),
            "answers": answers, "options": [o["label"] for o in line.body.get("options", [])],
            "urgent": line.body.get("urgent", False), "feedback": line.body.get("feedback")}


async def _card(request: web.Request, conversation: Conversation) -> dict[str, Any]:
    """Who she is as far as we know, how sure we are, and who has her."""
    app, slots = request.app, conversation.slots
    case = await app[DESK].cases.get(conversation.id)
    contact = await app[web_api.STORE].phone_of(conversation)
    staff = {account.id: account.name for account in await app[ACCOUNTS].all()}
    topics, children = app[web_api.BASE].topics, app[web_api.BASE].children
    needs = [{"topic": one, "title": topics[one].title} for one in slots.get("recent") or [] if one in topics]
    notes = [{"text": note.text, "by": staff.get(note.staff_id, note.staff_id), "at": note.at.isoformat()}
             for note in await app[DESK].cases.notes(conversation.id)]
    worked_out = slots.get("told") is not None and slots.get("told") == slots.get("arrangement")
    return {
        "mode": conversation.mode, "channel": conversation.channel, "urgent": bool(case and case.urgent),
        "reason": case.reason if case else None, "since": case.since.isoformat() if case else None,
        "staff_id": case.staff_id if case else None, "unanswered": case.unanswered_since.isoformat()
        if case and case.unanswered_since else None,
        "staff": staff.get(case.staff_id or "", case.staff_id) if case else None, "colleagues": await _colleagues(request),
        "wrote_at": contact.last_at.isoformat() if contact else None,
        "child": children.get(slots.get("child") or "") if slots.get("children") else None,  # of several
        "needs": needs, "notes": notes, "sure": "worked_out" if worked_out else "told",
        "facts": {"arrangement": slots.get("arrangement"), "authority": slots.get("authority"),
                  "child_age": slots.get("child_age") or [], "relationship": slots.get("relationship"),
                  LOOKED_AFTER: _looked_after(slots)},
        "opted_out": bool(contact and contact.opted_out_at)}


async def _colleagues(request: web.Request) -> list[dict[str, str]]:
    here = await request.app[ACCOUNTS].here(request.app[web_api.CLOCK].now() - request.app[DESK].seen_within)
    return [{"id": one.id, "name": one.name} for one in await request.app[ACCOUNTS].all()
            if one.id in here and one.id != me(request).id]


@routes.post(f"{ROOT}/here")
@only(*TALKING)
async def here(request: web.Request) -> web.Response:
    """'I take conversations', or not for now."""
    wanted = (await web_api.read_json(request)).get("here") is True
    await request.app[ACCOUNTS].set_here(request[SIGNED_IN], wanted, request.app[web_api.CLOCK].now())
    _changed(request, "")
    return web.json_response({"here": wanted})


@routes.post(f"{CASE}/claim")
@only(*TALKING)
async def claim(request: web.Request) -> web.Response:
    """Take it. 409 where somebody else has it."""
    try:
        taken = await request.app[DESK].claim(request.match_info["id"], me(request).id, me(request).name)
    except (LookupError, NotYours) as error:
        raise problem(404, "This conversation was deleted.") from error
    if not taken:
        raise problem(409, "A colleague was faster.")
    return _done()


@routes.post(f"{CASE}/reply")
@only(*TALKING)
async def reply(request: web.Request) -> web.Response:
    """A message to the carer."""
    body = await web_api.read_json(request)
    message = Message(text=_text(body), topics=[TOPIC])
    return await _say(request, _key(body), message)


@routes.post(f"{CASE}/entry")
@only(*TALKING)
async def send_entry(request: web.Request) -> web.Response:
    """A part of a topic as the knowledge base has it, with its sources."""
    body = await web_api.read_json(request)
    situation = await _situation(request, body)
    message = searching.entry(request.app[web_api.BASE], str(body.get("topic")), str(body.get("facet")), situation)
    if message is None:
        raise problem(404, "There is no such entry for this carer.")
    return await _say(request, _key(body), message)


async def _say(request: web.Request, key: str, message: Message) -> web.Response:
    with _own():
        line = await request.app[DESK].reply(request.match_info["id"], me(request).id, me(request).name, key, message)
    request.app[web_api.TYPING].adviser_stopped(request.match_info["id"])
    return web.json_response({"line": line})


@routes.post(f"{CASE}/typing")
@only(*TALKING)
async def typing(request: web.Request) -> web.Response:
    """The adviser is typing; the carer's page shows it for a moment."""
    case = await request.app[DESK].cases.get(request.match_info["id"])
    if case and case.staff_id == me(request).id:
        request.app[web_api.TYPING].adviser_types(request.match_info["id"])
    return _done()


@routes.post(f"{CASE}/note")
@only(*TALKING)
async def add_note(request: web.Request) -> web.Response:
    """A private note."""
    text = _text(await web_api.read_json(request))
    if await request.app[web_api.STORE].conversation(request.match_info["id"]) is None:
        raise problem(404, "This conversation was deleted.")
    await request.app[DESK].cases.add_note(request.match_info["id"], me(request).id, text, request.app[web_api.CLOCK].now())
    _changed(request, request.match_info["id"])
    return _done()


@routes.post(f"{CASE}/facts")
@only(*TALKING)
async def facts(request: web.Request) -> web.Response:
    """Put right what the assistant knows of her, or whether it is danger."""
    body = await web_api.read_json(request)
    urgent = body.pop("urgent", None)
    if urgent not in (None, True, False):
        raise problem(422, "urgent can't be that.")
    changed = _facts(request, body)
    with _own():
        await request.app[DESK].cases.set_facts(request.match_info["id"], me(request).id, changed,
                                                request.app[web_api.CLOCK].now(), urgent)
    _changed(request, request.match_info["id"])
    return _done()


def _facts(request: web.Request, body: dict[str, Any]) -> dict[str, Any]:
    called = web_api.called(request.app[web_api.BASE], request.app[web_api.CLOCK].now().date())
    allowed = {"arrangement": "arrangements", "authority": "authorities", "relationship": "relationships"}
    found: dict[str, Any] = _needs(request, body.pop("needs")) if "needs" in body else {}
    for name, value in body.items():
        named = name in allowed and (value is None or value in called[allowed[name]])
        if not (named or (name == "child_age" and _ages(value)) or (name == LOOKED_AFTER and value in (None, True, False))):
            raise problem(422, f"{name} can't be that.")
        found[name] = value
    return found | ({"told": None} if "arrangement" in found else {})


def _needs(request: web.Request, value: object) -> dict[str, Any]:
    """What she has asked about, the latest first, as the assistant remembers it."""
    topics = request.app[web_api.BASE].topics
    if not isinstance(value, list) or len(value) > MOST_NEEDS or any(one not in topics for one in map(str, value)):
        raise problem(422, "needs can't be that.")
    return {"recent": value, "topic": value[0] if value else None, "facet": "answer" if value else None}


def _ages(value: object) -> bool:
    return isinstance(value, list) and len(value) <= MOST_CHILDREN and all(
        type(age) is int and 0 <= age <= OLDEST for age in value)


@routes.post(f"{CASE}/transfer")
@only(*TALKING)
async def transfer(request: web.Request) -> web.Response:
    """To a colleague who is here, or back into the queue."""
    taker = (await web_api.read_json(request)).get("to") or None
    names = {one["id"]: one["name"] for one in await _colleagues(request)}
    if taker is not None and taker not in names:
        raise problem(409, "That colleague isn't here any more.")
    with _own():
        await request.app[DESK].transfer(request.match_info["id"], me(request).id, me(request).name, taker,
                                         names.get(taker or "", ""))
    return _done()


@routes.post(f"{CASE}/close")
@only(*TALKING)
async def close(request: web.Request) -> web.Response:
    """Done: an outcome, perhaps a note, and the assistant goes on."""
    body = await web_api.read_json(request)
    outcome, note = body.get("outcome"), str(body.get("note") or "").strip()[:LONGEST]
    if outcome not in OUTCOMES:
        raise problem(422, "Choose an outcome.")
    with _own():
        await request.app[DESK].hand_back(request.match_info["id"], me(request).id, me(request).name, outcome, note)
    return _done()


@routes.post(f"{ROOT}/calls/{{id}}")
@only(*TALKING)
async def called_back(request: web.Request) -> web.Response:
    """A call was made: the case is over, and the number is forgotten with it."""
    form = await request.post()
    conversation_id, desk = request.match_info["id"], request.app[DESK]
    outcome = str(form.get("outcome"))
    if outcome not in OUTCOMES:
        raise problem(422, "Choose an outcome.")
    with _own():
        await desk.call_made(conversation_id, me(request).id, outcome)
    raise web.HTTPSeeOther(f"{ROOT}/calls")


@routes.get(f"{ROOT}/knowledge")
@only(*EVERYBODY)
async def knowledge(request: web.Request) -> web.Response:
    """Entries by words, topic, council and arrangement."""
    situation = await _situation(request, dict(request.query))
    found = searching.search(request.app[web_api.BASE], request.query.get("q", "")[:200], request.query.get("topic", ""),
                             situation)
    return web.json_response({"topics": found})


async def _situation(request: web.Request, given: dict[str, Any]) -> Situation:
    """Whom an entry is for: the carer of the conversation, but for what is given."""
    conversation = await request.app[web_api.STORE].conversation(str(request.match_info.get("id") or given.get("id") or ""))
    slots = conversation.slots if conversation else {}
    council = given.get("council", slots.get("authority"))
    arrangement = given.get("arrangement", slots.get("arrangement"))
    return Situation(on=request.app[web_api.CLOCK].now().date(), arrangement=arrangement or None, authority=council or None,
                     previously_looked_after=_looked_after(slots),
                     ages=tuple(slots.get("child_age") or ()))


def _looked_after(slots: dict[str, Any]) -> bool | None:
    """None where she hasn't said."""
    said = slots.get(LOOKED_AFTER)
    return None if said is None else str(said) == "True"


def _text(body: dict[str, Any]) -> str:
    text = web_api.readable(str(body.get("text") or ""))
    if not text:
        raise problem(422, "Write something first.")
    if len(text) > LONGEST:
        raise problem(413, f"That is over {LONGEST} characters.")
    return text


def _key(body: dict[str, Any]) -> str:
    key = body.get("key")
    if not (isinstance(key, str) and KEY.fullmatch(key)):
        raise problem(400, "key has to be 8 to 80 letters, digits or . : - _")
    return key


@contextlib.contextmanager
def _own() -> Any:
    try:
        yield
    except NotYours as error:
        raise problem(409, "You haven't got this conversation any more.") from error


def _changed(request: web.Request, conversation_id: str) -> None:
    request.app[web_api.WAKEUPS].wake(conversation_id)


def _done() -> web.Response:
    return web.Response(status=204)
