"""Text messages by Twilio: the short form first, two segments at a time, options by number."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from aiohttp import web

from bot.channels.channel import Channel, NotSent, Outcome, Received, Say, Status
from bot.channels.numbers import why_refused
from bot.channels.rendering import options_of, sources_of
from bot.channels.text import TWO_SEGMENTS, folded, links_last, segments, short, split
from bot.channels.twilio import Twilio
from bot.gateway.outgoing import Parcel
from bot.knowledge.reply import Message, Option

SOURCES = 1  # of each answer


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
        at_once = 1 + max((number for number, part in enumerate(parts) if part.has_choices), default=0) if urgent else 1
        return [Parcel({"text": part.ended(self._say, last=part is parts[-1])}, options, held=number >= at_once, urgent=urgent)
                for number, part in enumerate(parts)]

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


@dataclass(frozen=True)
class _Part:
    """One text message; how it is asked for MORE depends on what it ends in."""

    text: str
    ending: str = "phone.more"
    has_choices: bool = False

    def ended(self, say: Say, last: bool = False) -> str:
        if last:
            return self.text
        blank = "\n" if "\n" in self.text and self.ending != "phone.or" else " "
        return f"{self.text}{blank}{say(self.ending)}"

    def fits(self, say: Say) -> bool:
        """Whatever follows."""
        return segments(self.ended(say)) <= TWO_SEGMENTS


def _parts(messages: Sequence[Message], offered: Sequence[Option], say: Say) -> list[_Part]:
    brief = "\n\n".join(_plain(message.sms or message.text) for message in messages)
    longs = [_plain(message.text) for message in messages if message.sms]
    longs.append(folded(sources_of(messages, say, SOURCES, lambda source: short(source.url))))
    parts = _split(brief, say)
    if offered:
        parts = _with_choices(parts, offered, say)
    return [*parts, *_split("\n\n".join(filter(None, longs)), say)]


def _with_choices(parts: Sequence[_Part], offered: Sequence[Option], say: Say) -> list[_Part]:
    """The options under the last part: as a list, in one line where a list has no room, else in a part of their own."""
    numbered = [f"{number} {folded(option.label)}" for number, option in enumerate(offered, start=1)]
    under = "\n".join([say("phone.choose"), *numbered])
    *before, last = parts
    short_list = " ".join(line if line.endswith("?") else f"{line}," for line in numbered).rstrip(",")
    ways = [_Part(f"{last.text}\n{under}", "phone.or_more", True),
            _Part(f"{last.text} {say('phone.choose_short', options=short_list)}", "phone.or", True)]
    for way in ways:
        if way.fits(say):
            return [*before, way]
    alone = [_Part(text, "phone.or_more", True) for text in split(under, lambda text: _Part(text, "phone.or_more").fits(say))]
    return [*parts, *alone]


def _split(text: str, say: Say) -> list[_Part]:
    return [_Part(piece) for piece in split(text, lambda piece: _Part(piece).fits(say))]


def _plain(text: str) -> str:
    """`text` for a phone that knows no links: their addresses come last."""
    words, addresses = links_last(text)
    return folded("\n".join([words.strip(), *addresses]).strip())
