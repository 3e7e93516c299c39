"""The action server: `python -m bot.actions --port 5055`. Private: on loopback, or where it wants a token."""

from __future__ import annotations

import argparse
import gc
import hmac
import os
import sys
import warnings
from ipaddress import ip_address
from typing import Any

from rasa_sdk.endpoint import create_app
from rasa_sdk.executor import ActionExecutor
from sanic import Sanic
from sanic.request import Request
from sanic.response import HTTPResponse, empty, json

from bot.actions.answering import AnswerNeeds, FollowUp, HandOverToPerson, WorkOutArrangement
from bot.actions.chatting import ACTIONS
from bot.actions.replying import TakeReply
from bot.actions.turn import Knowledge
from bot.knowledge.arrangements import ArrangementTable
from bot.knowledge.base import CONTENT, KnowledgeBase
from bot.knowledge.reloading import Content, Take, becomes


def load() -> Knowledge:
    """Everything the actions answer from; raises `ContentError` naming what is wrong in it."""
    table = ArrangementTable.load(CONTENT / "arrangements.yml")
    table.next_step({})  # the slowest look ahead, so that no carer waits for it
    return Knowledge(KnowledgeBase.load(CONTENT), table)


class Executor(ActionExecutor):
    """The SDK's executor for a Rasa 3.6, which sends no domain; none of our actions needs one."""

    def update_and_return_domain(self, payload: dict[str, Any], action_name: str) -> dict[str, Any]:
        """Newer SDKs would ask for the domain again here."""
        return {}


def app(knowledge: Knowledge) -> Sanic:
    """The SDK's server with our actions on it."""
    executor = Executor()
    for action in (AnswerNeeds, FollowUp, HandOverToPerson, WorkOutArrangement, TakeReply, *ACTIONS):
        executor.register_action(action(knowledge))
    return create_app(executor)


def guard(server: Sanic, token: str) -> None:
    """Answer nobody without the token, but for whether it is well."""

    async def ask(request: Request) -> HTTPResponse | None:
        given = request.headers.get("authorization", "")
        if request.path != "/health" and not hmac.compare_digest(given.encode(), f"Bearer {token}".encode()):
            return json({"error": "token"}, status=401)
        return None

    server.register_middleware(ask, "request")


def reloadable(server: Sanic, knowledge: Knowledge) -> None:
    """`POST /content/load`, then `/content/take`, as the gateway has them; or `kill -HUP`."""
    content = Content()

    def anew() -> list[Take]:
        fresh = load()
        return [becomes(knowledge.base, fresh.base), becomes(knowledge.table, fresh.table)]

    content.add(anew)

    async def load_content(_: Request) -> HTTPResponse:
        problems = await content.load()
        return json({"problems": problems}, status=422 if problems else 200)

    async def take_content(_: Request) -> HTTPResponse:
        return empty(status=204 if content.take() else 409)

    async def listen(_: Sanic) -> None:
        content.on_hangup()

    server.add_route(load_content, "/content/load", methods=["POST"])
    server.add_route(take_content, "/content/take", methods=["POST"])
    server.register_listener(listen, "after_server_start")


def main() -> None:
    """Serve until told to stop."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--host", type=ip_address, default="127.0.0.1", help="beyond loopback with a token only")
    parser.add_argument("--port", type=int, default=5055)
    given, token = parser.parse_args(), os.environ.get("SIGNPOST_ACTIONS_TOKEN")
    if not (token or given.host.is_loopback):
        sys.exit("SIGNPOST_ACTIONS_TOKEN is missing: without it the action server listens on loopback only.")
    os.environ.setdefault("OTEL_SDK_DISABLED", "true")  # no telemetry leaves this machine
    warnings.filterwarnings("ignore", message="Your versions of rasa and rasa_sdk")  # docs/decisions/0001
    knowledge = load()
    server = app(knowledge)
    reloadable(server, knowledge)
    if token:
        guard(server, token)
    gc.collect()
    gc.freeze()  # what is loaded stays, and isn't looked through for garbage
    server.run(host=str(given.host), port=given.port, single_process=True, access_log=False, motd=False)


if __name__ == "__main__":
    main()
