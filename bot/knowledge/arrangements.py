"""Works out which kind of kinship arrangement a carer has, by walking the table in content/arrangements.yml.

A caller turns its slots into facts (`facts_from`), and asks for the next step (`work_out`): `Ask` or
`Verdict`. It puts the question, reads the reply (`read_answer`), keeps it (`record`) with the question's id
in `asked`, and works out again. Past `limits` it takes the `likely` verdict.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path

from bot.knowledge import arrangement_file, arrangement_reading, arrangement_slots
from bot.knowledge.arrangement_types import (
    UNKNOWN,
    Answer,
    Ask,
    Flag,
    How,
    Limits,
    Outcome,
    Parts,
    Question,
    Step,
    TableError,
    Verdict,
)

__all__ = ["Answer", "ArrangementTable", "Ask", "Flag", "Outcome", "Question", "Step", "TableError", "Verdict"]

GUESSES = 2  # questions a likely verdict may guess at where it names an arrangement; beyond that it would be made up
GUESSES_ELSE = 1  # and where it can't name one: 'nobody has parental responsibility' is no thing to say on a guess


@dataclass(frozen=True)
class ArrangementTable:
    """The checked table. Facts are {fact: value}; `unknown` is what a 'Not sure' settles."""

    parts: Parts

    @classmethod
    def load(cls, path: Path) -> ArrangementTable:
        """Read and check the table; raises `TableError` that lists every problem with its line and how to mend it."""
        return cls(arrangement_file.read(path))

    @property
    def questions(self) -> Mapping[str, Question]:
        """Every question, by id."""
        return self.parts.questions

    @property
    def outcomes(self) -> Mapping[str, Outcome]:
        """Every outcome, by id."""
        return self.parts.outcomes

    @property
    def limits(self) -> Limits:
        """When the caller should stop asking and call `likely`."""
        return self.parts.limits

    def out_of_hours(self, outcome: Outcome) -> str | None:
        """What to say of the outcome's advice when the helpline is closed."""
        return self.parts.out_of_hours[outcome.out_of_hours] if outcome.out_of_hours else None

    def work_out(
        self, facts: Mapping[str, str], asked: Collection[str] = (), in_doubt: Collection[str] = ()
    ) -> Ask | Verdict:
        """The next question to put, or the verdict.

        `asked`: ids of questions put already; one that left no fact counts as 'Not sure' and is not put again.
        `in_doubt`: facts (such as 'nation') whose assumed value the carer's words call into question.
        Facts and values the table doesn't know are passed over. After `limits.at_most` questions it's the likely
        verdict, never another question.
        """
        if len(asked) >= self.limits.at_most:
            return self.likely(facts, asked, in_doubt)
        return self._walk(self._given(facts, asked, in_doubt), guessing=False)

    def settled(self, facts: Mapping[str, str], asked: Collection[str] = ()) -> Ask | Verdict:
        """As `work_out`, but what changes nothing in usual cases isn't asked."""
        step = self.work_out(facts, asked)
        if isinstance(step, Verdict):
            return step
        for rule in self.parts.usual:
            if _holds(rule.when, facts):
                found = [self.work_out({**taken, **facts}, asked) for taken in rule.takes]
                verdicts = [one for one in found if isinstance(one, Verdict)]
                if len(verdicts) == len(found) and len({one.outcome.id for one in verdicts}) == 1:
                    return verdicts[0]
        return step

    def next_step(self, facts: Mapping[str, str], asked: Collection[str] = ()) -> Ask | Verdict:
        """As `settled`, but of the questions that stand by themselves it asks the one that settles most."""
        step = self.settled(facts, asked)
        free = self.parts.by_themselves
        if isinstance(step, Verdict) or step.question.id not in free:
            return step
        given = self._given(facts, asked, ())
        left = tuple(q for q in free if self._settled(self.questions[q], given, facts) is None)
        plain = {fact: value for fact, value in facts.items() if fact in {self.questions[q].asks_for for q in free}}
        key = (left, frozenset(plain.items()))
        if key not in self._settles_most:
            self._settles_most[key] = min(left, key=lambda q: self._left_open(self.questions[q], plain))
        return Ask(self.questions[self._settles_most[key]], step.path)

    @cached_property
    def _settles_most(self) -> dict[object, str]:
        """What `next_step` found before, by the answers to the questions that stand by themselves: looking takes long."""
        return {}

    def _left_open(self, question: Question, facts: Mapping[str, str]) -> float:
        """How many outcomes stay possible after an answer, the commoner answers counting for more."""
        plain = [answer for answer in question.answers if not answer.not_sure]
        weights = [1 / place for place, _ in enumerate(plain, start=1)]
        after = [len(self.settles(_after(facts, answer), (question.id,))) for answer in plain]
        return sum(w * n for w, n in zip(weights, after, strict=True)) / sum(weights)

    def likely(self, facts: Mapping[str, str], asked: Collection[str] = (), in_doubt: Collection[str] = ()) -> Verdict:
        """The best verdict so far, taking what is open as 'Not sure'; the fallback where too much is open."""
        given = self._given(facts, asked, in_doubt)
        step = self._walk(given, guessing=False)
        if isinstance(step, Verdict):
            return step
        guess = self._walk(given, guessing=True)
        if isinstance(guess, Verdict):
            most = GUESSES if guess.arrangement != UNKNOWN else GUESSES_ELSE
            if len(guess.turns_on) <= most:
                return replace(guess, likely=True, advice_first=True)
        trail = _Trail(dict(given.facts), list(step.path), self._flags_along(step.path))
        fallback = self._verdict(self.parts.fallback, trail)
        return replace(fallback, likely=True, turns_on=(step.question.id,))

    def settles(
        self, facts: Mapping[str, str], asked: Collection[str] = (), in_doubt: Collection[str] = ()
    ) -> frozenset[str]:
        """Ids of the outcomes still possible: the fewer an answer would leave, the more its question settles."""
        given = self._given(facts, asked, in_doubt)
        return self._open(self.parts.start, given, given.facts, {})

    @cached_property
    def _ahead(self) -> Mapping[str, frozenset[str]]:
        """{question: facts that can still matter from there on}."""
        everywhere = frozenset(fact for rule in self.parts.at_once for fact in (*rule.when, *rule.unless))
        ahead: dict[str, frozenset[str]] = {}

        def facts_from_here(place: str) -> frozenset[str]:
            if place not in ahead:
                question = self.questions[place]
                here = {question.asks_for, *(fact for when in question.assume_when for fact in when)}
                further = (facts_from_here(answer.go_to) for answer in question.answers if answer.go_to is not None)
                ahead[place] = everywhere.union(here, *further)
            return ahead[place]

        facts_from_here(self.parts.start)
        return ahead

    def read_answer(self, question_id: str, text: str) -> Answer | None:
        """The answer the text plainly gives; None where it gives none, or more than one. KeyError on a wrong id."""
        return arrangement_reading.read_answer(self.questions[question_id], text)

    def record(self, facts: Mapping[str, str], question_id: str, answer: Answer) -> dict[str, str]:
        """`facts` after this answer. What an earlier, different answer to the question had set goes."""
        question = self.questions[question_id]
        earlier = question.answer_setting(facts.get(question.asks_for))
        stale = dict(earlier.sets) if earlier else {}
        kept = {fact: value for fact, value in facts.items() if stale.get(fact) != value and fact != question.asks_for}
        return {**kept, **answer.sets}

    def facts_from(self, known: Mapping[str, object]) -> dict[str, str]:
        """The table's facts, as far as a conversation's slots hold them.

        Slots: `arrangement` (taxonomy id), `child_age` (int or several), `relationship`, `previously_looked_after`
        (bool), and any fact of the table under its own name. What fits nothing is left out.
        """
        return arrangement_slots.facts_from(known, self.parts.facts)

    # How a question is settled without asking

    def _given(self, facts: Mapping[str, str], asked: Collection[str], in_doubt: Collection[str]) -> _Given:
        known = {fact: value for fact, value in facts.items() if value in self.parts.facts.get(fact, ())}
        return _Given(known, frozenset(asked), frozenset(in_doubt))

    def _settled(self, question: Question, given: _Given, facts: Mapping[str, str]) -> tuple[Answer, How] | None:
        known = question.answer_setting(facts.get(question.asks_for))
        if known is not None:
            return known, "known"
        if question.sorts_only or question.id in given.asked:
            return question.unsure, "put"
        assumed = question.answer_setting(question.assume)
        if assumed is not None and question.asks_for not in given.in_doubt and _assumes(question, facts):
            return assumed, "assumed"
        return None

    def _at_once(self, question: Question, facts: Mapping[str, str]) -> str | None:
        """The outcome that holds whatever else is asked; danger and nation still come first."""
        if question.before_all_else:
            return None
        for rule in self.parts.at_once:
            if _holds(rule.when, facts) and not (rule.unless and _holds(rule.unless, facts)):
                return rule.outcome
        return None

    # Walking

    def _walk(self, given: _Given, *, guessing: bool) -> Ask | Verdict:
        trail = _Trail(dict(given.facts))
        place = self.parts.start
        while True:
            question = self.questions[place]
            outcome = self._at_once(question, trail.facts)
            if outcome is not None:
                return self._verdict(outcome, trail)
            answer, how = self._settled(question, given, trail.facts) or (None, "guessed")
            if answer is None:
                same = self._whatever_is_said(question, given, trail)
                if same is not None:
                    return same
                if not guessing:
                    return Ask(question, tuple(trail.path))
                answer = question.unsure
            trail.follow(question, answer, how)
            if answer.go_to is None:
                return self._verdict(answer.outcome or self.parts.fallback, trail)
            place = answer.go_to

    def _whatever_is_said(self, question: Question, given: _Given, trail: _Trail) -> Verdict | None:
        """The verdict, where every answer still possible leads to one outcome with the same flags.

        What a 'Not sure' would flag on the way is let go: it isn't said if nothing turns on it.
        """
        ways: set[tuple[str, frozenset[str]]] = set()
        first: str | None = None
        for way in self._ways(question.id, given, trail.facts):
            if first is not None and way.outcome != first:
                return None
            first = way.outcome
            if not way.unsure:
                ways.add((way.outcome, way.flags))
            if len(ways) > 1:
                return None
        if first is None or not ways:
            return None
        trail.path.append(Step(question.id, "", "needless"))
        trail.flags += sorted(ways.pop()[1])
        return self._verdict(first, trail)

    def _ways(self, place: str, given: _Given, facts: Mapping[str, str]) -> Iterator[_Way]:
        """Every way on from a question, one at a time."""
        question = self.questions[place]
        outcome = self._at_once(question, facts)
        if outcome is not None:
            yield _Way(outcome)
            return
        settled = self._settled(question, given, facts)
        for answer in (settled[0],) if settled else question.answers:
            flags = frozenset({answer.flag} if answer.flag else ())
            unsure = settled is None and answer.not_sure
            if answer.go_to is None:
                yield _Way(answer.outcome or self.parts.fallback, flags, unsure)
                continue
            for way in self._ways(answer.go_to, given, _after(facts, answer)):
                yield _Way(way.outcome, way.flags | flags, way.unsure or unsure)

    def _open(
        self, place: str, given: _Given, facts: Mapping[str, str], seen: dict[object, frozenset[str]]
    ) -> frozenset[str]:
        """The outcomes that can be reached from a question; `seen` keeps what was worked out before."""
        key = (place, frozenset((fact, value) for fact, value in facts.items() if fact in self._ahead[place]))
        if key in seen:
            return seen[key]
        question = self.questions[place]
        outcome = self._at_once(question, facts)
        found: set[str] = {outcome} if outcome else set()
        settled = self._settled(question, given, facts)
        for answer in () if outcome else (settled[0],) if settled else question.answers:
            if answer.go_to is None:
                found.add(answer.outcome or self.parts.fallback)
            else:
                found |= self._open(answer.go_to, given, _after(facts, answer), seen)
        seen[key] = frozenset(found)
        return seen[key]

    def _flags_along(self, path: tuple[Step, ...]) -> list[str]:
        answers = ((step, answer) for step in path for answer in self.questions[step.question].answers)
        return [answer.flag for step, answer in answers if answer.label == step.label and answer.flag]

    def _verdict(self, outcome_id: str, trail: _Trail) -> Verdict:
        outcome = self.outcomes[outcome_id]
        flags = tuple(self.parts.flags[flag] for flag in dict.fromkeys((*trail.flags, *outcome.flags)))
        after = self.questions[outcome.then_ask] if outcome.then_ask else None
        return Verdict(
            outcome=outcome,
            flags=flags,
            advice_first=outcome.advice_first or any(flag.advice_first for flag in flags),
            path=tuple(trail.path),
            facts=trail.facts,
            then_ask=None if after is None or after.asks_for in trail.facts else after,
            turns_on=tuple(step.question for step in trail.path if step.how == "guessed"),
        )


