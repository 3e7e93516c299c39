"""Chatwoot's API channel, for charities whose advisers sit there: the conversation goes there, and their answers come back.

https://developers.chatwoot.com: the client API takes what the carer says, a signed webhook brings what an agent says.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import time
from datetime import datetime
from typing import Any

import aiohttp
import structlog
from aiohttp import web
from sqlalchemy import select, update

from bot.channels.channel import refuse
from bot.gateway import web_api
from bot.gateway.store import Store
from bot.gateway.tables import Conversation, Line, WaitingForPerson
from bot.helpline.cases import NotYours
from bot.helpline.desk import HelplineDesk, Unreachable
from bot.helpline.tables import ChatwootLink
from bot.helpline.telling import TOPIC
from bot.knowledge.reply import Message

log = structlog.get_logger()

FRESH = 300  # seconds that a signed webhook may be old
HOOK = "/desks/chatwoot"
OUTCOME = "answered"


class Chatwoot:
    """A desk elsewhere. Agents' ids here begin with `chatwoot:`."""

    name = "chatwoot"

    def __init__(self, url: str, inbox: str, account: int, token: str, secret: str, store: Store, desk: HelplineDesk) -> None:
        self._client = f"{url.rstrip('/')}/public/api/v1/inboxes/{inbox}/contacts"
        self._agents = f"{url.rstrip('/')}/api/v1/accounts/{account}/agents"
        self._token, self._secret, self._store, self._desk = token, secret, store, desk
        self._session: aiohttp.ClientSession | None = None

    async def open(self) -> None:
        """Get ready."""
        self._session = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=10))

    async def close(self) -> None:
        """Done."""
        if self._session:
            await self._session.close()

    async def there(self, now: datetime) -> bool:
        """Is an agent online? Nobody is, as far as we can say, where Chatwoot doesn't answer."""
        try:
            agents = await self._ask("GET", self._agents, headers={"api_access_token": self._token})
        except Unreachable:
            return False
        return any(agent.get("availability_status") == "online" for agent in agents)

    async def announce(self, case: WaitingForPerson, conversation: Conversation) -> None:
        """A contact and a conversation there, once; then everything said so far. Raises `Unreachable`."""
        async with self._store.session() as session:
            known = await session.get(ChatwootLink, conversation.id)
        if known is None:
            who = {"identifier": conversation.id, "name": conversation.id[-4:].upper()}
            contact = await self._ask("POST", self._client, who)
            about = {"reason": case.reason, "danger": case.urgent, "channel": conversation.channel,
                     **{name: conversation.slots.get(name) for name in ("arrangement", "authority", "child_age")}}
            path = f"{self._client}/{contact['source_id']}/conversations"
            made = await self._ask("POST", path, {"custom_attributes": about})
            async with self._store.session() as session:
                session.add(ChatwootLink(conversation_id=conversation.id, source_id=contact["source_id"],
                                         chatwoot_id=int(made["id"]), last_line=0))
        await self.heard(conversation.id)

    async def heard(self, conversation_id: str) -> None:
        """Send on every line that Chatwoot hasn't got, but those that came from there. Raises `Unreachable`."""
        async with self._store.session() as session:
            link = await session.get(ChatwootLink, conversation_id)
        if link is None:
            return
        for line in await self._store.lines(conversation_id, after=link.last_line):
            if line.sender != "helpline":
                path = f"{self._client}/{link.source_id}/conversations/{link.chatwoot_id}/messages"
                await self._ask("POST", path, {"content": _told(line), "echo_id": f"signpost-{line.id}"})
            async with self._store.session() as session:
                await session.execute(update(ChatwootLink).where(
                    ChatwootLink.conversation_id == conversation_id).values(last_line=line.id))

    def routes(self) -> list[web.RouteDef]:
        """The webhook."""
        return [web.post(HOOK, self.hook)]

    async def hook(self, request: web.Request) -> web.Response:
        """An agent wrote, or closed the conversation. Anything else is none of ours."""
        body = await request.read()
        if not self._signed(request, body):
            raise await refuse(request, "Chatwoot", "signature")
        try:
            told = json.loads(body)
            await self._take(told)
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            raise web.HTTPBadRequest(text="Not an event of Chatwoot's.") from error
        return web.Response(status=200)

    async def _take(self, told: dict[str, Any]) -> None:
        event = told["event"]
        said = event == "message_created" and told["message_type"] == "outgoing" and not told.get("private")
        if said and told.get("content"):
            conversation_id = await self._whose(told["conversation"])
            if conversation_id:
                await self._agent_wrote(conversation_id, told)
        elif event == "conversation_status_changed" and told.get("status") == "resolved":
            conversation_id = await self._whose(told)
            case = await self._desk.cases.get(conversation_id) if conversation_id else None
            if conversation_id and case and case.staff_id and case.staff_id.startswith(f"{self.name}:"):
                name = await self._name_of(conversation_id)
                await self._desk.hand_back(conversation_id, case.staff_id, name, OUTCOME, "")

    async def _agent_wrote(self, conversation_id: str, told: dict[str, Any]) -> None:
        """The first word takes the conversation; each is said once, however often Chatwoot tells of it."""
        sender = told.get("sender") or {}
        name, staff_id = str(sender.get("name") or "").split(" ")[0] or "An adviser", f"{self.name}:{sender.get('id')}"
        case = await self._desk.cases.get(conversation_id)
        if case is None or case.staff_id is None:
            await self._desk.claim(conversation_id, staff_id, name)
        elif case.staff_id != staff_id and case.staff_id.startswith(f"{self.name}:"):
            await self._desk.transfer(conversation_id, case.staff_id, await self._name_of(conversation_id), staff_id, name)
        message = Message(text=web_api.readable(str(told["content"])), topics=[TOPIC])
        try:
            await self._desk.reply(conversation_id, staff_id, name, f"message-{told['id']}", message)
        except NotYours:
            log.warning("chatwoot_too_late")

    async def _whose(self, conversation: dict[str, Any]) -> str | None:
        async with self._store.session() as session:
            found: str | None = await session.scalar(select(ChatwootLink.conversation_id).where(
                ChatwootLink.chatwoot_id == int(conversation["id"])))
            return found

    async def _name_of(self, conversation_id: str) -> str:
        """What the carer knows the agent by."""
        lines = await self._store.lines(conversation_id)
        return next((str(line.body["by"]) for line in reversed(lines) if line.body.get("by")), "")

    def _signed(self, request: web.Request, body: bytes) -> bool:
        stamp, given = request.headers.get("X-Chatwoot-Timestamp", ""), request.headers.get("X-Chatwoot-Signature", "")
        if not stamp.isdecimal() or len(stamp) > 12 or abs(time.time() - int(stamp)) > FRESH:
            return False
        right = hmac.new(self._secret.encode(), f"{stamp}.".encode() + body, hashlib.sha256).hexdigest()
        return hmac.compare_digest(f"sha256={right}".encode(), given.encode())

    async def _ask(self, method: str, url: str, body: dict[str, Any] | None = None, **more: Any) -> Any:
        if self._session is None:
            raise Unreachable("chatwoot is not open")
        try:
            async with self._session.request(method, url, json=body, **more) as answer:
                if answer.status >= 300:
                    raise Unreachable(f"chatwoot {answer.status}")
                return await answer.json()
        except (aiohttp.ClientError, TimeoutError, ValueError) as error:
            raise Unreachable(f"chatwoot {type(error).__name__}") from error


def _told(line: Line) -> str:
    """As the agent reads it: whose words they are, where they aren't the carer's."""
    return line.text if line.sender == "carer" else f"[{line.sender}] {line.text}"
