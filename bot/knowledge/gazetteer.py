"""Every name by which a place or council is called, and looking words up in them, misspelt or not."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import product

from rapidfuzz import process
from rapidfuzz.distance import DamerauLevenshtein
from rapidfuzz.fuzz import ratio

from bot.knowledge.authorities import Authority
from bot.knowledge.place_text import Word, name_key

PLACE, TOWN, COUNTY, AREA = range(4)  # how wide a name reaches
NEAR = 88  # of 100, how alike a misspelling must be
_ACRONYM = re.compile(r"[A-Za-z]?(?=[A-Z&]*[A-Z])[A-Za-z&]{1,6}[A-Z&]|[A-Z]{2,6}|[A-Z]&[A-Z]")
_ENDING = re.compile(r" (?:metropolitan |borough |district )*council$")
_COUNCIL = re.compile(r" (?:council|county|city|trust|services)$")
_ROAD = re.compile(r" (?:road|rd|street|lane|avenue|bridge)$")
_JOINS = re.compile(r"^(.{4,}?) (?:upon|on|under|in|by|super|le|next) .+$")


@dataclass(frozen=True)
class Name:
    """One name: `slugs` of the councils it may mean, how wide it reaches, the nation of it that is not England.

    `kind`: 'plain', 'word' (an everyday word too), 'first' (a first name too), 'acronym', 'official' (a council's
    full name). `family`: councils that a place said to be 'in' it may belong to. `foreign` where the nation is
    meant unless something else is said.
    """

    key: str
    slugs: tuple[str, ...]
    width: int = PLACE
    kind: str = "plain"
    nation: str | None = None
    family: frozenset[str] = frozenset()
    foreign: bool = False


class Gazetteer:
    """Names by their plain words."""

    def __init__(self, names: Iterable[Name], everyday: frozenset[str]) -> None:
        """`everyday`: words that are never taken for a misspelt place."""
        self._names = {name.key: name for name in names}
        self._everyday = everyday
        self._longest: dict[str, int] = defaultdict(int)
        self._joined: dict[str, Name] = {}
        self._by_shape: dict[tuple[str, int, int], list[str]] = defaultdict(list)
        for key, name in self._names.items():
            first, size = key.split(" ", 1)[0], key.count(" ") + 1
            self._longest[first] = max(self._longest[first], size)
            compact = key.replace(" ", "")
            if len(compact) >= 5 and name.kind in ("plain", "first", "word") and not _COUNCIL.search(key):
                self._by_shape[key[0], len(key), size].append(key)
                self._joined.setdefault(compact, name)
        self.nearest = lru_cache(maxsize=20_000)(self._nearest)

    def __getitem__(self, key: str) -> Name:
        return self._names[key]

    def __contains__(self, key: object) -> bool:
        return key in self._names

    def __iter__(self) -> Iterator[Name]:
        return iter(self._names.values())

    def at(self, words: Sequence[Word], start: int) -> tuple[Name, int, bool] | None:
        """The longest name from word `start` on, where it ends, and whether it is in the possessive."""
        size = self._longest.get(words[start].norm) or self._longest.get(words[start].base) or 0
        for end in range(min(start + size, len(words)), start, -1):
            gaps = ("", "-", ",") if end - start > 3 else ("", "-")
            if any(word.gap not in gaps for word in words[start + 1 : end]):
                continue
            key = " ".join(word.norm for word in words[start:end])
            if key in self._names:
                return self._names[key], end, False
            last = words[end - 1]
            if last.base != last.norm:
                key = key[: len(key) - len(last.norm)] + last.base
                if key in self._names:
                    return self._names[key], end, True
        return None

    def joined(self, said: str) -> Name | None:
        """The name written as one word ('miltonkeynes') or broken up ('wolver hampton')."""
        compact = said.replace(" ", "")
        return self._joined.get(compact) if len(compact) >= 8 else None

    def known_word(self, word: str) -> bool:
        """Whether `word` is an everyday word or a person's name, so no misspelling."""
        return word in self._everyday

    def _nearest(self, said: str) -> Name | None:
        """The name that `said` (plain words) misspells, None where nothing or an everyday word is nearer."""
        if len(said) < 5 or said in self._everyday:
            return None
        size, length = said.count(" ") + 1, len(said)
        alike = product(said[0], range(length - 2, length + 3), range(size - 1, size + 2))
        fit = [key for shape in alike for key in self._by_shape.get(shape, ())]
        found = process.extract(said, fit, scorer=ratio, score_cutoff=NEAR - 6, limit=5)
        good = [(key, score) for key, score, _ in found if score >= NEAR or _one_slip(said, key)]
        if not good:
            return None
        best = max(good, key=lambda hit: (hit[1] + 3 * (self._names[hit[0]].width > PLACE), -len(hit[0])))
        return self._names[best[0]]


