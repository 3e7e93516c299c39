"""Which arrangement the carer has now, and which order: never one asked about, applied for, ended or another's."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from bot.understanding.found import Found
from bot.understanding.phrases import Group, WordLists, words
from bot.understanding.reading import Reading
from bot.understanding.rules import Rule

SGO, CAO, KFC = "special_guardianship_order", "child_arrangements_order", "kinship_foster_care"

# word -> (set of patterns, arrangement, sure)
_ORDERS: dict[str, tuple[str, str, bool]] = {
    "SGO": ("order", SGO, True),
    "SGR": ("role", SGO, True),
    "GUARDSHIP": ("order", SGO, False),
    "GUARDIAN": ("role", SGO, False),
    "CAO": ("order", CAO, True),
    "INTERIMCAO": ("order", CAO, True),
    "CUSTODY": ("order", CAO, False),
    "KFC": ("foster", KFC, True),
    "FOSTERER": ("foster", KFC, False),
    "FOSTERPAY": ("foster", KFC, True),
    "CAREORDER": ("care", KFC, True),
}
_RANK = {"adoption": 0, SGO: 1, CAO: 2, KFC: 3, "private_fostering": 4}
_SHORT_ANSWER = words(
    """
    yes yeah yep an a the it is 's i think have we just no . ? , please full order ours got its on for
    both him her them under my our her his and
    """
)

_RULES = words(
    """
    adoption made_guardian lives_with informal privfost privfost_strong foster_verb with_care fosters_now by_leave tell_council
    """
)
_SELF = words("i we my our us me")
_ASKING = words(
    """
    what how who why when where which can could does do did is are should would will if any whether has have was were
    """
)
# where one of these is spoken of, silence about orders is no sign that there is none
_OFFICIAL = words(
    """
    court courts judge COURTCASE CAREORDER SGO SGR CAO INTERIMCAO CUSTODY GUARDSHIP GUARDIAN KFC FOSTERER FOSTERPAY SSW
    LAC LACREVIEW S20 REG24 EPO allowance placed placement adopted adoption POLICE CAREPLACE viability assessment panel
    """
)
_HOPING = words(
    """
    how can could should would do does want wants need must if whether might may going_to like thinking instead or before
    never not no
    """
)


@dataclass
class Orders:
    """Orders and roles in one message: those the carer has, and those only spoken of."""

    held: list[Found] = field(default_factory=list)
    care_orders: list[Found] = field(default_factory=list)
    spoken_of: set[str] = field(default_factory=set)


class OrderReader:
    """Reads orders. Built once, from orders.yml."""

    def __init__(self, data: Mapping[str, Any], lists: WordLists) -> None:
        """`data` is orders.yml as loaded, `lists` all word lists it may name."""
        kinds = ("order", "role", "care", "foster")
        self._certain = {name: Group(data[name].get("certain", ()), lists) for name in kinds}
        self._not_current = {name: Group(data[name]["not_current"], lists) for name in kinds}
        self._current = {name: Group(data[name]["current"], lists) for name in kinds}
        self._rules = {name: Rule.of(data[name], lists) for name in _RULES}

    def read(self, reading: Reading) -> Orders:
        """Every order or role named, sorted into held and only spoken of."""
        orders = Orders()
        for index, tok in enumerate(reading.toks):
            if tok not in _ORDERS:
                continue
            patterns, arrangement, sure = _ORDERS[tok]
            if tok == "CUSTODY" and reading.toks[index - 1] in ("in", "into", "remanded", "police"):
                continue
            held, plainly = self._held(reading, index, patterns)
            sure = sure and plainly
            if not held:
                orders.spoken_of.add(arrangement)
            elif tok == "CAREORDER":
                orders.care_orders.append(Found(KFC, index, index + 1, sure))
            else:
                orders.held.append(Found(arrangement, index, index + 1, sure))
        self._without_orders(reading, orders)
        return orders

    def _held(self, reading: Reading, index: int, patterns: str) -> tuple[bool, bool]:
        """Whether the order or role at word `index` is the carer's, now; and whether that is said plainly."""
        toks = reading.toks
        if reading.size <= 8 and "?" not in toks and all(t in _SHORT_ANSWER or t in _ORDERS for t in toks):
            return not {"no", "or"} & set(toks) or toks[index - 1] in ("a", "just", "an"), True
        coded, words = reading.around(index)
        if self._certain[patterns].hit(coded, words):
            return True, True
        if self._not_current[patterns].hit(coded, words):
            return False, True
        if self._current[patterns].hit(coded, words):
            return True, True
        return patterns == "order" and _told_of_self(reading, index, words), False

    def _without_orders(self, reading: Reading, orders: Orders) -> None:
        """Adds adoption, private fostering and fostering said as a verb."""
        for name, value, sure in (
            ("adoption", "adoption", True),
            ("made_guardian", SGO, False),
            ("lives_with", CAO, True),
            ("foster_verb", KFC, True),
            ("privfost_strong", "private_fostering", True),
            ("privfost", "private_fostering", False),
        ):
            where = self._rules[name].find(reading)
            if where is not None:
                orders.held.append(Found(value, *where, sure))

    def fosters(self, reading: Reading) -> Found | None:
        """What only a foster carer has, spoken of as one's own: a fostering social worker, an allowance, logs, a panel."""
        where = self._rules["fosters_now"].find(reading)
        return Found(KFC, *where) if where else None

    def looked_after(self, reading: Reading) -> Found | None:
        """Signs that the child is the council's: reg 24, section 20, a share in parental responsibility."""
        where = self._rules["with_care"].find(reading)
        return Found(KFC, *where) if where else None

    def official(self, reading: Reading) -> bool:
        """Whether court, order or placement is spoken of as more than a thing to be asked for, done or feared."""
        return any(tok in _OFFICIAL and not _only_hoped(reading, index) for index, tok in enumerate(reading.toks))

    def informal(self, reading: Reading) -> Found | None:
        """No court, nothing official, a family arrangement."""
        where = self._rules["informal"].find(reading)
        return Found("informal", *where) if where else None

    def by_leave(self, reading: Reading) -> Found | None:
        """A parent's leave for the child to be with the carer: a family arrangement, if nothing else is said."""
        where = self._rules["by_leave"].find(reading)
        return Found("informal", *where, sure=False) if where else None

    def unknown_to_council(self, reading: Reading) -> bool:
        """Whether the council, if spoken of at all, is one the carer has not told: 'should I tell the council?'."""
        return "COUNCIL" not in reading.vocabulary or self._rules["tell_council"].says(reading)


def _only_hoped(reading: Reading, index: int) -> bool:
    """Whether word `index` follows, in its sentence, a word of asking, wishing or denying: 'how to go to court?'."""
    first = max(reading.sentence(index)[0], index - 7)
    return bool(_HOPING & set(reading.toks[first:index]))


def _told_of_self(reading: Reading, index: int, words: frozenset[str]) -> bool:
    """Whether an order nothing places is likely the carer's: told, not asked, among words of self, and not 'an SGO'."""
    opening = reading.toks[reading.sentence(index)[0]]
    told = not reading.asks(index) and opening not in _ASKING
    return told and bool(_SELF & words) and reading.toks[index - 1] not in ("a", "an")


def strongest(held: list[Found], reading: Reading, mixed: bool) -> Found | None:
    """The one arrangement that counts: said with 'now', else the order that outranks the others.

    `mixed`: the children's orders differ, so the first one named is given, unsure.
    """
    if not held:
        return None
    if mixed:
        first = min(held, key=lambda f: f.first)
        return Found(first.value, first.first, first.after, False)
    now = [f for f in held if "now" in reading.toks[max(0, f.first - 4) : f.first]]
    return min(now or held, key=lambda f: (_RANK.get(str(f.value), 9), not f.sure, f.first))
