"""The manager's figures of a quarter: what carers needed and how it went, and no number small enough to be about somebody.

A number under `FEW` is not shown, and neither is one from which such a number follows, with the totals of its table: of what
a total leaves hidden, the smallest numbers join it until what is hidden comes to `FEW` together. Quarters don't overlap, and
one is looked at as a whole, for one council or for one arrangement. That holds for each table by itself: who adds up several
can sometimes work out a small number (docs/desk.md).
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal, get_args

from bot.gateway import tallies
from bot.gateway.tables import Tally
from bot.helpline.tables import Handled

FEW = 5
ALL = ""  # the row of a table that has only one
KINDS = {tallies.TALKED: None, tallies.ANSWERED: tallies.TALKED, tallies.HANDED_OVER: tallies.TALKED,
         tallies.HANDED_OVER_SHUT: tallies.HANDED_OVER, tallies.SHUT: tallies.TALKED,
         tallies.NOT_UNDERSTOOD: tallies.TALKED}  # and what each is a part of
WAITS = {"up to a minute": 60, "up to 5 minutes": 300, "up to 15 minutes": 900, "up to an hour": 3600}  # seconds
LONGER, NOBODY = "more than an hour", "nobody came"
BANDS = (*WAITS, LONGER, NOBODY)
Dimension = Literal["authority", "arrangement"]
NOT_SAID = "not said"
DIMENSIONS: tuple[Dimension, ...] = get_args(Dimension)
Cells = Mapping[tuple[str, str], int]  # (row, column) → conversations


@dataclass(frozen=True, order=True)
class Quarter:
    """Three months of weeks; a week belongs to where its Monday is."""

    year: int
    number: int

    @classmethod
    def of(cls, day: date) -> Quarter:
        """The one of the week that `day` is in."""
        monday = day - timedelta(days=day.weekday())
        return cls(monday.year, (monday.month + 2) // 3)

    def __str__(self) -> str:
        return f"{self.year}-Q{self.number}"

    @property
    def next(self) -> Quarter:
        """The one after it."""
        return Quarter(self.year, self.number + 1) if self.number < 4 else Quarter(self.year + 1, 1)

    @property
    def start(self) -> date:
        """Its first Monday."""
        first = date(self.year, self.number * 3 - 2, 1)
        return first + timedelta(days=-first.weekday() % 7)

    @property
    def until(self) -> date:
        """The Monday after it."""
        return self.next.start

    def weeks(self, today: date) -> list[str]:
        """The Mondays of it that have come, as 2026-11-23."""
        count = (min(self.until, today + timedelta(days=1)) - self.start).days
        return [(self.start + timedelta(days=day)).isoformat() for day in range(0, count, 7)]


def shown(cells: Cells, rows: bool = False, columns: bool = False) -> dict[tuple[str, str], int]:
    """The cells that may be shown, where the totals of `rows` and of `columns` are shown too."""
    lines: dict[tuple[int, str], list[tuple[str, str]]] = defaultdict(list)
    for cell in cells:
        for side, totals in enumerate((rows, columns)):
            if totals:
                lines[side, cell[side]].append(cell)
    hidden = {cell for cell, number in cells.items() if number < FEW}
    while further := {cell for line in lines.values() for cell in _too_few(cells, line, hidden)}:
        hidden |= further
    return {cell: number for cell, number in cells.items() if cell not in hidden}


def _too_few(cells: Cells, line: Iterable[tuple[str, str]], hidden: set[tuple[str, str]]) -> list[tuple[str, str]]:
    """The cell to hide besides, where the total would tell of so few that are hidden; none where it doesn't."""
    told = sum(cells[cell] for cell in line if cell in hidden)
    left = sorted((cell for cell in line if cell not in hidden), key=lambda cell: (cells[cell], cell))
    return left[:1] if 0 < told < FEW else []


