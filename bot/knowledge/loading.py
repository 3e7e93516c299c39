"""From YAML files to checked objects; every mistake is found in one go."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, TypeVar

from pydantic import TypeAdapter, ValidationError

from bot.knowledge.source_lines import ContentError, Document, Problem

T = TypeVar("T")

# What an editor can do about each kind of mistake pydantic names.
MEND = {
    "missing": "add the line",
    "extra_forbidden": "check the spelling of the name, or take the line out",
    "literal_error": "use one of the values named",
    "string_too_long": "make it shorter",
    "string_too_short": "write something here",
    "string_pattern_mismatch": "write it in the form of its neighbours",
    "date_from_datetime_parsing": "write the day as 2026-11-21",
    "date_parsing": "write the day as 2026-11-21",
    "too_short": "give at least one",
    "too_long": "keep the most useful ones",
}


def checked(document: Document, shape: Any, data: Any = None, place: Sequence[str | int] = ()) -> Any:
    """`data` (default: the whole document) as `shape`; raises `ContentError` with a problem for each mistake."""
    try:
        return TypeAdapter(shape).validate_python(document.data if data is None else data)
    except ValidationError as error:
        raise ContentError([_problem(document, place, mistake) for mistake in error.errors()]) from error


def _problem(document: Document, place: Sequence[str | int], mistake: Any) -> Problem:
    where = [*place, *mistake["loc"]]
    name = ".".join(str(step) for step in where) or document.path.name
    how = MEND.get(mistake["type"], "compare with docs/editing.md, or with a file that passes")
    return document.problem(where, name, mistake["msg"], how)


class Gathering:
    """Collects problems over many files, so that an editor sees all of them at once."""

    def __init__(self) -> None:
        self.problems: list[Problem] = []

    def read(self, path: Path, shape: type[T] | Any) -> tuple[Document, Any] | None:
        """The document and its checked object, or None where it has problems (kept in `problems`)."""
        try:
            document = Document(path)
            return document, checked(document, shape)
        except ContentError as error:
            self.problems += error.problems
            return None

    def stop_on_problems(self) -> None:
        """Raise `ContentError` if anything was found."""
        if self.problems:
            raise ContentError(self.problems)
