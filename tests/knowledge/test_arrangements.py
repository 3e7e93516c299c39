"""The arrangement table: every case, every row, every way through it, and every mistake an editor can make in it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.knowledge.arrangement_types import Answer, Ask, Question, Verdict
from bot.knowledge.arrangements import ArrangementTable, TableError
from bot.knowledge.diagram import mermaid

ROOT = Path(__file__).parents[2]
FILE = ROOT / "content" / "arrangements.yml"
TABLE = ArrangementTable.load(FILE)
ENDLESS = ArrangementTable(replace(TABLE.parts, limits=replace(TABLE.limits, at_most=99)))
CASES: list[dict[str, Any]] = yaml.safe_load((Path(__file__).parent / "arrangement_cases.yml").read_text())["cases"]
ASSUMED = frozenset(question.asks_for for question in TABLE.questions.values() if question.before_all_else)
ASKABLE = [question for question in TABLE.questions.values() if not question.sorts_only]
MOST_QUESTIONS = 12
by_id = pytest.mark.parametrize("case", CASES, ids=[case["id"] for case in CASES])


def in_doubt(case: Mapping[str, Any]) -> frozenset[str]:
    """A case names an assumed fact only where it isn't as assumed."""
    return ASSUMED & case["facts"].keys()


def interview(facts: Mapping[str, str], doubts: frozenset[str]) -> tuple[Verdict, list[str]]:
    """Asks one question at a time of someone who knows `facts`; the verdict and the ids asked."""
    known: dict[str, str] = {}
    asked: list[str] = []
    while isinstance(step := TABLE.work_out(known, asked, doubts), Ask):
        question = step.question
        asked.append(question.id)
        known = TABLE.record(
            known, question.id, question.answer_setting(facts.get(question.asks_for)) or question.unsure
        )
    return step, asked


def reached(verdict: Ask | Verdict) -> tuple[object, ...]:
    assert isinstance(verdict, Verdict)
    return verdict.outcome.id, verdict.arrangement, {flag.id for flag in verdict.flags}, verdict.advice_first


def expected(case: Mapping[str, Any]) -> tuple[object, ...]:
    outcome, arrangement = case["expected_outcome"], case["expected_arrangement"]
    return outcome, arrangement, set(case.get("flags", [])), case["advice_first"]


@by_id
def test_case_reaches_its_outcome_one_question_at_a_time(case: Mapping[str, Any]) -> None:
    verdict, asked = interview(case["facts"], in_doubt(case))
    assert reached(verdict) == expected(case)
    assert len(asked) <= case["questions"]
    assert len(asked) == len(set(asked))


@by_id
def test_case_needs_no_question_when_all_is_known(case: Mapping[str, Any]) -> None:
    verdict = TABLE.work_out(case["facts"], in_doubt=in_doubt(case))
    assert reached(verdict) == expected(case)
    assert not verdict.likely  # type: ignore[union-attr]


def test_cases_reach_every_kind_of_arrangement() -> None:
    kinds = {outcome.arrangement for outcome in TABLE.outcomes.values()}
    assert {case["expected_arrangement"] for case in CASES} == kinds


# Walking every way through the table. Two conversations are the same when they stand at the same question and agree on
# every fact that can still matter; so each is walked once, and together they are all the paths there are.


@cache
def facts_ahead(place: str) -> frozenset[str]:
    question = TABLE.questions[place]
    further = (facts_ahead(answer.go_to) for answer in question.answers if answer.go_to)
    conditions = [fact for when in question.assume_when for fact in when]
    rules = [fact for rule in TABLE.parts.at_once for fact in (*rule.when, *rule.unless)]
    return frozenset([question.asks_for, *conditions, *rules]).union(*further)


