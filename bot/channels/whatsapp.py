"""WhatsApp by Twilio: its markup, buttons and lists through the Content API, and its 24 hours."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any

import structlog
from aiohttp import web
from twilio.rest.content.v1.content import ContentList

from bot.channels.channel import Channel, NotSent, Outcome, Received, Say, Status
from bot.channels.numbers import why_refused
from bot.channels.rendering import options_of, whole
from bot.channels.text import LINK, split
from bot.channels.twilio import WHATSAPP, Twilio, asked
from bot.gateway.clock import Clock
from bot.gateway.outgoing import Parcel, mark_of
from bot.knowledge.reply import Message, Option

log = structlog.get_logger()

SOURCES = 2  # of each answer
LONGEST = 1600  # characters of a text, by Twilio
VARIABLE = 255  # characters of a content variable
BUTTONS, TITLE = 3, 20  # reply buttons without an approval, and their titles
ITEMS, ITEM, DESCRIPTION = 10, 24, 72  # of a list
WINDOW = timedelta(hours=24) - timedelta(minutes=5)  # free text after the carer's last message; a little is for the way
WORD_JOINER = "\u2060"
_MARKUP = re.compile(r"(?<!\w)[*_~`](?=\S)")  # where WhatsApp would begin bold, italics, struck out or typewriter
NO_CONTENT = {"20404", "21654", "21655", "21656", "21658", "63005", "63013", "63021", "63028"}  # not the carer's fault
QUICK, LIST = "quick-reply", "list-picker"
VERSION = 1  # of the content made below: another shape is another name


class WhatsApp:
    """WhatsApp messages."""

    name = "whatsapp"
    pause = 0.0
    confirms_stop = True

    def __init__(self, twilio: Twilio, sender: str, template: str, countries: Sequence[str], clock: Clock, say: Say) -> None:
        self._twilio, self._sender, self._template = twilio, WHATSAPP + sender, template
        self._countries, self._clock, self._say = countries, clock, say
        self._contents: dict[str, str] = {}
        self._making = asyncio.Lock()

    def refused(self, address: str) -> str | None:
        """As for text messages; an id that is no number says nothing of a country, and is taken."""
        return why_refused(address, self._countries) if address.startswith("+") else None

    def render(self, messages: Sequence[Message]) -> list[Parcel]:
        """The whole answer, then its options as buttons or a list; by number where there are too many."""
        offered = options_of(messages)
        options = [option.model_dump() for option in offered]
        urgent = any(message.urgent for message in messages)
        *before, last = split(marked_up(whole(messages, self._say, SOURCES)), lambda piece: len(piece) <= LONGEST)
        bodies: list[dict[str, Any]] = [{"text": piece} for piece in before]
        if not offered:
            bodies.append({"text": last})
        elif len(last) <= VARIABLE and "\n" not in last:
            bodies.append({"text": last, **buttons_for(offered)})
        else:
            bodies += [{"text": last}, {"text": self._say("phone.pick"), **buttons_for(offered)}]
        return [Parcel(body, options, urgent=urgent) for body in bodies]

    async def send(self, address: str, body: dict[str, Any], outbound_id: int, wrote_at: datetime) -> str:
        """With buttons where Twilio makes them, else by number; raises `NotSent`, outside the window too."""
        if self._clock.now() - wrote_at > WINDOW:
            raise NotSent(Outcome.WINDOW, "63016")
        labels = body.get("labels", [])
        if body.get("kind"):
            content = await self._content(body["kind"], len(labels))
            try:
                if content:
                    return await self._send(address, outbound_id, content_sid=content,
                                            content_variables=json.dumps(self._variables(body, outbound_id)))
            except NotSent as error:
                if error.code not in NO_CONTENT:
                    raise
                log.warning("no_buttons", code=error.code)
        lines = [f"{number} {label}" for number, label in enumerate(labels, start=1)]
        return await self._send(address, outbound_id, body="\n".join([body["text"], *lines]))

    async def knock(self, address: str, outbound_id: int) -> None:
        """Ask the carer by the approved template to write, which opens the window. Raises `NotSent`."""
        if not self._template:
            raise NotSent(Outcome.GIVE_UP, "no_template")
        await self._send(address, outbound_id, content_sid=self._template)

    async def find(self, address: str, body: dict[str, Any], since: datetime) -> str | None:
        """A message that begins with this text to this address."""
        return await self._twilio.find(WHATSAPP + address, body["text"], since)

    def routes(self, take: Callable[[Channel, Received], Any], report: Callable[[Status], Any]) -> list[web.RouteDef]:
        """Incoming messages and status callbacks."""
        return self._twilio.routes(self, take, report)

    async def open(self) -> None:
        """The account is shared with text messages."""
        await self._twilio.open()

    async def close(self) -> None:
        """Done."""
        await self._twilio.close()

    async def _send(self, address: str, outbound_id: int, **fields: Any) -> str:
        return await self._twilio.send(self.name, outbound_id, self._sender, to=WHATSAPP + address, **fields)

    def _variables(self, body: dict[str, Any], outbound_id: int) -> dict[str, str]:
        """1 is the text; then each option's title and id, and in a list what stands under it."""
        variables, under = [body["text"]], [self._say("phone.tap")] if body["kind"] == LIST else []
        for number, label in enumerate(body["labels"], start=1):
            variables += [label, mark_of(outbound_id, number), *under]
        return {str(place): value for place, value in enumerate(variables, start=1)}

    async def _content(self, kind: str, count: int) -> str | None:
        """The sid of the content with so many options; made once for an account, found again by its name.

        None where Twilio doesn't make it now.
        """
        name = f"signpost-{kind}-{count}-v{VERSION}"
        async with self._making:
            try:
                if not self._contents:
                    found = await asked(self._twilio.contents.list_async(limit=1000))
                    self._contents = {content.friendly_name: content.sid for content in found}
                if name not in self._contents:
                    wanted = ContentList.ContentCreateRequest(content_of(kind, count, name, self._say("phone.list")))
                    self._contents[name] = (await asked(self._twilio.contents.create_async(wanted))).sid
                return self._contents[name]
            except NotSent as error:
                log.warning("no_buttons", code=error.code)
                return None


