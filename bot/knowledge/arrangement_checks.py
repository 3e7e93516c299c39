"""Checks that every path through the arrangement table leads somewhere, and that nothing in it is left over."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from bot.knowledge.arrangement_reading import words
from bot.knowledge.arrangement_types import LABEL, NOT_SURE, Answer, Outcome, Parts, Question
from bot.knowledge.source_lines import Document, Problem

ARRANGEMENTS = (
    *("informal", "private_fostering", "child_arrangements_order", "special_guardianship_order"),
    *("kinship_foster_care", "adoption", "prospective", "unknown"),
)
Found = tuple[tuple[str | int, ...], str, str]  # where, what is wrong, how to mend it


def problems(parts: Parts, document: Document) -> list[Problem]:
    """Everything wrong with the table's paths, words and names; an empty list where nothing is."""
    check = _Checks(parts)
    found = [*check.names(), *check.questions(), *check.outcomes()]
    found = found or [*check.circles(), *check.left_over()]  # the paths can only be walked when all names are right
    return [document.problem(where, " > ".join(map(str, where)), what, how) for where, what, how in found]


@dataclass(frozen=True)
class _Checks:
    parts: Parts

    def names(self) -> Iterator[Found]:
        """The names used at the head of the file."""
        if self.parts.start not in self.parts.questions:
            yield ("start",), f"names no question: {self.parts.start}", "use the id of a question below"
        yield from self._outcome(("fallback",), self.parts.fallback)
        for index, rule in enumerate(self.parts.at_once):
            yield from self._values(("at_once", index, "when"), rule.when)
            yield from self._values(("at_once", index, "unless"), rule.unless)
            yield from self._outcome(("at_once", index, "outcome"), rule.outcome)
        for index, usual in enumerate(self.parts.usual):
            yield from self._values(("usual", index, "when"), usual.when)
            for number, facts in enumerate(usual.takes):
                yield from self._values(("usual", index, "takes", number), facts)
        for index, name in enumerate(self.parts.by_themselves):
            if name not in self.parts.questions:
                yield ("by_themselves", index), f"names no question: {name}", "use the id of a question below"

    def questions(self) -> Iterator[Found]:
        """Each question and its answers."""
        for question in self.parts.questions.values():
            where = ("questions", question.id)
            yield from self._fact((*where, "asks_for"), question.asks_for)
            if sum(answer.not_sure for answer in question.answers) != 1:
                yield (*where, "answers"), f"must have one answer '{NOT_SURE}'", f"add one labelled '{NOT_SURE}'"
            if question.assume is not None and question.answer_setting(question.assume) is None:
                yield (*where, "assume"), f"no answer sets {question.assume}", "use a value that an answer sets"
            for index, condition in enumerate(question.assume_when):
                yield from self._values((*where, "assume_when", index), condition)
            yield from _said_twice(question)
            for answer in question.answers:
                yield from self._answer((*where, "answers", answer.number - 1), question, answer)

    def _answer(self, where: tuple[str | int, ...], question: Question, answer: Answer) -> Iterator[Found]:
        if len(answer.label) > LABEL:
            how = f"shorten it, and put the full wording under 'answer:' ({len(answer.label)} now)"
            yield (*where, "label"), f"has more than {LABEL} characters", how
        if sum((answer.go_to is not None, answer.outcome is not None, answer.ends)) != 1:
            yield where, "must lead to one place", "give it one of go_to, outcome and 'ends: true'"
        if answer.go_to is not None and answer.go_to not in self.parts.questions:
            yield (*where, "go_to"), f"names no question: {answer.go_to}", "use the id of a question in this file"
        if answer.outcome is not None:
            yield from self._outcome((*where, "outcome"), answer.outcome)
        if answer.flag is not None:
            yield from self._flag((*where, "flag"), answer.flag)
        if answer.sets and question.asks_for not in answer.sets:
            yield (*where, "set"), f"does not set {question.asks_for}", "set that too, or write 'set: {}'"
        yield from self._values((*where, "set"), answer.sets)

    def outcomes(self) -> Iterator[Found]:
        """Each outcome."""
        for outcome in self.parts.outcomes.values():
            where = ("outcomes", outcome.id)
            if outcome.arrangement not in ARRANGEMENTS:
                how = f"use one of: {', '.join(ARRANGEMENTS)}"
                yield (*where, "arrangement"), f"is no arrangement: {outcome.arrangement}", how
            for flag in outcome.flags:
                yield from self._flag((*where, "flags"), flag)
            yield from self._hours(where, outcome)
            yield from self._then_ask((*where, "then_ask"), outcome)

    def _hours(self, where: tuple[str | int, ...], outcome: Outcome) -> Iterator[Found]:
        known = ", ".join(self.parts.out_of_hours)
        if outcome.out_of_hours is None and outcome.advice_first:
            yield where, "has advice_first, and nothing for the night", f"add out_of_hours: one of {known}"
        elif outcome.out_of_hours is not None and outcome.out_of_hours not in self.parts.out_of_hours:
            yield (*where, "out_of_hours"), f"is not known: {outcome.out_of_hours}", f"use one of: {known}"

    def _then_ask(self, where: tuple[str | int, ...], outcome: Outcome) -> Iterator[Found]:
        after = self.parts.questions.get(outcome.then_ask or "")
        if outcome.then_ask is not None and after is None:
            yield where, f"names no question: {outcome.then_ask}", "use the id of a question in this file"
        elif after is not None and not all(answer.ends for answer in after.answers):
            yield where, f"{after.id} goes on after it", "give each of its answers 'ends: true'"

    def circles(self) -> Iterator[Found]:
        """Questions that lead back to themselves: asked twice, or for ever."""
        done: set[str] = set()
        for question in self.parts.questions:
            yield from self._circle(question, (), done)

    def _circle(self, place: str, above: tuple[str, ...], done: set[str]) -> Iterator[Found]:
        if place in above:
            way = " > ".join((*above[above.index(place) :], place))
            yield ("questions", place), f"leads back to itself ({way})", "send one of these answers somewhere else"
        elif place not in done:
            for answer in self.parts.questions[place].answers:
                if answer.go_to is not None:
                    yield from self._circle(answer.go_to, (*above, place), done)
            done.add(place)

    def left_over(self) -> Iterator[Found]:
        """Questions, outcomes, flags and values that nothing leads to, and walks that lead nowhere."""
        walked = self._walked(self.parts.start)
        ends = {answer.outcome for name in walked for answer in self.parts.questions[name].answers} - {None}
        ends |= {self.parts.fallback, *(rule.outcome for rule in self.parts.at_once)}
        afterwards = {self.parts.outcomes[name].then_ask for name in ends if name is not None} - {None}
        for name in walked:
            if any(answer.ends for answer in self.parts.questions[name].answers):
                yield ("questions", name), "has an answer that leads nowhere", "give it go_to or outcome, not ends"
        for name in self.parts.questions.keys() - walked - afterwards:
            yield ("questions", name), "is never reached", "send an answer to it, or take it out"
        for name in self.parts.outcomes.keys() - ends:
            yield ("outcomes", name), "is never reached", "send an answer to it, or take it out"
        yield from self._unused()

    def _walked(self, start: str) -> set[str]:
        seen: set[str] = set()
        waiting = [start]
        while waiting:
            name = waiting.pop()
            if name not in seen:
                seen.add(name)
                waiting += [answer.go_to for answer in self.parts.questions[name].answers if answer.go_to is not None]
        return seen

    def _unused(self) -> Iterator[Found]:
        answers = [answer for question in self.parts.questions.values() for answer in question.answers]
        said = {answer.flag for answer in answers}
        for flag in self.parts.flags.keys() - said.union(*(outcome.flags for outcome in self.parts.outcomes.values())):
            yield ("flags", flag), "is never raised", "name it in an answer or an outcome, or take it out"
        settled = {pair for answer in answers for pair in answer.sets.items()}
        for fact, values in self.parts.facts.items():
            for value in values:
                if (fact, value) not in settled:
                    yield ("facts", fact), f"no answer sets {value}", "let an answer set it, or take it out"

    def _fact(self, where: tuple[str | int, ...], fact: str) -> Iterator[Found]:
        if fact not in self.parts.facts:
            yield where, f"is no fact: {fact}", "use a name from 'facts:' at the head of the file, or add it there"

    def _flag(self, where: tuple[str | int, ...], flag: str) -> Iterator[Found]:
        if flag not in self.parts.flags:
            yield where, f"is no flag: {flag}", "use a name from 'flags:' at the head of the file, or add it there"

    def _outcome(self, where: tuple[str | int, ...], outcome: str) -> Iterator[Found]:
        if outcome not in self.parts.outcomes:
            yield where, f"names no outcome: {outcome}", "use the id of an outcome in this file"

    def _values(self, where: tuple[str | int, ...], values: Mapping[str, str]) -> Iterator[Found]:
        for fact, value in values.items():
            if fact not in self.parts.facts:
                yield from self._fact((*where, fact), fact)
            elif value not in self.parts.facts[fact]:
                how = f"use one of: {', '.join(self.parts.facts[fact])}"
                yield (*where, fact), f"has no such value: {value}", how


def _said_twice(question: Question) -> Iterator[Found]:
    """The same phrase under two answers could be read as either."""
    first: dict[tuple[str, ...], int] = {}
    for answer in question.answers:
        for phrase in {words(phrase) for phrase in (answer.label, answer.wording, *answer.people_say)}:
            if first.setdefault(phrase, answer.number) != answer.number:
                where = ("questions", question.id, "answers", answer.number - 1)
                how = "keep it under one of them, or say it differently"
                yield where, f"says '{' '.join(phrase)}', and so does answer {first[phrase]}", how
