"""Facts said in so many words: circumstances.yml says how."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bot.understanding.found import FactValue, Found
from bot.understanding.phrases import WordLists
from bot.understanding.reading import Reading
from bot.understanding.rules import Rule


class Circumstances:
    """Every fact of circumstances.yml, each with its values in the order they are tried."""

    def __init__(self, data: Mapping[str, Any], lists: WordLists) -> None:
        """`data` is circumstances.yml as loaded, `lists` all word lists it may name."""
        self._facts: dict[str, list[tuple[FactValue, bool, Rule]]] = {
            str(name): [(block["value"], bool(block.get("sure", True)), Rule.of(block, lists)) for block in blocks]
            for name, blocks in data["patterns"].items()
        }

    def find(self, reading: Reading) -> dict[str, Found]:
        """Each fact the message states, by name."""
        stated: dict[str, Found] = {}
        for name, values in self._facts.items():
            for value, sure, rule in values:
                where = rule.find(reading)
                if where is not None:
                    stated[name] = Found(value, *where, sure)
                    break
        return stated