class Walk:
    """Every conversation there can be, put question by question, with every answer to each."""

    def __init__(self) -> None:
        self.longest: dict[tuple[object, ...], int] = {}
        self.verdicts: list[Verdict] = []
        self.put: set[tuple[str, int]] = set()
        self.followed: set[tuple[str, str]] = set()

    def questions_from(self, facts: Mapping[str, str], asked: tuple[str, ...]) -> int:
        """The most questions that can follow."""
        step = ENDLESS.work_out(facts, asked, ASSUMED)
        self.followed.update((passed.question, passed.label) for passed in step.path)
        if isinstance(step, Verdict):
            self.verdicts.append(step)
            return 0
        question = step.question
        assert question.id not in asked
        matters = frozenset((fact, facts[fact]) for fact in facts_ahead(question.id) & facts.keys())
        if (question.id, matters) not in self.longest:
            self.longest[question.id, matters] = 1 + max(self.answers(question, facts, asked))
        return self.longest[question.id, matters]

    def answers(self, question: Question, facts: Mapping[str, str], asked: tuple[str, ...]) -> Iterator[int]:
        for answer in question.answers:
            self.put.add((question.id, answer.number))
            yield self.questions_from(TABLE.record(facts, question.id, answer), (*asked, question.id))


@pytest.fixture(scope="module")
def walk() -> Walk:
    walk = Walk()
    walk.questions_from({}, ())
    return walk


def test_the_longest_way_through_is_known(walk: Walk) -> None:
    """17, and three that are usually assumed. Nobody is asked so many: see `limits` in the table."""
    assert max(walk.longest.values()) == 20
    assert TABLE.limits.at_most == MOST_QUESTIONS


def test_every_answer_of_every_question_can_be_given(walk: Walk) -> None:
    rows = {(question.id, answer.number) for question in ASKABLE for answer in question.answers if not answer.ends}
    assert walk.put == rows


def test_every_row_is_on_some_path(walk: Walk) -> None:
    rows = {(q.id, answer.label) for q in TABLE.questions.values() for answer in q.answers if not answer.ends}
    at_once = {("q12-age", "18 or over")}  # once said, it's settled before the question is come to again
    assert rows - walk.followed == at_once


def test_every_outcome_is_reached_but_the_one_for_giving_up(walk: Walk) -> None:
    assert {verdict.outcome.id for verdict in walk.verdicts} == TABLE.outcomes.keys() - {TABLE.parts.fallback}


def test_every_flag_is_raised(walk: Walk) -> None:
    raised = {flag.id for verdict in walk.verdicts for flag in verdict.flags}
    rows = [(question, answer) for question in TABLE.questions.values() for answer in question.answers]
    raised |= {a.flag for q, a in rows if a.flag and (a.ends or (q.id, a.label) in walk.followed)}
    assert raised == TABLE.parts.flags.keys()


def test_no_question_that_only_sorts_is_ever_put(walk: Walk) -> None:
    put = {question for question, _ in walk.put}
    assert not put & {question.id for question in TABLE.questions.values() if question.sorts_only}


def test_a_verdict_says_advice_first_when_its_outcome_or_a_flag_does(walk: Walk) -> None:
    for verdict in walk.verdicts:
        assert verdict.advice_first == (verdict.outcome.advice_first or any(f.advice_first for f in verdict.flags))


@settings(max_examples=300, deadline=None)
@given(data=st.data())
def test_any_answers_end_in_a_verdict_with_nothing_asked_twice(data: st.DataObject) -> None:
    """Whatever is known before, in doubt, and answered."""
    pairs = [(fact, value) for fact, values in TABLE.parts.facts.items() for value in values]
    known = dict(data.draw(st.lists(st.sampled_from(pairs), max_size=6)))
    doubts = data.draw(st.sets(st.sampled_from(sorted(TABLE.parts.facts))))
    asked: list[str] = []
    while isinstance(step := TABLE.work_out(known, asked, doubts), Ask):
        assert step.question.id not in asked
        assert step.question.asks_for not in known or known[step.question.asks_for] not in {
            answer.sets.get(step.question.asks_for) for answer in step.question.answers
        }
        answer = data.draw(st.sampled_from(step.question.answers))
        likely = TABLE.likely(known, asked, doubts)
        assert likely.likely and likely.turns_on and likely.advice_first
        known, asked = TABLE.record(known, step.question.id, answer), [*asked, step.question.id]
        assert len(asked) <= MOST_QUESTIONS
    assert TABLE.likely(known, asked, doubts) == step
    assert step.likely or TABLE.settles(known, asked, doubts) == {step.outcome.id}


