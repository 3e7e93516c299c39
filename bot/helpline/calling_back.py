"""A call-back: a number, safe times, may a message be left, a name if she likes. Four questions, and others in between."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

import phonenumbers

STEPS = ("number", "times", "message", "name")
SHORTEST = 9  # digits without the zero: nobody is rung on a local number
NOBODY_SAYS = 60  # characters at most, of times and of a name
_TIMES = re.compile(r"\d|\b(any|morning|afternoon|noon|midday|lunch|evening|school|day|week|mon|tue|wed|thu|fri|after|before|"
                    r"between|whenever|now|all|tomorrow|today)", re.IGNORECASE)
_YES = re.compile(r"^\W*(yes|yeah|yep|y|ok|okay|sure|fine|it'?s safe|safe)\b", re.IGNORECASE)
_NO = re.compile(r"^\W*(no|nope|n|not|don'?t|better not|never)\b", re.IGNORECASE)


@dataclass(frozen=True)
class Answer:
    """What her words say to a step. `wrong`: they try to answer it, and can't be read."""

    value: Any = None
    wrong: bool = False


def next_step(told: dict[str, Any]) -> str | None:
    """The first question that has no answer; None where all have, or where a text is wanted and there is a number."""
    steps = STEPS[:1] if told.get("text") else STEPS
    return next((step for step in steps if step not in told), None)


def complete(told: dict[str, Any] | None) -> bool:
    """Is there somebody to ring?"""
    return told is not None and not told.get("text") and next_step(told) is None


def read(step: str, text: str) -> Answer | None:
    """An answer to the step; None where the text asks or tells something else."""
    words = text.strip()
    if step == "number":
        return _number(words)
    if "?" in words or len(words) > NOBODY_SAYS:
        return None
    if step == "times":
        return Answer(words) if _TIMES.search(words) else None
    if step == "message":
        return Answer(True) if _YES.search(words) else Answer(False) if _NO.search(words) else None
    if _NO.search(words):
        return Answer("")
    return Answer(words) if 1 <= len(words.split()) <= 3 and not re.search(r"\d", words) else None


def ending(number: str) -> str:
    """The last digits: enough to know one's own number by."""
    return number[-3:]


def _number(text: str) -> Answer | None:
    found = phonenumbers.PhoneNumberMatcher(text, "GB", leniency=phonenumbers.Leniency.POSSIBLE)
    match = next((one for one in found if len(str(one.number.national_number)) >= SHORTEST), None)
    if match:
        return Answer(str(phonenumbers.format_number(match.number, phonenumbers.PhoneNumberFormat.E164)))
    return Answer(wrong=True) if sum(c.isdigit() for c in text) >= 5 else None
