"""Splits a story into the parts that may each say something of their own."""

from __future__ import annotations

import re

BREAKS = re.compile(r"(?<=[.!?\n])\s+|\s*[;\n]\s*|,?\s+(?:and also|also|plus|and then|oh and|another thing)\s+", re.I)


LIST = re.compile(r"\s*,\s*(?:and\s+|or\s+)?|\s+and\s+", re.I)
LISTED, LONGEST_LIST, LONGEST_ITEM = 3, 30, 12  # items from which it is a list; words of a list and of an item at most


def items(text: str) -> list[str]:
    """What a short message lists ('a school, help with money and someone to talk to'); none where it is no list."""
    found = [piece for piece in LIST.split(text.strip(" .!?")) if piece]
    fits = len(text.split()) <= LONGEST_LIST and all(len(piece.split()) <= LONGEST_ITEM for piece in found)
    return [piece for piece in found if len(piece.split()) > 1] if len(found) >= LISTED and fits else []


def parts(text: str, words: int) -> list[str]:
    """The sentences of `text` that have at least `words` words; none where it has only one."""
    pieces = [p.strip() for p in BREAKS.split(text) if p and len(p.split()) >= words]
    return pieces if len(pieces) > 1 else []