@settings(max_examples=200, deadline=None)
@given(facts=st.dictionaries(st.text(max_size=8) | st.sampled_from(sorted(TABLE.parts.facts)), st.text(max_size=8)))
def test_facts_the_table_does_not_know_change_nothing(facts: dict[str, str]) -> None:
    strange = {fact: value for fact, value in facts.items() if value not in TABLE.parts.facts.get(fact, ())}
    assert TABLE.work_out(strange) == TABLE.work_out({})


# The rules at the head of the table


def test_nothing_assumed_is_asked_unless_in_doubt() -> None:
    first = TABLE.work_out({})
    assert isinstance(first, Ask) and first.question.id == "q02-living-with-you"
    assert [step.how for step in first.path] == ["assumed"] * 3
    doubted = TABLE.work_out({}, in_doubt=["nation"])
    assert isinstance(doubted, Ask) and doubted.question.id == "q01-nation"


@pytest.mark.parametrize(
    ("facts", "outcome"),
    [
        ({"child_age": "18_or_over"}, "o-adult"),
        ({"child_age": "18_or_over", "order": "care_order"}, "o-adult"),
        ({"child_age": "18_or_over", "order": "other", "other_order": "adoption"}, "o-adoption"),
        ({"child_age": "18_or_over", "danger": "yes"}, "o-urgent-first"),
        ({"child_age": "18_or_over", "nation": "other_nation"}, "o-other-nation"),
    ],
)
def test_an_adult_child_is_answered_at_once_unless_adopted(facts: dict[str, str], outcome: str) -> None:
    verdict = TABLE.work_out(facts)
    assert isinstance(verdict, Verdict) and verdict.outcome.id == outcome


def test_unknown_follows_not_sure_and_is_not_asked_again() -> None:
    step = TABLE.work_out({"duration": "28_or_more", "order": "unknown"})
    assert isinstance(step, Ask) and step.question.id == "q06b-clues"


def test_a_not_sure_that_sets_nothing_is_asked_again_only_where_it_matters() -> None:
    friend = {"order": "none", "how_came": "family", "child_age": "under_16", "relationship": "not_related"}
    again = TABLE.work_out(friend, ["q02-living-with-you"])
    assert isinstance(again, Ask) and again.question.id == "q14-28-days"
    nan = TABLE.work_out({**friend, "relationship": "grandparent"}, ["q02-living-with-you"])
    assert isinstance(nan, Verdict) and nan.outcome.id == "o-informal"


def test_a_special_guardian_is_not_asked_how_long_unless_that_is_in_doubt() -> None:
    facts = {"order": "special_guardianship", "later_care_order": "none"}
    verdict = TABLE.work_out(facts)
    assert isinstance(verdict, Verdict) and verdict.outcome.id == "o-sgo"
    assert "duration" not in verdict.facts
    doubted = TABLE.work_out(facts, in_doubt=["duration"])
    assert isinstance(doubted, Ask) and doubted.question.id == "q02-living-with-you"


def test_a_short_stay_is_informal_even_if_nobody_knows_about_disability() -> None:
    """Mended in the table: this said 'may be private fostering'."""
    friend = {"order": "none", "how_came": "family", "child_age": "16_or_17", "relationship": "not_related"}
    verdict = TABLE.work_out({**friend, "duration": "under_28", "child_disabled": "unknown"})
    assert isinstance(verdict, Verdict) and verdict.outcome.id == "o-informal-short"


