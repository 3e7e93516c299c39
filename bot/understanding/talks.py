"""Whole conversations that writers made up (nlu/talks): what a carer says, and what each message is about.

Between two of her messages the topic she was at has been answered.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import yaml

from bot.understanding.titles import ROOT, facets, topics

TALKS = ROOT / "nlu" / "talks"
GOES_ON, GOES_BACK, NEW, FIRST = "goes_on", "goes_back", "new", "first"  # kinds of a message that is about a topic
BESIDE = ("tells", "out_of_scope")  # kinds of one that isn't, and is easily taken for one that is,
PLAIN = ("replies", "corrects", "chats")  # and kinds that are told by themselves
KINDS = (GOES_ON, GOES_BACK, NEW, FIRST, *BESIDE, *PLAIN)
OURS = ("assistant.about", "assistant.privacy")  # topics that have no file: what they say is about us
_KEYS = {"say", "topic", "also", "part", "says"}


class Said(NamedTuple):
    """One message in its conversation."""

    text: str
    writer: str
    kind: str  # of KINDS
    topic: str | None = None
    facet: str | None = None  # the part of the topic that answers it, where that is plain
    also: tuple[str, ...] = ()  # other topics it asks for
    spoken: tuple[str, ...] = ()  # topics spoken of before it, newest first


def talks(folder: Path = TALKS) -> Iterator[Said]:
    """Every message of `<writer>.yml`, in order. Raises `ValueError` with what is wrong in which file."""
    for path in sorted(folder.glob("*.yml")):
        data = yaml.load(path.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)
        for number, talk in enumerate(data["talks"], 1):
            spoken: tuple[str, ...] = ()
            for turn in talk["turns"]:
                wrong = _wrong(turn)
                if wrong:
                    raise ValueError(f"{path}: conversation {number}: {turn}: {wrong}")
                said = _said(turn, path.stem, spoken)
                yield said
                about = (said.topic, *said.also) if said.topic else ()
                spoken = tuple(dict.fromkeys((*about, *spoken)))


def _wrong(turn: Any) -> str | None:
    if not isinstance(turn, dict) or not turn.keys() <= _KEYS or not isinstance(turn.get("say"), str):
        return f"has to be a mapping with a text under say, and of {', '.join(sorted(_KEYS))} only"
    if ("topic" in turn) == ("says" in turn):
        return "is either about a topic or has one of the kinds under says"
    if "says" in turn:
        return None if turn["says"] in (*BESIDE, *PLAIN) else f"says has to be one of {', '.join((*BESIDE, *PLAIN))}"
    unknown = [topic for topic in (turn["topic"], *turn.get("also", [])) if topic not in (*topics(), *OURS)]
    return f"there is no topic {unknown[0]}" if unknown else None


def _said(turn: dict[str, Any], writer: str, spoken: tuple[str, ...]) -> Said:
    topic, also = turn.get("topic"), tuple(turn.get("also", []))
    if topic is None:
        return Said(turn["say"], writer, turn["says"], spoken=spoken)
    kind = FIRST if not spoken else GOES_ON if topic == spoken[0] else GOES_BACK if topic in spoken else NEW
    part = turn.get("part")
    facet = part if part in facets(topic) else None  # this topic may say nothing of it
    return Said(turn["say"], writer, kind, topic, facet, also, spoken)
