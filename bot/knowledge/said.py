"""Every text a carer may read, with its place: what the checks of style, figures and length go through."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

from bot.knowledge.content_files import ContentFiles, File, Where
from bot.knowledge.source_lines import Document, Problem
from bot.knowledge.words import leaves

Kind = Literal["facet", "sms", "title", "words", "meaning", "table", "local", "figure"]
_TABLE_TEXTS = frozenset({"ask", "why", "say", "because", "means", "next_step", "also", "label"})


@dataclass(frozen=True)
class Said:
    """One text and where it stands; `name` is how an editor knows it ('money.overview, how_much')."""

    kind: Kind
    name: str
    text: str
    document: Document
    place: Where

    def problem(self, why: str, how: str) -> Problem:
        """Something wrong with this text."""
        return self.document.problem(self.place, self.name, why, how)


def everything(files: ContentFiles) -> Iterator[Said]:
    """All texts of all files that could be read."""
    yield from national(files)
    yield from _words(files)
    yield from _meanings(files)
    yield from _table(files)
    yield from _local(files)
    yield from _figures(files)


def national(files: ContentFiles) -> Iterator[Said]:
    """The facets, short forms, titles and button labels of the topics."""
    for file in files.topics:
        topic, document = file.data, file.document
        yield Said("title", f"{topic.topic}, title", topic.title, document, ("title",))
        yield Said("title", f"{topic.topic}, about", topic.about, document, ("about",))
        for facet, label in topic.labels.items():
            yield Said("title", f"{topic.topic}, label of {facet}", label, document, ("labels", facet))
        for index, entry in enumerate(topic.entries):
            for facet, text in entry.says.items():
                yield Said("facet", f"{entry.id}, {facet}", text, document, ("entries", index, "says", facet))
            if entry.sms:
                yield Said("sms", f"{entry.id}, sms", entry.sms, document, ("entries", index, "sms"))


def _words(files: ContentFiles) -> Iterator[Said]:
    if files.words:
        for place, text in leaves(files.words.document.data):
            yield Said("words", ".".join(map(str, place)), text, files.words.document, place)


def _meanings(files: ContentFiles) -> Iterator[Said]:
    if files.glossary:
        for name, term in files.glossary.data.items():
            yield Said("meaning", name, term.meaning, files.glossary.document, (name, "meaning"))


def _table(files: ContentFiles) -> Iterator[Said]:
    """What the arrangement table says; `people_say` and the law behind a row are not read out."""
    if files.table:
        document = files.table.document
        for place, text in leaves(document.data):
            spoken = place[0] == "out_of_hours" or bool(_TABLE_TEXTS & set(place))
            if isinstance(text, str) and spoken and place[0] not in ("pages", "facts"):
                yield Said("table", " > ".join(map(str, place)), text, document, place)


def _local(files: ContentFiles) -> Iterator[Said]:
    for file in files.offers:
        for index, entry in enumerate(file.data.entries):
            yield Said("local", entry.id, entry.text, file.document, ("entries", index, "text"))


def _figures(files: ContentFiles) -> Iterator[Said]:
    for file in files.figures:
        for group, name, index, value in _values(file):
            yield Said("figure", f"{group}.{name}", value, file.document, (group, name, "values", index, "value"))
        for group, figures in file.data.items():
            for name, figure in figures.items():
                yield Said("figure", f"{group}.{name}", figure.otherwise, file.document, (group, name, "otherwise"))


def _values(file: File[Any]) -> Iterator[tuple[str, str, int, str]]:
    for group, figures in file.data.items():
        for name, figure in figures.items():
            for index, dated in enumerate(figure.values):
                yield group, name, index, dated.value