def test_a_case_nobody_can_name_is_not_called_a_care_case() -> None:
    """Mended in the table."""
    verdict = TABLE.work_out(
        {
            "duration": "28_or_more",
            "order": "case_running",
            "court_case": "unknown",
            "interim_order": "lives_with_for_now",
        }
    )
    assert isinstance(verdict, Verdict) and verdict.advice_first
    assert {flag.id for flag in verdict.flags} == {"court_case_unclear"}


def test_the_question_after_the_outcome_is_offered_until_its_fact_is_known() -> None:
    facts = {"order": "special_guardianship", "later_care_order": "none"}
    verdict = TABLE.work_out(facts)
    assert isinstance(verdict, Verdict) and verdict.then_ask is not None
    assert verdict.then_ask.id == "q15-previously-looked-after"
    replaced = TABLE.work_out({**facts, "later_care_order": "care_order_before"})
    assert isinstance(replaced, Verdict) and replaced.then_ask is None
    assert replaced.facts["previously_looked_after"] == "true"


def test_likely_guesses_little_or_says_so() -> None:
    known = {"duration": "28_or_more", "order": "none", "how_came": "family", "relationship": "grandparent"}
    likely = TABLE.likely(known)
    assert (likely.outcome.id, likely.likely, likely.turns_on) == ("o-informal", True, ("q12-age",))
    open_ = TABLE.likely({"duration": "28_or_more", "order": "none", "how_came": "parent_died"})
    assert open_.outcome.id == "o-not-settled" and open_.turns_on == ("q08b-guardian",)
    assert [flag.id for flag in open_.flags] == ["parent_died"]


def test_settles_shrinks_as_facts_come_in() -> None:
    every = TABLE.settles({})
    some = TABLE.settles({"order": "special_guardianship"})
    assert some == {"o-sgo", "o-sgo-and-care-order"} < every
    doubted = TABLE.settles({"order": "special_guardianship"}, in_doubt=["duration"])
    assert some < doubted < every


def test_a_changed_answer_takes_what_the_old_one_set_with_it() -> None:
    question = TABLE.questions["q08-who-arranged"]
    family, council = question.answers[0], question.answers[1]
    facts = TABLE.record({"order": "none"}, question.id, family)
    assert facts == {"order": "none", "how_came": "family", "council_role": "none"}
    assert TABLE.record(facts, question.id, council) == {"order": "none", "how_came": "council_or_police"}


def test_a_not_sure_that_sets_nothing_takes_the_old_value_back() -> None:
    unsure = TABLE.questions["q02-living-with-you"].unsure
    assert TABLE.record({"duration": "left"}, "q02-living-with-you", unsure) == {}


# From slots to facts


