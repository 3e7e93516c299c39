"""Which council for children's services a carer lives under, from what she types.

Names and postcodes are found (`place_mentions`), what each is to the carer is judged by the words around it
(`place_cues`), and the plainest of what is left is her home.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, NamedTuple, cast

from bot.knowledge.authorities import load_authorities
from bot.knowledge.gazetteer import AREA, Gazetteer, Name, names_of
from bot.knowledge.place_cues import Cues, Judge, Role, Setting, Verdict
from bot.knowledge.place_files import add_nations, read_areas, read_mapping, read_words
from bot.knowledge.place_mentions import Mention, MentionFinder, narrow
from bot.knowledge.place_text import Text
from bot.knowledge.postcodes import Postcode, PostcodeBook, areas_by_nation, hide_postcodes

Nation = Literal["scotland", "wales", "northern_ireland", "elsewhere"]
MONTHS = frozenset({"march"})  # a town in Cambridgeshire too
NATIONS = ("scotland", "wales", "northern_ireland", "elsewhere")
_LISTS = ("chatter", "idiom_before", "idiom_after", "joints", "patterns")


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
    """A mention and what it was judged to be; `council` where it was named as a council."""

    mention: Mention
    verdict: Verdict
    council: bool

    @property
    def name(self) -> Name:
        return self.mention.name

    @property
    def slugs(self) -> tuple[str, ...]:
        """Its English councils, where England is meant."""
        return () if self.name.foreign else self.name.slugs


class PlaceFinder:
    """Finds places in messages; `gazetteer` holds all names it knows."""

    def __init__(
        self, mentions: MentionFinder, judge: Judge, regions: Mapping[str, str], words: Mapping[str, Sequence[str]]
    ) -> None:
        """`regions` by slug; `words`: the lists of `place_words.yml`."""
        self.gazetteer = mentions.gazetteer
        self._mentions = mentions
        self._judge = judge
        self._regions = regions
        self._chatter = frozenset(words["chatter"])
        self._idioms = frozenset(words["idiom_before"]), frozenset(words["idiom_after"])

    @classmethod
    def load(cls, content: Path) -> PlaceFinder:
        """From the files in `content/`; raises `ContentError`."""
        authorities = load_authorities(content / "authorities.yml")
        nations = read_mapping(content / "other_nations.yml", NATIONS)
        words = read_mapping(content / "place_words.yml", _LISTS)
        first_names = read_words(content / "first_names.txt")
        names = names_of(authorities, read_areas(content / "wider_areas.yml", authorities), first_names)
        add_nations(names, nations, first_names)
        gazetteer = Gazetteer(names.values(), first_names | read_words(content / "place_lookalikes.txt"))
        postcodes = PostcodeBook.load(content / "postcode_sectors.csv", areas_by_nation(nations), authorities)
        regions = {slug: authority.region for slug, authority in authorities.items()}
        mentions = MentionFinder(gazetteer, postcodes, regions, first_names, frozenset(words["joints"]))
        return cls(mentions, Judge(Cues(words)), regions, words)

    def find(self, text: str, *, asked: bool = False) -> Whereabouts:
        """What `text` says; `asked` where it answers 'where do you live?', so that a bare everyday word counts."""
        said = Text(text)
        judged = [self._judged(said, mention, asked) for mention in self._mentions.find(said, asked)]
        return self._resolved(said, [j for j in judged if j.verdict.role is not Role.NOTHING])

    def _judged(self, text: Text, mention: Mention, asked: bool) -> _Judged:
        setting = self._setting(text, mention, asked)
        verdict = self._judge.verdict(setting)
        month = mention.name.key in MONTHS and not (mention.compound or asked)
        if month and not self._judge.cues.has("month_place", setting.before):
            return _Judged(mention, Verdict(Role.NOTHING), False)
        if mention.postcode:
            return _Judged(mention, self._judged_postcode(mention, mention.postcode, setting, verdict), False)
        if mention.misspelt and verdict == Verdict(Role.HOME, 1):
            verdict = Verdict(Role.NOTHING)
        return _Judged(mention, verdict, setting.council or mention.name.kind == "official")

    def _judged_postcode(self, mention: Mention, postcode: Postcode, setting: Setting, verdict: Verdict) -> Verdict:
        """A full postcode is home unless said to be another's; part of one must be shown to be a place."""
        has = self._judge.cues.has
        if verdict.role not in (Role.HOME, Role.NOTHING):
            return verdict
        asked_for = setting.alone or mention.compound or setting.asked or has("postcode_said", setting.before)
        lived = has("postcode_home", setting.before)
        apart = setting.first or setting.last or setting.fragment
        if not postcode.full and not asked_for and not (postcode.sure and (apart or lived)):
            return Verdict(Role.NOTHING)
        answer = asked_for and (setting.asked or not setting.alone)
        if postcode.law and not answer and not has("living_in", setting.before):
            return Verdict(Role.NOTHING)
        return Verdict(Role.HOME, max(4, verdict.weight))

    def _setting(self, text: Text, mention: Mention, asked: bool) -> Setting:
        words, start, end, kind = text.words, mention.start, mention.end, mention.name.kind
        before, after = text.before(start), text.after(end)
        quiet = all(word.norm in self._chatter for i, word in enumerate(words) if not start <= i < end)
        trusted = asked or mention.compound or kind not in ("word", "first", "acronym")
        parted = end == len(words) or words[end].gap not in ("", "-") or words[end].norm in ("here", "x", "xx")
        return Setting(
            before,
            after,
            kind,
            council=self._judge.council(after),
            capital=text.marked(start, whole=kind == "acronym"),
            first=start == 0 and parted,
            last=end == len(words) and words[start].gap not in ("", "-"),
            fragment=parted and words[start].gap not in ("", "-"),
            alone=quiet and trusted and not self._is_idiom(text, mention),
            owned=mention.owned,
            compound=mention.compound,
            asked=asked and quiet,
        )

    def _is_idiom(self, text: Text, mention: Mention) -> bool:
        """'I hope so', 'to deal': an everyday word used as one."""
        words, start, end = text.words, mention.start, mention.end
        before = words[start - 1].norm if start and not words[start].gap else ""
        after = words[end].norm if end < len(words) and not words[end].gap else ""
        return mention.name.kind == "word" and (before in self._idioms[0] or after in self._idioms[1])

    def _resolved(self, text: Text, judged: Sequence[_Judged]) -> Whereabouts:
        """All judgements as one answer."""
        placing = [j for j in judged if j.verdict.role is Role.PLACING]
        homes = _beside_plain_names(_possible_homes(judged))
        best = _plainest(homes) or placing
        home, nation = self._home(best, [j for j in (*homes, *placing) if j not in best])
        by = [j.slugs[0] for j in placing if len(j.slugs) == 1 and j.slugs[0] not in home]
        elsewhere = [slug for j in judged if j.verdict.role is Role.ELSEWHERE for slug in j.slugs if slug not in home]
        sectors = [j.mention.postcode.sector for j in best if j.mention.postcode and j.mention.postcode.sector]
        return Whereabouts(
            home=home,
            elsewhere=tuple(dict.fromkeys(elsewhere)),
            placing=by[0] if by else None,
            nation=nation,
            said=_said(text, best),
            postcode_sector=sectors[0] if sectors else None,
        )

    def _home(self, best: Sequence[_Judged], hints: Sequence[_Judged]) -> tuple[tuple[str, ...], Nation | None]:
        """The councils of the plainest mentions, narrowed by each other and then by whatever else was said."""
        abroad = [j.name for j in best if j.name.nation and not j.slugs]
        english = [j.name for j in best if j.name not in abroad]
        if abroad and not any(name.slugs for name in english) and len(abroad) >= len(english):
            hinted = {slug for j in hints for slug in j.slugs}
            kept = tuple(slug for name in abroad for slug in name.slugs if slug in hinted)
            return (kept, None) if kept else ((), cast(Nation, abroad[-1].nation))
        slugs = self._narrowest(english)
        for hint in hints:
            if len(slugs) > 1 and (hint.slugs or hint.name.family):
                slugs = narrow(Name("", slugs), hint.name, {}) or slugs
        return slugs, None

    def _narrowest(self, names: Sequence[Name]) -> tuple[str, ...]:
        """Names put together: the narrower in the wider where that can be, else all of them."""
        slugs: tuple[str, ...] = ()
        width = AREA
        for name in sorted(names, key=lambda one: one.width):
            if not slugs:
                slugs, width = name.slugs, name.width
            elif set(slugs) & set(name.slugs) or not name.slugs or (len(slugs) > 1 and name.width > width):
                slugs = narrow(Name("", slugs), name, self._regions) or slugs
            elif name.width < AREA:
                slugs = (*slugs, *name.slugs)
        return slugs


