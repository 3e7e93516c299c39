"""What is being spoken of, and what a message can hardly be there."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from bot.understanding.titles import topics

Shares = npt.NDArray[np.float32]

OUT_OF_PLACE = 0.1  # how likely a reply is where nothing was asked, or a follow-up where nothing was said
BESIDE_THE_POINT = 0.4  # how likely what we can't help with is, where something we can was spoken of
TOO_SOON = 0.25  # how likely a correction is where nothing was said: 'you've got me down as his nan' may come first
_TURNS_AWAY = re.compile(
    r"^(?:no|wait|hang on|hold on|actually|sorry|right|ok)\b.{0,60}\bfirst\b|\b(?:instead|back to"
    r"|(?:forget|leave|never ?mind) (?:that|it|about)|(?:^|ok|okay|right|so|and)[, ]+now (?:the|for|about|my)"
    r"|other thing|something else|change of subject)\b", re.I)
WHICH = "arrangement.which"
URGENT, FOLLOW_UP, INFORM = "urgent.", "follow_up.", "reply.inform"
CORRECTION, OUT_OF_SCOPE = "assistant.correction", "assistant.out_of_scope"


def spoken_of(slots: Mapping[str, Any]) -> list[str]:
    """The topics of the conversation, newest first."""
    recent = [slots.get("topic"), *(slots.get("recent") or [])]
    settled = WHICH if slots.get("told") else None  # once she knows her arrangement, what comes is about something else
    return list(dict.fromkeys(topic for topic in recent if topic in topics() and topic != settled))


def turns_away(text: str) -> bool:
    """To something other than what was spoken of last, by its form?"""
    return bool(_TURNS_AWAY.search(text))


def in_place(classes: Sequence[str], slots: Mapping[str, Any], told_unasked: float) -> Shares:
    """A weight for each class: a reply is unlikely where nothing was asked, a follow-up where nothing was said."""
    asked, said = bool(slots.get("open_question")), bool(slots.get("topic"))

    def weight(name: str) -> float:
        if name == INFORM:
            return 1.0 if asked else told_unasked
        if name.startswith("reply."):
            return 1.0 if asked else OUT_OF_PLACE
        if said and name.startswith(OUT_OF_SCOPE):
            return BESIDE_THE_POINT
        if said or not name.startswith((CORRECTION, FOLLOW_UP)):
            return 1.0
        return TOO_SOON if name.startswith(CORRECTION) else OUT_OF_PLACE

    return np.array([weight(name) for name in classes], dtype=np.float32)


def by_topic(classes: Sequence[str], shares: Shares) -> dict[str, float]:
    """The shares of classes that belong together, such as all greetings, summed."""
    total: dict[str, float] = {}
    for name, share in zip(classes, shares, strict=True):
        total[topic_of(name)] = total.get(topic_of(name), 0.0) + float(share)
    return total


def topic_of(name: str) -> str:
    """'assistant.greeting' for 'assistant.greeting.thanks'."""
    return ".".join(name.split(".")[:2])
