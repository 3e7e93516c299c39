"""The content files about places besides the councils: wider areas, other nations, word lists."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from bot.knowledge.gazetteer import AREA, PLACE, Name
from bot.knowledge.place_text import name_key
from bot.knowledge.source_lines import ContentError, Document, Problem


def read_mapping(path: Path, keys: Sequence[str]) -> dict[str, Any]:
    """A YAML file that is a mapping with all of `keys`; raises `ContentError`."""
    document = Document(path)
    if not isinstance(document.data, dict):
        raise ContentError([document.problem((), path.name, "it is not a mapping", "write 'name: [one, two]' lines")])
    missing = [key for key in keys if key not in document.data]
    if missing:
        raise ContentError([document.problem((), key, "it is missing", "add it") for key in missing])
    return document.data


def read_words(path: Path) -> frozenset[str]:
    """The words of a text file, '#' lines left out; raises `ContentError` where it cannot be read."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise ContentError([Problem(path, 1, "the file cannot be read", str(error), "put the file back")]) from error
    return frozenset(word for line in lines if not line.startswith("#") for word in line.split())


def read_areas(path: Path, slugs: Mapping[str, Any]) -> dict[str, Name]:
    """Wider names by key, with the councils they offer and those around them.

    Raises `ContentError` for an entry without names or with a council not in `slugs`.
    """
    document = Document(path)
    areas: dict[str, Name] = {}
    problems: list[Problem] = []
    for index, entry in enumerate(document.data or ()):
        if not isinstance(entry, dict) or not entry.get("names"):
            problems.append(document.problem((index,), f"area {index + 1}", "it has no names", "add names: [One, Two]"))
            continue
        councils, around = entry.get("councils", []), entry.get("around", [])
        for slug in sorted({*councils, *around} - slugs.keys()):
            problems.append(
                document.problem((index,), slug, "this is no council of authorities.yml", "check its spelling")
            )
        for key in map(name_key, entry["names"]):
            areas[key] = Name(key, tuple(councils), AREA, family=frozenset({*councils, *around}))
    if problems:
        raise ContentError(problems)
    return areas


def add_nations(names: dict[str, Name], nations: Mapping[str, Any], first_names: frozenset[str]) -> None:
    """Put names of places outside England into `names`; an English place of the same name stays unless 'shared'."""
    for nation, entry in nations.items():
        words = {name_key(word) for word in entry.get("also_words", [])}
        shared = {name_key(word) for word in entry.get("shared", [])}
        for key in map(name_key, entry["places"]):
            english = names.get(key)
            if english and key not in shared:
                continue
            kind = "word" if key in words else "first" if key in first_names else "plain"
            width = AREA if key == nation.replace("_", " ") else PLACE
            slugs = english.slugs if english else ()
            names[key] = Name(key, slugs, width, kind, nation, foreign=bool(slugs))
