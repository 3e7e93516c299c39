"""What the assistant says in one turn, before any channel renders it.

The actions and the danger detector make a `Reply`; the gateway stores it and each channel renders it.
"""

from __future__ import annotations

from datetime import date
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field


class Shared(BaseModel):
    """Plain data that crosses a process border; a later version may add fields."""

    model_config = ConfigDict(frozen=True)


class Cited(Shared):
    """A source as a carer sees it."""

    title: str
    url: str


class Answer(Shared):
    """The knowledge-base entry that a message draws on."""

    entry: str
    topic: str
    arrangement: str | None = None
    authority: str | None = None
    facet: str
    sources: list[Cited]
    checked_on: date


class Option(Shared):
    """A quick reply. `payload` is opaque to clients; `topic` where choosing it asks about that topic."""

    label: str
    payload: str
    topic: str | None = None


class Message(Shared):
    """One bubble. `sms` is its short form for text messages, where the content has one."""

    text: str = Field(min_length=1)
    topics: list[str] = Field(min_length=1)
    answers: list[Answer] = []
    options: list[Option] = []
    urgent: bool = False
    sms: str | None = None


class HandOver(Shared):
    """A person is wanted, and why."""

    reason: Literal["asked", "danger", "not_understood", "complaint", "person_first"]


class Note(Shared):
    """What editors should know of an answer, kept without whose it is: did it help, or was it wrong."""

    kind: Literal["helped", "wrong", "review"]
    value: str = ""  # yes, partly or no, where she was asked; the label of a review
    entry: str | None = None  # the entry last answered from
    words: str | None = None  # what she said of it in her own words


class Reply(Shared):
    """Everything said in one turn."""

    messages: list[Message] = Field(min_length=1)
    hand_over: HandOver | None = None
    note: Note | None = None
    forget: bool = False  # the carer asked for everything to be deleted, and said yes
