"""The knowledge as an adviser looks it up: by words or topic, for this carer's council and arrangement, to send as it is."""

from __future__ import annotations

import re
from typing import Any

from rapidfuzz import fuzz, utils

from bot.knowledge.base import KnowledgeBase
from bot.knowledge.reply import Message
from bot.knowledge.schema import Topic
from bot.knowledge.situation import Situation

MOST = 8  # topics
LIKE = 60  # of 100: how near the words have to be to a topic's title or text
LOCAL = "local"


def search(base: KnowledgeBase, words: str, topic: str, situation: Situation) -> list[dict[str, Any]]:
    """Topics with their parts, the nearest first: `{topic, title, parts: [{facet, label, text, entry}]}`."""
    if topic:
        return [_shown(base, topic, _parts(base, topic, situation))] if topic in base.topics else []
    asked = utils.default_process(words)
    if not asked:
        return []
    parts = {name: _parts(base, name, situation) for name in base.topics}
    scored = sorted(((_near(base.topics[name], asked, parts[name]), name) for name in parts), reverse=True)
    return [_shown(base, name, parts[name]) for score, name in scored if score >= LIKE][:MOST]


def _shown(base: KnowledgeBase, name: str, parts: list[dict[str, Any]]) -> dict[str, Any]:
    return {"topic": name, "title": base.topics[name].title, "parts": parts}


def _near(topic: Topic, asked: str, parts: list[dict[str, Any]]) -> float:
    titled = fuzz.token_set_ratio(asked, f"{topic.title} {topic.about}", processor=utils.default_process)
    text = " ".join(part["text"] for part in parts)
    inside = all(re.search(rf"\b{re.escape(word)}", text, re.IGNORECASE) for word in asked.split())
    return titled + (20 if inside else 0)


def _parts(base: KnowledgeBase, name: str, situation: Situation) -> list[dict[str, Any]]:
    parts = []
    for facet in base.facets(name, situation):
        found = base.find(name, facet, situation)
        if found:
            label = base.facet_label(name, facet, situation.on) if facet not in ("answer", "next_step") else facet
            parts.append({"facet": facet, "label": label, "text": found.text, "entry": found.entry.id})
    for local in base.find_locally(name, situation):
        parts.append({"facet": f"{LOCAL}/{local.entry.id}", "label": base.authorities[local.offer.authority].short_name,
                      "text": local.text, "entry": local.entry.id})
    return parts


def entry(base: KnowledgeBase, topic: str, facet: str, situation: Situation) -> Message | None:
    """One part of a topic as a message with its sources; None where the content has it not."""
    if facet.startswith(f"{LOCAL}/"):
        wanted = facet.removeprefix(f"{LOCAL}/")
        local = next((one for one in base.find_locally(topic, situation) if one.entry.id == wanted), None)
        return Message(text=local.text, topics=[topic], answers=[local.answer(situation)]) if local else None
    found = base.find(topic, facet, situation)
    if found is None:
        return None
    return Message(text=found.text, topics=[topic], answers=[found.answer(situation)], sms=found.sms)
