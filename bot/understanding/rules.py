"""`any` / `unless`: a phrase counts, except where a phrase that overlaps it says otherwise."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from bot.understanding.phrases import Group, WordLists
from bot.understanding.reading import Reading


class Rule:
    """Phrases that say something, and phrases that take it back."""

    def __init__(self, any_of: Sequence[str], unless: Sequence[str], lists: WordLists) -> None:
        """`any_of` and `unless` are pattern lines, `lists` the word lists they name."""
        self._any = Group(any_of, lists)
        self._unless = Group(unless, lists)

    @classmethod
    def of(cls, block: Mapping[str, Any], lists: WordLists) -> Rule:
        """A rule from a block of YAML with `any` and, if need be, `unless`."""
        return cls([str(s) for s in block["any"]], [str(s) for s in block.get("unless") or ()], lists)

    def find(self, reading: Reading) -> tuple[int, int] | None:
        """(first, after last) word numbers of the earliest match (the longest such) nothing takes back."""
        if not self._any.may_match(reading.vocabulary):
            return None
        matches = sorted(reading.find(self._any), key=lambda match: (match[0], -match[1]))
        if not matches:
            return None
        blocks = list(reading.find(self._unless))
        for first, after in matches:
            if not any(b_first < after and first < b_after for b_first, b_after in blocks):
                return first, after
        return None

    def says(self, reading: Reading) -> bool:
        """Whether the message says it."""
        return self.find(reading) is not None
