"""How hard a text is to read: its sentences, its words, and the Flesch–Kincaid grade.

The formula is Kincaid and others, 1975: 0.39 words a sentence + 11.8 syllables a word - 15.59. Syllables come from
the package `syllapy` (MIT, its dictionary inside the wheel). `textstat` (0.7.13) was tried first: it needs
nltk's cmudict, which it fetches from the network at run time. On our own 47,000 words syllapy finds 1.326
syllables a word where cmudict finds 1.335: a tenth of a grade.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property, lru_cache

LINK = re.compile(r"\[([^\]]+)\]\((?:[^()\s]|\([^)]*\))*\)")
_LONG_NUMBER = re.compile(r"\+?\d[\d ]{3,}\d")  # a phone number is read as one thing
_ADDRESS = re.compile(r"\S+@\S+\w|\b(?:https?://)?(?:[\w-]+\.)+(?:uk|org|com|net)\b(?:/\S*\w)?", re.IGNORECASE)
_END = re.compile(r"(?<=[.?!])['\")\]]*\s+(?=['\"(\[]?[A-Z0-9£])")
_BULLET = re.compile(r"\s*(?:[-*•]|\d+\.)\s+")
_HAS_LETTER = re.compile(r"[A-Za-z0-9]")
_SPOKEN = re.compile(r"[a-z]+(?:'[a-z]+)*")


class ReaderMissingError(RuntimeError):
    """The package that counts syllables is missing."""


@dataclass(frozen=True)
class Reader:
    """Reads texts with some terms taken as easy words, and some words' syllables given.

    `terms`: terms of art, which are explained where they are met and must not make a text look hard.
    `syllables`: {word: syllables} where the dictionary is wrong.
    """

    terms: Collection[str] = ()
    syllables: Mapping[str, int] = field(default_factory=dict)

    def grade(self, text: str) -> float:
        """The Flesch–Kincaid grade of `text`: the school years (American) it takes to read it. 0 without words."""
        spoken = [words(sentence) for sentence in sentences(self._without_terms(text))]
        count = sum(map(len, spoken))
        if not count:
            return 0.0
        beats = sum(self._beats(word) for sentence in spoken for word in sentence)
        return 0.39 * count / len(spoken) + 11.8 * beats / count - 15.59

    def _without_terms(self, text: str) -> str:
        plain = _ADDRESS.sub("it", without_links(text))  # an address is copied, not read
        return self._terms.sub("it", plain) if self.terms else plain

    @cached_property
    def _terms(self) -> re.Pattern[str]:
        longest_first = sorted(self.terms, key=len, reverse=True)
        return re.compile(rf"\b(?:{'|'.join(map(re.escape, longest_first))})(?:'s|s)?\b", re.IGNORECASE)

    def _beats(self, word: str) -> int:
        return sum(self._syllables(part) for part in _SPOKEN.findall(word.lower())) or 1

    def _syllables(self, word: str) -> int:
        known = self.syllables.get(word)
        return known if known is not None else max(1, _count_syllables(word))


def without_links(text: str) -> str:
    """`text` with each `[label](address)` as its label: what is read."""
    return LINK.sub(r"\1", text)


def sentences(text: str) -> list[str]:
    """The sentences of `text`. A bullet is at least one of its own, with or without a full stop."""
    return [part for block in _blocks(without_links(text)) for part in _END.split(block) if words(part)]


def words(text: str) -> list[str]:
    """The words of `text`, a phone number being one."""
    return [word for word in _LONG_NUMBER.sub("number", text).split() if _HAS_LETTER.search(word)]


def _blocks(text: str) -> Iterator[str]:
    """The paragraphs and bullets of `text`; a line that goes on with the one before is joined to it."""
    block = ""
    for line in text.splitlines():
        bullet = _BULLET.match(line)
        if bullet or not line.strip() or block.endswith((".", "?", "!", ":")):
            yield block
            block = ""
        block = f"{block} {line[bullet.end() :] if bullet else line}".strip()
    yield block


@lru_cache(maxsize=20_000)
def _count_syllables(word: str) -> int:
    try:
        import syllapy  # type: ignore[import-untyped]
    except ImportError as error:
        how = ".venv/bin/python -m uv pip install --require-hashes -r requirements/dev.txt"
        raise ReaderMissingError(f"The reading grade needs the package 'syllapy'. Install it: {how}") from error
    return int(syllapy.count(word))
