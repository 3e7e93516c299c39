"""A stand-in for Rasa that speaks our `/webhooks/signpost/turn` and can be told how to behave."""

from __future__ import annotations

import asyncio
import socket
from typing import Any

from aiohttp import web

TOKEN = "a-token-for-tests"


def says(text: str, *, topics: list[str] | None = None, options: list[dict[str, Any]] | None = None,
         hand_over: str | None = None, forget: bool = False, entry: str | None = None) -> dict[str, Any]:
    """A `Reply` as the action server would send it; `entry`: the topic whose national entry it draws on."""
    answers = [{"entry": entry, "topic": entry, "facet": "answer", "sources": [], "checked_on": "2026-11-22"}] if entry else []
    message = {"text": text, "topics": topics or [entry or "support.new_carer"], "options": options or [], "answers": answers}
    return {"messages": [message], "hand_over": {"reason": hand_over} if hand_over else None, "forget": forget}


class FakeRasa:
    """Answers 'You said: …' until `mood` or `script` say otherwise; keeps what it was sent in `turns`.

    Moods: answer, hang, 500, 502, 404, garbage, html, list, empty, no_slots, no_topics. `stop()` closes the port.
    """

    def __init__(self) -> None:
        self._runner: web.AppRunner | None = None
        self.reset()
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]

    def reset(self) -> None:
        """As if it were new."""
        self.mood = "answer"
        self.moods: list[str] = []  # used up first, one a turn
        self.script: dict[str, dict[str, Any]] = {}  # text or command -> reply
        self.slots: dict[str, dict[str, Any]] = {}  # text or command -> slots changed
        self.turns: list[dict[str, Any]] = []
        self.told: dict[str, str] = {}  # text -> the arrangement that its words state
        self.delay = 0.0
        self.going_on = asyncio.Event()  # turns wait for it
        self.going_on.set()
        self.busy = self.busiest = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def heard(self) -> list[str]:
        """The texts of all turns, in order."""
        return [turn["text"] for turn in self.turns]

    async def start(self) -> None:
        app = web.Application()
        app.router.add_post("/webhooks/signpost/turn", self._turn)
        app.router.add_post("/webhooks/signpost/told", self._told)
        app.router.add_post("/webhooks/signpost/ready", self._ready)
        self._runner = web.AppRunner(app, shutdown_timeout=0.1)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", self.port, reuse_address=True).start()

    async def stop(self) -> None:
        """Away: nobody listens on the port."""
        if self._runner:
            await self._runner.cleanup()
            self._runner = None

    async def back(self) -> None:
        """Listen again, where it was away."""
        if self._runner is None:
            await self.start()

    async def _ready(self, _: web.Request) -> web.Response:
        return web.json_response({}, status=503 if self.mood in ("404", "503") else 200)

    async def _told(self, request: web.Request) -> web.Response:
        await asyncio.sleep(30 if self.mood == "hang" else self.delay)
        return web.json_response({"arrangement": self.told.get((await request.json())["text"])})

    async def _turn(self, request: web.Request) -> web.StreamResponse:
        if request.headers.get("Authorization") != f"Bearer {TOKEN}":
            return web.json_response({"error": "token"}, status=401)
        body = await request.json()
        self.turns.append(body)
        self.busy += 1
        self.busiest = max(self.busiest, self.busy)
        try:
            return await self._answer(body, self.moods.pop(0) if self.moods else self.mood)
        finally:
            self.busy -= 1

    async def _answer(self, body: dict[str, Any], mood: str) -> web.StreamResponse:
        await asyncio.sleep(self.delay)
        await self.going_on.wait()
        if mood == "hang":
            await asyncio.sleep(30)
        if mood.isdecimal():
            return web.json_response({"error": "told to"}, status=int(mood))
        if mood in WRONG:
            return WRONG[mood]()
        said = body["command"] or body["text"]
        reply = self.script.get(said) or says(f"You said: {said}")
        slots = {**body["slots"], "turn": (body["slots"].get("turn") or 0) + 1, **self.slots.get(said, {})}
        return web.json_response({"replies": [reply], "slots": slots})


WRONG = {
    "garbage": lambda: web.Response(text='{"replies": [', content_type="application/json"),
    "html": lambda: web.Response(text="<h1>Bad gateway</h1>", content_type="text/html"),
    "list": lambda: web.json_response([]),
    "empty": lambda: web.json_response({"replies": [], "slots": {}}),
    "no_slots": lambda: web.json_response({"replies": [says("x")]}),
    "no_topics": lambda: web.json_response({"replies": [{"messages": [{"text": "x", "topics": []}]}], "slots": {}}),
}
