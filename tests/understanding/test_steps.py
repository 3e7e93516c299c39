"""An action is asked by connections that are kept, and whatever is no answer is said to be none."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from rasa.core.channels.channel import UserMessage
from rasa.utils.endpoints import EndpointConfig

from bot.understanding.steps import Actions, Answer, NoAnswer

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
