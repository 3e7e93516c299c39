"""A stand-in for Telegram's Bot API as documented: what a bot may ask, webhooks with their secret, and faults."""

from __future__ import annotations

import asyncio
import itertools
import json
import re
import time
from dataclasses import dataclass
from html.parser import HTMLParser
from typing import Any

import aiohttp
from aiohttp import web

TOKEN = "123456:a-token-of-telegram-for-tests"
SECRET = "a-secret-of-telegram-for-tests"
ALLOWED = {"a", "b", "i", "u", "s", "code", "pre"}


class _Reader(HTMLParser):
    """Reads what Telegram reads: raises `ValueError` for a tag it does not know, or that is not closed."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.text, self.open, self.links = "", [], []

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        if tag not in ALLOWED:
            raise ValueError(f"Unsupported start tag {tag}")
        self.open.append(tag)
        self.links += [value for name, value in attrs if name == "href"]

    def handle_endtag(self, tag: str) -> None:
        if not self.open or self.open.pop() != tag:
            raise ValueError(f"Unexpected end tag {tag}")

    def handle_data(self, data: str) -> None:
        self.text += data


def read_html(text: str) -> tuple[str, list[str]]:
    """(what a person reads, the links). Raises `ValueError` where Telegram would answer 400."""
    if re.search(r"<(?!/?[a-z])|&(?!(?:lt|gt|amp|quot|#\d+|#x[0-9a-f]+);)", text, re.IGNORECASE):
        raise ValueError("can't parse entities")
    reader = _Reader()
    reader.feed(text)
    reader.close()
    if reader.open:
        raise ValueError("can't find end tag")
    return reader.text, reader.links


@dataclass
class Sent:
    """A message that Telegram took from the bot."""

    id: int
    chat: int
    text: str  # as it is read
    links: list[str]
    buttons: list[dict[str, str]]


class FakeTelegram:
    """`faults` are used up one a request to sendMessage: an HTTP status, ('retry', seconds), 'timeout' or 'lost'."""

    def __init__(self) -> None:
        self.hang = 30.0
        self.url = ""
        self.webhook: dict[str, Any] = {"url": "", "secret_token": ""}
        self._ids, self._updates = itertools.count(1), itertools.count(1000)
        self._runner: web.AppRunner | None = None
        self.reset()

    def reset(self) -> None:
        """As if it were new, but for its webhook and its numbering."""
        self.faults: list[Any] = []
        self.sent: list[Sent] = []
        self.calls: list[tuple[str, dict[str, Any]]] = []
        self.blocked: set[int] = set()
        self.waiting: list[dict[str, Any]] = []  # updates for getUpdates
        self.arrived = asyncio.Event()

    async def start(self, port: int = 0) -> None:
        app = web.Application()
        app.router.add_route("*", "/bot{token}/{method}", self._answer)
        self._runner = web.AppRunner(app, shutdown_timeout=0.1)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", port).start()
        self.url = f"http://127.0.0.1:{self._runner.addresses[0][1]}"

    async def stop(self) -> None:
        if self._runner:
            await self._runner.cleanup()
            self._runner = None

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        if request.match_info["token"] != TOKEN:
            return self._error(401, "Unauthorized")
        method = request.match_info["method"]
        given: dict[str, Any] = dict(await request.post())
        self.calls.append((method, given))
        handler = getattr(self, f"_{method}", None)
        return await handler(given) if handler else self._ok(True)

    async def _sendMessage(self, given: dict[str, Any]) -> web.StreamResponse:  # noqa: N802  (Telegram's name)
        fault = self.faults.pop(0) if self.faults else None
        if fault == "timeout":
            await asyncio.sleep(self.hang)
            return self._error(500, "Too late")
        if isinstance(fault, tuple):
            return self._error(429, f"Too Many Requests: retry after {fault[1]}", {"retry_after": fault[1]})
        if isinstance(fault, int):
            return self._error(fault, "Told to")
        chat, text = int(given["chat_id"]), str(given["text"])
        if chat in self.blocked:
            return self._error(403, "Forbidden: bot was blocked by the user")
        links: list[str] = []
        if given.get("parse_mode") == "HTML":
            try:
                text, links = read_html(text)
            except ValueError as error:
                return self._error(400, f"Bad Request: {error}")
        if not text.strip():
            return self._error(400, "Bad Request: message text is empty")
        if len(text) > 4096:
            return self._error(400, "Bad Request: message is too long")
        markup = json.loads(given["reply_markup"]) if given.get("reply_markup") else {}
        buttons = [button for row in markup.get("inline_keyboard", []) for button in row]
        if any(not 1 <= len(button["callback_data"].encode()) <= 64 for button in buttons):
            return self._error(400, "Bad Request: BUTTON_DATA_INVALID")
        sent = Sent(next(self._ids), chat, text, links, buttons)
        self.sent.append(sent)
        self.arrived.set()
        if fault == "lost":
            await asyncio.sleep(self.hang)
        return self._ok({"message_id": sent.id, "date": int(time.time()), "text": text,
                         "chat": {"id": chat, "type": "private"}})

    async def _getMe(self, _: dict[str, Any]) -> web.StreamResponse:  # noqa: N802
        return self._ok({"id": 123456, "is_bot": True, "first_name": "Signpost", "username": "signpost_bot"})

    async def _setWebhook(self, given: dict[str, Any]) -> web.StreamResponse:  # noqa: N802
        self.webhook = {"url": given.get("url", ""), "secret_token": given.get("secret_token", "")}
        return self._ok(True)

    async def _getWebhookInfo(self, _: dict[str, Any]) -> web.StreamResponse:  # noqa: N802
        return self._ok({"url": self.webhook["url"], "has_custom_certificate": False, "pending_update_count": 0})

    async def _getUpdates(self, given: dict[str, Any]) -> web.StreamResponse:  # noqa: N802
        offset = int(given.get("offset", 0))
        self.waiting = [update for update in self.waiting if update["update_id"] >= offset]
        if not self.waiting:
            await asyncio.sleep(0.05)
        return self._ok(self.waiting)

    @staticmethod
    def _ok(result: Any) -> web.Response:
        return web.json_response({"ok": True, "result": result})

    @staticmethod
    def _error(status: int, text: str, parameters: dict[str, Any] | None = None) -> web.Response:
        body = {"ok": False, "error_code": status, "description": text} | ({"parameters": parameters} if parameters else {})
        return web.json_response(body, status=status)

    # Updates

    def update(self, **what: Any) -> dict[str, Any]:
        return {"update_id": next(self._updates), **what}

    def message(self, chat: int, text: str | None = None, *, kind: str = "private", **more: Any) -> dict[str, Any]:
        """A message update."""
        body: dict[str, Any] = {"message_id": next(self._updates), "date": int(time.time()),
                                "chat": {"id": chat, "type": kind, "first_name": "A carer"},
                                "from": {"id": abs(chat), "is_bot": False, "first_name": "A carer"}}
        return self.update(message=body | ({"text": text} if text is not None else {}) | more)

    def tap(self, sent: Sent, number: int) -> dict[str, Any]:
        """The update of a tapped button."""
        return self.update(callback_query={
            "id": str(next(self._updates)), "chat_instance": "1", "data": sent.buttons[number - 1]["callback_data"],
            "from": {"id": sent.chat, "is_bot": False, "first_name": "A carer"},
            "message": {"message_id": sent.id, "date": 1, "chat": {"id": sent.chat, "type": "private"}, "text": sent.text}})

    async def call(self, gateway: str, update: Any, secret: str | None = SECRET) -> int:
        """POST an update to the gateway's webhook."""
        headers = {"X-Telegram-Bot-Api-Secret-Token": secret} if secret is not None else {}
        async with aiohttp.ClientSession() as session, session.post(
                f"{gateway}/channels/telegram", json=update, headers=headers) as answer:
            return answer.status

    def to(self, chat: int) -> list[Sent]:
        """What was sent to one chat."""
        return [sent for sent in self.sent if sent.chat == chat]


class Chat:
    """A carer's chat at the double."""

    def __init__(self, telegram: FakeTelegram, gateway: str, chat: int = 4242) -> None:
        self.telegram, self.gateway, self.id = telegram, gateway, chat
        self.seen = 0

    @property
    def screen(self) -> list[Sent]:
        """Everything received."""
        return self.telegram.to(self.id)

    async def text(self, text: str | None, **more: Any) -> dict[str, Any]:
        update = self.telegram.message(self.id, text, **more)
        assert await self.telegram.call(self.gateway, update) == 200
        return update

    async def tap(self, sent: Sent, number: int) -> None:
        assert await self.telegram.call(self.gateway, self.telegram.tap(sent, number)) == 200

    async def next(self, within: float = 30.0) -> Sent:
        async with asyncio.timeout(within):
            while len(self.telegram.to(self.id)) <= self.seen:
                self.telegram.arrived.clear()
                await self.telegram.arrived.wait()
        self.seen += 1
        return self.telegram.to(self.id)[self.seen - 1]
