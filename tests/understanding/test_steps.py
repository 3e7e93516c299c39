"""A policy is asked once for each situation, an action by connections that are kept; what is no answer is said to be none."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from types import SimpleNamespace
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from rasa.core.channels.channel import UserMessage
from rasa.shared.core.domain import Domain
from rasa.shared.core.trackers import DialogueStateTracker
from rasa.utils.endpoints import EndpointConfig

from bot.understanding.steps import Actions, Answer, NoAnswer, Steps

SAID = "my grandson has nothing to eat"
READ = {"text": SAID, "intent": {"name": "money.essentials", "confidence": 0.9}, "entities": [], "intent_ranking": ["much"]}
GIVEN = {"responses": [{"custom": {"messages": []}, "text": None}, {"text": "not one of ours"}],
         "events": [{"event": "slot", "timestamp": None, "name": "topic", "value": "money.essentials"}]}

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def asked(handler: Handler, times: int = 1) -> list[Answer]:
    """What comes of asking an action server so often."""

    async def ask() -> list[Answer]:
        app = web.Application()
        app.router.add_post("/webhook", handler)
        async with TestServer(app) as server:
            actions = Actions(EndpointConfig(str(server.make_url("/webhook")), headers={"Authorization": "Bearer sesame"}))
            told = {"slots": {"turn": 1}, "now": "2026-11-24", "earlier": ["words"]}
            message = UserMessage(SAID, sender_id="7", metadata=told)
            try:
                return [await actions.run("action_answer", message, READ) for _ in range(times)]
            finally:
                await actions.close()

    return asyncio.run(ask())


def test_an_action_is_told_the_turn_and_no_more_by_one_connection() -> None:
    seen: list[tuple[Any, Any, Any]] = []

    async def answer(request: web.Request) -> web.Response:
        seen.append((request.transport, request.headers["Authorization"], await request.json()))
        return web.json_response(GIVEN)

    first, *_ = asked(answer, 3)
    assert first.replies == [{"messages": []}] and first.slots == {"topic": "money.essentials"}
    connections, tokens, (body, *_) = zip(*seen, strict=False)
    assert len(set(connections)) == 1 and set(tokens) == {"Bearer sesame"}
    latest = {"text": SAID, "intent": READ["intent"], "entities": [], "metadata": {"now": "2026-11-24"}}
    assert body["next_action"] == "action_answer"
    assert body["tracker"] == {"sender_id": "7", "slots": {"turn": 1}, "latest_message": latest}


def test_a_connection_that_was_closed_meanwhile_is_no_failure() -> None:
    asks = 0

    async def restarts(request: web.Request) -> web.Response:
        nonlocal asks
        asks += 1
        if asks == 2 and request.transport:
            request.transport.close()
        return web.json_response(GIVEN)

    assert len(asked(restarts, 2)) == 2 and asks == 3


@pytest.mark.parametrize(("status", "text"), [
    (200, "[]"), (200, "null"), (200, "garbage"), (200, "{}"), (200, '{"responses": [], "events": []}'),
    (200, '{"responses": [{"text": "hello"}], "events": []}'), (200, '{"responses": [{"custom": {"a": 1}}], "events": [1]}'),
    (200, '{"responses": [{"custom": {"a": 1}}], "events": [{"event": "restart"}]}'), (404, "{}"), (500, "{}"),
])
def test_what_is_no_answer_is_said_to_be_none(status: int, text: str) -> None:
    async def answer(_: web.Request) -> web.Response:
        return web.Response(status=status, text=text, content_type="application/json")

    with pytest.raises(NoAnswer) as caught:
        asked(answer)
    assert SAID not in str(caught.value)


class OneRule:
    """A processor whose policy answers what it is asked with `action_` and the intent; it keeps what it was asked."""

    domain = Domain.from_dict({"intents": ["money", "school"], "entities": ["place", "fact"]})

    def __init__(self) -> None:
        self.decided: list[str] = []

    async def parse_message(self, message: UserMessage, _: DialogueStateTracker) -> dict[str, Any]:
        intent, *entities = message.text.split()
        return {"text": message.text, "intent": {"name": intent}, "entities": [{"entity": e, "value": 1} for e in entities]}

    def predict_next_with_tracker_if_should(self, tracker: DialogueStateTracker) -> tuple[Any, None]:
        assert tracker.latest_message is not None and tracker.latest_action_name == "action_listen"
        self.decided.append(tracker.latest_message.text)
        return SimpleNamespace(name=lambda: f"action_{tracker.latest_message.intent['name']}"), None


def test_the_policy_is_asked_once_for_each_situation() -> None:
    ran: list[str] = []

    async def answer(request: web.Request) -> web.Response:
        ran.append((await request.json())["next_action"])
        return web.json_response(GIVEN)

    async def talk(processor: OneRule, *said: str) -> None:
        app = web.Application()
        app.router.add_post("/webhook", answer)
        async with TestServer(app) as server:
            endpoint = EndpointConfig(str(server.make_url("/webhook")))
            steps = Steps(SimpleNamespace(processor=processor, action_endpoint=endpoint))
            for text in said:
                await steps.take(UserMessage(text, sender_id="7", metadata={"slots": {}}))
            await steps.close()

    processor = OneRule()
    asyncio.run(talk(processor, "money", "money place", "school", "money", "money place place", "school fact place", "school"))
    assert ran == [f"action_{intent}" for intent in ("money", "money", "school", "money", "money", "school", "school")]
    assert processor.decided == ["money", "money place", "school", "school fact place"]
