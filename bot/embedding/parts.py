"""Splits a story into the parts that may each say something of their own."""

from __future__ import annotations

import re

BREAKS = re.compile(r"(?<=[.!?\n])\s+|\s*[;\n]\s*|,?\s+(?:and also|also|plus|and then|oh and|another thing)\s+", re.I)


def parts(text: str, words: int) -> list[str]:
    """The sentences of `text` that have at least `words` words; none where it has only one."""
    pieces = [p.strip() for p in BREAKS.split(text) if p and len(p.split()) >= words]
    return pieces if len(pieces) > 1 else []
