"""A reply's text for phones: links, splitting where a reader would pause, and what text messages can carry.

The assistant's text has links as `[label](url)`, `- ` bullets and blank lines between paragraphs, nothing else.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from bot.knowledge import gsm

LINK = re.compile(r"\[([^\[\]]+)\]\((https?://[^\s()]+)\)")
_TOKEN = re.compile(rf"{LINK.pattern}|\s+|[^\s\[]+|\[")
_PAUSES = (re.compile(r"\n\s*\n\s*"), re.compile(r"\n\s*"), re.compile(r"(?<=[.?:;])\s+"), re.compile(r"\s+"))
_TOO_SOON = 0.4  # a pause before this part of what fits is no place to split

TWO_SEGMENTS = 2
UCS2_ONE, UCS2_EACH = 70, 67  # UTF-16 units

# Signs that print alike; one curly quote would halve what fits into a text message.
_FOLDED = str.maketrans({
    "\u2018": "'", "\u2019": "'", "\u201a": "'", "\u201b": "'", "\u2032": "'", "\u00b4": "'", "`": "'",
    "\u201c": '"', "\u201d": '"', "\u201e": '"', "\u2033": '"', "\u00ab": '"', "\u00bb": '"',
    "\u2010": "-", "\u2011": "-", "\u2012": "-", "\u2013": "-", "\u2014": "-", "\u2015": "-", "\u2212": "-",
    "\u2022": "-", "\u2023": "-", "\u25e6": "-", "\u2043": "-", "\u00b7": "-", "\u2026": "...",
    "\u00a0": " ", "\u2007": " ", "\u2009": " ", "\u202f": " ", "\u2003": " ", "\u2002": " ", "\t": " ",
    "\u200b": "", "\u200c": "", "\u2060": "", "\ufeff": "", "\u00ad": "", "\r": "",
})


def folded(text: str) -> str:
    """`text` with typographic signs as plain ones; letters with accents stay as they are."""
    return text.translate(_FOLDED)


def segments(text: str) -> int:
    """How many text messages `text` is sent in: seven bits a character where all its characters allow it, else UCS-2."""
    if gsm.is_gsm7(text):
        return gsm.segments(text)
    sizes = [2 if ord(c) > 0xFFFF else 1 for c in text]
    return 1 if sum(sizes) <= UCS2_ONE else gsm.filled(sizes, UCS2_EACH)


def links_last(text: str) -> tuple[str, list[str]]:
    """(`text` with the links' labels alone, their addresses in order, each once and short)."""
    addresses = [short(url) for _, url in LINK.findall(text)]
    return LINK.sub(lambda found: found[1], text), list(dict.fromkeys(addresses))


def short(url: str) -> str:
    """An address as people type it: phones make a link of it all the same."""
    return re.sub(r"^https?://(www\.)?", "", url).rstrip("/")


def split(text: str, fits: Callable[[str], bool]) -> list[str]:
    """`text` in pieces that each fit, cut at a pause; a link is never cut. Raises `ValueError` for a link that can't fit.

    Only blanks between the pieces are lost, and nothing changes its order.
    """
    pieces, rest = [], text.strip()
    while rest:
        if fits(rest):
            pieces.append(rest)
            break
        end = _end(rest, fits)
        pieces.append(rest[:end].rstrip())
        rest = rest[end:].lstrip()
    return pieces


def _end(text: str, fits: Callable[[str], bool]) -> int:
    """Where the first piece of `text` ends."""
    most = 0
    for token in _TOKEN.finditer(text):
        if token.group().isspace():
            continue
        if not fits(text[: token.end()]):
            if most:
                return _pause(text, most)
            if LINK.fullmatch(token.group()):
                raise ValueError("a link is longer than a message")
            return _characters(text, fits)
        most = token.end()
    return len(text)


def _pause(text: str, most: int) -> int:
    """The best place to cut in `text[:most]`: a paragraph, a line, a sentence, a word."""
    inside = [(found.start(), found.end()) for found in LINK.finditer(text)]
    for pause in _PAUSES:
        ends = [found.start() for found in pause.finditer(text, 0, most + 1) if found.start() <= most
                and not any(start < found.start() < end for start, end in inside)]
        if ends and ends[-1] >= most * _TOO_SOON:
            return ends[-1]
    return most


def _characters(text: str, fits: Callable[[str], bool]) -> int:
    """For a word longer than a message: as many of its characters as fit, one at least."""
    end = 1
    while end < len(text) and fits(text[: end + 1]):
        end += 1
    return end
