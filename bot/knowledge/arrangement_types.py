"""What the arrangement table is made of: questions, answers, outcomes, and what walking it gives."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Literal

from bot.knowledge.source_lines import ContentError

UNKNOWN = "unknown"
NOT_SURE = "Not sure"
LABEL = 24  # characters of a WhatsApp list title, the narrowest button there is

How = Literal["known", "put", "assumed", "needless", "guessed"]


class TableError(ContentError):
    """The table cannot be used; each problem names the file, the place, what is wrong and how to mend it."""


@dataclass(frozen=True)
class Page:
    """A page the table rests on."""

    title: str
    url: str


@dataclass(frozen=True)
class Flag:
    """Something met on the way that has to be said with the outcome."""

    id: str
    say: str
    advice_first: bool = False


@dataclass(frozen=True)
class Answer:
    """One button. `sets` is {fact: value}; exactly one of `go_to`, `outcome` and `ends` holds."""

    number: int
    label: str
    wording: str
    people_say: tuple[str, ...]
    sets: Mapping[str, str]
    flag: str | None
    go_to: str | None
    outcome: str | None
    ends: bool

    @property
    def not_sure(self) -> bool:
        """Is it the 'Not sure' that every question has?"""
        return self.label == NOT_SURE


@dataclass(frozen=True)
class Question:
    """Settles one fact. `assume`: taken for granted, always or once one of `assume_when` is known."""

    id: str
    asks_for: str
    ask: str
    why: str
    answers: tuple[Answer, ...]
    pages: tuple[Page, ...]
    assume: str | None = None
    assume_when: tuple[Mapping[str, str], ...] = ()
    ask_only_if: str | None = None
    sorts_only: bool = False

    @property
    def before_all_else(self) -> bool:
        """Is it one of the questions whose answer is taken for granted on a usual day?"""
        return self.assume is not None and not self.assume_when

    @property
    def unsure(self) -> Answer:
        """The 'Not sure' answer."""
        return next(answer for answer in self.answers if answer.not_sure)

    def answer_setting(self, value: str | None) -> Answer | None:
        """The answer that sets the question's fact to `value`; 'Not sure' for `unknown`; None where there is none."""
        if value is None:
            return None
        found = next((answer for answer in self.answers if answer.sets.get(self.asks_for) == value), None)
        return self.unsure if found is None and value == UNKNOWN else found


@dataclass(frozen=True)
class Outcome:
    """Where a path leads: the kind of arrangement, and what to say of it. Texts may hold `{figures.…}`.

    `law_unread` is for advisers: references nobody has read on a page, never to be shown as fact.
    """

    id: str
    arrangement: str
    because: str
    means: str
    next_step: str
    also: tuple[str, ...]
    advice_first: bool
    out_of_hours: str | None
    then_ask: str | None
    follow_on: tuple[str, ...]
    flags: tuple[str, ...]
    law: tuple[str, ...]
    law_unread: tuple[str, ...]
    pages: tuple[Page, ...]


@dataclass(frozen=True)
class AtOnce:
    """Once all of `when` is known, and not all of `unless`, the outcome holds and no more is asked."""

    when: Mapping[str, str]
    unless: Mapping[str, str]
    outcome: str


@dataclass(frozen=True)
class Usual:
    """Where `when` is known and every one of `takes` gives one outcome, that outcome holds without asking."""

    when: Mapping[str, str]
    takes: tuple[Mapping[str, str], ...]


@dataclass(frozen=True)
class Limits:
    """When the caller should stop asking and say what is likely; at `at_most` the table stops by itself."""

    questions: int
    not_sure_in_a_row: int
    at_most: int


@dataclass(frozen=True)
class Step:
    """One question on the path, the answer followed, and how it was come by."""

    question: str
    label: str
    how: How


@dataclass(frozen=True)
class Ask:
    """Put this question next."""

    question: Question
    path: tuple[Step, ...] = ()


@dataclass(frozen=True)
class Verdict:
    """The outcome reached.

    `facts` is what was given and what follows from it. `turns_on` names the questions a `likely` verdict guessed
    at. `then_ask` may be put after the outcome, where the carer's need turns on it.
    """

    outcome: Outcome
    flags: tuple[Flag, ...]
    advice_first: bool
    path: tuple[Step, ...] = ()
    facts: Mapping[str, str] = field(default_factory=dict)
    then_ask: Question | None = None
    likely: bool = False
    turns_on: tuple[str, ...] = ()

    @property
    def arrangement(self) -> str:
        """The taxonomy's arrangement id."""
        return self.outcome.arrangement


@dataclass(frozen=True)
class Parts:
    """Everything in the table's file."""

    checked_on: date
    review_by: date
    start: str
    fallback: str
    limits: Limits
    at_once: tuple[AtOnce, ...]
    usual: tuple[Usual, ...]
    by_themselves: tuple[str, ...]
    out_of_hours: Mapping[str, str]
    facts: Mapping[str, tuple[str, ...]]
    flags: Mapping[str, Flag]
    questions: Mapping[str, Question]
    outcomes: Mapping[str, Outcome]