@dataclass(frozen=True)
class _Given:
    """What the caller said: facts the table knows, questions put, facts in doubt."""

    facts: Mapping[str, str]
    asked: frozenset[str]
    in_doubt: frozenset[str]


@dataclass(frozen=True)
class _Way:
    """One way the walk can still go, and whether a 'Not sure' nobody has said yet is on it."""

    outcome: str
    flags: frozenset[str] = frozenset()
    unsure: bool = False


@dataclass
class _Trail:
    """The way walked so far."""

    facts: dict[str, str]
    path: list[Step] = field(default_factory=list)
    flags: list[str] = field(default_factory=list)

    def follow(self, question: Question, answer: Answer, how: How) -> None:
        """Take an answer; an assumed or guessed one leaves no fact behind."""
        self.path.append(Step(question.id, answer.label, how))
        if answer.flag:
            self.flags.append(answer.flag)
        if how not in ("assumed", "guessed"):
            self.facts = _after(self.facts, answer)


def _after(facts: Mapping[str, str], answer: Answer) -> dict[str, str]:
    """The facts with what the answer sets; what the carer herself has said stays, unless it was 'not sure'."""
    new = {fact: value for fact, value in answer.sets.items() if facts.get(fact, UNKNOWN) == UNKNOWN}
    return {**facts, **new}


def _holds(condition: Mapping[str, str], facts: Mapping[str, str]) -> bool:
    return all(facts.get(fact) == value for fact, value in condition.items())


def _assumes(question: Question, facts: Mapping[str, str]) -> bool:
    return question.before_all_else or any(_holds(condition, facts) for condition in question.assume_when)
