"""What a component may know of the turn beside the text: the committed slots and the day."""

from __future__ import annotations

from datetime import date
from typing import Any

from rasa.shared.nlu.training_data.message import Message

EMBEDDING = "embedding"  # the whole message's, worked out once for all components
SENTENCES = "sentences"  # (a story's sentences, vectors of the whole message and of each of them)
PARTS_ASKED = "parts_asked"  # {part of a topic: how likely it is what is asked for, were any}; 0-1, summing to 1
PARTS_LEARNED = "parts_learned"  # topics → {topic: {part: how likely lines alike to the message make it, about 0 to 1}}


def slots(message: Message) -> dict[str, Any]:
    """The state the turn started from, as the gateway sent it; empty in `rasa shell`."""
    return (message.get("metadata") or {}).get("slots") or {}


def open_question(message: Message) -> str:
    """Id of the question that waits for an answer; empty where none does."""
    return slots(message).get("open_question") or ""


def earlier(message: Message) -> list[str]:
    """Messages answered before Rasa saw them (danger): only what they tell of the family is taken."""
    return list((message.get("metadata") or {}).get("earlier") or [])


def read_already(message: Message) -> dict[str, Any] | None:
    """What the gateway has read of the text, as `embedding.carried.packed` gives it."""
    return (message.get("metadata") or {}).get("read")


def today(message: Message) -> date:
    """The service's day, which may be set for tests."""
    now = (message.get("metadata") or {}).get("now")
    return date.fromisoformat(now[:10]) if now else date.today()  # noqa: DTZ011  (UK day; the gateway sends it)
