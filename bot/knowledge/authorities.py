"""The 153 English councils for children's services (`content/authorities.yml`), by slug."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bot.knowledge.source_lines import ContentError, Document, Problem

TYPES = ("london_borough", "city_corporation", "metropolitan_district", "unitary", "county")
_REQUIRED = ("slug", "name", "short_name", "region", "type")
_LISTS = ("aliases", "districts", "places", "also_words", "shared_area_names")
_NOTES = ("gss_code", "legal_name_of_children_trust", "note", "trust_note")
_SLUG = re.compile(r"[a-z]+(?:-[a-z]+)*")


@dataclass(frozen=True)
class Authority:
    """One council for children's services, and the names by which carers call it and the places in it.

    `districts` are the lower councils inside a county; `also_words` those of its names that are everyday words or
    people's names too; `shared_area_names` are wider names that several councils share ('Berkshire').
    """

    slug: str
    name: str
    short_name: str
    region: str
    type: str
    aliases: tuple[str, ...] = ()
    districts: tuple[str, ...] = ()
    places: tuple[str, ...] = ()
    also_words: tuple[str, ...] = ()
    shared_area_names: tuple[str, ...] = ()
    gss_code: str | None = None
    legal_name_of_children_trust: str | None = None


def load_authorities(path: Path) -> dict[str, Authority]:
    """The councils in `path` by slug, in the file's order.

    Raises `ContentError` with every mistake at once: an entry that is no mapping, a field missing, of the wrong
    kind or unknown, a slug used twice.
    """
    document = Document(path)
    if not isinstance(document.data, list):
        raise ContentError(
            [document.problem((), "the councils", "the file is not a list", "start each council with '- slug:'")]
        )
    problems = [problem for index, entry in enumerate(document.data) for problem in _problems(document, index, entry)]
    problems += _repeats(document)
    if problems:
        raise ContentError(problems)
    return {entry["slug"]: _authority(entry) for entry in document.data}


def _authority(entry: Mapping[str, Any]) -> Authority:
    fields: dict[str, Any] = {name: entry[name] for name in _REQUIRED}
    fields |= {name: tuple(entry.get(name) or ()) for name in _LISTS}
    fields |= {name: entry.get(name) for name in ("gss_code", "legal_name_of_children_trust")}
    return Authority(**fields)


def _problems(document: Document, index: int, entry: Any) -> Iterator[Problem]:
    if not isinstance(entry, Mapping):
        yield document.problem(
            (index,), f"council {index + 1}", "it is not a mapping", "write it as its neighbours are"
        )
        return
    who = entry.get("slug", f"council {index + 1}")
    for name in _REQUIRED:
        if not isinstance(entry.get(name), str) or not entry[name].strip():
            yield document.problem((index, name), f"{who}.{name}", "it is missing or is not text", "add it")
    for name in _LISTS:
        if not _is_texts(entry.get(name, [])):
            yield document.problem(
                (index, name),
                f"{who}.{name}",
                "it is not a list of texts",
                "write it as [One, Two]; put quotes round anything with a colon, an & or a bare number",
            )
    for name in entry.keys() - {*_REQUIRED, *_LISTS, *_NOTES}:
        yield document.problem((index, name), f"{who}.{name}", "this name is not known", "check its spelling")
    yield from _odd_values(document, index, entry)


def _odd_values(document: Document, index: int, entry: Mapping[str, Any]) -> Iterator[Problem]:
    slug, kind = entry.get("slug"), entry.get("type")
    if isinstance(slug, str) and not _SLUG.fullmatch(slug):
        yield document.problem(
            (index, "slug"), f"{slug}.slug", "it is not small letters with hyphens", "write it like 'st-helens'"
        )
    if isinstance(kind, str) and kind not in TYPES:
        yield document.problem(
            (index, "type"), f"{slug}.type", f"'{kind}' is not a type", f"use one of {', '.join(TYPES)}"
        )


def _is_texts(value: Any) -> bool:
    return value is None or (
        isinstance(value, Sequence) and not isinstance(value, str) and all(isinstance(v, str) for v in value)
    )


def _repeats(document: Document) -> Iterator[Problem]:
    seen: set[str] = set()
    for index, entry in enumerate(document.data):
        slug = entry.get("slug") if isinstance(entry, Mapping) else None
        if isinstance(slug, str) and slug in seen:
            yield document.problem(
                (index, "slug"), slug, "this council is in the file twice", "make one entry of the two"
            )
        seen.add(str(slug))