@pytest.mark.parametrize(
    ("slots", "facts"),
    [
        ({}, {}),
        ({"arrangement": "special_guardianship_order"}, {"order": "special_guardianship"}),
        ({"arrangement": "child_arrangements_order"}, {"order": "lives_with"}),
        ({"arrangement": "adoption"}, {"order": "other", "other_order": "adoption"}),
        ({"arrangement": "kinship_foster_care"}, {"order": "unknown", "order_clue": "in_care"}),
        ({"arrangement": "private_fostering"}, {"order": "none"}),
        ({"arrangement": "informal"}, {"order": "none"}),
        ({"arrangement": "prospective"}, {"duration": "not_yet"}),
        ({"arrangement": "unknown"}, {}),
        ({"arrangement": None, "child_age": None, "relationship": None, "previously_looked_after": None}, {}),
        ({"child_age": 15}, {"child_age": "under_16"}),
        ({"child_age": 16}, {"child_age": "16_or_17"}),
        ({"child_age": 17.5}, {"child_age": "16_or_17"}),
        ({"child_age": 18}, {"child_age": "18_or_over"}),
        ({"child_age": [3, 9]}, {"child_age": "under_16"}),
        ({"child_age": [3, 17]}, {}),
        ({"child_age": []}, {}),
        ({"child_age": True}, {}),
        ({"relationship": "great_aunt_uncle"}, {"relationship": "wider_relative"}),
        ({"relationship": "cousin"}, {"relationship": "wider_relative"}),
        ({"relationship": "friend"}, {"relationship": "not_related"}),
        ({"relationship": "Step-grandparent"}, {"relationship": "step_relative"}),
        ({"relationship": "grandparent"}, {"relationship": "grandparent"}),
        ({"relationship": "martian"}, {}),
        ({"previously_looked_after": True}, {"previously_looked_after": "true"}),
        ({"previously_looked_after": False}, {"previously_looked_after": "false"}),
        ({"how_came": "family", "mood": "tired", "order": "nonsense"}, {"how_came": "family"}),
    ],
)
def test_facts_from_slots(slots: dict[str, object], facts: dict[str, str]) -> None:
    assert TABLE.facts_from(slots) == facts


@pytest.mark.parametrize(
    ("arrangement", "question"),
    [
        ("special_guardianship_order", "q06c-sgo-since"),
        ("child_arrangements_order", "q06f-lives-with-since"),
        ("kinship_foster_care", "q09-foster-approval"),
        ("prospective", "q16-is-it-decided"),
        ("informal", "q02-living-with-you"),
    ],
)
def test_a_known_arrangement_is_only_asked_what_it_leaves_open(arrangement: str, question: str) -> None:
    step = TABLE.work_out(TABLE.facts_from({"arrangement": arrangement}))
    assert isinstance(step, Ask) and step.question.id == question


def test_an_adopter_is_asked_nothing() -> None:
    verdict = TABLE.work_out(TABLE.facts_from({"arrangement": "adoption"}))
    assert isinstance(verdict, Verdict) and verdict.outcome.id == "o-adoption"


# Reading a typed answer


@pytest.mark.parametrize("question", ASKABLE, ids=[question.id for question in ASKABLE])
def test_every_label_number_and_phrase_is_read_as_its_own_answer(question: Question) -> None:
    for answer in question.answers:
        said = (answer.label, answer.wording, str(answer.number), f"{answer.number}.", *answer.people_say)
        for text in (*said, answer.label.upper() + "!"):
            assert TABLE.read_answer(question.id, text) == answer, text


@pytest.mark.parametrize(
    ("question", "text", "label"),
    [
        ("q06-which-order", "We've got an SGO for her", "Special guardianship"),
        ("q06-which-order", "i dont have an sgo", None),
        ("q06-which-order", "we have a CAO, not an SGO", "Child lives with me"),
        ("q06-which-order", "I don't know, it might be an SGO", None),
        ("q06-which-order", "I don’t know", "Not sure"),
        ("q06-which-order", "yes", None),
        ("q06-which-order", "no", "No court order"),
        ("q06-which-order", "9", None),
        ("q06-which-order", "", None),
        ("q06-which-order", "???", None),
        ("q00-danger", "no", "No"),
        ("q00-danger", "yeah", "Yes"),
        ("q00-danger", "we are not in a good place", None),
        ("q02-living-with-you", "about 6 months", "28 days or more"),
        ("q02-living-with-you", "she is 3 years old", None),
        ("q02-living-with-you", "(2)", "Will be under 28 days"),
        ("q11-relationship", "I'm his great-aunt", "Other relative"),
        ("q11-relationship", "im the step nan", "Other step-relative"),
        ("q11-relationship", "my partner is her nan", "My partner is family"),
        ("q12-age", "she's 7", "Under 16"),
        ("q12-age", "7 and 9", "Under 16"),
        ("q12-age", "7 and 17", None),
        ("q12-age", "he is 16", "16 or 17"),
        ("q12-age", "nearly 16", "Under 16"),
        ("q12-age", "20 months", "Under 16"),
        ("q12-age", "19", "18 or over"),
        ("q12-age", "2", "16 or 17"),
        ("q13-parent-in-home", "my mum helps me", None),
    ],
)
def test_reading_what_carers_type(question: str, text: str, label: str | None) -> None:
    answer = TABLE.read_answer(question, text)
    assert (answer.label if answer else None) == label


