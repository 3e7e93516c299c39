"""Facts are found where a carer states them, and nowhere else. Runs in Rasa's environment (spaCy)."""

from __future__ import annotations

import time
from collections import Counter
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml

pytest.importorskip("spacy")

from bot.understanding.facts import FactFinder  # noqa: E402

TODAY = date(2026, 11, 22)
ALWAYS_CHECKED = frozenset({"arrangement", "relationship", "child_age", "previously_looked_after"})
HERE = Path(__file__).parent


def load_cases(name: str) -> list[tuple[str, dict[str, Any], frozenset[str]]]:
    """(message, facts stated, names not to be found) for every case of a table."""
    cases = yaml.safe_load((HERE / name).read_text(encoding="utf-8"))["cases"]
    return [(case[0], case[1], frozenset(case[2] if len(case) > 2 else ())) for case in cases]


@pytest.fixture(scope="module")
def finder() -> FactFinder:
    return FactFinder()


def wrong(finder: FactFinder, text: str, stated: dict[str, Any], forbidden: frozenset[str]) -> dict[str, tuple[Any, Any]]:
    """{name: (expected, found)} for each fact that is checked and differs."""
    found = {fact.name: fact.value for fact in finder.find(text, today=TODAY)}
    names = ALWAYS_CHECKED | stated.keys() | forbidden
    return {n: (stated.get(n), found.get(n)) for n in sorted(names) if stated.get(n) != found.get(n)}


@pytest.mark.parametrize(("text", "stated", "forbidden"), load_cases("facts.yml"))
def test_states_just_this(finder: FactFinder, text: str, stated: dict[str, Any], forbidden: frozenset[str]) -> None:
    assert wrong(finder, text, stated, forbidden) == {}


def score(finder: FactFinder, name: str) -> dict[str, Counter[str]]:
    """Per fact name: how many were right, wrong (another value), missed and invented."""
    table: dict[str, Counter[str]] = {}
    for text, stated, forbidden in load_cases(name):
        found = {fact.name: fact.value for fact in finder.find(text, today=TODAY)}
        for fact in ALWAYS_CHECKED | stated.keys() | forbidden:
            want, got = stated.get(fact), found.get(fact)
            kind = ("right" if want == got else "missed" if got is None else "wrong") if want is not None else "invented" if got is not None else "none"
            table.setdefault(fact, Counter())[kind] += 1
    return table
