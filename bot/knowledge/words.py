"""The assistant's own sentences (`content/words.yml`): greetings, questions, joins between answers."""

from __future__ import annotations

import string
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from bot.knowledge.source_lines import ContentError, Document


def words_of(document: Document, needed: Sequence[str] = ()) -> Words:
    """The sentences of words.yml, where each is text or a list of texts, and `needed` are there. Raises `ContentError`."""
    if not isinstance(document.data, Mapping):
        raise ContentError([document.problem((), "words.yml", "it is not a mapping", "write 'name: sentence' lines")])
    how = "write a sentence, or a list of ways to say it, each after '- '"
    odd = [document.problem(place, ".".join(map(str, place)) or "words.yml", "is not text", how)
           for place, leaf in leaves(document.data) if not isinstance(leaf, str)]
    if odd:
        raise ContentError(odd)
    words = Words(document.data)
    missing = [document.problem(name.split("."), name, "is missing", "add the sentence")
               for name in needed if name not in words]
    if missing:
        raise ContentError(missing)
    return words


def leaves(tree: Any, place: Sequence[str | int] = ()) -> Iterator[tuple[tuple[str | int, ...], Any]]:
    """(place, value) of everything in a tree of mappings and lists that is neither; an empty one is a leaf."""
    if isinstance(tree, Mapping) and tree:
        for key, value in tree.items():
            yield from leaves(value, (*place, key))
    elif isinstance(tree, list) and tree:
        for index, value in enumerate(tree):
            yield from leaves(value, (*place, index))
    else:
        yield tuple(place), tree


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
