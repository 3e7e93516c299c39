"""The seam to Rasa: one turn over loopback HTTP. Everything else in the gateway is ignorant of it."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import aiohttp
from pydantic import ValidationError

from bot.gateway.metrics import Metrics
from bot.knowledge.reply import Reply


class Away(Exception):
    """Rasa does not answer now; the same turn may be tried later."""


class Failed(Exception):
    """Rasa answered, but not with a reply: an action crashed, or it is not what we expect."""


class Hung(Failed):
    """Rasa took the turn and did not come back in time."""


@dataclass(frozen=True)
class Understood:
    """A turn's outcome: what is said, and the slots it ends in."""

    reply: Reply
    slots: dict[str, Any]


class Rasa:
    """Open with `async with`; `turn` may be called by many at once."""

    def __init__(self, url: str, token: str, timeout: float, metrics: Metrics) -> None:
        self._url = url.rstrip("/")
        self._headers = {"Authorization": f"Bearer {token}"}
        self._timeout = aiohttp.ClientTimeout(total=timeout, connect=1.0)
        self._session: aiohttp.ClientSession | None = None
        self._metrics = metrics
        self._under_way: Counter[str] = Counter()  # turns, by where they went
        self._back = asyncio.Event()

    async def __aenter__(self) -> Rasa:
        self._session = aiohttp.ClientSession(timeout=self._timeout, headers=self._headers)
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._session:
            await self._session.close()

    async def turn(self, turn_id: str, text: str, command: str | None, slots: dict[str, Any], now: datetime,
                   earlier: Sequence[str] = (), read: dict[str, Any] | None = None) -> Understood:
        """Have Rasa take one message. Raises `Away` or `Failed`; the same turn can be tried again.

        `earlier`: messages that Rasa hasn't seen, of which it takes the facts alone. `read`: what was read of `text` here.
        """
        metadata = {"now": now.isoformat(), "earlier": list(earlier), "read": read}
        body = {"turn": turn_id, "text": text, "command": command, "slots": slots, "metadata": metadata}
        began, where = time.perf_counter(), self._url
        self._under_way[where] += 1
        try:
            understood = await self._taken(body)
        except (Away, Failed) as error:
            self._metrics.rasa_failures.labels(type(error).__name__.lower()).inc()
            raise
        finally:
            self._under_way[where] -= 1
            self._back.set()
        self._metrics.rasa_seconds.observe(time.perf_counter() - began)
        return understood

    async def _taken(self, body: dict[str, Any]) -> Understood:
        status, answer = await self._post("/webhooks/signpost/turn", body)
        if status in (404, 503):  # its server is up and its model is not
            raise Away(str(status))
        if status != 200:
            raise Failed(str(status))
        try:
            replies = [Reply.model_validate(r) for r in answer["replies"]]
            messages = [m for r in replies for m in r.messages]
            handed = next((r.hand_over for r in replies if r.hand_over), None)
            note = next((r.note for r in replies if r.note), None)
            reply = Reply(messages=messages, hand_over=handed, note=note, forget=any(r.forget for r in replies))
            return Understood(reply, dict(answer["slots"]))
        except (KeyError, TypeError, ValueError, ValidationError) as error:
            raise Failed("not a reply") from error

    async def move(self, url: str) -> None:
        """Send turns to another Rasa from now on; returns when the last that went elsewhere is back."""
        self._url = url.rstrip("/")
        while any(count for where, count in self._under_way.items() if where != self._url):
            self._back.clear()
            await self._back.wait()

    async def told(self, text: str, within: float) -> str | None:
        """The arrangement that a message plainly states, where Rasa's patterns find one in `within` seconds."""
        try:
            async with asyncio.timeout(within):
                status, answer = await self._post("/webhooks/signpost/told", {"text": text})
        except (Away, Failed, TimeoutError):
            return None
        return answer["arrangement"] if status == 200 else None

    async def ready(self) -> bool:
        """Would a turn be taken now?"""
        try:
            return (await self._post("/webhooks/signpost/ready", {}))[0] == 200
        except (Away, Failed):
            return False

    async def _post(self, path: str, body: dict[str, Any]) -> tuple[int, Any]:
        if self._session is None:
            raise RuntimeError("open Rasa with `async with`")
        try:
            async with self._session.post(self._url + path, json=body) as response:
                return response.status, await response.json() if response.status == 200 else None
        except (aiohttp.ClientConnectionError, aiohttp.ClientPayloadError) as error:
            raise Away(type(error).__name__) from error
        except TimeoutError as error:
            raise Hung("no answer in time") from error
        except (aiohttp.ClientError, ValueError) as error:
            raise Failed(type(error).__name__) from error
