"""Figures: each value once, dated, and never shown past its end."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import date

from bot.knowledge.schema import Figure

REFERENCE = re.compile(r"\{figures\.([a-z0-9_]+)\.([a-z0-9_]+)\}")


class Figures:
    """All figures by group and name."""

    def __init__(self, groups: Mapping[str, Mapping[str, Figure]], check_hint: str = "") -> None:
        self._groups = groups
        self._hint = check_hint

    def __contains__(self, reference: tuple[str, str]) -> bool:
        group, name = reference
        return name in self._groups.get(group, {})

    def __iter__(self) -> Iterator[tuple[str, str, Figure]]:
        for group, figures in self._groups.items():
            for name, figure in figures.items():
                yield group, name, figure

    def value(self, group: str, name: str, on: date) -> str | None:
        """The value that holds on that day, or None. Raises `KeyError` for an unknown name."""
        for dated in self._groups[group][name].values:
            if dated.from_ <= on and (dated.to is None or on <= dated.to):
                return dated.value
        return None

    def fill(self, text: str, on: date, briefly: bool = False) -> str:
        """`text` with each `{figures.group.name}` as it holds on that day.

        A figure with no value then is worded without it, with where to check instead (each page once; not
        where the text has to be brief): an old amount is never shown as current.
        """
        told: set[str] = set()

        def shown(match: re.Match[str]) -> str:
            group, name = match.groups()
            value = self.value(group, name, on)
            if value is not None:
                return value
            figure = self._groups[group][name]
            if briefly or figure.source.url in told:
                return figure.otherwise
            told.add(figure.source.url)
            return figure.otherwise + self._hint.format(title=figure.source.title, url=figure.source.url)

        return REFERENCE.sub(shown, text)


def references(text: str) -> list[tuple[str, str]]:
    """The (group, name) pairs that `text` uses."""
    return [(m.group(1), m.group(2)) for m in REFERENCE.finditer(text)]
