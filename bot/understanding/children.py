"""Which child a message speaks of, and what it tells of each where it speaks of two. The words are in content/children.yml."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

_NOT_ANOTHERS = r"(?<!'s )(?<!s' )"  # "my neighbour's little girl" is no child of this family
_CLAUSE = re.compile(r"(?:[.;:!?,\n]+|\s+-+)\s*(?:(?:and|but|while|whereas|then|though)\s+)?"
                     r"|\s+(?:and|but|while|whereas|then|though)\s+")


class Children:
    """Made from children.yml as loaded."""

    def __init__(self, data: Mapping[str, Any]) -> None:
        self._said = {name: re.compile(rf"{_NOT_ANOTHERS}\b(?:{'|'.join(map(re.escape, block['said']))})\b")
                      for name, block in data.items()}
        self._words = {name: tuple(block["said"]) for name, block in data.items()}  # quicker to look for than the pattern
        names = "|".join(re.escape(said) for block in data.values() for said in block["said"])
        self._together = re.compile(rf"\b({names})\s*(?:,\s*and|,|and)\s+(?=(?:(?:my|the|our|a)\s+)?(?:{names})\b)")

    def named(self, text: str) -> list[str]:
        """The children spoken of in `text` (lower case, straight apostrophes), in that order."""
        spoken = [(match.start(), name) for name, words in self._words.items() if any(word in text for word in words)
                  for match in self._said[name].finditer(text)]
        return list(dict.fromkeys(name for _, name in sorted(spoken)))

    def told_of(self, text: str) -> dict[str, str]:
        """What `text` tells of each child, clause by clause, after what it tells of all; empty unless two are named apart."""
        if len(self.named(text)) < 2:
            return {}
        of_all: list[str] = []
        of_each: dict[str, list[str]] = {}
        speaking = of_all
        for clause in _CLAUSE.split(self._together.sub(r"\1 & ", text)):  # "my niece and nephew": one clause that names two
            named = self.named(clause)
            if len(named) == 1:
                speaking = of_each.setdefault(named[0], [])
            elif named:
                speaking = of_all
            speaking.append(clause)
        if len(of_each) < 2:
            return {}
        return {name: ". ".join([*of_all, *clauses]) for name, clauses in of_each.items()}
