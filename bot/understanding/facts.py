"""Reads one carer's message and returns what it states: the arrangement, the tie, ages, times and who did what.

    FactFinder().find("I'm nan to Leo (7), we got the SGO in 2019")
    -> [Fact(name='arrangement', value='special_guardianship_order', said='SGO', ...),
        Fact(name='relationship', value='grandparent', said="I'm nan", ...), Fact(name='child_age', value=7, ...), ...]

A fact is only what is said now and of this carer's own child: not what is asked, hoped, refused, over or somebody
else's. `sure` is False where the words lean one way without settling it. Nothing here imports Rasa.
"""

from __future__ import annotations

import logging
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

from bot.understanding.ages import Ages
from bot.understanding.circumstances import Circumstances
from bot.understanding.counts import children_count
from bot.understanding.durations import Durations
from bot.understanding.found import Fact, FactValue, Found
from bot.understanding.living import Home, Living
from bot.understanding.orders import CAO, KFC, SGO, OrderReader, Orders, strongest
from bot.understanding.phrases import load_yaml, words
from bot.understanding.reading import Reader, Reading
from bot.understanding.relations import Relations

__all__ = ["CLOSE_RELATIVES", "PATTERNS", "TABLE_RELATIONSHIP", "Fact", "FactFinder", "FactValue"]

log = logging.getLogger(__name__)

PATTERNS = Path(__file__).resolve().parents[2] / "nlu" / "facts"
_FILES = ("words", "orders", "relations", "living", "ages", "durations", "circumstances")

# Children Act 1989 s.105: these are never private foster carers
CLOSE_RELATIVES = frozenset({"grandparent", "aunt_uncle", "sibling", "half_sibling", "step_parent"})
_WIDER = frozenset({"great_grandparent", "great_aunt_uncle", "cousin", "friend", "foster_other"})
# our ties as the decision table names them (bot/knowledge reads the table; we keep the finer word)
TABLE_RELATIONSHIP = {
    "grandparent": "grandparent",
    "aunt_uncle": "aunt_uncle",
    "sibling": "sibling",
    "half_sibling": "sibling",
    "step_parent": "step_parent",
    "step_grandparent": "step_relative",
    "great_grandparent": "wider_relative",
    "great_aunt_uncle": "wider_relative",
    "cousin": "wider_relative",
    "friend": "not_related",
    "foster_other": "not_related",
}
_FOSTERING = words("KFC FOSTERER FOSTERPAY fostering foster SSW FOSTERKIT REG24")
_SIXTEEN = 16  # from here a friend's or wider relative's child is not privately fostered
_LONG_UNSAID = 36  # months: with a child this long, many have an order they do not speak of
_ORDER_OF = {SGO: "special_guardianship", CAO: "lives_with", "adoption": "other"}


@cache
def finder() -> FactFinder:
    """The one of this process: it is large, and takes seconds to build."""
    return FactFinder()


