"""What an action remembers is what the next one finds."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.actions.memory import Memory

words = st.text(st.characters(codec="utf-8", exclude_categories=("Cs",)), min_size=1, max_size=12)
maybe = st.none() | words
MEMORIES = st.builds(
    Memory, arrangement=maybe, authority=maybe, relationship=maybe, child_age=st.lists(st.integers(0, 25), max_size=4),
    previously_looked_after=st.none() | st.booleans(), situation=st.dictionaries(words, words, max_size=4),
    asked=st.lists(words, max_size=4), open_question=maybe, topic=maybe, facet=maybe,
    given=st.dictionaries(words, st.lists(words, max_size=3), max_size=3), recent=st.lists(words, max_size=4), entry=maybe,
    said=maybe, placing=maybe, told=maybe, helped=st.none() | st.booleans(), felt=st.none() | st.integers(0, 9), child=maybe,
    children=st.dictionaries(words, st.dictionaries(words, words, max_size=2), max_size=2),
    waiting_topic=maybe, turn=st.integers(0, 999), unclear=st.integers(0, 9), unsure=st.integers(0, 9))


def carried(slots: dict[str, Any], memory: Memory) -> dict[str, Any]:
    """The slots after the memory's events, as Rasa would keep them: numbers of float slots come back as floats."""
    after = dict(slots)
    for event in memory.events(slots):
        assert event["event"] == "slot"
        after[event["name"]] = event["value"]
    return {k: float(v) if k in ("turn", "unclear", "unsure", "felt") and v is not None else v for k, v in after.items()}


@given(MEMORIES)
def test_it_comes_back_as_it_went(memory: Memory) -> None:
    assert Memory.from_slots(carried({}, memory)) == memory


@settings(suppress_health_check=[HealthCheck.too_slow])
@given(MEMORIES, MEMORIES)
def test_it_replaces_whatever_was_there(before: Memory, after: Memory) -> None:
    assert Memory.from_slots(carried(carried({}, before), after)) == after


@given(MEMORIES)
def test_what_did_not_change_is_not_set_again(memory: Memory) -> None:
    assert memory.events(carried({}, memory)) == []


@given(MEMORIES)
def test_a_memory_changed_leaves_the_slots_alone(memory: Memory) -> None:
    slots = carried({}, memory)
    kept = deepcopy(slots)
    mine = Memory.from_slots(slots)
    mine.asked.append("x")
    mine.speak_of("x", "y")
    mine.change_child("x")
    mine.situation["x"] = "y"
    mine.learn("arrangement", "adoption")
    mine.learn("who_arranged", "parents")
    assert slots == kept


@given(MEMORIES)
def test_starting_again_forgets_all_but_the_count_of_turns(memory: Memory) -> None:
    slots = carried({}, memory)
    kept = Memory(turn=memory.turn, helped=memory.helped, said=memory.said)
    memory.forget_family()
    assert memory == kept
    left = {k: v for k, v in carried(slots, memory).items() if v}
    assert set(left) <= {"turn", "helped", "said"}


@given(MEMORIES)
def test_look_ups_see_what_is_remembered(memory: Memory) -> None:
    situation = memory.situated(datetime(2026, 11, 24, tzinfo=UTC))
    seen = asdict(situation)
    assert (seen["arrangement"], seen["authority"], seen["previously_looked_after"]) == (
        memory.arrangement, memory.authority, memory.previously_looked_after)
    assert list(situation.ages) == memory.child_age


def test_what_was_told_before_a_child_was_named_holds_of_each() -> None:
    memory = Memory(arrangement="informal", situation={"is_parent": "True", "duration": "longer"})
    memory.hold_of_all(["older", "younger"])
    memory.change_child("younger")
    memory.learn("arrangement", "adoption")
    memory.change_child("older")
    assert memory.arrangement == "informal" and memory.is_parent
    memory.change_child("younger")
    assert memory.arrangement == "adoption"


def test_who_she_is_goes_along_to_another_child() -> None:
    memory = Memory(child="older", situation={"is_parent": "True", "duration": "longer"})
    memory.change_child("baby")
    assert memory.is_parent and memory.situation == {"is_parent": "True"}
