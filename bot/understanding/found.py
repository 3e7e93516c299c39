"""What a reader of one kind of fact hands back, before it is given its name."""

from __future__ import annotations

from dataclasses import dataclass

FactValue = str | int | bool | list[int]


@dataclass(frozen=True)
class Found:
    """A value, the words (first, after last) of the Reading that said it, and whether they leave no doubt."""

    value: FactValue
    first: int
    after: int
    sure: bool = True


@dataclass(frozen=True)
class Fact:
    """One thing a carer stated: its name and value, her own words for it and where in the message they stand."""

    name: str
    value: FactValue
    said: str
    start: int
    end: int
    sure: bool
