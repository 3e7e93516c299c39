"""Which council for children's services a carer lives under, from what she types.

Names and postcodes are found (`place_mentions`), what each is to the carer is judged by the words around it
(`place_cues`), and the plainest of what is left is her home.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, NamedTuple, cast

from bot.knowledge.authorities import Authority, load_authorities
from bot.knowledge.gazetteer import AREA, PLACE, Gazetteer, Name, names_of
from bot.knowledge.place_cues import Cues, Judge, Role, Setting, Verdict
from bot.knowledge.place_mentions import Mention, MentionFinder, narrow
from bot.knowledge.place_text import Text, name_key
from bot.knowledge.postcodes import PostcodeBook, areas_by_nation, hide_postcodes
from bot.knowledge.source_lines import ContentError, Document, Problem

Nation = Literal["scotland", "wales", "northern_ireland", "elsewhere"]
NATIONS = ("scotland", "wales", "northern_ireland", "elsewhere")


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


class _Judged(NamedTuple):
    mention: Mention
    verdict: Verdict
    council: bool

    @property
    def name(self) -> Name:
        return self.mention.name


class PlaceFinder:
    """Finds places in messages."""

    def __init__(self, mentions: MentionFinder, judge: Judge, regions: Mapping[str, str]) -> None:
        self.gazetteer = mentions.gazetteer
        self._mentions = mentions
        self._judge = judge
        self._regions = regions

    @classmethod
    def load(cls, content: Path) -> PlaceFinder:
        """From the files in `content/`; raises `ContentError`."""
        authorities = load_authorities(content / "authorities.yml")
        nations = _mapping(content / "other_nations.yml", NATIONS)
        first_names = _word_list(content / "first_names.txt")
        names = names_of(authorities, _areas(content / "wider_areas.yml", authorities), first_names)
        _add_nations(names, nations.data, first_names)
        words = _mapping(content / "place_words.yml", _LISTS)
        everyday = first_names | _word_list(content / "place_lookalikes.txt")
        postcodes = PostcodeBook.load(content / "postcode_sectors.csv", areas_by_nation(nations), authorities)
        regions = {slug: authority.region for slug, authority in authorities.items()}
        mentions = MentionFinder(Gazetteer(names.values(), everyday), postcodes, regions, first_names)
        return cls(mentions, Judge(words.data), regions)

    def find(self, text: str, *, asked: bool = False) -> Whereabouts:
        """What `text` says; `asked` where it answers 'where do you live?', so that a bare everyday word counts."""
        said = Text(text)
        judged = [self._judged(said, mention, asked) for mention in self._mentions.find(said, asked)]
        return self._resolved(said, [j for j in judged if j.verdict.role is not Role.NOTHING])

    def _judged(self, text: Text, mention: Mention, asked: bool) -> _Judged:
        setting = self._setting(text, mention, asked)
        if mention.postcode:
            return _Judged(mention, self._judged_postcode(mention, setting), False)
        verdict = self._judge.verdict(setting)
        if mention.misspelt and verdict.weight < 2 and verdict.role is Role.HOME and not setting.council:
            verdict = Verdict(Role.NOTHING)
        return _Judged(mention, verdict, setting.council or mention.name.kind == "official")

    def _judged_postcode(self, mention: Mention, setting: Setting) -> Verdict:
        """A full postcode is home unless said to be another's; part of one must look like a place."""
        postcode = mention.postcode
        verdict = self._judge.verdict(setting)
        if verdict.role is Role.NOTHING:
            verdict = Verdict(Role.HOME, 4)
        lived = bool(_LIVED.search(setting.before))
        shown = setting.alone or mention.compound or setting.asked or (postcode is not None and postcode.sure and (setting.last or setting.first or lived))
        if postcode is None or (len(postcode.said) < len(postcode.outward) + 2 or postcode.end - postcode.start < 5) and not shown:
            return Verdict(Role.NOTHING)
        if postcode.law and not (setting.alone and setting.asked or "postcode" in setting.before or mention.compound or lived and (" live " in setting.before or " living " in setting.before)):
            return Verdict(Role.NOTHING)
        return verdict if verdict.role is not Role.HOME else Verdict(Role.HOME, max(4, verdict.weight))

    def _setting(self, text: Text, mention: Mention, asked: bool) -> Setting:
        words, start, end = text.words, mention.start, mention.end
        after = text.after(end)
        others = [w for i, w in enumerate(words) if not start <= i < end and w.norm not in _CHATTER]
        parted_after = end == len(words) or words[end].gap not in ("", "-") or words[end].norm in ("here", "x", "xx")
        return Setting(
            before=text.before(start), after=after, kind=mention.name.kind, council=self._judge.council(after),
            capital=text.mixed_case and words[start].capital if mention.name.kind != "acronym" else words[start].raw.isupper() and not text.text.isupper(),
            first=start == 0 and parted_after, last=end == len(words) and words[start].gap not in ("", "-"),
            alone=not others and (asked or mention.name.kind not in ("word", "first", "acronym") or mention.compound) and not _idiom(text, mention),
            owned=mention.owned, compound=mention.compound, asked=asked and not others,
        )  # fmt: skip

    def _resolved(self, text: Text, judged: Sequence[_Judged]) -> Whereabouts:
        homes = [j for j in judged if j.verdict.role is Role.HOME]
        placing = [j for j in judged if j.verdict.role is Role.PLACING]
        out = {slug for j in judged if j.verdict.role is Role.OUT for slug in j.name.slugs}
        homes = [j for j in homes if not j.name.slugs or not set(j.name.slugs) <= out]
        homes = [j for j in homes if j.name.slugs or not j.name.nation or j.verdict.weight > 1]
        best = self._plainest(homes) or placing
        home, nation = self._home(best, [*homes, *placing])
        placed_by = next((j.name.slugs[0] for j in placing if len(j.name.slugs) == 1 and j.name.slugs != home and not j.name.foreign), None)
        elsewhere = [slug for j in judged if j.verdict.role is Role.ELSEWHERE and not j.name.foreign for slug in j.name.slugs if slug not in home]
        sector = next((j.mention.postcode.sector for j in best if j.mention.postcode and j.mention.postcode.sector), None)
        return Whereabouts(home, tuple(dict.fromkeys(elsewhere)), placed_by, nation, _said(text, best), sector)

    def _plainest(self, homes: Sequence[_Judged]) -> list[_Judged]:
        """The homes said most plainly; a council named as one beats a village."""
        if not homes:
            return []
        top = max(j.verdict.weight for j in homes)
        best = [j for j in homes if j.verdict.weight == top]
        councils = [j for j in homes if j.council and j.verdict.weight >= 4]
        if councils and top == 4:
            return councils
        postcodes = [j for j in homes if j.mention.postcode and j.verdict.weight >= min(top, 4)]
        return postcodes or best

    def _home(self, best: Sequence[_Judged], hints: Sequence[_Judged]) -> tuple[tuple[str, ...], Nation | None]:
        """The councils of the plainest mentions, narrowed by each other and then by whatever else was said."""
        names = [j.name for j in best]
        abroad = [n for n in names if n.nation and (not n.slugs or n.foreign)]
        if abroad and all(n in abroad or not n.slugs for n in names):
            hinted = {slug for j in hints for slug in j.name.slugs if j.name not in abroad}
            kept = tuple(slug for n in abroad for slug in n.slugs if slug in hinted)
            return (kept, None) if kept else ((), cast(Nation, abroad[-1].nation))
        names = [n for n in names if n not in abroad]
        slugs = self._narrowest(names)
        for hint in hints:
            if len(slugs) > 1 and (hint.name.slugs or hint.name.family):
                slugs = narrow(Name("", slugs), hint.name, {}) or slugs
        return slugs, None

    def _narrowest(self, names: Sequence[Name]) -> tuple[str, ...]:
        """Names put together: the narrower in the wider where that can be, else all of them."""
        slugs: tuple[str, ...] = ()
        held: Name | None = None
        for name in sorted(names, key=lambda n: n.width):
            if held is None:
                held, slugs = name, name.slugs
            elif set(slugs) & set(name.slugs) or len(slugs) > 1 and name.width > held.width or not name.slugs:
                slugs = narrow(Name("", slugs), name, self._regions) or slugs
            elif name.width < AREA:
                slugs = (*slugs, *(s for s in name.slugs if s not in slugs))
        return slugs


