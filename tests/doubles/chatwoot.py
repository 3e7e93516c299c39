"""A stand-in for Chatwoot: the client API of an API channel, the list of agents, and signed webhooks.

Written from https://developers.chatwoot.com: Contacts, Conversations and Messages API, Agents, webhook events.
"""

from __future__ import annotations

import hashlib
import hmac
import itertools
import json
import secrets
import time
from typing import Any

import aiohttp
from aiohttp import web

INBOX, ACCOUNT, TOKEN, SECRET = "inbox-of-tests", 1, "token-of-an-agent", "secret-of-the-webhook"
CLIENT = "/public/api/v1/inboxes/{inbox}/contacts"


class FakeChatwoot:
    """`messages` by conversation, as they came in; `agents` with what they are available for; `down` fails everything."""

    def __init__(self) -> None:
        self.contacts: dict[str, dict[str, Any]] = {}
        self.conversations: dict[int, dict[str, Any]] = {}
        self.messages: dict[int, list[dict[str, Any]]] = {}
        self.agents = [{"id": 7, "name": "Sam Okoro", "availability_status": "online"}]
        self.down = False
        self._ids = itertools.count(1)
        self._runner: web.AppRunner | None = None
        self.url = ""

    async def start(self) -> None:
        app = web.Application(middlewares=[self._broken])
        app.router.add_post(CLIENT, self._contact)
        app.router.add_post(CLIENT + "/{source}/conversations", self._conversation)
        app.router.add_post(CLIENT + "/{source}/conversations/{id:\\d+}/messages", self._message)
        app.router.add_get("/api/v1/accounts/{account}/agents", self._agents)
        self._runner = web.AppRunner(app, shutdown_timeout=0.1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        self.url = f"http://127.0.0.1:{self._runner.addresses[0][1]}"

    async def stop(self) -> None:
        if self._runner:
            await self._runner.cleanup()

    @web.middleware
    async def _broken(self, request: web.Request, handler: Any) -> web.StreamResponse:
        if self.down:
            return web.json_response({"error": "down"}, status=502)
        if request.match_info.get("inbox", INBOX) != INBOX:
            return web.json_response({"error": "Resource could not be found"}, status=404)
        return await handler(request)

    async def _contact(self, request: web.Request) -> web.Response:
        body = await request.json()
        known = next((c for c in self.contacts.values() if c["identifier"] == body.get("identifier")), None)
        fresh = {"id": next(self._ids), "source_id": secrets.token_hex(8), "pubsub_token": secrets.token_hex(8)}
        made = known or fresh | body
        self.contacts[made["source_id"]] = made
        return web.json_response(made)

    async def _conversation(self, request: web.Request) -> web.Response:
        if request.match_info["source"] not in self.contacts:
            return web.json_response({"error": "Resource could not be found"}, status=404)
        made = {"id": next(self._ids), "inbox_id": 1, "messages": [], "source": request.match_info["source"],
                **await request.json()}
        self.conversations[made["id"]], self.messages[made["id"]] = made, []
        return web.json_response(made)

    async def _message(self, request: web.Request) -> web.Response:
        number, body = int(request.match_info["id"]), await request.json()
        if number not in self.conversations or not body.get("content"):
            return web.json_response({"error": "Resource could not be found"}, status=404)
        made = {"id": next(self._ids), "message_type": 0, "content_type": "text", "conversation_id": number, **body}
        self.messages[number].append(made)
        return web.json_response(made)

    async def _agents(self, request: web.Request) -> web.Response:
        if request.headers.get("api_access_token") != TOKEN:
            return web.json_response({"errors": ["Invalid access token"]}, status=401)
        return web.json_response(self.agents)

    def said(self, number: int) -> list[str]:
        """What an agent reads."""
        return [message["content"] for message in self.messages[number]]

    async def agent_says(self, gateway: str, number: int, text: str, message_id: int, **more: Any) -> int:
        """The webhook of an agent's message; gives the gateway's status."""
        event = {"event": "message_created", "id": message_id, "content": text, "message_type": "outgoing",
                 "private": False, "sender": {"id": 7, "name": "Sam Okoro", "type": "user"},
                 "conversation": {"id": number, "status": "open"}, "account": {"id": ACCOUNT}}
        return await self.hook(gateway, event | more)

    async def resolve(self, gateway: str, number: int) -> int:
        """The webhook of a conversation that an agent has closed."""
        return await self.hook(gateway, {"event": "conversation_status_changed", "id": number, "status": "resolved"})

    async def hook(self, gateway: str, event: dict[str, Any], secret: str = SECRET, age: int = 0) -> int:
        """A signed webhook, as Chatwoot sends it."""
        body, stamp = json.dumps(event).encode(), str(int(time.time()) - age)
        signature = hmac.new(secret.encode(), f"{stamp}.".encode() + body, hashlib.sha256).hexdigest()
        headers = {"Content-Type": "application/json", "X-Chatwoot-Timestamp": stamp,
                   "X-Chatwoot-Signature": f"sha256={signature}"}
        url = gateway + "/desks/chatwoot"
        async with aiohttp.ClientSession() as session, session.post(url, data=body, headers=headers) as got:
            return got.status