def _one_slip(said: str, key: str) -> bool:
    return len(key) >= 6 and DamerauLevenshtein.distance(said, key, score_cutoff=1) <= 1


def names_of(
    authorities: Mapping[str, Authority], areas: Mapping[str, Name], first_names: frozenset[str]
) -> dict[str, Name]:
    """Every name of every council and place; `areas` are wider names by key ('merseyside', 'kent' with its family)."""
    own: dict[str, list[Name]] = defaultdict(list)
    inside: dict[str, list[Name]] = defaultdict(list)
    words: set[str] = set()
    for authority in authorities.values():
        words.update(name_key(word) for word in authority.also_words)
        for name in _own_names(authority):
            own[name.key].append(name)
        for name in _inner_names(authority):
            inside[name.key].append(name)
    found = {key: _one(names) for key, names in inside.items()}
    found |= {key: _one(names) for key, names in own.items()}
    _add_short_forms(found)
    for key, area in areas.items():
        found[key] = replace(found[key], family=area.family) if key in found else area
    return {key: _with_kind(name, words, first_names) for key, name in found.items()}


def _own_names(authority: Authority) -> Iterator[Name]:
    width = COUNTY if authority.type == "county" or authority.slug in _WIDE else TOWN
    for said in (authority.name, authority.legal_name_of_children_trust):
        if said:
            yield Name(name_key(said), (authority.slug,), width, "official")
    for said in (authority.short_name, *authority.aliases):
        key = name_key(said)
        kind = "acronym" if _ACRONYM.fullmatch(said) else "plain"
        yield Name(key, (authority.slug,), width, kind)
        if _ENDING.search(key):
            yield Name(_ENDING.sub("", key), (authority.slug,), width)


def _inner_names(authority: Authority) -> Iterator[Name]:
    for said in authority.districts:
        yield Name(name_key(said), (authority.slug,), TOWN)
    for said in authority.places:
        yield Name(name_key(said), (authority.slug,))
    for said in authority.shared_area_names:
        kind = "acronym" if _ACRONYM.fullmatch(said) else "plain"
        yield Name(name_key(said), (authority.slug,), AREA, kind)


def _one(names: Sequence[Name]) -> Name:
    """The same name of several councils as one."""
    if len(names) == 1:
        return names[0]
    slugs = tuple(dict.fromkeys(slug for name in names for slug in name.slugs))
    kinds = {name.kind for name in names}
    kind = next((k for k in ("plain", "official", "acronym") if k in kinds), "plain")
    return replace(names[0], slugs=slugs, width=max(name.width for name in names), kind=kind)


def _add_short_forms(found: dict[str, Name]) -> None:
    """'stoke upon trent' beside 'stoke on trent'; 'clacton' for 'clacton on sea' where nothing else is called so."""
    short: dict[str, list[Name]] = defaultdict(list)
    for key, name in list(found.items()):
        for one, other in ((" upon ", " on "), (" on ", " upon ")):
            if one in key and key.replace(one, other) not in found:
                found[key.replace(one, other)] = replace(name, key=key.replace(one, other))
        stem = _JOINS.match(key)
        if stem and name.kind == "plain" and stem[1] not in found:
            short[stem[1]].append(replace(name, key=stem[1]))
    found.update({key: _one(names) for key, names in short.items()})


def _with_kind(name: Name, words: set[str], first_names: frozenset[str]) -> Name:
    if name.kind == "plain" and (name.key in words or _ROAD.search(name.key)):
        return replace(name, kind="word")
    if name.kind == "plain" and name.key in first_names:
        return replace(name, kind="first")
    return name


# Unitary councils that are counties to carers: a town said with one of them is the narrower.
_WIDE = frozenset(
    {
        "buckinghamshire",
        "central-bedfordshire",
        "cheshire-east",
        "cheshire-west-and-chester",
        "cornwall",
        "county-durham",
        "cumberland",
        "dorset",
        "east-riding-of-yorkshire",
        "herefordshire",
        "isle-of-wight",
        "north-east-lincolnshire",
        "north-lincolnshire",
        "north-northamptonshire",
        "north-somerset",
        "north-yorkshire",
        "northumberland",
        "rutland",
        "shropshire",
        "somerset",
        "south-gloucestershire",
        "west-berkshire",
        "west-northamptonshire",
        "westmorland-and-furness",
        "wiltshire",
    }
)
