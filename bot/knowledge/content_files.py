"""Everything under content/ as the checks see it: each file that can be read, and what is wrong with the rest."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import Any, Generic, TypeVar

import yaml

from bot.knowledge.arrangements import ArrangementTable
from bot.knowledge.authorities import Authority, load_authorities
from bot.knowledge.figures import REFERENCE, Figures
from bot.knowledge.loading import Gathering
from bot.knowledge.schema import Figure, Helpline, LocalOffer, Strict, Term, Text, Topic, TopicId
from bot.knowledge.small_files import read_small
from bot.knowledge.source_lines import ContentError, Document, Problem
from bot.knowledge.style import Style
from bot.knowledge.words import Words, words_of

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)
LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
FigureGroups = dict[str, dict[str, Figure]]
Where = tuple[str | int, ...]


class Taxonomy(Strict):
    """The names of what carers have and need (content/taxonomy.yml)."""

    arrangements: dict[str, Text]
    topics: dict[TopicId, Text]
    chat_topics: list[TopicId]


@dataclass(frozen=True)
class File(Generic[T_co]):
    """One file: its lines and what it holds."""

    document: Document
    data: T_co

    def problem(self, place: Where, why: str, how: str, what: str = "") -> Problem:
        """Something wrong at `place` of this file."""
        return self.document.problem(place, what or ".".join(map(str, place)) or self.document.path.name, why, how)


@dataclass
class ContentFiles:
    """Made by `read`. A file that can't be used is left out and its mistakes are in `problems`."""

    content: Path
    topics: list[File[Topic]]
    offers: list[File[LocalOffer]]
    figures: list[File[FigureGroups]]
    helpline: File[Helpline] | None
    glossary: File[dict[str, Term]] | None
    taxonomy: File[Taxonomy] | None
    style: File[Style] | None
    words: File[Words] | None
    authorities: dict[str, Authority]
    table: File[ArrangementTable] | None
    problems: list[Problem] = field(default_factory=list)

    @cached_property
    def topic_names(self) -> frozenset[str]:
        """Every topic there is; a file that can't be read still stands for its topic."""
        stems = {path.stem for path in self._paths("national")} - {file.document.path.stem for file in self.topics}
        return frozenset({file.data.topic for file in self.topics} | stems)

    @property
    def all_read(self) -> bool:
        """Could every file with texts and figures be read? If not, nothing can be said of what is used or defined."""
        counted = (("national", self.topics), ("figures", self.figures))
        whole = all(len(self._paths(folder)) == len(files) for folder, files in counted)
        return whole and None not in (self.words, self.table, self.glossary)

    def _paths(self, folder: str) -> list[Path]:
        return sorted((self.content / folder).glob("*.yml"))

    @cached_property
    def dated(self) -> Figures:
        """All figures, with the hints where to check and of which year they are."""
        return Figures(self._groups, self._hint("figure.check_at"), self._hint("figure.year"))

    @property
    def _groups(self) -> FigureGroups:
        groups: FigureGroups = {}
        for file in self.figures:
            for name, group in file.data.items():
                groups[name] = {**groups.get(name, {}), **group}
        return groups

    def _hint(self, name: str) -> str:
        words = self.words.data if self.words else None
        return words.ways(name)[0] if words and name in words else ""

    def fill(self, text: str, on: date, *, briefly: bool = False) -> str:
        """`text` with its figures as they hold on that day; one that isn't defined counts as one word."""
        figures = self.dated

        def known(match: re.Match[str]) -> str:
            return match.group(0) if (match.group(1), match.group(2)) in figures else "something"

        return figures.fill(REFERENCE.sub(known, text), on, briefly)


def read(content: Path) -> ContentFiles:
    """Read everything under `content`, whatever is wrong with it."""
    gathering = Gathering()

    def one(name: str, shape: Any) -> File[Any] | None:
        found = gathering.read(content / name, shape)
        return File(*found) if found else None

    def each(folder: str, shape: Any) -> list[File[Any]]:
        paths = sorted((content / folder).glob("*.yml"))
        return [file for file in (one(str(path.relative_to(content)), shape) for path in paths) if file]

    read_small(content, gathering)
    return ContentFiles(
        content=content,
        topics=each("national", Topic),
        offers=each("local_offers", LocalOffer),
        figures=each("figures", FigureGroups),
        helpline=one("helpline.yml", Helpline),
        glossary=one("glossary.yml", dict[str, Term]),
        taxonomy=one("taxonomy.yml", Taxonomy),
        style=one("style.yml", Style),
        words=_or(gathering.problems, lambda: _words(content / "words.yml"), None),
        authorities=_or(gathering.problems, lambda: load_authorities(content / "authorities.yml"), {}),
        table=_table(content / "arrangements.yml", gathering.problems),
        problems=[*gathering.problems, *twice_named(content)],
    )


def _or(problems: list[Problem], load: Callable[[], T], otherwise: T) -> T:
    try:
        return load()
    except ContentError as error:
        problems += error.problems
        return otherwise


def _table(path: Path, problems: list[Problem]) -> File[ArrangementTable] | None:
    return _or(problems, lambda: File(Document(path), ArrangementTable.load(path)), None)


def _words(path: Path) -> File[Words]:
    document = Document(path)
    return File(document, words_of(document))


def twice_named(content: Path) -> Iterator[Problem]:
    """Names given twice in one mapping: YAML keeps the second and loses the first without a word."""
    for path in sorted(content.rglob("*.yml")):
        try:
            root = yaml.compose(path.read_text(encoding="utf-8"), Loader=LOADER)
        except (yaml.YAMLError, OSError, UnicodeDecodeError):
            continue  # reported where the file is read
        yield from _twice(path, root)


def _twice(path: Path, root: yaml.Node | None) -> Iterator[Problem]:
    waiting, seen = [root], set()
    while waiting:
        node = waiting.pop()
        if node is None or id(node) in seen:
            continue
        seen.add(id(node))
        if isinstance(node, yaml.SequenceNode):
            waiting += node.value
        elif isinstance(node, yaml.MappingNode):
            names = set()
            for key, value in node.value:
                waiting.append(value)
                if not isinstance(key, yaml.ScalarNode):
                    continue  # no name at all, as is said where the file is read
                if key.value in names:
                    why, how = "is there twice", "make one of the two; only the second counts now"
                    yield Problem(path, key.start_mark.line + 1, key.value, why, how)
                names.add(key.value)