class Report:
    """The figures of one quarter, each table safe by itself: {(row, column): conversations}, without what is hidden."""

    def __init__(self, counted: Sequence[Tally], handled: Sequence[Handled]) -> None:
        self._counted = counted
        weekly = {kind: self._table("week", ALL, kind) for kind in KINDS}
        total = {kind: self._table(ALL, ALL, kind) for kind in KINDS}
        self.totals = {kind: number for kind in KINDS for number in _parts(total, kind).values()}
        self.weekly = {(week, kind): number for kind in KINDS for (week, _), number in _parts(weekly, kind).items()}
        self.topics = shown(self._table("what", ALL, tallies.ASKED))
        self.topics_weekly = shown(self._table("what", "week", tallies.ASKED), rows=True)
        self.councils = shown(self._table("authority", ALL, tallies.TALKED), columns=True)
        self.arrangements = shown(self._table("arrangement", ALL, tallies.TALKED), columns=True)
        self.councils_arrangements = shown(self._table("authority", "arrangement", tallies.TALKED), rows=True, columns=True)
        self.of_weekly: dict[Dimension, dict[tuple[str, str], int]] = {}
        self.of_topics: dict[Dimension, dict[tuple[str, str], int]] = {}
        for dimension in DIMENSIONS:
            self.of_weekly[dimension] = shown(self._table(dimension, "week", tallies.TALKED), rows=True, columns=True)
            self.of_topics[dimension] = shown(self._table(dimension, "what", tallies.ASKED), columns=True)
        self.reasons = self._reasons()
        self.wrong = shown(self._table("what", ALL, tallies.WRONG))
        self.waits = shown(Counter((_band(one.waited), ALL) for one in handled))
        waits = sorted(one.waited for one in handled if one.waited is not None)
        enough = len(waits) >= 2 * FEW  # so that a half of them is not few either
        self.half_waited = waits[len(waits) // 2] if enough else None

    def _table(self, row: str, column: str, kind: str) -> Counter[tuple[str, str]]:
        """The counts of a kind by two columns of their rows."""
        cells: Counter[tuple[str, str]] = Counter()
        for one in self._counted:
            if one.kind == kind:
                cells[_value(one, row), _value(one, column)] += one.count
        return cells

    def _reasons(self) -> dict[tuple[str, str], int]:
        """Why people were handed over, beside how many were: neither what is left of these nor who had two reasons is few."""
        handed_over = self.totals.get(tallies.HANDED_OVER)
        if handed_over is None:  # and a reason would tell of it
            return {}
        cells = by_number(shown(self._table("what", ALL, tallies.REASON), columns=True))
        while cells and 0 < abs(handed_over - sum(number for _, number in cells)) < FEW:
            cells.pop()
        return dict(cells)

    def rows(self) -> Iterator[tuple[str, str, str, str, str, int]]:
        """All that is shown, for a spreadsheet: (figure, week, topic or what else, council, arrangement, conversations)."""
        for kind, number in self.totals.items():
            yield kind, "", "", "", "", number
        for (week, kind), number in sorted(self.weekly.items()):
            yield kind, week, "", "", "", number
        for kind, table in ((tallies.ASKED, self.topics), (tallies.REASON, self.reasons), ("wait", self.waits),
                            (tallies.WRONG, self.wrong)):
            for (what, _), number in by_number(table):
                yield kind, "", what, "", "", number
        for (topic, week), number in sorted(self.topics_weekly.items()):
            yield tallies.ASKED, week, topic, "", "", number
        for (council, _), number in by_number(self.councils):
            yield tallies.TALKED, "", "", council or NOT_SAID, "", number
        for (council, arrangement), number in sorted(self.councils_arrangements.items()):
            yield tallies.TALKED, "", "", council or NOT_SAID, arrangement or NOT_SAID, number
        for (arrangement, _), number in by_number(self.arrangements):
            yield tallies.TALKED, "", "", "", arrangement or NOT_SAID, number
        for dimension in DIMENSIONS:
            yield from self._rows_of(dimension)

    def _rows_of(self, dimension: Dimension) -> Iterator[tuple[str, str, str, str, str, int]]:
        for (one, week), number in sorted(self.of_weekly[dimension].items()):
            yield tallies.TALKED, week, "", *_placed(dimension, one), number
        for (one, topic), number in sorted(self.of_topics[dimension].items()):
            yield tallies.ASKED, "", topic, *_placed(dimension, one), number


def by_number(table: Cells) -> list[tuple[tuple[str, str], int]]:
    """The cells, the largest first."""
    return sorted(table.items(), key=lambda one: (-one[1], one[0]))


def _parts(tables: Mapping[str, Cells], kind: str) -> dict[tuple[str, str], int]:
    """What of a kind may be shown beside the whole that it is a part of: neither it nor the rest may be few."""
    whole = KINDS[kind]
    if whole is None:
        return shown(tables[kind], columns=True)
    cells: dict[tuple[str, str], int] = {}
    for row, _ in tables[whole]:
        part = tables[kind].get((row, ALL), 0)
        cells |= {(row, kind): part, (row, "rest"): tables[whole][row, ALL] - part}
    return {cell: number for cell, number in shown(cells, rows=True, columns=True).items() if cell[1] == kind}


def _value(one: Tally, column: str) -> str:
    return one.week.isoformat() if column == "week" else str(getattr(one, column)) if column else ALL


def _band(waited: int | None) -> str:
    if waited is None:
        return NOBODY
    return next((name for name, most in WAITS.items() if waited <= most), LONGER)


def _placed(dimension: Dimension, one: str) -> tuple[str, str]:
    """(council, arrangement) of a row."""
    return (one or NOT_SAID, "") if dimension == "authority" else ("", one or NOT_SAID)
