"""Brings a carer's spelling to one form: known variants by table, long key words by nearness."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache

from bot.understanding.phrases import words

_NUMBER_WORDS = (
    *("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"),
    *("thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen", "twenty"),
)
NUMBERS = {word: str(value) for value, word in enumerate(_NUMBER_WORDS) if value > 1}
NUMBERS.update(
    {
        "fourtheen": "14",
        "forteen": "14",
        "fiveteen": "15",
        "thirty": "30",
        "forty": "40",
        "fifty": "50",
        "sixty": "60",
        "seventy": "70",
        "eighty": "80",
        "tow": "2",
        "fourty": "40",
    }
)
_UNITS = {
    "m": ["month"],
    "mo": ["month"],
    "mos": ["month"],
    "y": ["year"],
    "yo": ["year", "old"],
    "yos": ["year", "old"],
    "w": ["week"],
    "d": ["day"],
    "h": ["hour"],
    "hr": ["hour"],
    "hrs": ["hour"],
    "am": ["oclock"],
    "pm": ["oclock"],
    "ys": ["year"],
    "year": ["year"],
    "month": ["month"],
    "week": ["week"],
    "day": ["day"],
    "years": ["year"],
    "months": ["month"],
    "weeks": ["week"],
    "days": ["day"],
    "yrold": ["year", "old"],
    "yearold": ["year", "old"],
    "st": ["st"],
    "nd": ["nd"],
    "rd": ["rd"],
    "th": ["th"],
    "k": ["k"],
    "a.m.": ["oclock"],
    "p.m.": ["oclock"],
    "a.m": ["oclock"],
    "p.m": ["oclock"],
    "o'clock": ["oclock"],
}
_PRONOUNS = words("i he she it they we you that there who here what where when how")


def within_one(first: str, second: str) -> bool:
    """Whether one slip (a letter added, lost, changed, or two swapped) turns `first` into `second`."""
    if abs(len(first) - len(second)) > 1 or first == second:
        return first == second
    at = next((i for i, (a, b) in enumerate(zip(first, second, strict=False)) if a != b), min(len(first), len(second)))
    rest_a, rest_b = first[at:], second[at:]
    return (
        rest_a[1:] == rest_b[1:]
        or rest_a[1:] == rest_b
        or rest_a == rest_b[1:]
        or (len(rest_a) > 1 and len(rest_b) > 1 and rest_a[:2] == rest_b[1::-1] and rest_a[2:] == rest_b[2:])
    )


def within_two(first: str, second: str) -> bool:
    """Whether two slips turn `first` into `second`: one slip from some word one slip away."""
    if abs(len(first) - len(second)) > 2:
        return False
    rows = list(range(len(second) + 1))
    before_last: list[int] = []
    for i, a in enumerate(first, 1):
        row = [i]
        for j, b in enumerate(second, 1):
            cost = min(rows[j] + 1, row[j - 1] + 1, rows[j - 1] + (a != b))
            if i > 1 and j > 1 and a == second[j - 2] and first[i - 2] == b:
                cost = min(cost, before_last[j - 2] + 1)
            row.append(cost)
        if min(row) > 2:
            return False
        before_last, rows = rows, row
    return rows[-1] <= 2


class Spelling:
    """Turns one raw word (with the one before) into the word or words the patterns know."""

    def __init__(self, table: Mapping[str, Sequence[str]], near: Iterable[str], never: Iterable[str]) -> None:
        """`table`: right word to its variants; `near`: words found though misspelt; `never`: words that are right."""
        self._table: dict[str, str] = {}
        for right, variants in table.items():
            for variant in variants or ():
                self._table.setdefault(variant, right)
        self._table.update(NUMBERS)
        self._near = [w for w in near if len(w) >= 6]
        self._known = frozenset(never) | frozenset(self._near) | frozenset(self._table) | frozenset(map(str, table))
        self._nearest = lru_cache(maxsize=8192)(self._find_nearest)

    def words(self, raw: str, before: str) -> list[str]:
        """`raw` (lower case) as one word or more; `before` is the word to its left, already brought to form."""
        if before.isdigit() and raw in _UNITS:
            return _UNITS[raw]
        if raw in ("m", "'m"):
            return ["am"] if before == "i" else [raw]
        if raw in ("s", "’s"):
            return ["'s"] if before in _PRONOUNS else [raw]
        if raw in ("ve", "'ve", "of_have"):
            return ["have"]
        if raw in ("re", "'re"):
            return ["are"]
        if raw in ("ll", "'ll"):
            return ["will"]
        if raw == "d" and before in _PRONOUNS:
            return ["'d"]
        joined = self._spelt_out(raw)
        if joined is not None:
            return joined
        word = self._table.get(raw, raw)
        if word is raw and len(raw) >= 6 and raw not in self._known and raw.isalpha():
            word = self._nearest(raw)
            word = self._table.get(word, word)
        return [word]

    @staticmethod
    def _spelt_out(raw: str) -> list[str] | None:
        """'s.g.o.' as 'sgo' and 'yr9' as 'year 9'."""
        if "." in raw and re.fullmatch(r"(?:[a-z]\.)+[a-z]?\.?", raw) and len(raw) > 3:
            return [raw.replace(".", "")]
        year = re.fullmatch(r"(?:y|yr|year)(\d{1,2})", raw)
        return ["year", year[1]] if year else None

    def _find_nearest(self, raw: str) -> str:
        """The key word `raw` is a slip away from (two slips from ten letters on), else `raw`."""
        for word in self._near:
            if raw[0] == word[0] and within_one(raw, word):
                return word
        if len(raw) >= 9:
            for word in self._near:
                if len(word) >= 10 and raw[0] == word[0] and within_two(raw, word):
                    return word
        return raw