def _idiom(text: Text, mention: Mention) -> bool:
    """'I hope so', 'to deal': an everyday word used as one."""
    words, start, end = text.words, mention.start, mention.end
    before = words[start - 1].norm if start and not words[start].gap else ""
    after = words[end].norm if end < len(words) and not words[end].gap else ""
    return mention.name.kind == "word" and (before in _IDIOM_BEFORE or after in _IDIOM_AFTER)


def _said(text: Text, best: Sequence[_Judged]) -> str:
    """The carer's own words for `best`, no postcode longer than its sector."""
    parts = []
    for judged in best:
        mention = judged.mention
        start, end = text.words[mention.start].start, text.words[mention.end - 1].end
        whole = text.text[start:end]
        if mention.postcode:
            code = mention.postcode
            whole = f"{text.text[start : code.start]}{code.said}{text.text[code.end : end]}" if start <= code.start else code.said
        parts.append(" ".join(hide_postcodes(whole).split()))
    return ", ".join(dict.fromkeys(parts))


def _mapping(path: Path, keys: Sequence[str]) -> Document:
    """A YAML file that is a mapping with all of `keys`; raises `ContentError`."""
    document = Document(path)
    if not isinstance(document.data, dict):
        raise ContentError([document.problem((), path.name, "it is not a mapping", "write 'name: [one, two]' lines")])
    missing = [key for key in keys if key not in document.data]
    if missing:
        raise ContentError([document.problem((), f"{path.name}: {key}", "it is missing", "add it") for key in missing])
    return document


