"""The places and postcodes named in a message, before anything is judged: found, spelt right, and put together.

'Maltby, Rotherham' is one mention: the narrower place, where the wider one leaves it possible.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from bot.knowledge.gazetteer import PLACE, Gazetteer, Name
from bot.knowledge.place_text import Text
from bot.knowledge.postcodes import Postcode, PostcodeBook

_CUES = frozenset(
    {
        "in",
        "from",
        "near",
        "nr",
        "at",
        "around",
        "outside",
        "by",
        "to",
        "under",
        "of",
        "live",
        "living",
        "based",
        "called",
        "is",
        "with",
    }
)
_COUNCIL = frozenset({"council", "social", "borough", "county", "city", "cc", "mbc", "childrens", "area", "cs", "la"})


@dataclass(frozen=True)
class Mention:
    """A name, from word `start` up to `end`; a postcode's name has the councils it may lie in.

    `compound` for two names put together, `owned` in the possessive, `misspelt` if only near to the name.
    """

    start: int
    end: int
    name: Name
    owned: bool = False
    postcode: Postcode | None = None
    compound: bool = False
    misspelt: bool = False


class MentionFinder:
    """Finds mentions with a gazetteer and a postcode book; `regions` by slug tell which of two like names is meant."""

    def __init__(
        self,
        gazetteer: Gazetteer,
        postcodes: PostcodeBook,
        regions: Mapping[str, str],
        first_names: frozenset[str],
        joints: frozenset[str],
    ) -> None:
        self.gazetteer = gazetteer
        self._postcodes = postcodes
        self._regions = regions
        self._first_names = first_names
        self._joints = joints

    def find(self, text: Text, asked: bool) -> list[Mention]:
        """Mentions in order, overlapping nowhere."""
        taken: dict[int, Mention] = {}
        for mention in self._in_postcodes(text):
            taken.setdefault(mention.start, mention)
        busy = {at for m in taken.values() for at in range(m.start, m.end)}
        for mention in self._named(text, busy):
            taken[mention.start] = mention
            busy.update(range(mention.start, mention.end))
        for mention in self._misspelt(text, busy, asked):
            taken[mention.start] = mention
        return self._together(text, [taken[at] for at in sorted(taken)])

    def _in_postcodes(self, text: Text) -> Iterator[Mention]:
        for postcode in self._postcodes.find(text.text):
            covered = [i for i, w in enumerate(text.words) if w.start < postcode.end and w.end > postcode.start]
            slugs = self._postcodes.councils(postcode)
            nation = self._postcodes.nation(postcode)
            if covered and (slugs or nation):
                yield Mention(covered[0], covered[-1] + 1, Name(postcode.said, slugs, nation=nation), postcode=postcode)

    def _named(self, text: Text, busy: set[int]) -> Iterator[Mention]:
        at = 0
        while at < len(text.words):
            found = None if at in busy else self._broken(text, at) or self.gazetteer.at(text.words, at)
            if found is None or self._is_surname(text, at, found[0]):
                at += 1
                continue
            name, end, owned = found
            yield Mention(at, end, name, owned)
            at = end

    def _broken(self, text: Text, at: int) -> tuple[Name, int, bool] | None:
        """A town written as two words after a preposition: 'in south hampton'."""
        words = text.words
        if at == 0 or at + 1 >= len(words) or words[at].gap or words[at + 1].gap not in ("", "-"):
            return None
        if words[at - 1].norm not in _CUES:
            return None
        said = f"{words[at].norm} {words[at + 1].norm}"
        name = None if said in self.gazetteer else self.gazetteer.joined(said)
        return (name, at + 2, False) if name and name.width > PLACE else None

    def _is_surname(self, text: Text, at: int, name: Name) -> bool:
        """'karen bolton': a first name right before a single word, unless that first name is a place itself."""
        if at == 0 or " " in name.key or text.words[at].gap:
            return False
        before = text.words[at - 1].norm
        return before in self._first_names and before not in self.gazetteer

    def _misspelt(self, text: Text, busy: set[int], asked: bool) -> Iterator[Mention]:
        """Names spelt wrong, where the words around say that a place stands there."""
        at, words = 0, text.words
        while at < len(words):
            size = 0 if at in busy or words[at].raw[0].isdigit() else self._misspelt_at(text, at, busy, asked)
            if size:
                name = self._near(" ".join(w.norm for w in words[at : at + size]))
                if name:
                    yield Mention(at, at + size, name, misspelt=True)
            at += size or 1

    def _misspelt_at(self, text: Text, at: int, busy: set[int], asked: bool) -> int:
        """How many words from `at` on misspell a name; 0 for none."""
        words = text.words
        cued = asked or at == 0 or bool(words[at].gap) or words[at - 1].norm in _CUES
        if not cued and len(words[at].norm) < 7 and not any(word.norm in _COUNCIL for word in words[at + 1 : at + 4]):
            return 0
        for size in (3, 2, 1):
            end = at + size
            if end > len(words) or any(i in busy for i in range(at, end)):
                continue
            if any(word.gap not in ("", "-") for word in words[at + 1 : end]):
                continue
            said = " ".join(w.norm for w in words[at:end])
            if not self._stands_for_a_place(text, at, end, asked) or (size > 1 and words[at].norm in _CUES):
                continue
            if self._near(said):
                return size
        return 0

    def _stands_for_a_place(self, text: Text, at: int, end: int, asked: bool) -> bool:
        words = text.words
        if asked and len(words) <= 12:
            return True
        if at and not words[at].gap and words[at - 1].norm in _CUES:
            return True
        if end < len(words) and not words[end].gap and words[end].norm in _COUNCIL:
            return True
        parted = at == 0 or bool(words[at].gap)
        ends = end == len(words) or bool(words[end].gap)
        return (parted and ends) or (end - at == 1 and len(words[at].norm) >= 7)

    def _near(self, said: str) -> Name | None:
        name = self.gazetteer.joined(said) or self.gazetteer.nearest(said)
        return None if name is None or (name.kind == "word" and len(said) < 6) else name

    def _together(self, text: Text, mentions: list[Mention]) -> list[Mention]:
        """Neighbouring mentions put together where one lies in the other."""
        joined: list[Mention] = []
        for mention in mentions:
            both = self._pair(text, joined[-1], mention) if joined else None
            if both:
                joined[-1] = both
            else:
                joined.append(mention)
        return joined

    def _pair(self, text: Text, one: Mention, two: Mention) -> Mention | None:
        words = text.words
        between = " ".join(w.norm for w in words[one.end : two.start])
        if one.owned or (between and between not in self._joints):
            return None
        if any(word.gap not in ("", ",", "-", "(", " - ") for word in words[one.end : two.start + 1]):
            return None
        if one.start and words[one.start - 1].norm == "not":
            return None
        if one.postcode or two.postcode:
            return self._with_postcode(one, two)
        return self._narrowed(one, two)

    def _with_postcode(self, one: Mention, two: Mention) -> Mention | None:
        code, place = (one, two) if one.postcode else (two, one)
        if not place.name.slugs or not code.name.slugs or place.postcode:
            return None
        slugs = narrow(code.name, place.name, self._regions)
        name = replace(code.name, slugs=slugs) if slugs else code.name
        return Mention(one.start, two.end, name, postcode=code.postcode, compound=True)

    def _narrowed(self, one: Mention, two: Mention) -> Mention | None:
        narrower, wider = (two, one) if two.name.width < one.name.width else (one, two)
        held = set(narrower.name.slugs)
        if narrower.name.width == wider.name.width and not held & {*wider.name.slugs, *wider.name.family}:
            return None
        if wider.name.foreign and held & set(wider.name.slugs):
            return replace(narrower, start=one.start, end=two.end, compound=True)
        if wider.name.nation:
            return replace(wider, start=one.start, end=two.end, compound=True)
        if narrower.name.nation and not held:
            return None
        slugs = narrow(narrower.name, wider.name, self._regions)
        name = replace(narrower.name, slugs=slugs) if slugs else wider.name
        return replace(
            narrower,
            start=one.start,
            end=two.end,
            name=name,
            compound=bool(slugs) or wider.name.kind == "plain",
            owned=two.owned,
            misspelt=one.misspelt or two.misspelt,
        )


def narrow(narrower: Name, wider: Name, regions: Mapping[str, str]) -> tuple[str, ...]:
    """The councils of `narrower` that lie in `wider`, in its old county, or in its region: the first that gives any."""
    areas = {regions.get(slug) for slug in (*wider.slugs, *wider.family)}
    tries = (
        [slug for slug in narrower.slugs if slug in wider.slugs],
        [slug for slug in narrower.slugs if slug in wider.family],
        [slug for slug in narrower.slugs if regions.get(slug) in areas],
    )
    return next((tuple(found) for found in tries if found), ())
