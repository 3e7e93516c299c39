"""A fact that the carer puts right on the page: checked, put into words for the transcript, and into a payload for Rasa."""

from __future__ import annotations

import json
from datetime import date
from typing import Any

from bot.knowledge.base import KnowledgeBase

INTENT = "/assistant.correction.change_fact"
OLDEST, MOST = 25, 12  # years, children


def arrangements(base: KnowledgeBase) -> list[str]:
    """The ids of all arrangements, in the order of words.yml."""
    return base.words.under("arrangement_names")


def correction(base: KnowledgeBase, on: date, facts: object) -> tuple[str, str]:
    """(words, payload) for `{"arrangement": id}`, `{"authority": slug}` or `{"child_age": [years]}`.

    Raises `ValueError` with a sentence for the client where it is anything else.
    """
    if not isinstance(facts, dict) or len(facts) != 1:
        raise ValueError("correction has to be an object with one fact.")
    ((name, value),) = facts.items()
    if name == "authority" and isinstance(value, str) and value in base.authorities:
        return _said(base, on, name, base.authorities[value].short_name), _payload({"authority": value})
    if name == "arrangement" and value in arrangements(base):
        return _said(base, on, name, base.say(f"arrangement_names.{value}", on)), _fact(name, value)
    if name == "child_age" and _ages(value):
        return _said(base, on, name, ", ".join(map(str, value))), _fact(name, value)
    raise ValueError("The fact has to be arrangement, authority or child_age, with a value that there is.")


def _ages(value: object) -> bool:
    return isinstance(value, list) and 1 <= len(value) <= MOST and all(
        type(age) is int and 0 <= age <= OLDEST for age in value)


def _said(base: KnowledgeBase, on: date, name: str, value: str) -> str:
    return base.say(f"correction.{name}", on, value=value)


def _fact(name: str, value: Any) -> str:
    return _payload({"fact": {"name": name, "value": value}})


def _payload(entities: dict[str, Any]) -> str:
    return INTENT + json.dumps(entities)