@settings(max_examples=200, deadline=None)
@given(question=st.sampled_from(ASKABLE), text=st.text(max_size=60))
def test_any_text_is_read_without_a_crash(question: Question, text: str) -> None:
    answer = TABLE.read_answer(question.id, text)
    assert answer is None or answer in question.answers


# What the content has to be like


def figures() -> dict[str, str]:
    files = (yaml.safe_load(path.read_text()) for path in (ROOT / "content" / "figures").glob("*.yml"))
    groups = [
        (group, name, figure) for file in files for group, figures in file.items() for name, figure in figures.items()
    ]
    return {f"figures.{group}.{name}": figure["values"][0]["value"] for group, name, figure in groups}


FIGURES = figures()


def filled(text: str) -> str:
    return re.sub(r"{([a-z_.]+)}", lambda match: FIGURES[match[1]], text)


def texts() -> Iterator[tuple[str, str]]:
    for outcome in TABLE.outcomes.values():
        for text in (outcome.because, outcome.means, outcome.next_step, *outcome.also):
            yield outcome.id, text
    for question in TABLE.questions.values():
        for text in (question.ask, question.why, *(answer.wording for answer in question.answers)):
            yield question.id, text
    yield from ((flag.id, flag.say) for flag in TABLE.parts.flags.values())
    yield from TABLE.parts.out_of_hours.items()


@pytest.mark.parametrize(("name", "text"), list(texts()))
def test_words_are_plain(name: str, text: str) -> None:
    for sentence in re.split(r"(?<=[.!?])\s+", filled(text)):
        assert len(sentence.split()) <= 20, f"{name}: {sentence}"
    assert not re.search(r"[“”’—–!]|please|unfortunately|\bwill get\b", text, re.IGNORECASE), name


@pytest.mark.parametrize("outcome", TABLE.outcomes.values(), ids=lambda outcome: outcome.id)
def test_outcomes_are_short_and_have_their_sources(outcome: Any) -> None:
    assert len(filled(outcome.means).split()) <= 60
    assert len(filled(outcome.next_step).split()) <= 35
    assert len(re.findall(r"[.!?](?:\s|$)", outcome.because)) == 1
    assert outcome.pages and outcome.follow_on
    assert not re.search(
        r"\d", re.sub(r"{[^}]*}|(section|regulation) \w+(\(\d\))?", "", outcome.means + outcome.next_step)
    )


@pytest.mark.parametrize("question", ASKABLE, ids=lambda question: question.id)
def test_answers_have_enough_of_what_people_say(question: Question) -> None:
    assert question.pages
    assert all(4 <= len(answer.people_say) <= 8 for answer in question.answers)


def test_no_label_is_a_word_that_stops_text_messages() -> None:
    words = {word for q in TABLE.questions.values() for answer in q.answers for word in answer.label.lower().split()}
    assert not words & {"stop", "end", "cancel", "quit", "unsubscribe", "stopall"}


# What an editor can get wrong

