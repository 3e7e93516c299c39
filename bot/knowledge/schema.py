"""The shape of the content: what an editor may write, and nothing else.

`signpost content schema` exports it as JSON Schema for editors' completion. docs/editing.md
explains it to people who don't read Python.
"""

from __future__ import annotations

import re
from datetime import date, time
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, model_validator

Arrangement = Literal[
    "informal",
    "private_fostering",
    "child_arrangements_order",
    "special_guardianship_order",
    "kinship_foster_care",
    "adoption",
    "prospective",
    "unknown",
]
Facet = Literal["answer", "who", "how_much", "how_to_apply", "who_to_ask", "how_long", "if_refused", "next_step"]
ContactRole = Literal["kinship_team", "children_services", "out_of_hours", "virtual_school", "family_information"]

BUTTON = 24  # characters of a WhatsApp list title, the narrowest button there is (docs/decisions/0006)
OPT_OUT_WORDS = frozenset({"stop", "stopall", "unsubscribe", "cancel", "end", "quit", "revoke", "optout"})


def _no_opt_out_word(title: str) -> str:
    if OPT_OUT_WORDS & set(re.findall(r"[a-z]+", title.lower())):
        raise ValueError("has a word that phone networks take as 'never text me again'")
    return title


Text = Annotated[str, StringConstraints(min_length=2, strip_whitespace=True)]
Title = Annotated[str, StringConstraints(min_length=2, max_length=BUTTON), AfterValidator(_no_opt_out_word)]
TopicId = Annotated[str, StringConstraints(pattern=r"^[a-z]+(\.[a-z0-9_]+)+$")]
Slug = Annotated[str, StringConstraints(pattern=r"^[a-z]+(-[a-z]+)*$")]
Url = Annotated[str, StringConstraints(pattern=r"^https?://[^\s]+$")]


class Strict(BaseModel):
    """Unknown keys are mistakes, not extras."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Source(Strict):
    """Where a fact was read."""

    title: Text
    url: Url


class Checked(Strict):
    """Something a person checked on a day, and will check again by another."""

    sources: list[Source] = Field(min_length=1)
    checked_on: date
    review_by: date

    @model_validator(mode="after")
    def _review_comes_later(self) -> Checked:
        if self.review_by <= self.checked_on:
            raise ValueError("review_by must be a later day than checked_on")
        return self


class Ages(Strict):
    """A child's age in whole years, both ends included."""

    from_: int = Field(default=0, ge=0, le=25, alias="from")
    to: int = Field(default=25, ge=0, le=25)


class When(Strict):
    """Whom a variant is for; everything given has to match what is known."""

    arrangement: list[Arrangement] = []
    previously_looked_after: bool | None = None
    child_age: Ages | None = None

    @property
    def conditions(self) -> int:
        """How specific the variant is: the number of things it asks about."""
        return sum((bool(self.arrangement), self.previously_looked_after is not None, self.child_age is not None))


class Entry(Checked):
    """One answer, in facets; the base entry for everyone, or a variant of it."""

    id: TopicId
    when: When = When()
    says: dict[Facet, Text] = Field(min_length=1)
    sms: Text | None = None
    valid_from: date | None = None
    valid_to: date | None = None


class Topic(Strict):
    """One topic of the taxonomy and all that is said under it; the file is named after it."""

    topic: TopicId
    title: Title
    about: Annotated[str, StringConstraints(min_length=3, max_length=60)]
    follow_on: list[TopicId] = Field(default=[], max_length=4)
    depends_on: list[Literal["arrangement", "previously_looked_after", "child_age", "authority"]] = []
    person_first: bool = False
    buttons: list[Facet] = []
    labels: dict[Facet, Title] = {}
    entries: list[Entry] = Field(min_length=1)


class DatedValue(Strict):
    """A value and the days, both included, on which it holds; `to: null` has no known end."""

    value: Annotated[str, StringConstraints(min_length=1, strip_whitespace=True)]
    from_: date = Field(alias="from")
    to: date | None


class Figure(Strict):
    """An amount, age, deadline, number or opening time: said once, dated, with its source."""

    label: Text
    values: list[DatedValue] = Field(min_length=1)
    otherwise: Text
    source: Source
    checked_on: date
    review_by: date


class Contact(Strict):
    """A person or office at a council, as far as it is known."""

    role: ContactRole
    name: Text
    phone: Text | None = None
    email: Text | None = None
    hours: Text | None = None
    url: Url | None = None
    source: Source


class Offer(Strict):
    """The council's published Kinship Local Offer, or what stands in for it."""

    status: Literal["published", "older_policy", "not_found"]
    title: Text | None = None
    url: Url | None = None


class LocalEntry(Strict):
    """One thing a council says or does for kinship families, filed under topics."""

    id: Annotated[str, StringConstraints(pattern=r"^[a-z]+(-[a-z]+)*\.[a-z0-9_]+$")]
    topics: list[TopicId] = Field(min_length=1)
    when: When = When()
    text: Text
    sources: list[Source] = Field(min_length=1)


class LocalOffer(Strict):
    """What is known of one council, checked on one day."""

    authority: Slug
    checked_on: date
    review_by: date
    offer: Offer
    search_for: Text
    contacts: list[Contact] = []
    entries: list[LocalEntry] = []


class OpeningHours(Strict):
    """One day's opening, in UK time."""

    opens: time
    closes: time


Weekday = Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]


class Closure(Strict):
    """A day the helpline is shut that is no bank holiday."""

    on: date
    why: Text


class Helpline(Strict):
    """The Family and Friends helpline's week. Bank holidays come from govuk-bank-holidays."""

    name: Text
    weekly: dict[Weekday, OpeningHours]
    closed_on_bank_holidays: bool
    closures: list[Closure] = []
    source: Source
    checked_on: date
    review_by: date


class Term(Checked):
    """A term of art in plain words."""

    term: Text
    also: list[Text] = []
    meaning: Text
