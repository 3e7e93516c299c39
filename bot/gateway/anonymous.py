"""Takes out of a carer's words what could tell who she is: numbers, addresses, postcodes, first names."""

from __future__ import annotations

import re
from functools import cache

from bot.knowledge.base import CONTENT

_EMAIL = re.compile(r"[^\s@]+@[^\s@]+\.\w+")
_LINK = re.compile(r"https?://\S+|www\.\S+")
_NUMBER = re.compile(r"(?<!\w)\+?\d(?:[ ()./-]?\d){4,}(?!\w)")  # phones, case and account numbers, dates of birth
_POSTCODE = re.compile(r"\b[A-Za-z]{1,2}\d[A-Za-z\d]?\s*\d[A-Za-z]{2}\b")
_WORD = re.compile(r"\b[A-Z][a-z]+\b")


def anonymous(text: str) -> str:
    """`text` with [email], [link], [number], [postcode] and [name] in place of what was there."""
    for pattern, shown in ((_EMAIL, "[email]"), (_LINK, "[link]"), (_POSTCODE, "[postcode]"), (_NUMBER, "[number]")):
        text = pattern.sub(shown, text)
    return _WORD.sub(lambda word: "[name]" if word[0].casefold() in _first_names() else word[0], text)


@cache
def _first_names() -> frozenset[str]:
    lines = (CONTENT / "first_names.txt").read_text(encoding="utf-8").splitlines()
    return frozenset(line.strip().casefold() for line in lines if line.strip() and not line.startswith("#"))
