"""The assistant's own sentences (`content/words.yml`): greetings, questions, joins between answers."""

from __future__ import annotations

import string
from collections.abc import Callable, Mapping
from typing import Any


class Words:
    """Sentences by name ('greeting.hello'); a list holds ways of saying the same thing."""

    def __init__(self, tree: Mapping[str, Any]) -> None:
        self._lines: dict[str, tuple[str, ...]] = dict(_flatten(tree))

    def __contains__(self, name: str) -> bool:
        return name in self._lines

    def __iter__(self) -> Any:
        return iter(self._lines.items())

    def say(self, name: str, turn: int = 0, fill: Callable[[str], str] = str, /, **values: object) -> str:
        """The sentence `name` with its places filled; `turn` picks the wording, so that none is repeated at once.

        `fill` puts in the figures first. Raises `KeyError` for a name that the content lacks or a place that
        is not given.
        """
        ways = self._lines[name]
        return fill(ways[turn % len(ways)]).format_map(values)

    def ways(self, name: str) -> tuple[str, ...]:
        """All lines called `name`."""
        return self._lines[name]

    def under(self, group: str) -> list[str]:
        """The names of the lines in `group`, without the group's own: 'hello' and 'thanks' under 'greet'."""
        return [name.removeprefix(f"{group}.") for name in self._lines if name.startswith(f"{group}.")]

    def places(self, name: str) -> set[str]:
        """The names in braces that the sentences called `name` use."""
        return {f for way in self._lines[name] for _, f, _, _ in string.Formatter().parse(way) if f}


def _flatten(tree: Mapping[str, Any], prefix: str = "") -> list[tuple[str, tuple[str, ...]]]:
    lines: list[tuple[str, tuple[str, ...]]] = []
    for key, value in tree.items():
        if isinstance(value, Mapping):
            lines += _flatten(value, f"{prefix}{key}.")
        else:
            lines.append((f"{prefix}{key}", tuple(value) if isinstance(value, list) else (value,)))
    return lines