class FactFinder:
    """Finds facts in messages. Building one takes two or three seconds; finding is quick, and safe from several threads."""

    def __init__(self, patterns: Path = PATTERNS) -> None:
        """Loads the pattern files from `patterns`. Raises ValueError, KeyError or OSError if they are not whole."""
        files: dict[str, dict[str, Any]] = {name: load_yaml(patterns / f"{name}.yml") for name in _FILES}
        everyone: dict[str, list[str]] = {}
        own: dict[str, dict[str, list[str]]] = {}
        for name in _FILES:
            own[name] = {str(k): [str(w) for w in v] for k, v in files[name].get("lists", {}).items()}
            everyone.update(own[name])
        lists = {name: {**everyone, **own[name]} for name in _FILES}
        self._reader = Reader(files["words"])
        self._orders = OrderReader(files["orders"], lists["orders"])
        self._relations = Relations(files["relations"], lists["relations"])
        self._living = Living(files["living"], lists["living"])
        self._ages = Ages(files["ages"], lists["ages"])
        self._durations = Durations(files["durations"], files["living"], {**lists["durations"], **own["living"]})
        self._circumstances = Circumstances(files["circumstances"], lists["circumstances"])

    def find(self, text: str, today: date | None = None) -> list[Fact]:
        """The facts `text` states, in the order they stand in it; [] for anything unreadable. Never raises."""
        try:
            reading = self._reader.read(text)
            found = self._gather(reading, today or date.today())  # noqa: DTZ011 - a carer's 'today' is the local one
            return sorted((_as_fact(name, f, reading) for name, f in found.items()), key=lambda fact: (fact.start, fact.name))
        except Exception:  # a message must never be lost to a pattern
            log.exception("could not read facts from a message of %d characters", len(text) if isinstance(text, str) else -1)
            return []

    def _gather(self, reading: Reading, today: date) -> dict[str, Found]:
        """All facts by name, the arrangement last since it turns on the others."""
        home = self._living.read(reading)
        orders = self._orders.read(reading)
        found = self._circumstances.find(reading)
        involved = home.with_me or home.asked is not None or bool(orders.held)
        tie = self._relations.find(reading, involved)
        ages, stage = self._ages.find(reading)
        count = children_count(reading, ages)
        mixed = "several_children_differ" in found
        now = self._arrangement_by_order(reading, orders, home, mixed) or _by_approval(found, home, reading)
        duration, months = self._durations.find(reading, today, home.with_me, home.prospective and now is None)
        for name, value in (
            ("is_parent", self._relations.parent(reading)),
            ("relationship", tie),
            ("child_age", ages),
            ("school_stage", stage),
            ("children_count", count),
            ("duration", duration),
            ("months_with_carer", months),
        ):
            if value is not None:
                found[name] = value
        own_loss = found.pop("own_parent_died", None)
        if own_loss is not None and tie is not None and tie.value in ("sibling", "half_sibling"):
            found["how_came"] = Found("parent_died", own_loss.first, own_loss.after)
        self._settle(reading, found, now, home, orders)
        return found

    def _arrangement_by_order(self, reading: Reading, orders: Orders, home: Home, mixed: bool) -> Found | None:
        """The arrangement an order, a role or a care order gives, if one is held."""
        best = strongest(orders.held, reading, mixed)
        if best is not None:
            return best
        here = home.with_me and not home.elsewhere
        fosters = self._orders.fosters(reading)
        if fosters is not None and (here or not home.elsewhere):
            return fosters
        looked_after = self._orders.looked_after(reading)
        if looked_after is not None and (here or not (home.prospective or home.elsewhere)):
            return looked_after
        if orders.care_orders and here:
            return orders.care_orders[0]
        return None

    def _settle(self, reading: Reading, found: dict[str, Found], now: Found | None, home: Home, orders: Orders) -> None:
        """Puts the arrangement and the order into `found`, and takes out what they rule out."""
        informal = self._orders.informal(reading) if now is None else None
        if now is not None:
            found["arrangement"] = now
            self._tidy_for_order(found, now, orders)
        elif home.prospective and home.asked is not None:
            found["arrangement"] = Found("prospective", *home.asked)
            if home.elsewhere and found.get("previously_looked_after", now) is not None:
                found.pop("previously_looked_after")  # in care still: nothing previous about it
        else:
            kind = self._unsaid(reading, found, home, orders, informal)
            if kind is not None:
                found["arrangement"] = kind
        order = _order(now, informal, orders, found.get("order"))
        found.pop("order", None)
        if order is not None:
            found["order"] = order
        if not home.prospective or now is not None:
            found.pop("who_asked", None)

    def _unsaid(
        self, reading: Reading, found: dict[str, Found], home: Home, orders: Orders, informal: Found | None
    ) -> Found | None:
        """Informal or private fostering: said, or to be gathered where nobody official is spoken of."""
        quiet = not orders.held and _nobody_official(found, orders) and not self._orders.official(reading)
        untold = self._orders.unknown_to_council(reading)
        here = home.with_me and not home.elsewhere
        if informal is None and quiet and untold and here and "relationship" in found:
            informal = self._orders.by_leave(reading)
        return _without_order(found, informal, home, quiet) or (_by_time_alone(found, home, not untold) if quiet else None)

    @staticmethod
    def _tidy_for_order(found: dict[str, Found], now: Found, orders: Orders) -> None:
        """A child in the council's care now was not 'previously' so; a care order that ended was."""
        if now.value == KFC and found.get("previously_looked_after", now).value is True:
            found.pop("previously_looked_after", None)


def _order(now: Found | None, informal: Found | None, orders: Orders, running: Found | None) -> Found | None:
    """The decision table's `order`: the order held, a case running, or none."""
    if now is not None and now.value in _ORDER_OF:
        return Found(_ORDER_OF[str(now.value)], now.first, now.after, now.sure)
    if orders.care_orders:
        return Found("care_order", orders.care_orders[0].first, orders.care_orders[0].after)
    if running is not None:
        return running
    if informal is not None and now is None:
        return Found("none", informal.first, informal.after)
    return None