SMALL = """
checked_on: 2026-11-21
review_by: 2027-05-21
start: q-one
fallback: o-open
limits: {questions: 8, not_sure_in_a_row: 2, at_most: 12}
at_once: [{when: {age: old}, outcome: o-two}]
out_of_hours: {can_wait: Write to us.}
facts: {shape: [round, square], colour: [red, unknown], age: [old, young]}
flags: {odd: {say: That is odd.}}
questions:
  q-one:
    asks_for: shape
    ask: What shape?
    why: It matters.
    answers:
    - {label: Round, people_say: [a ball], set: {shape: round}, go_to: q-two}
    - {label: Square, set: {shape: square}, flag: odd, outcome: o-one}
    - {label: Not sure, set: {}, go_to: q-two}
    sources: [{title: A page, url: 'https://example.org'}]
  q-two:
    asks_for: colour
    ask: What colour?
    why: It matters.
    answers:
    - {label: Red, set: {colour: red}, outcome: o-two}
    - {label: Not sure, set: {colour: unknown}, outcome: o-two}
    sources: [{title: A page, url: 'https://example.org'}]
  q-three:
    asks_for: age
    ask: How old?
    why: It matters.
    answers:
    - {label: Old, set: {age: old}, ends: true}
    - {label: Young, set: {age: young}, ends: true}
    - {label: Not sure, set: {}, ends: true}
    sources: [{title: A page, url: 'https://example.org'}]
outcomes:
  o-one: &one
    {arrangement: informal, because: So., means: This., next_step: That., follow_on: [], law: [], then_ask: q-three,
     sources: [{title: A page, url: 'https://example.org'}]}
  o-two: {<<: *one, advice_first: true, out_of_hours: can_wait}
  o-open: {<<: *one, arrangement: unknown}
"""


def load(tmp_path: Path, text: str) -> ArrangementTable:
    file = tmp_path / "arrangements.yml"
    file.write_text(text, encoding="utf-8")
    return ArrangementTable.load(file)


def test_a_question_whose_answers_all_lead_to_one_outcome_is_not_asked(tmp_path: Path) -> None:
    table = load(tmp_path, SMALL)
    verdict = table.work_out({"shape": "round"})
    assert isinstance(verdict, Verdict) and verdict.outcome.id == "o-two"
    assert [step.how for step in verdict.path] == ["known", "needless"]
    assert isinstance(table.work_out({}), Ask)


def test_a_question_is_asked_when_an_answer_changes_only_what_is_flagged(tmp_path: Path) -> None:
    flagged = SMALL.replace(
        "{label: Red, set: {colour: red}, outcome", "{label: Red, flag: odd, set: {colour: red}, outcome"
    )
    blue = flagged.replace(
        "- {label: Not sure, set: {colour: unknown}",
        "- {label: Blue, set: {colour: blue}, outcome: o-two}\n    - {label: Not sure, set: {colour: unknown}",
    ).replace("[red, unknown]", "[red, blue, unknown]")
    assert isinstance(load(tmp_path, blue).work_out({"shape": "round"}), Ask)
    verdict = load(tmp_path, flagged).work_out({"shape": "round"})
    assert isinstance(verdict, Verdict) and [flag.id for flag in verdict.flags] == ["odd"]


