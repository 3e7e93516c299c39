"""Whether the child is with the carer now, or the carer is only asked or thinking."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bot.understanding.phrases import WordLists, words
from bot.understanding.reading import Reading
from bot.understanding.rules import Rule

# where one of these is spoken of, a child wanted, 'thought about' or not yet born may come to the carer
_CARE_TALK = words(
    """
    COUNCIL CAREPLACE FOSTERER COURTCASE CAREORDER S20 viability adoption adopted unborn kinship removed taken remove
    conference placed
    """
)


@dataclass(frozen=True)
class Home:
    """with_me: the child is with the carer. elsewhere: said to be elsewhere. asked: words of a carer-to-be, or None."""

    with_me: bool
    elsewhere: bool
    asked: tuple[int, int] | None

    @property
    def prospective(self) -> bool:
        """Whether the child may come and is not there."""
        return self.asked is not None and (not self.with_me or self.elsewhere)


class Living:
    """Reads where the child lives. Built once, from living.yml."""

    def __init__(self, data: Mapping[str, Any], lists: WordLists) -> None:
        """`data` is living.yml as loaded, `lists` all word lists it may name."""
        self._with_me = Rule(data["with_me"], data["not_really_with_me"], lists)
        self._elsewhere = Rule(data["not_with_me"], data["not_elsewhere"], lists)
        self._came = Rule.of(data["came_to_me"], lists)
        self._asked = Rule(data["prospective"], data["not_prospective"], lists)
        self._asked_of_care = Rule(data["prospective_in_care"], data["not_prospective"], lists)

    def read(self, reading: Reading) -> Home:
        """Where the child is, as far as the message says."""
        elsewhere = self._elsewhere.says(reading)
        asked = self._asked.find(reading)
        if asked is None and (elsewhere or _CARE_TALK & reading.vocabulary):
            asked = self._asked_of_care.find(reading)
        return Home(self._with_me.says(reading) or self._came.says(reading), elsewhere, asked)
