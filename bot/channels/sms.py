"""Text messages by Twilio: the short form first, two segments at a time, options by number."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from aiohttp import web

from bot.channels.channel import Channel, NotSent, Outcome, Received, Say, Status
from bot.channels.numbers import why_refused
from bot.channels.rendering import options_of, sources_of
from bot.channels.text import TWO_SEGMENTS, folded, links_last, segments, split
from bot.channels.twilio import Twilio
from bot.gateway.outgoing import Parcel
from bot.knowledge.reply import Message, Option


class Sms:
    """Text messages."""

    name = "sms"
    pause = 0.0
    confirms_stop = False  # Twilio answers STOP itself, and refuses whatever else we send

    def __init__(self, twilio: Twilio, sender: str, countries: Sequence[str], say: Say) -> None:
        self._twilio, self._sender, self._countries, self._say = twilio, sender, countries, say

    def refused(self, address: str) -> str | None:
        """Numbers that are no mobiles of the countries we serve."""
        return why_refused(address, self._countries)

    def render(self, messages: Sequence[Message]) -> list[Parcel]:
        """The reply in parts of two segments: short forms, options, then the whole answers; all but the first are held.

        Danger is the exception: its options are sent at once too.
        """
        offered = options_of(messages)
        parts = _parts(messages, offered, self._say)
        urgent = any(message.urgent for message in messages)
        options = [option.model_dump() for option in offered]
        at_once = 2 if urgent else 1
        return [Parcel({"text": text}, options, held=number >= at_once, urgent=urgent) for number, text in enumerate(parts)]

    async def send(self, address: str, body: dict[str, Any], outbound_id: int, wrote_at: datetime) -> str:
        """By REST; raises `NotSent`."""
        return await self._twilio.send(self.name, outbound_id, self._sender, to=address, body=body["text"])

    async def knock(self, address: str, outbound_id: int) -> None:
        """There is no window."""
        raise NotSent(Outcome.GIVE_UP, "no_window")

    async def find(self, address: str, body: dict[str, Any], since: datetime) -> str | None:
        """A message with this text to this number."""
        return await self._twilio.find(address, body["text"], since)

    def routes(self, take: Callable[[Channel, Received], Any], report: Callable[[Status], Any]) -> list[web.RouteDef]:
        """Incoming messages and status callbacks."""
        return self._twilio.routes(self, take, report)

    async def open(self) -> None:
        """The account is shared with WhatsApp."""
        await self._twilio.open()

    async def close(self) -> None:
        """Done."""
        await self._twilio.close()


def numbered(options: Sequence[Option]) -> list[str]:
    """The options as lines that a carer answers by number."""
    return [f"{number} {folded(option.label)}" for number, option in enumerate(options, start=1)]


def _parts(messages: Sequence[Message], offered: Sequence[Option], say: Say) -> list[str]:
    briefs = [_plain(message.sms or message.text) for message in messages]
    longs = [_plain(message.text) for message in messages if message.sms]
    longs.append(_plain(sources_of(messages, say)))
    choices = "\n".join([say("phone.choose"), *numbered(offered)]) if offered else ""
    first = _packed(["\n\n".join(briefs), choices], say)
    return _with_endings([*first, *_packed(["\n\n".join(text for text in longs if text)], say)], say)


def _plain(text: str) -> str:
    """`text` for a phone that knows no links: their addresses come last."""
    words, addresses = links_last(text)
    return folded("\n".join([words.strip(), *addresses]).strip())


def _packed(blocks: Sequence[str], say: Say) -> list[str]:
    """The blocks in parts that leave room for the ending; two blocks share a part where they fit."""
    parts: list[str] = []
    for block in blocks:
        if parts and block and _fits(f"{parts[-1]}\n{block}", say):
            parts[-1] += f"\n{block}"
        else:
            parts += split(block, lambda text: _fits(text, say))
    return parts


def _fits(text: str, say: Say) -> bool:
    return segments(_ended(text, say)) <= TWO_SEGMENTS


def _ended(text: str, say: Say) -> str:
    """`text` with 'Reply MORE'; after a list on a line of its own."""
    one_line = "\n" not in text
    return f"{text} {say('phone.more')}" if one_line else f"{text}\n{say('phone.or_more')}"


def _with_endings(parts: Sequence[str], say: Say) -> list[str]:
    return [*(_ended(part, say) for part in parts[:-1]), *parts[-1:]]
