"""Which council for children's services a carer lives under, from what she types.

Names and postcodes are found (`gazetteer`, `postcodes`), what each is to the carer is judged by the words around it
(`place_cues`), and the plainest of what is left is her home.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal, cast

from bot.knowledge.authorities import Authority, load_authorities
from bot.knowledge.gazetteer import AREA, COUNTY, PLACE, TOWN, Gazetteer, Name, names_of
from bot.knowledge.place_cues import Judge, Role, Setting, Verdict
from bot.knowledge.place_text import Text, name_key
from bot.knowledge.postcodes import Postcode, PostcodeBook, areas_by_nation, hide_postcodes
from bot.knowledge.source_lines import ContentError, Document

Nation = Literal["scotland", "wales", "northern_ireland", "elsewhere"]
NATIONS = ("scotland", "wales", "northern_ireland", "elsewhere")
_LISTS = (
    "parents children first_person carer_roles workers not_after people institutions_after institutions_before council near_home dealings".split()
)
_JOINTS = {"", "in", "near", "nr", "just outside", "outside", "by", "part of", "which is in", "its in", "it is in", "close to", "next to", "in the", "near to", "under"}
_CHATTER = frozenset(
    "hi hiya hello hey i we live lives living in im am are is it its the a an um umm er erm oh so yes yeah yep no please thanks thank you ta sorry near nr just outside at from "
    "village town city called small place area council and my our home x xx says say its' that thats would be mate love here think based be ok okay well right now currently both "
    "borough under local authority by of around originally county were we're north south east west social services childrens children's services la uk england".split()
)


@dataclass(frozen=True)
class Whereabouts:
    """What a message says about places; every slug is a council's for children's services.

    `home`: one = certain; two or more = ask, with these as options; none = not said (or too wide to offer: 'London').
    `elsewhere`: where something or somebody else is. `placing`: the council that placed the child, where said and not
    home. `nation`: set where the home is outside England. `said`: what the carer wrote of it, postcodes cut to sectors.
    """

    home: tuple[str, ...] = ()
    elsewhere: tuple[str, ...] = ()
    placing: str | None = None
    nation: Nation | None = None
    said: str = ""
    postcode_sector: str | None = None


@dataclass(frozen=True)
class _Mention:
    """A name or postcode in the message, from word `start` up to `end`, and what it was judged to be."""

    start: int
    end: int
    name: Name
    owned: bool = False
    postcode: Postcode | None = None
    compound: bool = False
    misspelt: bool = False
    council: bool = False
    verdict: Verdict = Verdict(Role.NOTHING)


class PlaceFinder:
    """Finds places in messages."""

    def __init__(self, gazetteer: Gazetteer, postcodes: PostcodeBook, judge: Judge, authorities: Mapping[str, Authority],
                 first_names: frozenset[str]) -> None:
        self._gazetteer = gazetteer
        self._postcodes = postcodes
        self._judge = judge
        self._region = {slug: authority.region for slug, authority in authorities.items()}
        self._first_names = first_names

    @classmethod
    def load(cls, content: Path) -> PlaceFinder:
        """From the files in `content/`; raises `ContentError`."""
        authorities = load_authorities(content / "authorities.yml")
        nations = _mapping(content / "other_nations.yml", NATIONS)
        first_names = _word_list(content / "first_names.txt")
        names = names_of(authorities, _areas(content / "wider_areas.yml", authorities), first_names)
        _add_nations(names, nations.data)
        words = _mapping(content / "place_words.yml", _LISTS)
        everyday = first_names | _word_list(content / "place_lookalikes.txt")
        postcodes = PostcodeBook.load(content / "postcode_sectors.csv", areas_by_nation(nations), authorities)
        return cls(Gazetteer(names.values(), everyday), postcodes, Judge(words.data), authorities, first_names)

    def find(self, text: str, *, asked: bool = False) -> Whereabouts:
        """What `text` says; `asked` where it answers 'where do you live?', so that a bare everyday word counts."""
        said = Text(text)
        mentions = self._merged(said, self._mentions(said))
        if not mentions:
            mentions = self._misspelt(said, asked)
        judged = [self._judged(said, mention, mentions, asked) for mention in mentions]
        return self._resolved(said, [m for m in judged if m.verdict.role is not Role.NOTHING])
