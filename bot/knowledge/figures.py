"""Figures: each value once, dated, and never shown past its end."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import date

from bot.knowledge.schema import DatedValue, Figure

REFERENCE = re.compile(r"\{figures\.([a-z0-9_]+)\.([a-z0-9_]+)\}")
LONGEST_YEAR = 366  # days
# A year that waits behind its amount, and the rest of its sentence or line: the year goes to the end of that.
_WAITING = re.compile(r"\0([\d-]+)\0((?:(?![.?!]['\")]?(?:\s|$))[^\n\0])*)")


class Figures:
    """All figures by group and name."""

    def __init__(self, groups: Mapping[str, Mapping[str, Figure]], check_hint: str = "", year_hint: str = "") -> None:
        self._groups = groups
        self._hint = check_hint
        self._year_hint = year_hint

    def __contains__(self, reference: tuple[str, str]) -> bool:
        group, name = reference
        return name in self._groups.get(group, {})

    def __iter__(self) -> Iterator[tuple[str, str, Figure]]:
        for group, figures in self._groups.items():
            for name, figure in figures.items():
                yield group, name, figure

    def value(self, group: str, name: str, on: date) -> str | None:
        """The value that holds on that day, or None. Raises `KeyError` for an unknown name."""
        dated = self._holding(group, name, on)
        return dated.value if dated else None

    def _holding(self, group: str, name: str, on: date) -> DatedValue | None:
        values = self._groups[group][name].values
        return next((v for v in values if v.from_ <= on and (v.to is None or on <= v.to)), None)

    def fill(self, text: str, on: date, briefly: bool = False) -> str:
        """`text` with each `{figures.group.name}` as it holds on that day.

        A figure with no value then is worded without it, with where to check instead (each page once; not
        where the text has to be brief): an old amount is never shown as current. The first amount of a year
        names that year at the end of its sentence, so that whoever reads it later knows.
        """
        told: set[str] = set()

        def shown(match: re.Match[str]) -> str:
            group, name = match.groups()
            dated = self._holding(group, name, on)
            if dated is not None:
                year = _year(dated)
                if not (year and self._year_hint) or year in told:
                    return dated.value
                told.add(year)
                return f"{dated.value}\0{year}\0"
            figure = self._groups[group][name]
            if briefly or figure.source.url in told:
                return figure.otherwise
            told.add(figure.source.url)
            return figure.otherwise + self._hint.format(title=figure.source.title, url=figure.source.url)

        return _WAITING.sub(lambda m: m.group(2) + self._year_hint.format(year=m.group(1)), REFERENCE.sub(shown, text))


def _year(dated: DatedValue) -> str:
    """'2026-27' for an amount that holds for one year; empty for everything else."""
    if "£" not in dated.value or dated.to is None or (dated.to - dated.from_).days > LONGEST_YEAR:
        return ""
    return f"{dated.from_.year}-{dated.to.year % 100:02}" if dated.to.year > dated.from_.year else f"{dated.to.year}"


def references(text: str) -> list[tuple[str, str]]:
    """The (group, name) pairs that `text` uses."""
    return [(m.group(1), m.group(2)) for m in REFERENCE.finditer(text)]