def _without_order(found: dict[str, Found], informal: Found | None, home: Home, quiet: bool) -> Found | None:
    """Informal or private fostering, from what was said of court, tie, age and time; None where it is not plain."""
    came = found.get("how_came")
    said = informal
    private = came is not None and came.value in ("family", "parent_died", "parent_gone")
    role = found.get("council_role")
    if said is None and role is not None and role.value == "none" and (private or (quiet and home.with_me)):
        said = Found("informal", role.first, role.after, False)
    if said is None and came is not None and came.value == "family" and _wider_for_long(found):
        said = Found("informal", came.first, came.after, False)
    if said is None or (came is not None and came.value in ("council_or_police", "council_involved")):
        return None
    if home.elsewhere and not home.with_me:
        return None
    tie = str(found["relationship"].value) if "relationship" in found else ""
    if tie in CLOSE_RELATIVES or not tie or tie not in _WIDER:
        return Found("informal", said.first, said.after, said.sure and tie != "step_grandparent")
    return _not_close(found, said)


def _by_approval(found: dict[str, Found], home: Home, reading: Reading) -> Found | None:
    """Fostering, from what was said of the panel or of approval, where no special guardian's panel may be meant."""
    approval = found.get("foster_approval")
    if approval is None or home.elsewhere or {"SGO", "SGR", "adoption"} & reading.vocabulary:
        return None
    if not {"i", "we", "my", "our", "us", "me"} & reading.vocabulary:
        return None
    settled = approval.value in ("full", "temporary", "temporary_run_out")
    if not settled and not (home.with_me and approval.value == "not_yet" and _FOSTERING & reading.vocabulary):
        return None
    return Found(KFC, approval.first, approval.after, False)


def _nobody_official(found: dict[str, Found], orders: Orders) -> bool:
    """Whether no council placement and no case in court is told of, so that a family arrangement may be taken as said."""
    came = found.get("how_came")
    if came is not None and came.value in ("council_or_police", "council_involved"):
        return False
    role = found.get("council_role")
    if role is not None and role.value not in ("none", "helped_only"):
        return False
    return "order" not in found and not orders.care_orders


def _by_time_alone(found: dict[str, Found], home: Home, council_knows: bool) -> Found | None:
    """A friend's or wider relative's child, with the carer so long, where nobody official is spoken of."""
    tie, duration, months = (found.get(name) for name in ("relationship", "duration", "months_with_carer"))
    if tie is None or tie.value not in _WIDER or not home.with_me:
        return None
    if _youngest(found) >= _SIXTEEN:
        return Found("informal", tie.first, tie.after, False)
    if duration is None:
        return None
    role = found.get("council_role")
    if council_knows and (role is None or role.value != "none"):
        return None
    if duration.value == "28_or_more" and (months is None or int(str(months.value)) <= _LONG_UNSAID):
        kind = _not_close(found, duration)
        return kind and Found(kind.value, kind.first, kind.after, False)
    if duration.value == "under_28":
        return Found("informal", duration.first, duration.after, False)
    return None


def _wider_for_long(found: dict[str, Found]) -> bool:
    """Whether a friend or wider relative has had the child for 28 days: think of private fostering."""
    tie, duration = found.get("relationship"), found.get("duration")
    return tie is not None and tie.value in _WIDER and duration is not None and duration.value == "28_or_more"


def _youngest(found: dict[str, Found]) -> int:
    """The youngest child's age in years; 0 where none is said."""
    ages = found["child_age"].value if "child_age" in found else 0
    return min(ages) if isinstance(ages, list) else ages if isinstance(ages, int) else 0


def _not_close(found: dict[str, Found], said: Found) -> Found | None:
    """A friend or wider relative: private fostering from 28 days, if the child is under 16."""
    duration = found["duration"].value if "duration" in found else None
    if _youngest(found) >= _SIXTEEN:
        return Found("informal", said.first, said.after, said.sure)
    if duration == "28_or_more":
        return Found("private_fostering", said.first, said.after, "child_age" in found)
    if duration in ("under_28", "may_reach_28"):
        return Found("informal", said.first, said.after, duration == "under_28")
    return None


def _as_fact(name: str, found: Found, reading: Reading) -> Fact:
    """A Found with its name and the carer's own words."""
    said, start, end = reading.said(found.first, found.after)
    return Fact(name, found.value, said, start, end, found.sure)
