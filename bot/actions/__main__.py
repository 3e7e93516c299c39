"""The action server: `python -m bot.actions --port 5055`. Private: it listens on loopback only."""

from __future__ import annotations

import argparse
import os
import warnings
from typing import Any

from rasa_sdk.endpoint import create_app
from rasa_sdk.executor import ActionExecutor
from sanic import Sanic

from bot.actions.answering import AnswerNeeds, FollowUp, HandOverToPerson, WorkOutArrangement
from bot.actions.chatting import ACTIONS
from bot.actions.replying import TakeReply
from bot.actions.turn import Knowledge
from bot.knowledge.arrangements import ArrangementTable
from bot.knowledge.base import CONTENT, KnowledgeBase


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


def main() -> None:
    """Serve until told to stop."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=5055)
    port = parser.parse_args().port
    os.environ.setdefault("OTEL_SDK_DISABLED", "true")  # no telemetry leaves this machine
    warnings.filterwarnings("ignore", message="Your versions of rasa and rasa_sdk")  # docs/decisions/0001
    app(load()).run(host="127.0.0.1", port=port, single_process=True, access_log=False, motd=False)


if __name__ == "__main__":
    main()
