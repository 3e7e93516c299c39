"""Reads content/arrangements.yml: its shape is checked here, its paths in `arrangement_checks`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from types import MappingProxyType
from typing import Any, TypeVar

from bot.knowledge import arrangement_checks
from bot.knowledge.arrangement_types import Answer, AtOnce, Flag, Limits, Outcome, Page, Parts, Question, TableError, Usual
from bot.knowledge.source_lines import ContentError, Document, Problem

T = TypeVar("T")
_KINDS: Mapping[type, tuple[Any, str, str]] = {  # kind: (blank, what is wrong, how to mend it)
    str: ("", "is not text", "write text; put yes, no, true, false and numbers in quotes"),
    list: ([], "is not a list", "write one a line, each after '- '"),
    dict: ({}, "is not 'name: …' pairs", "write 'name: …', or one name a line with its keys indented under it"),
    date: (date.min, "is not a day", "write it as 2026-11-21"),
    int: (0, "is not a whole number", "write a whole number"),
    bool: (False, "is not true or false", "write true, or leave it out"),
}


def read(path: Path) -> Parts:
    """The table in the file; raises `TableError` naming everything wrong with it."""
    try:
        document = Document(path)
    except ContentError as error:
        raise TableError(error.problems) from error
    problems: list[Problem] = []
    parts = _parts(_Place(document, problems, (), document.data))
    problems = problems or arrangement_checks.problems(parts, document)
    if problems:
        raise TableError(problems)
    return parts


@dataclass(frozen=True)
class _Place:
    """One place in the file. Whatever is missing or of the wrong kind is added to `problems`, and read as blank."""

    document: Document
    problems: list[Problem]
    path: tuple[str | int, ...]
    value: Any

    def as_(self, kind: type[T], default: T | None = None) -> T:
        """The value here, which must be of this kind; without a default it must be there."""
        blank, what, how = _KINDS[kind]
        if self.value is None and default is not None:
            return default
        if isinstance(self.value, kind) and not (kind is int and isinstance(self.value, bool)):
            return self.value
        self.complain("is missing" if self.value is None else what, how)
        return blank  # type: ignore[no-any-return]

    def complain(self, what: str, how: str) -> None:
        """Note a problem here."""
        self.problems.append(self.document.problem(self.path, " > ".join(map(str, self.path)) or "the file", what, how))

    def at(self, key: str | int) -> _Place:
        """The place one step further in."""
        inside = self.value.get(key) if isinstance(self.value, dict) else self.value[int(key)]
        return _Place(self.document, self.problems, (*self.path, key), inside)

    def keys(self, *names: str) -> _Place:
        """This place, which must be a mapping with no key but these."""
        found = self.as_(dict)
        for name in found.keys() - set(names):
            self.at(name).complain("is not a key used here", f"use one of: {', '.join(names)}")
        return _Place(self.document, self.problems, self.path, found)

    def text(self, key: str, default: str | None = None) -> str:
        """The text under `key`."""
        return self.at(key).as_(str, default).strip()

    def maybe(self, key: str) -> str | None:
        """The text under `key`, or None where there is none."""
        return self.text(key) if self.value.get(key) is not None else None

    def each(self, build: Callable[[_Place], T], default: list[Any] | None = None) -> tuple[T, ...]:
        """What `build` makes of each item of the list here."""
        items = _Place(self.document, self.problems, self.path, self.as_(list, default))
        return tuple(build(items.at(index)) for index in range(len(items.value)))

    def named(self, build: Callable[[_Place], T], default: dict[str, Any] | None = None) -> Mapping[str, T]:
        """{name: what `build` makes of its value} for the mapping here."""
        items = _Place(self.document, self.problems, self.path, self.as_(dict, default))
        return MappingProxyType({str(name): build(items.at(name)) for name in items.value})


def _text(place: _Place) -> str:
    return place.as_(str).strip()


def _texts(place: _Place) -> tuple[str, ...]:
    return place.each(_text, [])


def _pages(place: _Place) -> tuple[Page, ...]:
    return place.each(_page)


def _page(place: _Place) -> Page:
    page = place.keys("title", "url")
    return Page(page.text("title"), page.text("url"))


def _parts(file: _Place) -> Parts:
    file = file.keys(
        *("checked_on", "review_by", "start", "fallback", "at_once", "usual", "by_themselves", "limits", "out_of_hours"),
        *("pages", "not_sure_says", "facts", "flags", "questions", "outcomes"),
    )
    limits = file.at("limits").keys("questions", "not_sure_in_a_row", "at_most")
    return Parts(
        checked_on=file.at("checked_on").as_(date),
        review_by=file.at("review_by").as_(date),
        start=file.text("start"),
        fallback=file.text("fallback"),
        limits=Limits(*(limits.at(name).as_(int) for name in ("questions", "not_sure_in_a_row", "at_most"))),
        at_once=file.at("at_once").each(_at_once, []),
        usual=file.at("usual").each(_usual, []),
        by_themselves=_texts(file.at("by_themselves")),
        out_of_hours=file.at("out_of_hours").named(_text),
        facts=file.at("facts").named(_texts),
        flags=file.at("flags").named(_flag),
        questions=file.at("questions").named(_question),
        outcomes=file.at("outcomes").named(_outcome),
    )


def _at_once(place: _Place) -> AtOnce:
    rule = place.keys("when", "unless", "outcome")
    return AtOnce(rule.at("when").named(_text), rule.at("unless").named(_text, {}), rule.text("outcome"))


def _usual(place: _Place) -> Usual:
    rule = place.keys("when", "takes")
    return Usual(rule.at("when").named(_text, {}), rule.at("takes").each(lambda facts: facts.named(_text)))


def _flag(place: _Place) -> Flag:
    flag = place.keys("say", "advice_first")
    return Flag(str(place.path[-1]), flag.text("say"), flag.at("advice_first").as_(bool, False))


def _question(place: _Place) -> Question:
    question = place.keys(
        *("asks_for", "ask", "why", "assume", "assume_when", "ask_only_if", "sorts_only", "answers", "sources")
    )
    return Question(
        id=str(place.path[-1]),
        asks_for=question.text("asks_for"),
        ask=question.text("ask"),
        why=question.text("why"),
        answers=question.at("answers").each(_answer),
        pages=_pages(question.at("sources")),
        assume=question.maybe("assume"),
        assume_when=question.at("assume_when").each(lambda condition: condition.named(_text), []),
        ask_only_if=question.maybe("ask_only_if"),
        sorts_only=question.at("sorts_only").as_(bool, False),
    )


def _answer(place: _Place) -> Answer:
    answer = place.keys("label", "answer", "people_say", "set", "flag", "go_to", "outcome", "ends")
    return Answer(
        number=int(place.path[-1]) + 1,
        label=answer.text("label"),
        wording=answer.maybe("answer") or answer.text("label"),
        people_say=_texts(answer.at("people_say")),
        sets=answer.at("set").named(_text),
        flag=answer.maybe("flag"),
        go_to=answer.maybe("go_to"),
        outcome=answer.maybe("outcome"),
        ends=answer.at("ends").as_(bool, False),
    )


def _outcome(place: _Place) -> Outcome:
    outcome = place.keys(
        *("arrangement", "because", "means", "next_step", "also", "advice_first", "out_of_hours"),
        *("then_ask", "follow_on", "flags", "law", "law_unread", "sources"),
    )
    return Outcome(
        id=str(place.path[-1]),
        arrangement=outcome.text("arrangement"),
        because=outcome.text("because"),
        means=outcome.text("means"),
        next_step=outcome.text("next_step"),
        also=_texts(outcome.at("also")),
        advice_first=outcome.at("advice_first").as_(bool, False),
        out_of_hours=outcome.maybe("out_of_hours"),
        then_ask=outcome.maybe("then_ask"),
        follow_on=_texts(outcome.at("follow_on")),
        flags=_texts(outcome.at("flags")),
        law=_texts(outcome.at("law")),
        law_unread=_texts(outcome.at("law_unread")),
        pages=_pages(outcome.at("sources")),
    )
