"""What a place in a message is to the carer: her home, where somebody else is, the council that placed the child.

The words around a place decide, in a fixed order of rules (`Judge.verdict`); the words and patterns are in
`content/place_words.yml`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any, NamedTuple


class Role(Enum):
    """What the place is."""

    HOME = "home"
    ELSEWHERE = "elsewhere"
    PLACING = "placing"
    OUT = "out"  # said not to be the place
    NOTHING = "nothing"  # no place at all


class Verdict(NamedTuple):
    """A role, and for a home how plainly it was said.

    6 put right ('sorry, I meant …'), 5 lived in, 4 an answer or the council named as one, 3 dealt with, 2 where the
    school is, 1 hardly said.
    """

    role: Role
    weight: int = 0


NOTHING = Verdict(Role.NOTHING)
ELSEWHERE = Verdict(Role.ELSEWHERE)
PLACING = Verdict(Role.PLACING)


@dataclass(frozen=True)
class Setting:
    """A place's surroundings: the sentence `before` and `after` it (spaces at both ends, commas as words).

    `kind` as in `gazetteer.Name`; `council` where words for a council follow it; `capital` where a capital in a
    message with small letters marks it; `first` / `last` where it starts / ends the message and something parts it
    from the rest, `fragment` where something parts it on both sides; `alone` where nothing else of weight is said;
    `owned` for a possessive ('Chelsea's'); `compound` where a bigger place stands beside it; `asked` where it is the
    whole answer to a question.
    """

    before: str
    after: str
    kind: str = "plain"
    council: bool = False
    capital: bool = False
    first: bool = False
    last: bool = False
    fragment: bool = False
    alone: bool = False
    owned: bool = False
    compound: bool = False
    asked: bool = False


class Cues:
    """The patterns of `place_words.yml`, by name."""

    def __init__(self, words: Mapping[str, Any]) -> None:
        """`words`: the lists, and `patterns` made of them. Raises KeyError for a list that is not there, re.error."""
        self._words = words
        self._patterns = {name: re.compile(self._expression(source)) for name, source in words["patterns"].items()}

    def has(self, name: str, text: str) -> bool:
        """Whether the pattern `name` is in `text`."""
        return self._patterns[name].search(text) is not None

    def search(self, name: str, text: str) -> re.Match[str] | None:
        """The first match of the pattern `name` in `text`."""
        return self._patterns[name].search(text)

    def matches(self, name: str, text: str) -> list[re.Match[str]]:
        """All matches of the pattern `name` in `text`."""
        return list(self._patterns[name].finditer(text))

    def replace(self, name: str, by: str, text: str) -> str:
        """`text` with what the pattern `name` matches replaced."""
        return self._patterns[name].sub(by, text)

    def _expression(self, source: str | Sequence[str]) -> str:
        sources = [source] if isinstance(source, str) else source
        return "|".join(re.sub(r"(?<!\(\?P)(?<!\(\?)<([a-z_]+)>", self._any_of, one) for one in sources)

    def _any_of(self, match: re.Match[str]) -> str:
        words = sorted(self._words[match[1]], key=len, reverse=True)
        return f"(?:{self._expression(words)})"


class Judge:
    """The rules."""

    def __init__(self, cues: Cues) -> None:
        self.cues = cues
        self._has = cues.has

    def council(self, after: str) -> bool:
        """Whether `after` (as in `Setting`) goes on with words for a council."""
        return self._has("council", after)

    def verdict(self, s: Setting) -> Verdict:
        """What the place is."""
        clause = self._clause(s.before)
        prep = self.cues.search("preposition", clause)
        said = clause[: prep.start()] + " " if prep else clause
        if self._is_no_place(s, prep is not None):
            return NOTHING
        if self._has("negated", s.before) and not self._has("not_far", s.before):
            return Verdict(Role.OUT)
        verdict = (
            self._corrected(s)
            or self._institution(s, clause)
            or self._placed(s, clause)
            or (self._prepositional(s, said, prep["prep"]) if prep else None)
            or self._bare(s, clause)
        )
        return verdict if self._trusted(s, said, prep["prep"] if prep else None, verdict) else NOTHING

    def _clause(self, before: str) -> str:
        """The part of the sentence that the place is in."""
        starts = [match.end() - 1 for match in self.cues.matches("clause", before) if match.end() < len(before)]
        return before[max(starts, default=0) :]

    def _is_no_place(self, s: Setting, after_prep: bool) -> bool:
        """'Preston Road', 'Kent is 4', 'supports Everton', 'Mrs Bolton'."""
        if s.council:
            return False
        if self._has("not_after", s.after) or self._has("fan", s.before):
            return True
        if not after_prep and s.kind in ("plain", "first", "word") and self._has("aged", s.after):
            return True
        if s.compound or s.asked or self._has("place_called", s.before):
            return False
        return self._has("person", s.before)

    def _trusted(self, s: Setting, said: str, prep: str | None, verdict: Verdict) -> bool:
        """Whether the name is meant as a place: everyday words, first names and acronyms must show it."""
        if s.kind in ("plain", "official") or s.council or s.compound or s.alone or verdict.weight == 6:
            return True
        lived = prep is not None and self._has("lives_there", said)
        if s.kind == "acronym":
            return s.capital or lived
        if prep is None and s.kind == "first" and self._has("lives", s.before):
            return True
        if prep is None:
            shown = s.capital or s.before == " " or self._has("does", s.before)
            return (self._has("plural", s.after) and shown) or ((s.asked or s.capital) and (s.first or s.last))
        if s.kind == "first":
            near = prep in ("in", "near", "nr", "around", "outside", "within") or verdict.weight >= 4
            return near and not s.owned
        return self._word_trusted(s, said, prep, lived)

    def _word_trusted(self, s: Setting, said: str, prep: str, lived: bool) -> bool:
        """'We live in reading', not 'behind in reading'."""
        if prep not in ("in", "from", "near", "nr", "at", "outside", "to", "around", "within"):
            return False
        if lived and (prep != "to" or s.capital or self._has("goes_on", s.after)):
            return True
        we_are = self._has("we_are", said)
        if s.capital and prep != "to":
            return we_are or self._has("goes_on", s.after)
        return we_are and prep in ("in", "near", "from", "nr") and self._has("ends", s.after)

    def _corrected(self, s: Setting) -> Verdict | None:
        """'Sorry, I meant Rochdale'."""
        return Verdict(Role.HOME, 6) if self._has("meant", s.before) else None

    def _institution(self, s: Setting, clause: str) -> Verdict | None:
        """Prisons, hospitals, courts, birthplaces are elsewhere; a school is a sign of home."""
        if s.council:
            return None
        if self._has("institution_after", s.after) or self._has("institution_before", clause):
            return ELSEWHERE
        if any(self._has(cue, clause) for cue in ("court", "meeting_place")) or self._has("court", s.after):
            return ELSEWHERE
        if self._has("origin", clause) or self._has("origin", s.after):
            return ELSEWHERE
        if self._has("near_home", clause) or self._has("near_home", s.after):
            return Verdict(Role.HOME, 2)
        return None

    def _placed(self, s: Setting, clause: str) -> Verdict | None:
        """'Leeds placed her', 'placed by Leeds'; and 'Leeds, where we live'."""
        if self._has("where_home", s.after):
            return Verdict(Role.HOME, 5)
        if self._has("where_else", s.after) and not self._has("school_there", s.after):
            return PLACING if self._has("taken_there", s.after) else ELSEWHERE
        if self._has("placed_by", clause) or self._has("placed_them", s.after):
            return PLACING
        if self._has("council_in", clause) and self._has("that_placed", s.after):
            return PLACING
        return None

    def _prepositional(self, s: Setting, said: str, prep: str) -> Verdict | None:
        """With a preposition: `said` is the clause before it."""
        subject = self._last_subject(said)
        with_us = self._has("with_us", said) or self._has("with_us_then", s.after)
        if prep == "to":
            return self._to(said, subject == "parent" and not with_us)
        if prep in ("under", "with", "by"):
            return Verdict(Role.HOME, 4 if s.council else 3)
        if prep in ("for", "of", "about", "than", "through"):
            return None
        if prep == "from" and self._has("came_from", said) and not self._has("we_come", said):
            return ELSEWHERE
        if prep == "from" and self._has("travel", said):
            return Verdict(Role.HOME, 2)
        if with_us:
            return Verdict(Role.HOME, 5)
        return self._not_home(s, said, subject) or self._settled(s, said, subject)

    def _not_home(self, s: Setting, said: str, subject: str | None) -> Verdict | None:
        """'His mum is in', 'a trip in', 'we met in'."""
        if subject == "parent":
            return ELSEWHERE
        if self._has("travel", said) and not self._has("lives", said):
            return Verdict(Role.HOME, 2) if s.council else ELSEWHERE
        if self._has("past", said) and not self._has("lived_long", said):
            return ELSEWHERE
        return None

    def _settled(self, s: Setting, said: str, subject: str | None) -> Verdict:
        """'We live in', 'nan in', 'they are in' …"""
        lived, here = self.cues.search("lived", said), self._has("is_in", said)
        if lived and self._has("lived_once", lived.group()) and not self._has("lived_long", said):
            return Verdict(Role.HOME, 3)
        if subject == "worker" and not s.council:
            return Verdict(Role.HOME, 3)
        if subject == "child" and not self._has("caring", said):
            return ELSEWHERE if lived else Verdict(Role.HOME, 1 if here else 3)
        if lived or self._has("settles", said) or self._has("home_is", said) or (here and subject in ("first", None)):
            return Verdict(Role.HOME, 5)
        return Verdict(Role.HOME, 4)

    def _to(self, said: str, other: bool) -> Verdict:
        """'Moved to', 'applied to', 'went to'; `other` where somebody else is spoken of."""
        moved = self.cues.search("moved_to", said)
        if moved and not self._has("only_went", moved.group()) and not other:
            return Verdict(Role.HOME, 2 if self._has("future", said) else 5)
        if self._has("said_to", said):
            return Verdict(Role.HOME, 3)
        if moved or other or self._has("travel", said) or self._has("past", said):
            return ELSEWHERE
        return Verdict(Role.HOME, 1)

    def _bare(self, s: Setting, clause: str) -> Verdict:
        """Without a preposition."""
        if self._has("our_council", clause):
            return Verdict(Role.HOME, 6)
        if self._has("i_am", clause):
            return Verdict(Role.HOME, 5)
        if s.council or s.alone or s.first or s.last or s.asked:
            return Verdict(Role.HOME, 4)
        if self._has("area", s.after) or self._has("council_is", clause):
            return Verdict(Role.HOME, 4)
        if self._has("left", clause):
            return ELSEWHERE
        if self._has("deals", s.after) or self._has("dealt_with", clause):
            return Verdict(Role.HOME, 3)
        return Verdict(Role.HOME, 1) if s.kind in ("plain", "official", "acronym") else NOTHING

    def _last_subject(self, said: str) -> str | None:
        """Who is spoken of last: 'first' (the carer), 'parent' (or another elsewhere), 'child', 'worker'."""
        said = self.cues.replace("with_them", " ", self.cues.replace("carer", " i ", said))
        subjects = self.cues.matches("subject", said)
        if not subjects:
            return None
        last = subjects[-1]
        if last.lastgroup == "parent" and self._has("looks_after", said[: last.start()] + " "):
            return "child"
        if last.lastgroup == "parent" and len(subjects) == 1 and self._has("opening", said):
            return "first"
        if last.lastgroup == "parent" and said[last.end() :].count(" ") > 8:
            return None
        return last.lastgroup
