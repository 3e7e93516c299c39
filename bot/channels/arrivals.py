"""A message from a phone, whatever channel it came by: checked, read, kept; then answered behind the provider's back."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

import structlog

from bot.channels.channel import Channel, Received
from bot.channels.numbers import PREMIUM
from bot.channels.reading import Reading, chosen, obeyed, read
from bot.channels.words import TOPIC, Obeyed
from bot.gateway.addresses import Addresses
from bot.gateway.clock import Clock
from bot.gateway.contacts import Arriving, Contacts
from bot.gateway.limits import MESSAGES, Limits
from bot.gateway.metrics import Metrics
from bot.gateway.outgoing import OBEYED, Outgoing, Shown
from bot.gateway.store import HELPLINE, Store
from bot.gateway.tables import Contact, Conversation, Inbound
from bot.gateway.turns import Turns
from bot.gateway.web_api import readable
from bot.knowledge.reply import Message

log = structlog.get_logger()

MOST_WELCOMED = 10_000


@dataclass
class Arrivals:
    """`take` returns once the message is kept, so that the provider can be answered."""

    store: Store
    turns: Turns
    contacts: Contacts
    outgoing: Outgoing
    addresses: Addresses
    clock: Clock
    limits: Limits
    obeyed: Obeyed
    join_seconds: float
    metrics: Metrics
    _taking: dict[tuple[str, str], asyncio.Future[None]] = field(default_factory=dict)
    _seeing: set[asyncio.Task[None]] = field(default_factory=set)
    _welcomed: dict[tuple[str, str], None] = field(default_factory=dict)  # messages that are not kept yet

    async def take(self, channel: Channel, received: Received) -> None:
        """Keep the message and see to it, once; a repeat waits until the first is kept.

        Nothing is kept of a number that we refuse, but for danger.
        """
        if not received.id or not received.address:
            return
        contact_id = self.addresses.pseudonym(channel.name, received.address)
        provider_id = f"{contact_id[:16]}:{received.id}"
        if under_way := self._taking.get((channel.name, provider_id)):
            await asyncio.shield(under_way)
            return
        taking = asyncio.ensure_future(self._take(channel, received, contact_id, provider_id))
        began = time.perf_counter()
        self._taking[channel.name, provider_id] = taking
        try:
            await asyncio.shield(taking)  # a provider that hangs up does not undo it
            self.metrics.kept_seconds.labels(channel.name).observe(time.perf_counter() - began)
        finally:
            self._taking.pop((channel.name, provider_id), None)

    async def _take(self, channel: Channel, received: Received, contact_id: str, provider_id: str) -> None:
        if await self.store.knows(channel.name, provider_id):
            return
        received = replace(received, text=readable(received.text))
        key = channel.name, provider_id
        if key not in self._welcomed and not await self._welcome(channel, received, contact_id):
            return
        self._welcomed[key] = None  # where it can't be kept now, the next try counts for no other
        if len(self._welcomed) > MOST_WELCOMED:
            del self._welcomed[next(iter(self._welcomed))]
        # an edit that speaks of danger is a message of its own: it is looked at, and answered at once
        if received.edits and not await self.turns.alarming(received.text) and await self.store.reword(
                channel.name, f"{contact_id[:16]}:{received.edits}", received.text):
            return
        tapped = await self.outgoing.option(received.chosen, contact_id) if received.chosen else None
        message = Arriving(contact_id, channel.name, self.addresses.seal(received.address), provider_id, self.clock.now(),
                           self.join_seconds)
        arrived = await self.contacts.arrive(message, partial(_read, received, tapped))
        self._welcomed.pop(key, None)
        if arrived:
            await self._see_to(arrived.conversation, arrived.inbound, arrived.new)

    async def stop(self) -> None:
        """Finish keeping what came in; leave the rest for the next start."""
        await asyncio.gather(*self._taking.values(), return_exceptions=True)
        await asyncio.gather(*self._seeing, return_exceptions=True)

    async def _welcome(self, channel: Channel, received: Received, contact_id: str) -> bool:
        """Do we take it? Neither a foreign number nor a flood of messages keeps danger out, nor STOP."""
        reason = channel.refused(received.address)
        if reason is None and not await self.limits.wait(MESSAGES, contact_id):
            return True
        urgent = await self.turns.alarming(received.text) or read(received.text, Shown()).command == obeyed("stop")
        if urgent and reason != PREMIUM:
            return True
        self.metrics.refused.labels(reason or "too_many").inc()
        log.warning("refused", channel=channel.name, why=reason or "too_many")
        return False

    async def _see_to(self, conversation: Conversation, inbound: Inbound, new: bool) -> None:
        self.turns.told(conversation.id, None)
        if inbound.command is not None and inbound.command.startswith(OBEYED):
            await self.turns.see_to(conversation, inbound)  # STOP is honoured before the provider has its answer
            return
        # who we are, what we keep, how to stop us
        hello = [Message(text=self.obeyed.say("phone.hello"), topics=[TOPIC])] if new else []
        task = asyncio.create_task(self.turns.see_to(conversation, inbound, hello))
        self._seeing.add(task)
        task.add_done_callback(self._seeing.discard)


def _read(received: Received, tapped: dict[str, Any] | None, contact: Contact, conversation: Conversation,
          shown: Shown) -> tuple[str, str | None]:
    """What the message means: its text and its command. `tapped`: the option of the button that was tapped."""
    if received.command:
        reading = Reading(received.text, obeyed(*received.command.split(" ", 1)))
    elif tapped:
        reading = chosen(tapped)
    elif received.kind != "words" and not received.text:
        reading = Reading("", obeyed(received.kind))
    else:
        reading = read(received.text, shown, opted_out=contact.opted_out_at is not None, more=shown.more,
                       numbers=conversation.mode != HELPLINE)
    return reading.text, reading.command
