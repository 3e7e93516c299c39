"""What a message's way needs of the helpline's desk; the desk itself is in `bot/helpline`, which the gateway doesn't know."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from bot.gateway.tables import Conversation, Inbound
from bot.knowledge.reply import HandOver, Message

DESK = "desk:"  # commands that begin so are for the desk, not for Rasa


class Desk(Protocol):
    """One, or none where there is no helpline."""

    async def adds(self, conversation: Conversation, hand_over: HandOver | None) -> list[Message]:
        """What the carer is told besides a reply: what happens now that a person is wanted, or the desk's open question."""

    async def takes(self, conversation: Conversation, inbound: Inbound) -> bool:
        """Answer the message, where it is the desk's: a command of its own, or an answer to its question. Else False."""

    async def let_go(self, conversation: Conversation) -> None:
        """The carer goes back to the assistant, whoever has her."""


def is_desks(inbounds: Sequence[Inbound]) -> bool:
    """Is it a command of the desk's?"""
    return (inbounds[0].command or "").startswith(DESK)
