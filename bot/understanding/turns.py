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
from typing import Any

from rasa.core.channels.channel import InputChannel, UserMessage
from sanic import Blueprint, Sanic, response
from sanic.request import Request
from sanic.response import HTTPResponse

from bot.understanding.facts import finder
from bot.understanding.steps import Steps
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


class TurnChannel(InputChannel):
    """`POST /webhooks/signpost/turn` {turn, text | command, slots, metadata} → {replies, slots}.

    `command` is an intent payload made by the assistant's own options; `text` is a carer's words and can
    never be one. 502 where no action answered: an empty list is a failure, not a reply. `steps` says how a turn is taken.
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

        @routes.listener("after_server_stop")  # once the turns under way are answered
        async def close(server: Sanic, _: Any) -> None:
            if steps := getattr(server.ctx, "steps", None):
                await steps.close()

        @routes.post("/turn")
        async def take(request: Request) -> HTTPResponse:
            if not _authorised(request):
                return response.json({"error": "token"}, status=401)
            agent, server, body = request.app.ctx.agent, request.app.ctx, request.json
            if not (agent and agent.is_ready()):
                return response.json({"error": "no model"}, status=503)
            if not hasattr(server, "steps"):
                server.steps = Steps(agent)
            slots = body.get("slots") or {}
            metadata = {**(body.get("metadata") or {}), "slots": slots}
            message = UserMessage(body.get("command") or harmless(body["text"]), sender_id=body["turn"], input_channel=CHANNEL,
                                  metadata=metadata)
            try:
                answer = await server.steps.take(message)
            except Exception as error:  # the gateway retries; the text itself is never logged
                logger.error("A turn failed: %s", type(error).__name__)
                return response.json({"error": type(error).__name__}, status=502)
            return response.json({"replies": answer.replies, "slots": slots | answer.slots})

        return routes


def harmless(text: str) -> str:
    """`text` so that Rasa can't take it for an intent payload: no leading '/'."""
    return text.strip().lstrip("/").strip() or "?"


def _authorised(request: Request) -> bool:
    expected = os.environ.get("SIGNPOST_RASA_TOKEN", "")
    given = request.headers.get("authorization", "")
    return hmac.compare_digest(given.encode(), f"Bearer {expected}".encode())
