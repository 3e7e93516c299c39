"""What the phone channels share: what came in, what a channel can do, and why a message was not sent."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import Any, Literal, Protocol

import structlog
from aiohttp import web

from bot.gateway import web_api
from bot.gateway.limits import FORGED
from bot.gateway.outgoing import Parcel
from bot.gateway.private import METRICS
from bot.knowledge.reply import Message

log = structlog.get_logger()


@dataclass(frozen=True)
class Received:
    """A carer's message, verified, whatever channel it came by."""

    id: str  # the provider's; the same again is the same message
    address: str  # where to answer; never logged
    text: str = ""
    kind: Literal["words", "media", "location"] = "words"  # the latter two came without words
    chosen: str | None = None  # the mark of a button that was tapped
    edits: str | None = None  # the id of the message that this one puts right
    command: str | None = None  # a word of the channel's own, such as Telegram's /stop


class Outcome(Enum):
    """What follows from a message that was not sent."""

    RETRY = "retry"
    OPTED_OUT = "opted_out"  # the network knows of a STOP that we have not seen
    WINDOW = "window"  # WhatsApp's 24 hours are over
    GIVE_UP = "give_up"  # the desk is told


@dataclass(frozen=True)
class Status:
    """What the provider says of a message of ours."""

    outbound_id: int
    provider_id: str
    status: str
    error: str | None = None
    outcome: Outcome | None = None  # what follows where it failed


class NotSent(Exception):
    """The provider did not take a message. `code` is its own, `after` the seconds it asks us to wait.

    `unsure`: it may have taken it all the same, so the next try looks first.
    """

    def __init__(self, outcome: Outcome, code: str, after: float | None = None, unsure: bool = False) -> None:
        super().__init__(f"{outcome.value} {code}")
        self.outcome, self.code, self.after, self.unsure = outcome, code, after, unsure


async def refuse(request: web.Request, provider: str, why: str) -> web.HTTPException:
    """The answer to a webhook that is not the provider's: 403, or 429 for who keeps trying. No signed one comes here."""
    wait = await web_api.held_back(request, FORGED, request.remote or "?")
    if wait:
        return web.HTTPTooManyRequests(headers={"Retry-After": str(wait)})
    request.app[METRICS].refused.labels("forged").inc()
    log.warning("webhook_refused", provider=provider, why=why)
    return web.HTTPForbidden(text=f"Not a request from {provider} for this service.")


Say = Callable[..., str]  # a sentence of words.yml by name, with its places filled


class Channel(Protocol):
    """One way to reach a carer's phone."""

    name: str
    pause: float  # seconds between two messages to one carer
    confirms_stop: bool  # do we answer STOP, or does the network?

    def refused(self, address: str) -> str | None:
        """Why we don't write to this address, or None."""

    def render(self, messages: Sequence[Message]) -> list[Parcel]:
        """A reply as this channel sends it."""

    async def send(self, address: str, body: dict[str, Any], outbound_id: int, wrote_at: datetime) -> str:
        """Hand a parcel's body to the provider; gives its id there. `wrote_at`: the carer's last message. Raises `NotSent`."""

    async def knock(self, address: str, outbound_id: int) -> None:
        """Where free text is not allowed any more, ask the carer to write first. Raises `NotSent`."""

    async def find(self, address: str, body: dict[str, Any], since: datetime) -> str | None:
        """The provider's id of such a message sent since then, where it can be asked."""

    def routes(self, take: Callable[[Channel, Received], Any], report: Callable[[Status], Any]) -> list[web.RouteDef]:
        """Its webhooks, and whom they tell."""

    async def open(self) -> None:
        """Get ready to send."""

    async def close(self) -> None:
        """Done."""