def _beside_plain_names(homes: Sequence[_Judged]) -> Sequence[_Judged]:
    """Without the month ('in March') where a plain name is there too."""
    plain = [j for j in homes if j.mention.compound or j.mention.name.key not in MONTHS]
    return plain or homes


def _possible_homes(judged: Sequence[_Judged]) -> list[_Judged]:
    """Mentions judged home, without those said not to be and nations hardly mentioned."""
    out = {slug for j in judged if j.verdict.role is Role.OUT for slug in j.slugs}
    homes = [j for j in judged if j.verdict.role is Role.HOME and (not j.slugs or not set(j.slugs) <= out)]
    return [j for j in homes if j.slugs or not j.name.nation or j.verdict.weight > 1]


def _plainest(homes: Sequence[_Judged]) -> list[_Judged]:
    """The homes said most plainly; a postcode, then a council named as one, beat a village."""
    top = max((j.verdict.weight for j in homes), default=0)
    best = [j for j in homes if j.verdict.weight == top]
    postcodes = [j for j in homes if j.mention.postcode and j.verdict.weight >= min(top, 4)]
    return postcodes or [j for j in best if j.council and top == 4] or best


def _said(text: Text, best: Sequence[_Judged]) -> str:
    """The carer's own words for `best`, no postcode longer than its sector."""
    parts = []
    for judged in best:
        start, end = text.words[judged.mention.start].start, text.words[judged.mention.end - 1].end
        code = judged.mention.postcode
        said = text.text[start:end]
        if code:
            said = f"{text.text[start : code.start]}{code.said}{text.text[code.end : end]}"
        parts.append(" ".join(hide_postcodes(said).split()))
    return ", ".join(dict.fromkeys(parts))
