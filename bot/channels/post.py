"""Sends what is on its way: in order, once, with growing pauses, and never after STOP. Obeys STOP, MORE and the like."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

import structlog

from bot.channels.channel import Channel, NotSent, Outcome, Status
from bot.channels.words import Obeyed
from bot.gateway import left_behind
from bot.gateway.addresses import Addresses, AddressKeysWrong
from bot.gateway.clock import Clock
from bot.gateway.contacts import Contacts
from bot.gateway.events import Wakeups
from bot.gateway.metrics import Metrics
from bot.gateway.outgoing import FAILED, OPENING, SENDING, SENT, STOPPED, WAITING, Outgoing, Parcel
from bot.gateway.store import Store
from bot.gateway.tables import Contact, Conversation, Inbound, Outbound
from bot.knowledge.reply import Message

log = structlog.get_logger()

# seconds between tries, an hour and a quarter in all; then the desk is told
PAUSES = (1, 3, 10, 30, 60, 180, 300, *(600,) * 6)
ABANDONED = timedelta(seconds=15)  # a row being sent for longer belonged to a process that is gone
CLOCKS_DIFFER = timedelta(seconds=5)  # ours and the provider's
UNSURE = "unsure"  # the last try may have come through
FINISH = 3.0  # seconds for what is on the wire when the gateway stops
POST = "post"  # told to other gateways: there is something for a carer
STUCK = 2.0  # seconds until the next look when the database fails


class Post:
    """One for all phone channels."""

    def __init__(self, channels: Mapping[str, Channel], store: Store, contacts: Contacts, outgoing: Outgoing,
                 addresses: Addresses, clock: Clock, obeyed: Obeyed, wakeups: Wakeups,
                 metrics: Metrics) -> None:
        self._channels, self._store, self._contacts, self._outgoing = channels, store, contacts, outgoing
        self._addresses, self._clock, self._obeyed = addresses, clock, obeyed
        self._metrics = metrics
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._news: dict[str, asyncio.Event] = {}
        self._untold: set[str] = set()  # for these something was put here, of which no other gateway knows
        self._sending: set[str] = set()
        self._open = False
        self._wakeups = wakeups
        wakeups.on(POST, self._see_to)

    async def open(self) -> None:
        """Start sending; first of all what an earlier run left."""
        for channel in self._channels.values():
            await channel.open()
        self._open = True
        for contact_id in await self._outgoing.contacts_waiting():
            self._see_to(contact_id)

    async def watch(self) -> None:
        """Send what another gateway left, until cancelled."""

        async def waiting() -> set[str]:
            return set(await self._outgoing.contacts_waiting()) - self._tasks.keys()

        async def take_up(contact_id: str) -> None:
            self._see_to(contact_id)

        await left_behind.watch(waiting, take_up)

    async def close(self) -> None:
        """Stop sending, but for what is on the wire; the next run goes on."""
        self._open = False
        tasks = dict(self._tasks)
        if sending := [tasks[contact_id] for contact_id in self._sending & tasks.keys()]:
            await asyncio.wait(sending, timeout=FINISH)
        for task in tasks.values():
            task.cancel()
        await asyncio.gather(*tasks.values(), return_exceptions=True)
        for channel in self._channels.values():
            await channel.close()

    def pack(self, channel: str, messages: Sequence[Message]) -> list[Parcel]:
        """The messages as `channel` sends them."""
        return self._channels[channel].render(messages) if messages and channel in self._channels else []

    def deliver(self, contact_id: str) -> None:
        """See that whatever waits for the contact is sent, by whichever gateway is at it."""
        if self._open:  # else `open` will
            self._untold.add(contact_id)
            self._see_to(contact_id)

    def _see_to(self, contact_id: str) -> None:
        """The same for what another gateway told or left. It isn't told any further: three would go on telling each other."""
        if not self._open:
            return
        self._news.setdefault(contact_id, asyncio.Event()).set()
        if contact_id not in self._tasks:
            self._tasks[contact_id] = asyncio.create_task(self._drain(contact_id))

    async def obey(self, conversation: Conversation, inbound: Inbound) -> None:
        """Do what STOP, MORE and the like ask for."""
        if inbound.contact_id is None:
            return
        channel = self._channels[inbound.channel]
        messages, farewell = await self._obeyed.obey(conversation, inbound, channel.confirms_stop)
        parcels = self.pack(inbound.channel, messages)
        if farewell:
            parcels = [Parcel(parcel.body, farewell=True) for parcel in parcels[:1]]
        await self._store.commit_reply(inbound, messages, {}, None, self._clock.now(), False, (), parcels)
        self.deliver(inbound.contact_id)

    async def report(self, status: Status) -> None:
        """Take note of what became of a message."""
        now = self._clock.now()
        if not await self._outgoing.progress(status.outbound_id, status.provider_id, status.status, status.error, now):
            return
        row = await self._outgoing.get(status.outbound_id)
        if row:
            self._metrics.deliveries.labels(row.channel, status.status).inc()
        if status.status != FAILED:
            return
        contact = await self._contacts.get(row.contact_id) if row else None
        if row and contact:
            outcome = status.outcome or Outcome.GIVE_UP
            await self._not_sent(row, contact, NotSent(outcome, status.error or "undelivered"))
            self.deliver(contact.id)

    async def _drain(self, contact_id: str) -> None:
        news = self._news[contact_id]
        try:
            while news.is_set() and self._open:
                try:
                    async with self._store.locks.alone(f"post:{contact_id}") as alone:
                        if alone:
                            await self._send_all(contact_id, news)
                        elif self._taken_up(contact_id, news):
                            self._wakeups.tell_others(POST, contact_id)  # whoever is at it looks once more
                except Exception as error:  # such as a database that is locked: the rows are kept, so try again
                    log.error("post_stuck", error=type(error).__name__)
                    news.set()
                    await asyncio.sleep(STUCK)
        finally:
            self._tasks.pop(contact_id, None)
            self._news.pop(contact_id, None)
            self._untold.discard(contact_id)

    def _taken_up(self, contact_id: str, news: asyncio.Event) -> bool:
        """The news is being seen to. Was it ours, that others don't know of?"""
        news.clear()
        ours = contact_id in self._untold
        self._untold.discard(contact_id)
        return ours

    async def _send_all(self, contact_id: str, news: asyncio.Event) -> None:
        while self._open:
            self._taken_up(contact_id, news)
            left = await self._next(contact_id)
            if left is None:
                return
            if left > 0:
                await _either(news, left)

    async def _next(self, contact_id: str) -> float | None:
        """Send the next row if it is due; gives the seconds until there is something to do, None where there is nothing."""
        now = self._clock.now()
        found = await self._outgoing.claim_next(contact_id, now)
        if found is None:
            return None
        row, contact = found.row, found.claimed_for
        if contact is None and row.status == SENDING:
            left = (row.updated_at + ABANDONED - now).total_seconds()
            if left <= 0:
                tried = row.first_tried_at or row.updated_at
                await self._outgoing.set(row.id, WAITING, now, error=UNSURE, first_tried_at=tried)
            return max(left, 0.0)
        if contact is None:
            return max((row.next_at - now).total_seconds(), 0.0)
        if contact.address is None or row.channel not in self._channels:
            await self._outgoing.set(row.id, STOPPED, now)
            return 0.0
        self._sending.add(contact_id)
        try:
            await self._send(row, contact, row.first_tried_at or row.updated_at)
        finally:
            self._sending.discard(contact_id)
        return self._channels[row.channel].pause

    async def _send(self, row: Outbound, contact: Contact, since: datetime) -> None:
        """`since`: when it was first tried; where it may have come through, it is looked for from then on."""
        channel = self._channels[row.channel]
        try:
            address = self._addresses.open(contact.address or "")
            there = await channel.find(address, row.body, since - CLOCKS_DIFFER) if row.error == UNSURE else None
            provider_id = there or await channel.send(address, row.body, row.id, contact.last_at)
        except NotSent as error:
            await self._not_sent(row, contact, error)
        except AddressKeysWrong:
            await self._not_sent(row, contact, NotSent(Outcome.GIVE_UP, "address_keys"))
        else:
            await self._keep_sent(row, provider_id)
            self._metrics.deliveries.labels(row.channel, SENT).inc()

    async def _keep_sent(self, row: Outbound, provider_id: str) -> None:
        """It is gone; where that can't be kept now it is tried for as long as we run, or it would be sent again."""
        while True:
            try:
                await self._outgoing.progress(row.id, provider_id, SENT, None, self._clock.now())
                return
            except Exception as error:
                if not self._open:
                    raise
                log.error("sent_not_kept", error=type(error).__name__)
            await asyncio.sleep(STUCK)

    async def _not_sent(self, row: Outbound, contact: Contact, error: NotSent) -> None:
        """What follows, by the outcome."""
        now, outcome = self._clock.now(), error.outcome
        unsure = error.unsure or row.error == UNSURE  # once it may have come through, it is looked for before each try
        if outcome is Outcome.RETRY and row.attempts >= len(PAUSES):
            outcome = Outcome.GIVE_UP
        self._metrics.deliveries.labels(row.channel, outcome.value).inc()
        log.warning("not_sent", channel=row.channel, code=error.code, outcome=outcome.value)
        if outcome is Outcome.RETRY:
            pause = max(PAUSES[row.attempts], error.after or 0)
            await self._outgoing.set(row.id, WAITING, now, next_at=now + timedelta(seconds=pause), provider_id=None,
                                     **({"error": UNSURE} if unsure else {"error": error.code, "first_tried_at": None}))
        elif outcome is Outcome.OPTED_OUT:
            await self._outgoing.set(row.id, STOPPED, now, error=error.code)
            await self._contacts.stop(contact.id, "network", now)
            log.info("opted_out", channel=row.channel, by="network")
        elif outcome is Outcome.WINDOW:
            await self._knock(row, contact, now)
        else:
            await self._store.tell_desk(row.conversation_id, "not_delivered", now)
            await self._outgoing.set(row.id, FAILED, now, error=error.code)


    async def _knock(self, row: Outbound, contact: Contact, now: datetime) -> None:
        """Keep the row until the carer writes, and ask her to, once; where that can't be, the desk is told."""
        asked_already = await self._outgoing.waits_for_window(contact.id)
        await self._outgoing.set(row.id, OPENING, now, error="window", provider_id=None, first_tried_at=None)
        if asked_already or contact.opted_out_at is not None:
            return
        try:
            await self._channels[row.channel].knock(self._addresses.open(contact.address or ""), row.id)
        except (NotSent, AddressKeysWrong) as error:
            log.warning("not_asked_to_write", channel=row.channel, error=str(error))
            await self._store.tell_desk(row.conversation_id, "window_closed", now)


async def _either(news: asyncio.Event, seconds: float) -> None:
    """Wait for news, or for so long."""
    try:
        await asyncio.wait_for(news.wait(), seconds)
    except TimeoutError:
        return
