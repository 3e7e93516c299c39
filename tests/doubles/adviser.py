"""A member of staff as the console's pages are: signs in with password and code, then uses the same routes."""

from __future__ import annotations

import asyncio
import itertools
import re
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from typing import Any

import aiohttp
import pyotp

from bot.gateway import web_api
from bot.helpline.accounts import Role
from bot.helpline.door import COOKIE
from bot.helpline.keys import ACCOUNTS, BOARD
from tests.doubles.gateway import Running
from tests.doubles.streams import events_of

PASSWORD = "four calm words here"
_keys = itertools.count(1)


class Authenticator:
    """The app on an adviser's phone. A code opens once; `steps`: one of so many half minutes on."""

    def __init__(self, now: Callable[[], datetime], uri: str) -> None:
        self._totp, self._now = pyotp.parse_uri(uri), now

    def code(self, steps: int = 0) -> str:
        return self._totp.at(self._now() + timedelta(seconds=30 * steps))


async def enrol(gateway: Running, staff_id: str, name: str = "", role: Role = "adviser") -> Authenticator:
    """What `signpost staff add` does."""

    def now() -> datetime:
        return gateway.app[web_api.CLOCK].now()

    uri = await gateway.app[ACCOUNTS].add(staff_id, name or staff_id.title(), role, PASSWORD, "operator:test", now())
    return Authenticator(now, uri)


class Adviser:
    """Signed in. `await Adviser.arrive(gateway, 'sam')` makes the account too."""

    def __init__(self, gateway: Running, staff_id: str) -> None:
        self.gateway, self.id, self.csrf = gateway, staff_id, ""
        self.session = aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True),
                                             timeout=aiohttp.ClientTimeout(total=15))
        self.authenticator: Authenticator | None = None

    @classmethod
    async def arrive(cls, gateway: Running, staff_id: str, name: str = "", role: Role = "adviser",
                     here: bool = True) -> Adviser:
        one = cls(gateway, staff_id)
        one.authenticator = await enrol(gateway, staff_id, name, role)
        assert await one.sign_in(one.authenticator.code()) == 303
        if here:
            assert (await one.post("/here", here=True))[0] == 200
        return one

    async def sign_in(self, code: str, password: str = PASSWORD) -> int:
        form = {"name": self.id, "password": password, "code": code}
        async with self.session.post(self.gateway.url + "/helpline/sign-in", data=form, allow_redirects=False) as got:
            status = got.status
        if status == 303:
            found = re.search(r'name="csrf" value="([^"]+)"', await self.page("/calls")) or re.search(
                r'name="csrf" value="([^"]+)"', await self.page("/figures"))
            assert found
            self.csrf = found[1]
        return status

    @property
    def cookie(self) -> str:
        return next((morsel.value for morsel in self.session.cookie_jar if morsel.key == COOKIE), "")

    async def page(self, path: str = "") -> str:
        async with self.session.get(f"{self.gateway.url}/helpline{path}", headers={"Accept": "text/html"}) as got:
            return await got.text()

    async def get(self, path: str, **query: str) -> tuple[int, Any]:
        async with self.session.get(f"{self.gateway.url}/helpline{path}", params=query) as got:
            return got.status, await got.json()

    async def post(self, path: str, **body: Any) -> tuple[int, Any]:
        url, headers = f"{self.gateway.url}/helpline{path}", {"X-CSRF-Token": self.csrf}
        async with self.session.post(url, json=body, headers=headers) as got:
            return got.status, await got.json() if got.status != 204 else None

    async def claim(self, conversation_id: str) -> int:
        return (await self.post(f"/conversations/{conversation_id}/claim"))[0]

    async def reply(self, conversation_id: str, text: str, key: str = "") -> int:
        return (await self.post(f"/conversations/{conversation_id}/reply", text=text, key=key or f"key-{next(_keys):08}"))[0]

    async def end(self, conversation_id: str, outcome: str = "answered", **more: str) -> int:
        return (await self.post(f"/conversations/{conversation_id}/close", outcome=outcome, **more))[0]

    @asynccontextmanager
    async def stream(self, path: str = "/events") -> AsyncIterator[AsyncIterator[dict[str, Any]]]:
        """An event stream as `{event, data}`."""
        async with self.session.get(f"{self.gateway.url}/helpline{path}", timeout=aiohttp.ClientTimeout(total=None)) as got:
            assert got.status == 200, await got.text()
            yield events_of(got)

    async def items(self) -> list[dict[str, Any]]:
        """The list as it is now, in the page's order."""
        await self.gateway.app[BOARD].make()  # else it may be a tenth of a second old
        async with asyncio.timeout(10), self.stream() as events:
            async for event in events:
                if event["event"] == "list":
                    return sorted(event["data"]["items"], key=lambda item: (not item["urgent"], item["since"]))
        raise AssertionError("no list")

    async def card(self, conversation_id: str) -> dict[str, Any]:
        """The card of a conversation as it is now."""
        async with asyncio.timeout(10), self.stream(f"/conversations/{conversation_id}/events") as events:
            async for event in events:
                if event["event"] == "card":
                    return event["data"]
        raise AssertionError("no card")

    async def close(self) -> None:
        await self.session.close()
