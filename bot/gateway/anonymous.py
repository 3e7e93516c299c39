"""Takes out of a carer's words what could tell who she is: numbers, addresses, postcodes, names."""

from __future__ import annotations

import re
from functools import cache

from bot.knowledge.base import CONTENT

_EMAIL = re.compile(r"[^\s@]+@[^\s@]+\.\w+")
_LINK = re.compile(r"https?://\S+|www\.\S+")
_NUMBER = re.compile(r"(?<!\w)\+?\d(?:[ ()./-]?\d){4,}(?!\w)")  # phones, case and account numbers, dates of birth
_POSTCODE = re.compile(r"\b[A-Za-z]{1,2}\d[A-Za-z\d]?\s*\d[A-Za-z]{2}\b")
_SPEAKING = ("words", "glossary", "authorities", "arrangements", "wider_areas")  # files with words and places
_WORD = re.compile(r"\b[A-Z][a-z]+\b")


def anonymous(text: str) -> str:
    """`text` with [email], [link], [number], [postcode] and [name] in place of what was there."""
    for pattern, shown in ((_EMAIL, "[email]"), (_LINK, "[link]"), (_POSTCODE, "[postcode]"), (_NUMBER, "[number]")):
        text = pattern.sub(shown, text)
    return _WORD.sub(lambda word: word[0] if word[0].casefold() in _ordinary() else "[name]", text)


@cache
def _ordinary() -> frozenset[str]:
    """Every word of the content but first names: a capitalised word that is none of these is taken for a name."""
    files = [*(CONTENT / "national").glob("*.yml"), *(CONTENT / f"{name}.yml" for name in _SPEAKING)]
    words = {word.casefold() for path in files for word in re.findall(r"[^\W\d_]+", path.read_text(encoding="utf-8"))}
    lines = (CONTENT / "first_names.txt").read_text(encoding="utf-8").splitlines()
    return frozenset(words - {line.strip().casefold() for line in lines})