def _word_list(path: Path) -> frozenset[str]:
    """The words of a text file, '#' lines left out; raises `ContentError` where it cannot be read."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise ContentError([Problem(path, 1, "the file cannot be read", str(error), "put the file back")]) from error
    return frozenset(word for line in lines if not line.startswith("#") for word in line.split())


def _areas(path: Path, authorities: Mapping[str, Authority]) -> dict[str, Name]:
    """Wider names by key, with the councils they offer and those around; raises `ContentError`."""
    document = Document(path)
    areas: dict[str, Name] = {}
    problems = []
    for index, entry in enumerate(document.data):
        councils, around = entry.get("councils", []), entry.get("around", [])
        for slug in {*councils, *around} - authorities.keys():
            problems.append(document.problem((index,), slug, "this is no council of authorities.yml", "check its spelling"))
        for said in entry["names"]:
            key = name_key(said)
            areas[key] = Name(key, tuple(councils), AREA, family=frozenset({*councils, *around}))
    if problems:
        raise ContentError(problems)
    return areas


def _add_nations(names: dict[str, Name], nations: Mapping[str, Any], first_names: frozenset[str]) -> None:
    """Names of places outside England; an English place of the same name goes first unless listed as shared."""
    for nation, entry in nations.items():
        words = {name_key(word) for word in entry.get("also_words", [])}
        shared = {name_key(word) for word in entry.get("shared", [])}
        for said in entry["places"]:
            key = name_key(said)
            english = names.get(key)
            if english and key not in shared:
                continue
            kind = "word" if key in words else "first" if key in first_names else "plain"
            slugs = english.slugs if english else ()
            names[key] = Name(key, slugs, AREA if key == nation.replace("_", " ") else PLACE, kind, nation, foreign=bool(slugs))
