"""Actions as rasa_sdk calls them, over the real content."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
from rasa_sdk import Tracker
from rasa_sdk.executor import CollectingDispatcher

from bot.actions.__main__ import load
from bot.actions.action import SignpostAction
from bot.actions.answering import AnswerNeeds, FollowUp, HandOverToPerson, WorkOutArrangement
from bot.actions.chatting import ACTIONS
from bot.actions.replying import TakeReply
from bot.actions.turn import Knowledge
from bot.knowledge.reply import Reply

ALL = {a.action: a for a in (AnswerNeeds, FollowUp, HandOverToPerson, WorkOutArrangement, TakeReply, *ACTIONS)}
NOON = "2026-11-24T11:00:00+00:00"


@functools.cache
def knowledge_once() -> Knowledge:
    return load()


def fact(name: str, value: Any) -> dict[str, Any]:
    return {"entity": "fact", "value": {"name": name, "value": value}}


@dataclass
class Talk:
    """A conversation with the actions alone: the slots go from turn to turn as the gateway would carry them."""

    knowledge: Knowledge
    slots: dict[str, Any] = field(default_factory=dict)
    now: str = NOON
    said: list[Reply] = field(default_factory=list)

    async def __call__(self, action: str, intent: str, *entities: dict[str, Any], text: str = "") -> Reply:
        message = {"text": text, "intent": {"name": intent}, "entities": list(entities), "metadata": {"now": self.now}}
        tracker = Tracker("s", dict(self.slots), message, [], False, None, {}, "action_listen")
        dispatcher = CollectingDispatcher()
        events = await self.action(action).run(dispatcher, tracker, {})
        (uttered,) = dispatcher.messages
        for event in events:
            assert event["event"] == "slot"
            self.slots[event["name"]] = event["value"]
        self.said.append(Reply.model_validate(uttered["custom"]))
        return self.said[-1]

    def action(self, name: str) -> SignpostAction:
        return ALL[name](self.knowledge)

    async def answer(self, topic: str, *entities: dict[str, Any]) -> Reply:
        return await self("action_answer", topic, *entities)

    async def choose(self, payload: str) -> Reply:
        """An option of the table's question, as Rasa reads its payload."""
        import json

        intent, brace, rest = payload[1:].partition("{")
        given = json.loads(brace + rest) if brace else {}
        return await self("action_take_reply", intent, *({"entity": k, "value": v} for k, v in given.items()))


@pytest.fixture
def knowledge() -> Knowledge:
    return knowledge_once()


@pytest.fixture
def talk(knowledge: Knowledge) -> Talk:
    return Talk(knowledge)


@pytest.fixture
def new_talk(knowledge: Knowledge) -> Callable[..., Talk]:
    return lambda **slots: Talk(knowledge, slots)
