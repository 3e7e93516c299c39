"""Postcodes in a message, and the councils they lie in; only the sector ('S66 8') of one is ever kept."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from bot.knowledge.source_lines import ContentError, Problem

ALONE = 0.9  # a council with more than this share of the postcodes is taken without asking
MOST = 4  # councils offered to choose from
_HEADER = ["sector", "council", "postcodes"]
_SECTOR = re.compile(r"[A-Z]{1,2}\d[A-Z\d]? \d")
_OUT = r"([A-Za-z]{1,2}\d[A-Za-z\d]?)"
_UNIT = r"([ABD-HJLNP-UW-Zabd-hjlnp-uw-z]{2})"
_FULL = re.compile(rf"(?<![A-Za-z\d£]){_OUT}[ \t.,-]{{0,2}}(\d)[ \t.-]?{_UNIT}(?![A-Za-z\d])")
_PART = re.compile(rf"(?<![A-Za-z\d£/]){_OUT}(?:[ \t-]{{1,2}}(\d)[*xX]{{0,2}})?(?![A-Za-z\d%/]|[.:]\d)")
_TEXT_SPEAK = re.compile(r"[blmnwg][148]\s+(?:1st|2nd|3rd|\dth|\dyr|\dhr)")  # 'b4 2nd hearing'
_LAW = re.compile(r"[Ss]\d+[A-Za-z]?")  # 's20', 's17': sections of the Children Act, far oftener than Sheffield


class Postcode(NamedTuple):
    """A postcode cut down: `start`, `end` in the message, the outward code, and the sector if so much was said.

    `full` where the whole postcode was given; `sure` where so, or if written in capitals.
    """

    start: int
    end: int
    outward: str
    sector: str | None
    sure: bool
    full: bool = False

    @property
    def said(self) -> str:
        """What may be kept of it."""
        return self.sector or self.outward

    @property
    def law(self) -> bool:
        """Whether it looks like a section of the Children Act."""
        return self.sector is None and bool(_LAW.fullmatch(self.outward))


@dataclass(frozen=True)
class PostcodeBook:
    """Councils by sector and by outward code, with how many postcodes of it each holds; areas of other nations."""

    sectors: Mapping[str, Mapping[str, int]]
    outwards: Mapping[str, Mapping[str, int]]
    nations: Mapping[str, str]

    @classmethod
    def load(cls, path: Path, nations: Mapping[str, str], slugs: Mapping[str, Any]) -> PostcodeBook:
        """From `path` (sector,council,postcodes) and areas or outward codes of other nations ('CF': 'wales').

        Raises `ContentError` for a row of another shape or a council not in `slugs`.
        """
        sectors: dict[str, dict[str, int]] = {}
        outwards: dict[str, dict[str, int]] = {}
        for sector, council, count in _rows(path, slugs):
            sectors.setdefault(sector, {})[council] = count
            held = outwards.setdefault(sector[:-2], {})
            held[council] = held.get(council, 0) + count
        return cls(sectors, outwards, nations)

    def find(self, text: str) -> Iterator[Postcode]:
        """Postcodes in `text`, in order, that could be real: their outward code is known."""
        end = 0
        fulls = [p for p in map(self._full, _FULL.finditer(text)) if p]
        for match in [*_PART.finditer(text)]:
            while fulls and fulls[0].start <= match.start():
                full = fulls.pop(0)
                end = full.end
                yield full
            part = self._part(match) if match.start() >= end else None
            if part:
                yield part
        yield from fulls

    def councils(self, postcode: Postcode) -> tuple[str, ...]:
        """Councils it may lie in, most postcodes first; one alone if it holds nearly all."""
        held = self.sectors.get(postcode.sector or "") or self.outwards.get(postcode.outward, {})
        ranked = sorted(held, key=lambda slug: -held[slug])
        if ranked and held[ranked[0]] > ALONE * sum(held.values()):
            return (ranked[0],)
        return tuple(ranked[:MOST])

    def nation(self, postcode: Postcode) -> str | None:
        """The nation of a postcode that is not in England."""
        if postcode.sector in self.sectors or postcode.outward in self.outwards:
            return None
        letters = re.match(r"[A-Z]+", postcode.outward)
        return self.nations.get(postcode.outward) or self.nations.get(letters.group() if letters else "")

    def _known(self, outward: str) -> bool:
        return outward in self.outwards or self.nation(Postcode(0, 0, outward, None, False)) is not None

    def _full(self, match: re.Match[str]) -> Postcode | None:
        outward = match[1].upper()
        if not self._known(outward) or _TEXT_SPEAK.fullmatch(match.group()):
            return None
        return Postcode(match.start(), match.end(), outward, f"{outward} {match[2]}", True, True)

    def _part(self, match: re.Match[str]) -> Postcode | None:
        outward, digit = match[1].upper(), match[2]
        if not self._known(outward):
            return None
        sector = f"{outward} {digit}" if digit and f"{outward} {digit}" in self.sectors else None
        if digit and not sector:
            return Postcode(match.start(), match.end(1), outward, None, match[1].isupper())
        return Postcode(match.start(), match.end(), outward, sector, match[1].isupper())


def hide_postcodes(text: str) -> str:
    """`text` with anything shaped like a full postcode cut down to its sector."""
    return _FULL.sub(lambda m: f"{m[1].upper()} {m[2]}", text)


def _rows(path: Path, slugs: Mapping[str, Any]) -> Iterator[tuple[str, str, int]]:
    try:
        with path.open(encoding="utf-8", newline="") as file:
            rows = list(csv.reader(file))
    except (OSError, UnicodeDecodeError) as error:
        raise ContentError([Problem(path, 1, "the file cannot be read", str(error), "put the file back")]) from error
    problems = [] if rows and rows[0] == _HEADER else [_problem(path, 1, f"the first line is not {','.join(_HEADER)}")]
    for line, row in enumerate(rows[1:], 2):
        if len(row) != 3 or not _SECTOR.fullmatch(row[0]) or not row[2].isdigit():
            problems.append(_problem(path, line, "this is not a sector, a council and a number"))
        elif row[1] not in slugs:
            problems.append(_problem(path, line, f"'{row[1]}' is not a council of authorities.yml"))
    if problems:
        raise ContentError(problems)
    return ((sector, council, int(count)) for sector, council, count in rows[1:])


def _problem(path: Path, line: int, why: str) -> Problem:
    return Problem(path, line, "postcode sectors", why, "compare with the lines around it")


def areas_by_nation(nations: Mapping[str, Any]) -> dict[str, str]:
    """{'CF': 'wales', 'SY15': 'wales', …} from the data of `content/other_nations.yml`."""
    return {area: nation for nation, entry in nations.items() for area in entry.get("postcodes", [])}
