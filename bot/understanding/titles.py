"""The topics' files as Rasa's components need them: titles and sentences, read as plain YAML."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import yaml

ROOT = Path(__file__).resolve().parents[2]
NATIONAL, ASKED = ROOT / "content" / "national", ROOT / "nlu" / "asked"
_FIGURE = re.compile(r"\{[^}]*\}")
_LINK = re.compile(r"\[([^\]]*)\]\([^)]*\)")
_SENTENCE = re.compile(r"(?<=[.!?])\s+|\n-?\s*")


@dataclass(frozen=True)
class Passage:
    """One sentence of an answer: whose it is, and what it says without its figures."""

    topic: str
    entry: str
    facet: str
    text: str


@cache
def topics(folder: Path = NATIONAL) -> dict[str, dict[str, Any]]:
    """Every topic's file by its id, as it stands."""
    loaded = (yaml.load(path.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader) for path in sorted(folder.glob("*.yml")))
    return {file["topic"]: file for file in loaded}


def passages(topic: str) -> Iterator[Passage]:
    """The sentences of `topic`, of every entry and facet; none for a topic without a file."""
    for entry in topics().get(topic, {}).get("entries", []):
        for facet, says in entry["says"].items():
            plain = _FIGURE.sub(" ", _LINK.sub(r"\1", says))
            for sentence in _SENTENCE.split(plain):
                if len(sentence.split()) > 2:
                    yield Passage(topic, entry["id"], facet, " ".join(sentence.split()))


@cache
def facets(topic: str) -> frozenset[str]:
    """The parts that a topic's answers have."""
    return frozenset(passage.facet for passage in passages(topic))


class Question(NamedTuple):
    """What a carer writes in the middle of a conversation on a topic, and the facet that answers it."""

    topic: str
    facet: str
    text: str
    writer: str


def asked(folder: Path = ASKED) -> Iterator[Question]:
    """Every line of `<writer>/<topic>.yml`. Raises `ValueError` with what is wrong in which file."""
    for path in sorted(folder.glob("*/*.yml")):
        said = yaml.load(path.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)
        parts = facets(path.stem)
        if not isinstance(said, dict) or not said.keys() <= parts:
            raise ValueError(f"{path}: has to name parts of a topic: {', '.join(sorted(parts)) or 'it is named after none'}")
        for facet, lines in said.items():
            if not isinstance(lines, list) or not all(isinstance(line, str) for line in lines):
                raise ValueError(f"{path}: {facet}: has to be a list of lines; one that is a number, yes or no wants quotes")
            yield from (Question(path.stem, facet, line, path.parent.name) for line in lines)
