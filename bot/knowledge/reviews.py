"""What has to be looked at again, and by when: every entry, figure, council, term, and the tables."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from bot.knowledge.content_files import ContentFiles, File, Where
from bot.knowledge.source_lines import Problem


@dataclass(frozen=True, order=True)
class Review:
    """Something a person checked, to be checked again by a day."""

    review_by: date
    problem: Problem

    def is_stale(self, on: date) -> bool:
        """Is the day past?"""
        return self.review_by < on


def stale(files: ContentFiles, on: date) -> list[Problem]:
    """A problem for each thing that is past its review day on that day."""
    return [review.problem for review in reviews(files) if review.is_stale(on)]


def reviews(files: ContentFiles) -> list[Review]:
    """Everything that has a review day, soonest first."""
    return sorted(_all(files))


def _all(files: ContentFiles) -> Iterator[Review]:
    for topic in files.topics:
        for index, entry in enumerate(topic.data.entries):
            yield _review(topic, ("entries", index, "review_by"), entry.id, entry.review_by)
    for group_file in files.figures:
        for group, figures in group_file.data.items():
            for name, figure in figures.items():
                yield _review(group_file, (group, name, "review_by"), f"figure {group}.{name}", figure.review_by)
    for offer in files.offers:
        yield _review(offer, ("review_by",), f"council {offer.data.authority}", offer.data.review_by)
    for name, term in files.glossary.data.items() if files.glossary else ():
        if files.glossary:
            yield _review(files.glossary, (name, "review_by"), f"term {name}", term.review_by)
    if files.helpline:
        yield _review(files.helpline, ("review_by",), "helpline hours", files.helpline.data.review_by)
    if files.table:
        yield _review(files.table, ("review_by",), "arrangement table", files.table.data.parts.review_by)


def _review(file: File[object], place: Where, what: str, by: date) -> Review:
    how = "open its sources; if they still say the same, write today under checked_on and a new review_by"
    return Review(by, file.problem(place, f"was to be looked at again by {by}", how, what))
