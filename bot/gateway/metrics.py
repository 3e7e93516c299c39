"""What Prometheus is told. Every name is here and in docs/operating.md, and no label holds a carer's words or identity."""

from __future__ import annotations

import asyncio

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    ProcessCollector,
    disable_created_metrics,
    generate_latest,
)
from sqlalchemy import func, select

from bot.gateway.statements import WAITING
from bot.gateway.store import Store
from bot.gateway.switches import CHANNELS, Switches
from bot.gateway.tables import Inbound, Outbound, WaitingForPerson

SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0)
ON_ITS_WAY = ("waiting", "held", "sending", "opening")  # states of a row that is not final
LAG_EVERY = 0.5  # seconds
disable_created_metrics()  # type: ignore[no-untyped-call]


class Metrics:
    """One for a gateway; counters start at nought with it."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        self.messages = self._counter("signpost_messages", "Messages from carers", "channel")
        self.answers = self._counter("signpost_answers", "Messages answered, by how", "outcome")
        self.answer_seconds = self._histogram("signpost_answer_seconds", "From a message's coming in to its answer kept")
        self.danger = self._counter("signpost_danger", "Messages answered as danger", "topic")
        self.danger_seconds = self._histogram("signpost_danger_seconds", "The same for messages about danger")
        self.kept_seconds = self._histogram("signpost_webhook_kept_seconds", "From a webhook to its message kept", "channel")
        self.rasa_seconds = self._histogram("signpost_rasa_seconds", "A turn that Rasa took")
        self.rasa_failures = self._counter("signpost_rasa_failures", "Turns that Rasa did not take", "kind")
        self.deliveries = self._counter("signpost_deliveries", "What became of messages to phones", "channel", "state")
        self.refused = self._counter("signpost_refused", "Requests held back or refused", "why")
        self.responses = self._counter("signpost_http_responses", "Answers to requests", "status")
        self.lag = self._histogram("signpost_event_loop_lag_seconds", "How late the event loop comes to what is due")
        self.unanswered = self._gauge("signpost_unanswered_messages", "Messages without an answer now")
        self.oldest = self._gauge("signpost_oldest_unanswered_seconds", "Since when the oldest of them waits")
        self.outbound = self._gauge("signpost_outbound_messages", "Messages to phones that are on their way", "state")
        self.waiting = self._gauge("signpost_waiting_carers", "Carers whom no adviser has yet", "danger")
        self.channel_off = self._gauge("signpost_channel_off", "1 where a channel is switched off", "channel")
        self.content = self._gauge("signpost_content_loaded_seconds", "When the content was loaded last, in Unix time")

    async def measure_lag(self) -> None:
        """Until cancelled."""
        loop = asyncio.get_running_loop()
        while True:
            due = loop.time() + LAG_EVERY
            await asyncio.sleep(LAG_EVERY)
            self.lag.observe(max(0.0, loop.time() - due))

    def text(self) -> bytes:
        """In Prometheus' text format."""
        return generate_latest(self.registry)

    def _counter(self, name: str, about: str, *labels: str) -> Counter:
        return Counter(name, about, labels, registry=self.registry)

    def _gauge(self, name: str, about: str, *labels: str) -> Gauge:
        return Gauge(name, about, labels, registry=self.registry)

    def _histogram(self, name: str, about: str, *labels: str) -> Histogram:
        return Histogram(name, about, labels, registry=self.registry, buckets=SECONDS)


async def look(metrics: Metrics, store: Store, switches: Switches, now: float) -> None:
    """Bring the gauges of queues up to date, from the database. `now`: Unix time of the service's clock."""
    async with store.session() as session:
        unanswered, oldest = (await session.execute(select(func.count(), func.min(Inbound.received_at)).where(
            Inbound.status == WAITING))).one()
        states = {row[0]: row[1] for row in await session.execute(select(Outbound.status, func.count()).where(
            Outbound.status.in_(ON_ITS_WAY)).group_by(Outbound.status))}
        carers = {row[0]: row[1] for row in await session.execute(select(WaitingForPerson.urgent, func.count()).where(
            WaitingForPerson.staff_id.is_(None)).group_by(WaitingForPerson.urgent))}
    metrics.unanswered.set(unanswered)
    metrics.oldest.set(max(0.0, now - oldest.timestamp()) if oldest else 0)
    for state in ON_ITS_WAY:
        metrics.outbound.labels(state).set(states.get(state, 0))
    for danger in (False, True):
        metrics.waiting.labels("yes" if danger else "no").set(carers.get(danger, 0))
    off = await switches.all_off()
    for channel in CHANNELS:
        metrics.channel_off.labels(channel).set(channel in off)
