"""What a place in a message is to the carer: her home, where somebody else is, the council that placed the child.

The words around a place decide, in a fixed order of rules (`Judge.verdict`); the word lists are in `content/place_words.yml`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import NamedTuple


class Role(Enum):
    """What the place is."""

    HOME = "home"
    ELSEWHERE = "elsewhere"
    PLACING = "placing"
    OUT = "out"  # said not to be the place
    NOTHING = "nothing"  # no place at all


class Verdict(NamedTuple):
    """A role, and for a home how plainly it was said: 6 corrected, 5 'we live in', 4 named as the council, … 1 hardly."""

    role: Role
    weight: int = 0


NOTHING = Verdict(Role.NOTHING)
ELSEWHERE = Verdict(Role.ELSEWHERE)


@dataclass(frozen=True)
class Setting:
    """A place's surroundings: the sentence `before` and `after` it (spaces at both ends, commas as words).

    `kind` as in `gazetteer.Name`; `council` where words for a council follow it; `capital` where a capital in a
    message with small letters marks it; `first` / `last` where it starts / ends the message and something parts it
    from the rest; `alone` where nothing else of weight is said; `owned` for a possessive ('Chelsea's').
    """

    before: str
    after: str
    kind: str = "plain"
    council: bool = False
    capital: bool = False
    first: bool = False
    last: bool = False
    alone: bool = False
    owned: bool = False
    compound: bool = False
    asked: bool = False


_FILL = (
    "the|a|an|north|south|east|west|central|greater|inner|outer|sunny|rural|little|small|tiny|big|old|lovely|good|deepest|darkest|village|town|city|place|area|estate|"
    "part|side|middle|centre|center|outskirts|edge|suburb|suburbs|called|named|of|near|nearby|just|outside|by|close to|next to|not far from|far from|around|round|both|"
    "currently|now|still|also|actually|borough|county|royal|northern|southern|eastern|western|sheltered|mile|miles|from|bit|right|way|district|or|ward|sorry|er|erm|um|over|up|down"
)
_PREP = re.compile(
    rf" (?P<prep>in|from|near|nr|at|around|round|outside|by|to|under|with|within|of|for|inside|via|on|about|than|between|through)(?: (?:{_FILL}))*?"
    rf"(?: (?:near|nr|outside|by|close to|next to|not far from|of|called|named))?(?: (?:{_FILL}))* $"
)
_LIVE = r"(?:live|lives|living|livin|lived|leaving|based|reside|resides|residing|resident|stay|stays|staying|staying put|settled|located|housed|rehoused|rehomed|rent|renting|registered|brought up now|set up home|bringing (?:him|her|them) up|raising (?:him|her|them))"
_BE = r"(?:am|are|were|is|be|been|being|its|it is|was|s|'s)"
_MOVE = r"(?:moved|move|moving|relocated|relocating|come|came|coming|brought|bring|fled|transferred|returned|gone|went|go|going|back|rehoused|rehomed|taken|took|sent)"
_FUTURE = re.compile(r" (?:want|wants|going to|hoping|hope|thinking|think|planning|plan|might|may|would|if|could|will|moving|looking|considering|wondering|can) ")
_TRAVEL = re.compile(
    r" (?:holiday|holidays|trip|trips|weekend|day out|visit|visiting|visited|wedding|funeral|flight|train|trains|bus|coach|drive|driving|drives|drove|travel|travelling|travels|"
    r"shopping|match|trek|commute|journey|nearest|work|works|working|worked|job|miles|mile|hours|hour) "
)
_PAST = re.compile(r" (?:used to|originally|born|grew up|grown up|previously|formerly|raised|before that|no longer|dont live|do not live|came|left|before|were living|was living|met) ")
_NEGATED = re.compile(r" (?:not|isnt|no longer|never|nowt to do with|instead of|rather than|and not)(?: (?:live|living|lived|even|actually|in|from|under|with|at|the|by|near|been|to))* $")
_MEANT = re.compile(r" (?:mean|meant|sorry|correction|should be|should say|should have said|typo|its actually|i said no|no|nope) (?:, )?(?:it is |its |i am in |i live in |we live in |in |i said |to say )?$")
_CLAUSE = re.compile(
    r" (?:but|while|whilst|whereas|although|though|however|because|cos|coz|cause|where|so|then|until|yet|since|when|after|unless|-|\() "
    r"| (?:and|,|as|that|if|who) (?=(?:i|we|my|our|his|her|their|the|he|she|they|mum|dad|mother|father|nan|now|both|its|it|there|am|are|is|has|have|live|living|social) )"
    r"| , (?=[a-z]+ (?:is|are|has|have|keep|keeps|placed|wont|will|said|say) )"
)
_PLACED_BY = re.compile(
    r" (?:(?:placed|put|sent|brought|left|looked after|accommodated|removed|taken|moved|dropped)(?: (?:him|her|them|here|there|with (?:us|me|my family|family)|in (?:care|our care|my care)|into care|kids|children|child|boys|girls|baby)){0,3} (?:by|through|via)"
    r"|(?:care|sgo|ico|order|supervision order|case|placement|responsibility|looked after|lac|child) (?:is |sits |lies |held |still |comes )?(?:with|to|of|under|from|through)"
    r"|in care (?:to|of|with|under|in)|under a care order (?:to|with|from)|under (?:a|an|the) .{0,20}order (?:to|with|from|in)|(?:placing|responsible|home|original|originating|old|previous) (?:authority|council|la|local authority)(?: (?:is|was|are|s|'s))?(?: in| from)?) (?:the )?$"
)
_PLACES = re.compile(
    r"^ (?:,? ?(?:who|that|which|have|has|had|did|it was|also|originally|only|just|council|social services|social workers?|childrens services|cs|they|are the ones who|were the ones who|is the one that|still|then|first)(?: |$))*?"
    r"(?:(?:placed|placing) |(?:put|moved|left|dropped|brought|sent|asked|rang|phoned|called|got) (?:him|her|them|the (?:kids|children|baby|boys|girls)|my \w+|us|me)(?: \w+){0,3} (?:with|to|here|off|take|have|look)|(?:took|removed|take|remove) (?:him|her|them|the (?:kids|children|baby|boys|girls)|my \w+)(?: and|,| from| into|$)|"
    r"(?:hold|holds|held|have|has|got|still have|still has) (?:a |the |an )?(?:full |interim )?(?:care order|ico|order|parental responsibility|pr )|(?:is|are|was|were) (?:the )?(?:placing|responsible|original)|(?:children|childrens|childs) (?:were|was|are))"
)
_THEY_PLACED = re.compile(r" (?:council|authority|la|social services|services|worker|workers|team) $")
_THAT_PLACED = re.compile(r"^ ,? ?(?:that|who|which)? ?(?:had |have |has |originally |first )*(?:placed|put|took|removed)")
_CARING = re.compile(r" (?:look|looks|looking|have|had|having|has|got|raise|raising|raised|care|caring|cares|carer|fostering|foster|took|taken|bringing|adopted|kinship|guardian|guardianship) ")
_WITH_US = re.compile(r" (?:with|to|by) (?:me|us|myself|my husband|nan|nana|grandma|their nan|his nan|her nan)\b")
_AFTER_OK = re.compile(r"^ (?:$|,|-|\(|and |with |but |so |now |as |near |on |for |because |cos |area|council|she |he |we |i |my |our |has |have |since |which |where |if |is |does |do |what |can |they |too |please|just |at |by |until |in )")
_AREA = re.compile(r"^ (?:area|way|postcode|region|side|based|resident|born and bred|here|lass|lad|girl|nan|carer|carers|family|then|please|x|thanks|thank you|ta|mate) ")


def _any(words: Sequence[str]) -> str:
    return "(?:" + "|".join(sorted(map(re.escape, words), key=len, reverse=True)) + ")"


class Judge:
    """The rules, with the word lists of `content/place_words.yml` in them."""

    def __init__(self, words: Mapping[str, Sequence[str]]) -> None:
        """`words`: the lists by name; raises KeyError for one that lacks."""
        parents, children = _any(words["parents"]), _any(words["children"])
        first, workers = _any(words["first_person"]), _any(words["workers"])
        roles = _any(words["carer_roles"])
        self._subject = re.compile(rf" (?:(?P<first>{first})|(?P<parent>{parents})(?: 's)?|(?P<child>{children})(?: 's)?|(?P<worker>{workers}))(?= )")
        self._carer = re.compile(rf" (?:i am|as|we are|am|iam)(?: (?:a|an|the|his|her|their|my|older|elder|big|maternal|paternal|great|full|single|only|kinship|step|\d+|year|old))* {roles}(?: and {roles})? (?=\S)")
        self._council = re.compile(rf"^ (?:metropolitan |city |county |borough |district )*{_any(words['council'])}(?: |$)")
        self._not_after = re.compile(rf"^ {_any(words['not_after'])}(?: |$)")
        self._people = re.compile(rf" {_any(words['people'])}(?: 's| is| are| was)? (?:(?P<first>called|named) )?$")
        self._inst_after = re.compile(rf"^ (?:\w+ )?{_any(words['institutions_after'])}(?: |$)")
        self._inst_before = re.compile(rf" {_any(words['institutions_before'])}(?: (?:is|at|in|near|outside|over|the|up|down|from|'s|somewhere|miles away|to|for \w+ \w+)){{0,3}} $")
        near = _any(words["near_home"])
        self._near_before = re.compile(rf" {near}(?: (?:is|are|he goes to is|at|over|down|up|near|called|the|both|'s|just)){{0,3}} (?:in|at|near|from|by|is) (?:the )?$")
        self._near_after = re.compile(rf"^ (?:\w+ )?{near} ")
        self._deals = re.compile(rf"^ (?:also |just |still |even |then |now )?{_any(words['dealings'])} ")
        self._plural = re.compile(r"^ (?:are|have|keep|will not|wont|refuse|refused|say|do not|want|turned|knocked|council|pay) ")

    def council(self, after: str) -> bool:
        """Whether `after` (as in `Setting`) goes on with words for a council."""
        return bool(self._council.match(after))

    def verdict(self, s: Setting) -> Verdict:
        """What the place is."""
        clause = _clause(s.before)
        if self._is_no_place(s, clause):
            return NOTHING
        if _NEGATED.search(s.before) and not re.search(r" not (?:far|too far|so far|very far)(?: away)? from (?:the )?$", s.before):
            return Verdict(Role.OUT)
        prep = _PREP.search(clause)
        verdict = (
            self._corrected(s)
            or self._institution(s, clause)
            or self._placed(s, clause)
            or (self._prepositional(s, clause[: prep.start()] + " ", prep["prep"]) if prep else None)
            or self._bare(s, clause)
        )
        return verdict if self._trusted(s, clause, prep, verdict) else NOTHING

    def _is_no_place(self, s: Setting, clause: str) -> bool:
        """'Preston Road', 'Mrs Bolton', 'bath time'."""
        if self._not_after.match(s.after) and not s.council:
            return True
        person = self._people.search(s.before)
        if person and not s.council and not re.search(r"(?:village|town|place|area|estate|suburb|city|somewhere|council|school|prison) called $", s.before):
            return not (s.capital and s.kind == "plain" and person.group().split()[0] in ("lady", "uncle"))
        return False

    def _trusted(self, s: Setting, clause: str, prep: re.Match[str] | None, verdict: Verdict) -> bool:
        """Whether the name is meant as a place: everyday words, first names and acronyms must show it."""
        if s.kind in ("plain", "official") or s.council or s.compound or s.alone:
            return s.kind != "word" or not s.council or verdict.role is not Role.NOTHING
        lived = prep is not None and bool(re.search(rf" (?:{_LIVE}|moved|relocated|home is|house)(?: \w+)? $", clause[: prep.start()] + " "))
        if s.kind == "acronym":
            return s.capital or lived
        if verdict.weight == 6:
            return True
        if self._plural.match(s.after) and prep is None and (s.capital or s.before == " "):
            return True
        if prep is None:
            return (s.asked or s.capital) and (s.first or s.last)
        if s.kind == "first":
            near = prep["prep"] in ("in", "near", "nr", "around", "outside", "within") or verdict.weight >= 4
            return (near or prep["prep"] == "to" and verdict.role is not Role.NOTHING and verdict.weight >= 4) and not s.owned
        return self._word_trusted(s, clause[: prep.start()] + " ", prep["prep"], lived)

    def _word_trusted(self, s: Setting, said: str, prep: str, lived: bool) -> bool:
        """'We live in reading', not 'behind in reading'."""
        if prep not in ("in", "from", "near", "nr", "at", "outside", "to", "around", "within"):
            return False
        if lived and (prep != "to" or s.capital or _AFTER_OK.match(s.after)):
            return True
        copula = bool(re.search(r" (?:we are|i am|were|am|we|are|us|over|down|up|here|me|both|family|home|nan|carer|grandparents?) $", said))
        if s.capital and prep != "to":
            return bool(_AFTER_OK.match(s.after)) or copula
        return copula and prep in ("in", "near", "from", "nr") and bool(re.match(r"^ (?:$|,|-|and (?:i|we|my|our|have|has|had) |area)", s.after))

    def _corrected(self, s: Setting) -> Verdict | None:
        if _MEANT.search(s.before) and not _NEGATED.search(s.before):
            return Verdict(Role.HOME, 6)
        return None

    def _institution(self, s: Setting, clause: str) -> Verdict | None:
        """Prisons, hospitals, universities, holidays; school is a sign of home."""
        if s.council:
            return None
        if self._inst_after.match(s.after) or self._inst_before.search(clause):
            return ELSEWHERE
        if re.match(r"^ (?:family |county |crown |magistrates )+court", s.after):
            return Verdict(Role.HOME, 1)
        if re.match(r"^ originally", s.after) or re.search(r" (?:originally|born|born and bred|born and raised|used to be|used to live) (?:in|from|at|and raised in|and bred in) (?:the )?$", clause):
            return ELSEWHERE
        if self._near_before.search(clause) or self._near_after.match(s.after):
            return Verdict(Role.HOME, 2)
        return None

    def _placed(self, s: Setting, clause: str) -> Verdict | None:
        if _PLACED_BY.search(clause) or _PLACES.match(s.after):
            return Verdict(Role.PLACING)
        if _THAT_PLACED.match(s.after) and re.search(r" (?:council|authority|la|services|team|worker) (?:in|from|at) (?:the )?$", clause):
            return Verdict(Role.PLACING)
        return None

    def _prepositional(self, s: Setting, said: str, prep: str) -> Verdict | None:
        """With a preposition: `said` is the clause before it."""
        subject = self._last_subject(said)
        with_us = bool(_WITH_US.search(said) or _WITH_US.match(s.after))
        if prep == "to":
            return self._to(s, said, subject, with_us)
        if prep in ("by", "under", "with", "for", "of", "about", "than", "between", "through"):
            return Verdict(Role.HOME, 4 if s.council else 3) if prep in ("under", "with", "by") else None
        if prep == "from" and re.search(rf" {_MOVE}(?: \w+){{0,4}} $", said) and not re.search(r" (?:i|we) come $", said):
            return ELSEWHERE
        if subject == "parent" and not with_us:
            return ELSEWHERE
        if _TRAVEL.search(said) and not re.search(rf" {_LIVE} $", said):
            return ELSEWHERE if not s.council else Verdict(Role.HOME, 2)
        if _PAST.search(said) and not re.search(r" (?:have|always) (?:always )?lived ", said):
            return ELSEWHERE
        return self._settled(s, said, prep, subject, with_us)

    def _settled(self, s: Setting, said: str, prep: str, subject: str | None, with_us: bool) -> Verdict:
        """'We live in', 'nan in', 'they are in' …"""
        lived = re.search(rf" {_LIVE}(?: (?:here|together|with \w+|alone|on my own|round|out|over|up|down|back|just|miles away|all my life|both|now|happily)){{0,2}} $", said)
        moved = re.search(r" (?:moved|relocated|settled)(?: \w+){0,2} $", said)
        be = re.search(rf" {_BE}(?: (?:all|both|here|over|out|up|down|just|now|currently|based|only|miles away|still|also|back|originally))* $", said)
        if lived and " lived " in lived.group() and not re.search(r" (?:have|ve|always|has) (?:always |all |both |just )?lived ", said):
            return Verdict(Role.HOME, 3)
        if subject == "worker" and not s.council:
            return Verdict(Role.HOME, 3)
        if subject == "child" and not with_us and not _CARING.search(said):
            return Verdict(Role.HOME, 1 if lived or be else 3)
        if lived or moved or with_us:
            return Verdict(Role.HOME, 5)
        if be and subject in ("first", None):
            return Verdict(Role.HOME, 5)
        if re.search(r" (?:home|house|flat|address|postcode|council|authority|la|area|borough|i|we|me|us|myself)(?: (?:is|are|being))? $", said):
            return Verdict(Role.HOME, 5)
        return Verdict(Role.HOME, 4)

    def _to(self, s: Setting, said: str, subject: str | None, with_us: bool) -> Verdict | None:
        moved = re.search(rf" {_MOVE}(?: (?:all|both|back|over|up|down|here|him|her|them|us|me|it|everyone|the|kids|children|home|baby|boys|girls|from|again|out|family|my|grandson|granddaughter))*(?: from [\w ]+?)? $", said)
        if moved and not re.search(r" (?:go|goes|going|went|gone|come|take|took|taken|sent) ", moved.group()):
            if subject == "parent" and not with_us:
                return ELSEWHERE
            return Verdict(Role.HOME, 2 if _FUTURE.search(said) else 5)
        if re.search(r" (?:applied|apply|applying|complained|complaint|complain|spoke|spoken|speak|speaking|wrote|written|write|emailed|email|letter|rang|ring|went|goes|referred|belong|belongs|said|talked|asked|reported|known) $", said):
            return Verdict(Role.HOME, 3)
        return ELSEWHERE if moved or _TRAVEL.search(said) or subject == "parent" else Verdict(Role.HOME, 1)

    def _bare(self, s: Setting, clause: str) -> Verdict:
        """Without a preposition."""
        if s.council:
            return Verdict(Role.HOME, 4)
        if s.alone or s.first or s.last or _AREA.match(s.after) or s.asked:
            return Verdict(Role.HOME, 4)
        if re.search(r" (?:live|living|postcode|address|area|council|authority|la)(?: is| are| 's)? $", clause):
            return Verdict(Role.HOME, 4)
        if re.search(r" (?:left|visit|visiting|visited|leaving) $", clause):
            return ELSEWHERE
        if self._deals.match(s.after) or re.search(r" (?:that|told|asked|rang|phoned|called|emailed|contacted|fighting|battling|sue|suing|versus|vs|and|against|does|will|do|did|has|have|is|are|why|can|would|should) (?:the )?$", clause):
            return Verdict(Role.HOME, 3)
        return Verdict(Role.HOME, 1) if s.kind in ("plain", "official", "acronym") else NOTHING

    def _last_subject(self, said: str) -> str | None:
        """Who is spoken of last: 'first' (the carer), 'parent' (or another elsewhere), 'child', 'worker'."""
        said = self._carer.sub(" i ", said)
        last = None
        for last in self._subject.finditer(said):
            pass
        if last is None:
            return None
        if last.lastgroup == "parent" and said[last.end() :].count(" ") > 8:
            return None
        return last.lastgroup


def _clause(before: str) -> str:
    """The part of the sentence that the place is in."""
    start = 0
    for match in _CLAUSE.finditer(before):
        if match.end() < len(before):
            start = match.end() - 1
    return before[start:]
