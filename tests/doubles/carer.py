"""A client of the web chat API, as a carer's page would be."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import aiohttp

from tests.doubles.streams import events_of

API = "/api/v1/conversations"


@dataclass
class Got:
    """A response: its status, its JSON, its headers."""

    status: int
    body: Any
    headers: Any = field(repr=False)

    @property
    def messages(self) -> list[dict[str, Any]]:
        return self.body["messages"]

    @property
    def text(self) -> str:
        return "\n\n".join(m["text"] for m in self.messages)

    @property
    def state(self) -> dict[str, Any]:
        return self.body["state"]

    @property
    def options(self) -> list[dict[str, Any]]:
        return [o for m in self.messages for o in m["options"]]

    @property
    def answers(self) -> list[dict[str, Any]]:
        return [a for m in self.messages for a in m["answers"]]

    @property
    def urgent(self) -> bool:
        return any(m["urgent"] for m in self.messages)


class Carer:
    """One conversation. `await Carer.start(session, url)`."""

    def __init__(self, session: aiohttp.ClientSession, url: str, opened: dict[str, Any]) -> None:
        self.session, self.url, self.opened = session, url.rstrip("/"), opened
        self.id, self.token = opened["conversation_id"], opened["token"]

    @classmethod
    async def start(cls, session: aiohttp.ClientSession, url: str) -> Carer:
        async with session.post(url.rstrip("/") + API, json={}) as response:
            assert response.status == 201, await response.text()
            return cls(session, url, await response.json())

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}"}

    @property
    def path(self) -> str:
        return f"{self.url}{API}/{self.id}"

    async def send(self, **body: Any) -> Got:
        async with self.session.post(self.path + "/messages", json=body, headers=self.headers) as response:
            return Got(response.status, await response.json(), response.headers)

    async def say(self, text: str, key: str | None = None) -> Got:
        return await self.send(text=text, **({"client_message_id": key} if key else {}))

    async def choose(self, payload: str, key: str | None = None) -> Got:
        return await self.send(option=payload, **({"client_message_id": key} if key else {}))

    async def delete(self) -> int:
        async with self.session.delete(self.path, headers=self.headers) as response:
            return response.status

    @asynccontextmanager
    async def stream(self, after: int | str | None = None, last_event_id: int | None = None,
                     ) -> AsyncIterator[AsyncIterator[dict[str, Any]]]:
        """The event stream as `{event, id, data}`."""
        headers = self.headers | ({"Last-Event-ID": str(last_event_id)} if last_event_id is not None else {})
        query = {"after": str(after)} if after is not None else {}
        async with self.session.get(self.path + "/events", headers=headers, params=query,
                                    timeout=aiohttp.ClientTimeout(total=None)) as response:
            assert response.status == 200, await response.text()
            assert response.headers["Content-Type"].startswith("text/event-stream")
            yield events_of(response)

    async def listen(self, until: int, after: int | None = None, within: float = 5.0) -> list[dict[str, Any]]:
        """The first `until` messages of the stream."""
        heard: list[dict[str, Any]] = []
        async with asyncio.timeout(within), self.stream(after) as events:
            async for event in events:
                if event["event"] == "message":
                    heard.append(event["data"])
                    if len(heard) >= until:
                        break
        return heard

    async def transcript(self) -> list[dict[str, Any]]:
        """Every message there is now: the stream sends the state right after them."""
        heard: list[dict[str, Any]] = []
        async with asyncio.timeout(10), self.stream() as events:
            async for event in events:
                if event["event"] == "state":
                    break
                heard.append(event["data"])
        return heard


async def say_until_answered(carer: Carer, text: str, key: str) -> Got:
    """As the page does: the same message again, under the same id, until there is a reply."""
    async with asyncio.timeout(300):  # Rasa takes 10 s to start, longer where others use the cores
        while True:
            try:
                got = await carer.say(text, key)
                if got.status == 200:
                    return got
                assert got.status == 503 and got.headers["Retry-After"] and got.body["detail"], got
            except aiohttp.ClientError:
                pass  # the gateway is just not there
            await asyncio.sleep(0.1)
