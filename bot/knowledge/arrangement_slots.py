"""From what a conversation knows (slots) to the facts the arrangement table asks for."""

from __future__ import annotations

from collections.abc import Mapping

from bot.knowledge.arrangement_reading import age_group

# What a carer who names her arrangement has told us. 'Informal' and 'private fostering' say only that there is no
# court order: who arranged it, and how she is related, still have to be asked.
ARRANGEMENTS: Mapping[str, Mapping[str, str]] = {
    "informal": {"order": "none"},
    "private_fostering": {"order": "none"},
    "child_arrangements_order": {"order": "lives_with"},
    "special_guardianship_order": {"order": "special_guardianship"},
    "kinship_foster_care": {"order": "unknown", "order_clue": "in_care"},
    "adoption": {"order": "other", "other_order": "adoption"},
    "prospective": {"duration": "not_yet"},
}
RELATIONSHIPS: Mapping[str, tuple[str, ...]] = {
    "grandparent": ("grandmother", "grandfather"),
    "sibling": ("brother", "sister", "half_sibling", "half_brother", "half_sister"),
    "aunt_uncle": ("aunt", "uncle"),
    "step_parent": ("stepparent", "step_mother", "step_father"),
    "wider_relative": (
        *("great_aunt_uncle", "great_aunt", "great_uncle", "great_grandparent", "cousin", "other_relative"),
        *("great_grandmother", "great_grandfather"),
    ),
    "step_relative": ("step_grandparent", "step_sibling", "step_brother", "step_sister", "step_aunt_uncle"),
    "not_related": ("friend", "family_friend", "neighbour", "godparent", "teacher", "ex_partner"),
    "parent": ("mother", "father"),
}
_RELATIONSHIP = {name: value for value, names in RELATIONSHIPS.items() for name in (value, *names)}


def facts_from(known: Mapping[str, object], allowed: Mapping[str, tuple[str, ...]]) -> dict[str, str]:
    """Facts among `allowed` ({fact: values}) that the slots hold; what fits nothing is left out."""
    facts = dict(ARRANGEMENTS.get(str(known.get("arrangement")), {}))
    facts |= {fact: value for fact, value in known.items() if isinstance(value, str) and _fits(fact, value, allowed)}
    age, relationship = _age(known.get("child_age")), _relationship(known.get("relationship"))
    if age is not None:
        facts["child_age"] = age
    if relationship is not None:
        facts["relationship"] = relationship
    cared_for = known.get("previously_looked_after")
    if isinstance(cared_for, bool):
        facts["previously_looked_after"] = "true" if cared_for else "false"
    return {fact: value for fact, value in facts.items() if _fits(fact, value, allowed)}


def _fits(fact: str, value: str, allowed: Mapping[str, tuple[str, ...]]) -> bool:
    return value in allowed.get(fact, ())


def _relationship(slot: object) -> str | None:
    name = slot.strip().casefold().replace("-", "_").replace(" ", "_") if isinstance(slot, str) else ""
    return _RELATIONSHIP.get(name)


def _age(slot: object) -> str | None:
    """The age group of one age, or of several that share it."""
    ages = slot if isinstance(slot, (list, tuple, set, frozenset)) else [slot]
    groups = {age_group(int(age)) for age in ages if isinstance(age, (int, float)) and not isinstance(age, bool)}
    return groups.pop() if len(groups) == 1 else None