def marked_up(text: str) -> str:
    """`text` as WhatsApp shows it: an address after its label, and no bold or italics by accident."""
    pieces, at = [], 0
    for link in LINK.finditer(text):
        pieces += [_plain(text[at : link.start()]), f"{_plain(link[1])}: {link[2]}"]
        at = link.end()
    return "".join([*pieces, _plain(text[at:])])


def _plain(text: str) -> str:
    return _MARKUP.sub(lambda sign: sign[0] + WORD_JOINER, text)


def buttons_for(offered: Sequence[Option]) -> dict[str, Any]:
    """Reply buttons for up to three short labels, a list for up to ten, numbers for more."""
    labels = [option.label for option in offered]
    longest = max(map(len, labels))
    if len(labels) <= BUTTONS and longest <= TITLE:
        return {"kind": QUICK, "labels": labels}
    return {"kind": LIST if len(labels) <= ITEMS and longest <= ITEM else None, "labels": labels}


def content_of(kind: str, count: int, name: str, button: str) -> dict[str, Any]:
    """What the Content API is asked to make: everything in it is a variable, so one does for all messages."""
    if kind == QUICK:
        actions = [{"type": "QUICK_REPLY", "title": f"{{{{{2 * n}}}}}", "id": f"{{{{{2 * n + 1}}}}}"}
                   for n in range(1, count + 1)]
        shape: dict[str, Any] = {"body": "{{1}}", "actions": actions}
        last = 2 * count + 1
    else:
        items = [{"item": f"{{{{{3 * n - 1}}}}}", "id": f"{{{{{3 * n}}}}}", "description": f"{{{{{3 * n + 1}}}}}"}
                 for n in range(1, count + 1)]
        shape = {"body": "{{1}}", "button": button, "items": items}
        last = 3 * count + 1
    samples = {str(place): f"sample {place}" for place in range(1, last + 1)}
    return {"friendly_name": name, "language": "en_GB", "variables": samples, "types": {f"twilio/{kind}": shape}}
