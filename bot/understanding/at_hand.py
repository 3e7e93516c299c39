"""What a short message means where something is already being spoken of.

'Every one I ring is full' says nothing by itself; after an answer on school places it does. So a message
is read twice: alone, and under the title of the topic at hand ('Getting a school place: every one …').
The surer the message is by itself, and the longer, the less the second reading counts.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from bot.understanding.titles import topics

Shares = npt.NDArray[np.float32]

TITLES = (0.6, 0.25, 0.15)  # the share of each topic spoken of, newest first, in the second reading
WHOLLY, NOT_AT_ALL = 12, 25  # words up to which the topic at hand counts in full, and from which it doesn't
DOUBTFUL, SURE = 0.5, 0.85  # confidences of the message alone between which the second reading fades out
SHARE = 0.75  # of the second reading in the whole, at most
RECENT = 3.0  # how much likelier a topic is that was spoken of lately
OUT_OF_PLACE = 0.1  # how likely a reply is where nothing was asked, or a follow-up where nothing was said
BESIDE_THE_POINT = 0.4  # how likely what we can't help with is, where something we can was spoken of
TOO_SOON = 0.25  # how likely a correction is where nothing was said: 'you've got me down as his nan' may come first
_TURNS_AWAY = re.compile(
    r"^(?:no|wait|hang on|hold on|actually|sorry|right|ok)\b.{0,60}\bfirst\b|\b(?:instead|back to"
    r"|(?:forget|leave|never ?mind) (?:that|it|about)|(?:^|ok|okay|right|so|and)[, ]+now (?:the|for|about|my)"
    r"|other thing|something else|change of subject)\b", re.I)
WHICH = "arrangement.which"
CORRECTION, OUT_OF_SCOPE = "assistant.correction", "assistant.out_of_scope"
CHAT = ("assistant.greeting", "assistant.about", "assistant.privacy", CORRECTION, "helpline.")


def spoken_of(slots: Mapping[str, Any]) -> list[str]:
    """The topics of the conversation, newest first."""
    recent = [slots.get("topic"), *(slots.get("recent") or [])]
    settled = WHICH if slots.get("told") else None  # once she knows her arrangement, what comes is about something else
    return list(dict.fromkeys(topic for topic in recent if topic in topics() and topic != settled))


def turns_away(text: str) -> bool:
    """To something other than what was spoken of last, by its form?"""
    return bool(_TURNS_AWAY.search(text))


def may_be_about(text: str, slots: Mapping[str, Any]) -> list[str]:
    """The topics spoken of that `text` may be about: all, but the last where it turns away ('no wait, money first')."""
    spoken = spoken_of(slots)
    return [topic for topic in spoken[1:] if not topic.startswith("urgent.")] if turns_away(text) else spoken


def under_titles(text: str, spoken: Sequence[str]) -> list[str]:
    """The message under the titles of the topics `spoken` of, newest first; none where the message is long."""
    if len(text.split()) >= NOT_AT_ALL:
        return []
    return [f"{topics()[topic]['title']}: {text}" for topic in spoken[: len(TITLES)]]


def in_place(classes: Sequence[str], slots: Mapping[str, Any], told_unasked: float) -> Shares:
    """A weight for each class: a reply is unlikely where nothing was asked, a follow-up where nothing was said."""
    asked, said = bool(slots.get("open_question")), bool(slots.get("topic"))

    def weight(name: str) -> float:
        if name == "reply.inform":
            return 1.0 if asked else told_unasked
        if name.startswith("reply."):
            return 1.0 if asked else OUT_OF_PLACE
        if said and name.startswith(OUT_OF_SCOPE):
            return BESIDE_THE_POINT
        if said or not name.startswith((CORRECTION, "follow_up.")):
            return 1.0
        return TOO_SOON if name.startswith(CORRECTION) else OUT_OF_PLACE

    return np.array([weight(name) for name in classes], dtype=np.float32)


def blended(alone: Shares, titled: Shares, classes: Sequence[str], spoken: Sequence[str], words: int) -> Shares:
    """One row of probabilities out of the two readings of a message of so many words.

    `titled`: a row for each of `under_titles`. A title says nothing of small talk, so that keeps its share.
    """
    short = min(1.0, max(0.0, (NOT_AT_ALL - words) / (NOT_AT_ALL - WHOLLY)))
    doubt = short * min(1.0, max(0.0, (SURE - max(by_topic(classes, alone).values())) / (SURE - DOUBTFUL)))
    chat = np.array([name.startswith(CHAT) for name in classes])
    recent = np.array([1 + (RECENT - 1) * doubt if name in spoken else 1.0 for name in classes])
    weights = np.array(TITLES[: len(titled)]).reshape(-1, 1)
    second = _whole((weights * _whole(np.where(chat, 0.0, titled))).sum(axis=0, keepdims=True))[0]
    first = _whole(np.where(chat, 0.0, alone).reshape(1, -1))[0]
    matter = _whole((((1 - SHARE * doubt) * first + SHARE * doubt * second) * recent).reshape(1, -1))[0]
    mixed: Shares = np.where(chat, alone, matter * (1 - float(alone[chat].sum()))).astype(np.float32)
    return mixed


def _whole(rows: Shares) -> Shares:
    """Each row summing to 1."""
    summed: Shares = rows / np.maximum(rows.sum(axis=1, keepdims=True), 1e-9)
    return summed


def by_topic(classes: Sequence[str], shares: Shares) -> dict[str, float]:
    """The shares of classes that belong together, such as all greetings, summed."""
    total: dict[str, float] = {}
    for name, share in zip(classes, shares, strict=True):
        total[topic_of(name)] = total.get(topic_of(name), 0.0) + float(share)
    return total


def topic_of(name: str) -> str:
    """'assistant.greeting' for 'assistant.greeting.thanks'."""
    return ".".join(name.split(".")[:2])
