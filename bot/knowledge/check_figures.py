"""Checks of figures: defined, used, dated without overlap, and readable on both sides of the next 6 April."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from datetime import date, timedelta
from itertools import pairwise

from bot.knowledge.content_files import ContentFiles, FigureGroups, File
from bot.knowledge.figures import references
from bot.knowledge.readability import without_links
from bot.knowledge.said import Said, everything
from bot.knowledge.schema import Figure
from bot.knowledge.source_lines import Problem

# Amounts, numbers of six and more digits, 0800 1111, 116 123, and the numbers of the emergency services
# (but '999 BSL' is the name of a service).
LITERAL = re.compile(
    r"£\s?\d[\d,.]*\d|£\s?\d|\b0\d[\d ]{4,}\d\b|\b18001\b|\b116 ?\d{3}\b|\b(?:999(?! BSL)|112|101|111|105)\b|\b\d{5,}\b"
)
_BRACES = re.compile(r"\{[^{}]*\}?|\}")
_BADLY_JOINED = re.compile(r"(?:\.\.|,,|,\.|\.,| [,.;](?!\w)|[.,] \(\d|£\s*£)")


def tax_year_ends(on: date) -> tuple[date, date]:
    """The last day of the tax year that `on` lies in, and the first day of the next: 5 and 6 April."""
    this_year = date(on.year, 4, 6)
    starts = this_year if on < this_year else date(on.year + 1, 4, 6)
    return starts - timedelta(days=1), starts


def problems(files: ContentFiles, on: date) -> Iterator[Problem]:
    """What is wrong with the figures themselves, and with their use in texts."""
    yield from _groups_twice(files)
    yield from _numbers_twice(files)
    for file in files.figures:
        for group, figures in file.data.items():
            for name, figure in figures.items():
                yield from _figure(file, group, name, figure)
    said = list(everything(files))
    if files.all_read:
        yield from _used_and_defined(files, said)
    for text in said:
        yield from _literals(text)
        yield from _rendered(files, text, on)


def _groups_twice(files: ContentFiles) -> Iterator[Problem]:
    home: dict[str, str] = {}
    for file in files.figures:
        for group in file.data:
            first = home.setdefault(group, file.document.path.name)
            if first != file.document.path.name:
                how = "give it another name here, or move these figures there"
                yield file.problem((group,), f"is in {first} too, and only one of them counts", how)


def _numbers_twice(files: ContentFiles) -> Iterator[Problem]:
    """A phone number that stands in two places is changed in one of them."""
    home: dict[str, str] = {}
    for file in files.figures:
        for group, figures in file.data.items():
            for name, figure in figures.items():
                number = figure.values[0].value.replace(" ", "")
                if "£" in number or not LITERAL.fullmatch(number):
                    continue
                first = home.setdefault(number, f"{group}.{name}")
                if first != f"{group}.{name}":
                    how = f"write {{figures.{first}}} where it is used, and take this one out"
                    yield file.problem((group, name), f"is the number of {first} again", how, f"{group}.{name}")


def _figure(file: File[FigureGroups], group: str, name: str, figure: Figure) -> Iterator[Problem]:
    what = f"{group}.{name}"
    for index, dated in enumerate(figure.values):
        place = (group, name, "values", index)
        if dated.to is not None and dated.to < dated.from_:
            yield file.problem(place, "ends before it begins", "swap 'from' and 'to', or mend the year", what)
        if dated.to is None and "£" in dated.value and (dated.from_.month, dated.from_.day) == (4, 6):
            how = f"write 'to: {dated.from_.year + 1}-04-05', so that it's never shown as next year's"
            yield file.problem(place, "is an amount that begins on 6 April and never ends", how, what)
    in_order = sorted(enumerate(figure.values), key=lambda pair: pair[1].from_)
    for (_, earlier), (index, later) in pairwise(in_order):
        if earlier.to is None or earlier.to >= later.from_:
            how = f"end the earlier one: 'to: {later.from_ - timedelta(days=1)}'"
            why = f"begins on {later.from_}, when '{earlier.value}' still holds"
            yield file.problem((group, name, "values", index), why, how, what)


def _used_and_defined(files: ContentFiles, said: list[Said]) -> Iterator[Problem]:
    used: dict[tuple[str, str], list[Said]] = defaultdict(list)
    for text in said:
        for reference in references(text.text):
            used[reference].append(text)
    for reference in used:
        if reference not in files.dated:
            group, name = reference
            for text in used[reference]:
                how = f"add '{name}' under '{group}:' in content/figures/, or check the spelling"
                yield text.problem(f"uses {{figures.{group}.{name}}}, which is not defined", how)
    for file in files.figures:
        for group, figures in file.data.items():
            for name in figures:
                if (group, name) not in used:
                    how = f"use it as {{figures.{group}.{name}}}, or take it out"
                    yield file.problem((group, name), "is used nowhere", how)


def _literals(text: Said) -> Iterator[Problem]:
    """National sentences hold no amounts or numbers of their own: those would go out of date unseen."""
    may_hold = text.kind in ("local", "title") or (text.kind == "figure" and text.place[-1] == "value")
    if may_hold:
        return
    for literal in dict.fromkeys(LITERAL.findall(without_links(text.text))):
        how = "put it in content/figures/ with its dates and source, and write {figures.group.name} here"
        yield text.problem(f"says '{literal}' in the text itself", how)


def _rendered(files: ContentFiles, text: Said, on: date) -> Iterator[Problem]:
    """The text as a carer reads it: on the day, and on both sides of the next 6 April."""
    for day in dict.fromkeys((on, *tax_year_ends(on))):
        shown = files.fill(text.text, day, briefly=True)
        left = _BRACES.search(shown)
        if left and text.kind != "words":  # places like {council} are filled by the program
            how = "write {figures.group.name}, with small letters, as in content/figures/"
            yield text.problem(f"has braces that name no figure: {left.group()}", how)
        joined = _BADLY_JOINED.search(without_links(shown)) if references(text.text) else None
        if joined:
            around = shown[max(0, joined.start() - 20) : joined.end() + 10]
            how = "mend the stops around the figure, or its wording"
            yield text.problem(f"reads badly on {day}: '…{around}…'", how)
        if left or joined:
            return
