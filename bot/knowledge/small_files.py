"""The shapes of the small files: how feelings, children, languages and danger are heard, places, and short answers.

Rasa and the danger detector read them; the check and every load look at their shape first, so that a slip of the
keyboard is named by file and line.
"""

from __future__ import annotations

import re
import warnings
from pathlib import Path
from typing import Annotated, Any

from pydantic import AfterValidator, Field

from bot.knowledge.loading import Gathering
from bot.knowledge.schema import Strict, Text


def _compiles(pattern: str) -> str:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", FutureWarning)  # such as '[[': it will mean something else one day
            compiled = re.compile(pattern)
    except (re.error, FutureWarning) as error:
        raise ValueError(f"is no sound regular expression: {error}") from error
    if compiled.search(""):
        raise ValueError("matches where nothing is said: look for an empty line, or a '|' at an end")
    return pattern


Pattern = Annotated[str, AfterValidator(_compiles)]
Some = Annotated[list[str], Field(min_length=1)]


class Feeling(Strict):
    """How it is heard, and the sentences said to it."""

    patterns: list[Pattern]
    says: Annotated[list[Text], Field(min_length=1)]


class Language(Strict):
    """How it is known, and what is said in it."""

    name: Text
    letters: str = ""
    script: str = ""
    words: list[str]
    says: Text


class Child(Strict):
    """The words for a child among several, and how we say it back."""

    said: Some
    called: Text


class Dangers(Strict):
    """What always counts, what is read over, and what says that it is over."""

    always: dict[str, list[Pattern]]
    over: list[Pattern]
    idioms: list[Pattern]


class Nation(Strict):
    """Places outside England."""

    places: Some
    also_words: list[str] = Field(default_factory=list)
    shared: list[str] = Field(default_factory=list)
    postcodes: list[str] = Field(default_factory=list)


class Area(Strict):
    """A name for several councils."""

    names: Some
    councils: list[str] = Field(default_factory=list)
    around: list[str] = Field(default_factory=list)


SHAPES: dict[str, Any] = {
    "feelings.yml": dict[str, Feeling], "languages.yml": dict[str, Language], "children.yml": dict[str, Child],
    "danger.yml": Dangers, "replies.yml": dict[str, dict[str, list[str]]], "complaints.yml": dict[str, list[str]],
    "other_nations.yml": dict[str, Nation], "wider_areas.yml": list[Area],
    "place_words.yml": dict[str, list[str] | dict[str, str | list[str]]],
}


def read_small(content: Path, gathering: Gathering) -> None:
    """Look at each that is there (who needs one that isn't says so); what is wrong is kept in `gathering`."""
    for name, shape in SHAPES.items():
        if (content / name).exists():
            gathering.read(content / name, shape)
