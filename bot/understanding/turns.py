"""The one door to Rasa: a turn comes with the state it starts from, and leaves with the state it ends in.

Rasa keeps nothing between turns. The gateway sends the slots that were committed with the last reply,
and commits the new ones with the next, so a turn that is tried again after a crash gives the same reply,
any worker can take any turn, and there is nothing here to delete (docs/decisions/0002).
"""

from __future__ import annotations

import hmac
import logging
import os
from collections.abc import Awaitable, Callable
from contextvars import ContextVar
from typing import Any

from rasa.core.channels.channel import CollectingOutputChannel, InputChannel, UserMessage
from rasa.core.tracker_store import InMemoryTrackerStore
from rasa.shared.core.constants import ACTION_LISTEN_NAME
from rasa.shared.core.domain import Domain
from rasa.shared.core.events import ActionExecuted, SessionStarted, SlotSet
from rasa.shared.core.trackers import DialogueStateTracker
from sanic import Blueprint, response
from sanic.request import Request
from sanic.response import HTTPResponse

from bot.understanding.facts import finder
from bot.understanding.told_arrangement import NOTHING, stated_in

logger = logging.getLogger(__name__)

CHANNEL = "signpost"


class Reticent(logging.Formatter):
    """Formats a log record without the text of its exception: Rasa puts whole requests into those."""

    def formatException(self, ei: Any) -> str:  # noqa: N802  (logging's name)
        """The kind of the exception, and where."""
        kind, _, trace = ei
        while trace and trace.tb_next:
            trace = trace.tb_next
        place = f"{trace.tb_frame.f_code.co_filename}:{trace.tb_lineno}" if trace else "?"
        return f"{kind.__name__ if kind else '?'} at {place}"

    @classmethod
    def install(cls) -> None:
        """On every handler there is, and for warnings and up only."""
        for handler in logging.getLogger().handlers:
            handler.setFormatter(cls("%(asctime)s %(levelname)s %(name)s %(message)s"))
            handler.setLevel(logging.WARNING)


class Turn:
    """One turn under way: the slots it starts with, then the tracker it ends in."""

    def __init__(self, slots: dict[str, Any]) -> None:
        self.slots = slots
        self.tracker: DialogueStateTracker | None = None


_turn: ContextVar[Turn | None] = ContextVar("turn", default=None)


class TurnTrackerStore(InMemoryTrackerStore):
    """Trackers made from the turn's own slots; only `rasa shell` and `rasa test` have any kept, in memory."""

    def __init__(self, domain: Domain, event_broker: Any = None, **kwargs: Any) -> None:
        kwargs.pop("host", None)
        super().__init__(domain, event_broker)

    async def retrieve(self, sender_id: str) -> DialogueStateTracker | None:
        turn = _turn.get()
        if turn is None:
            return await super().retrieve(sender_id)
        tracker = self.init_tracker(sender_id)
        tracker.update(SessionStarted(), self.domain)
        for name, value in turn.slots.items():
            if name in tracker.slots:  # a slot of an older version of the domain is left behind
                tracker.update(SlotSet(name, value), self.domain)
        tracker.update(ActionExecuted(ACTION_LISTEN_NAME), self.domain)
        return tracker

    async def save(self, tracker: DialogueStateTracker) -> None:
        turn = _turn.get()
        if turn is None:
            await super().save(tracker)
        else:
            turn.tracker = tracker


class TurnChannel(InputChannel):
    """`POST /webhooks/signpost/turn` {turn, text | command, slots, metadata} → {replies, slots, understood}.

    `command` is an intent payload made by the assistant's own options; `text` is a carer's words and can
    never be one. 502 where no action answered: an empty list is a failure, not a reply.
    `POST …/told` {text} → {arrangement}: what a message plainly states, by patterns alone, in a few milliseconds.
    """

    @classmethod
    def name(cls) -> str:
        return CHANNEL

    def blueprint(self, on_new_message: Callable[[UserMessage], Awaitable[Any]]) -> Blueprint:
        Reticent.install()
        routes = Blueprint("signpost_turns", __name__)

        @routes.get("/")
        async def ready(_: Request) -> HTTPResponse:
            return response.json({"status": "ok"})

        @routes.post("/ready")
        async def agent_ready(request: Request) -> HTTPResponse:
            agent = getattr(request.app.ctx, "agent", None)
            return response.json({}, status=200 if agent and agent.is_ready() else 503)

        @routes.post("/told")
        async def tell(request: Request) -> HTTPResponse:
            if not _authorised(request):
                return response.json({"error": "token"}, status=401)
            named = stated_in(finder(), request.json["text"])
            return response.json({"arrangement": named[0] if len(named) == 1 and named[0] not in NOTHING else None})

        @routes.post("/turn")
        async def take(request: Request) -> HTTPResponse:
            if not _authorised(request):
                return response.json({"error": "token"}, status=401)
            body = request.json
            turn, output = Turn(body.get("slots") or {}), CollectingOutputChannel()
            _turn.set(turn)
            text = body.get("command") or harmless(body["text"])
            metadata = {**(body.get("metadata") or {}), "slots": turn.slots}
            message = UserMessage(text, output, body["turn"], input_channel=CHANNEL, metadata=metadata)
            try:
                await on_new_message(message)
            except Exception as error:  # the gateway retries; the text itself is never logged
                logger.error("A turn failed: %s", type(error).__name__)
                return response.json({"error": type(error).__name__}, status=502)
            replies = [m["custom"] for m in output.messages if "custom" in m]
            if not replies or turn.tracker is None:
                return response.json({"error": "no action answered"}, status=502)
            return response.json(
                {"replies": replies, "slots": _slots(turn.tracker), "understood": _understood(turn.tracker)})

        return routes


def harmless(text: str) -> str:
    """`text` so that Rasa can't take it for an intent payload: no leading '/'."""
    return text.strip().lstrip("/").strip() or "?"


def _authorised(request: Request) -> bool:
    expected = os.environ.get("SIGNPOST_RASA_TOKEN", "")
    given = request.headers.get("authorization", "")
    return hmac.compare_digest(given.encode(), f"Bearer {expected}".encode())


def _slots(tracker: DialogueStateTracker) -> dict[str, Any]:
    own = (name for name in tracker.slots if name not in ("session_started_metadata", "requested_slot"))
    return {name: tracker.get_slot(name) for name in own}


def _understood(tracker: DialogueStateTracker) -> dict[str, Any]:
    latest = tracker.latest_message
    if latest is None:
        return {}
    entities: list[dict[str, Any]] = [
        {k: e[k] for k in ("entity", "value", "confidence_entity") if k in e} for e in latest.entities]
    return {"intent": latest.intent.get("name"), "confidence": latest.intent.get("confidence"), "entities": entities}
