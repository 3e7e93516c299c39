"""Everything kept about a carer, for her: the right of access, without a form to fill in."""

from __future__ import annotations

from typing import Any

from aiohttp import web
from sqlalchemy import select

from bot.gateway import web_api
from bot.gateway.store import Store
from bot.gateway.tables import ConsentChange, Contact, Conversation, Inbound, WaitingForPerson

routes = web.RouteTableDef()
FILE = "attachment; filename=kinship-signpost.json"


@routes.get("/api/v1/conversations/{id}/export")
async def export(request: web.Request) -> web.Response:
    """All of it as JSON, to be kept by whoever has the conversation's token."""
    conversation = await web_api.opened(request, request.match_info["id"], web_api.bearer(request))
    return web.json_response(await kept(request.app[web_api.STORE], conversation), headers={"Content-Disposition": FILE})


async def kept(store: Store, conversation: Conversation) -> dict[str, Any]:
    """What is kept of the conversation. A number is not told: who has the token need not be who has the phone."""
    lines = await store.lines(conversation.id)
    async with store.session() as session:
        contacts = list(await session.scalars(select(Contact).where(Contact.conversation_id == conversation.id)))
        changes = list(await session.scalars(select(ConsentChange).where(
            ConsentChange.contact_id.in_([contact.id for contact in contacts])).order_by(ConsentChange.id)))
        waits = await session.get(WaitingForPerson, conversation.id)
        unanswered = list(await session.scalars(select(Inbound.received_at).where(
            Inbound.conversation_id == conversation.id, Inbound.status == "waiting")))
    return {
        "conversation_id": conversation.id, "channel": conversation.channel,
        "created_at": conversation.created_at.isoformat(), "last_at": conversation.last_at.isoformat(),
        **web_api.turn(lines, conversation), "understood": conversation.slots, "counted_for": conversation.counted,
        "phones": [{"channel": contact.channel, "first_at": contact.first_at.isoformat(),
                    "last_at": contact.last_at.isoformat(),
                    "stopped_at": contact.opted_out_at.isoformat() if contact.opted_out_at else None,
                    "consent": [{"what": change.what, "by": change.by, "at": change.at.isoformat()}
                                for change in changes if change.contact_id == contact.id]} for contact in contacts],
        "waits_for_a_person": {"why": waits.reason, "since": waits.since.isoformat()} if waits else None,
        "waiting_for_an_answer": [at.isoformat() for at in unanswered],
    }