@pytest.mark.parametrize(
    ("old", "new", "place", "what"),
    [
        ("start: q-one", "start: q-none", "start", "names no question"),
        ("fallback: o-open", "fallback: o-none", "fallback", "names no outcome"),
        ("go_to: q-two}", "go_to: q-ten}", "questions > q-one > answers > 0 > go_to", "names no question: q-ten"),
        (
            "flag: odd, outcome: o-one",
            "flag: odd, outcome: o-ten",
            "questions > q-one > answers > 1",
            "names no outcome",
        ),
        ("flag: odd", "flag: even", "questions > q-one > answers > 1 > flag", "is no flag: even"),
        ("asks_for: colour", "asks_for: smell", "questions > q-two > asks_for", "is no fact: smell"),
        ("set: {colour: red}", "set: {colour: pink}", "answers > 0 > set > colour", "has no such value: pink"),
        ("set: {colour: red}", "set: {age: old}", "answers > 0 > set", "does not set colour"),
        ("{age: old}, outcome", "{age: ancient}, outcome", "at_once > 0 > when > age", "has no such value"),
        ("label: Round", "label: Round as a big ball or a wheel", "answers > 0 > label", "more than 24 characters"),
        ("label: Round", "label: No", "answers > 0 > label", "is not text"),
        ("set: {colour: red}, outcome: o-two", "set: {colour: red}, go_to: q-one", "q-one", "leads back to itself"),
        ("set: {shape: round}, go_to: q-two", "set: {shape: round}, outcome: o-one, go_to: q-two", "0", "one place"),
        (
            "{label: Not sure, set: {}, go_to: q-two}",
            "{label: Hm, set: {}, go_to: q-two}",
            "q-one > answers",
            "must have one answer",
        ),
        ("a ball", "square", "questions > q-one > answers > 1", "says 'square'"),
        ("why: It matters.", "", "questions > q-one > why", "is missing"),
        ("why: It matters.", "why: It matters.\n    assume: flat", "q-one > assume", "no answer sets flat"),
        ("why: It matters.", "why: It matters.\n    becuase: x", "q-one > becuase", "is not a key"),
        ("checked_on: 2026-11-21", "checked_on: soon", "checked_on", "is not a day"),
        ("questions: 8", "questions: true", "limits > questions", "is not a whole number"),
        ("arrangement: unknown", "arrangement: kin", "outcomes > o-open > arrangement", "is no arrangement"),
        ("out_of_hours: can_wait}", "out_of_hours: later}", "outcomes > o-two > out_of_hours", "is not known: later"),
        (", out_of_hours: can_wait}", "}", "outcomes > o-two", "nothing for the night"),
        ("then_ask: q-three", "then_ask: q-ten", "outcomes > o-one > then_ask", "names no question"),
        ("then_ask: q-three", "then_ask: q-two", "outcomes > o-one > then_ask", "goes on after it"),
        ("then_ask: q-three,", "", "questions > q-three", "is never reached"),
        ("flag: odd, outcome: o-one", "flag: odd, outcome: o-two", "outcomes > o-one", "is never reached"),
        (", flag: odd", "", "flags > odd", "is never raised"),
        ("age: [old, young]", "age: [old, young, middle]", "facts > age", "no answer sets middle"),
        ("set: {colour: red}, outcome: o-two", "set: {colour: red}, ends: true", "q-two", "leads nowhere"),
        ("start: q-one", "start: [q-one", "", "not valid YAML"),
        (SMALL, "- a list", "the file", "is not 'name"),
    ],
)
def test_a_mistake_is_named_with_its_place_and_how_to_mend_it(
    tmp_path: Path, old: str, new: str, place: str, what: str
) -> None:
    assert old in SMALL
    with pytest.raises(TableError) as error:
        load(tmp_path, SMALL.replace(old, new, 1))
    said = str(error.value)
    assert "arrangements.yml:" in said and "To mend it: " in said
    assert any(place in line and what in line for line in said.splitlines()), said


def test_a_file_that_is_not_there_is_a_table_error(tmp_path: Path) -> None:
    with pytest.raises(TableError):
        ArrangementTable.load(tmp_path / "none.yml")


# The diagram


def test_the_diagram_has_every_question_outcome_and_arrow() -> None:
    chart = mermaid(TABLE)
    lines = chart.splitlines()
    assert lines[0] == "flowchart TD"
    arrows = sum(1 for q in TABLE.questions.values() for answer in q.answers if not answer.ends)
    then = sum(1 for outcome in TABLE.outcomes.values() if outcome.then_ask)
    assert len(lines) == 1 + len(TABLE.questions) + arrows + len(TABLE.outcomes) + then
    assert all(name in chart for name in (*TABLE.questions, *TABLE.outcomes))


def test_answers_are_plain_data() -> None:
    answer = TABLE.questions["q00-danger"].answers[0]
    assert isinstance(answer, Answer) and (answer.number, answer.label, answer.not_sure) == (1, "No", False)
