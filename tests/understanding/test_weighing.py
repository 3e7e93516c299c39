"""What a message is about in a conversation: signs are weighed as the conversations teach."""

from __future__ import annotations

import numpy as np
import pytest

from bot.understanding.talks import KINDS, Said
from bot.understanding.weighing import Signs, learn, weighed

TOPICS = ["money", "school", "therapy"]


def signs(alone: dict[str, float], kind: str, follows: float = 0.0) -> Signs:
    kinds = np.array([1.0 if kind == name else 0.0 for name in KINDS], np.float32)
    return Signs(alone, follows, {}, kinds)


@pytest.fixture(scope="module")
def weights() -> np.ndarray:
    """Twenty of each: a faint message that sounds like going on; a plain one on something new; back; facts alone."""
    said, of = [], []
    for _ in range(20):
        said.append(Said("", "ann", "goes_on", "money", spoken=("money", "school")))
        of.append(signs({"therapy": 0.1}, "goes_on", 0.8))
        said.append(Said("", "ann", "new", "therapy", spoken=("money", "school")))
        of.append(signs({"therapy": 0.8}, "new"))
        said.append(Said("", "ann", "goes_back", "school", spoken=("money", "school")))
        of.append(signs({"school": 0.3}, "goes_back", 0.2))
        said.append(Said("", "ann", "tells", spoken=("money", "school")))
        of.append(signs({"tells": 0.7}, "tells"))
    return learn(said, of, TOPICS)


@pytest.mark.parametrize(("alone", "kind", "follows", "spoken", "about"), [
    ({}, "goes_on", 0.9, ("school", "money"), "school"), ({}, "goes_on", 0.9, ("therapy",), "therapy"),
    ({"school": 0.9}, "new", 0.0, ("therapy",), "school"), ({"money": 0.3}, "goes_back", 0.2, ("school", "money"), "money"),
    ({"tells": 0.8}, "tells", 0.0, ("school",), "tells"),
])
def test_what_was_learned_of_some_topics_holds_for_others(
        weights: np.ndarray, alone: dict[str, float], kind: str, follows: float, spoken: tuple[str, ...], about: str) -> None:
    shares = weighed(weights, TOPICS, signs(alone, kind, follows), spoken)
    assert max(shares, key=lambda name: shares[name]) == about
    assert sum(shares.values()) == pytest.approx(1.0)


def test_a_message_from_before_a_topic_is_taught_by_is_left_out() -> None:
    """One about us, which has no file, and a first one teach nothing, and harm nothing."""
    said = [Said("", "ann", "new", "assistant.privacy", spoken=("money",)), Said("", "ann", "first", "money"),
            Said("", "ann", "new", "school", spoken=("money",))]
    assert np.isfinite(learn(said, [signs({"school": 0.5}, "new")] * 3, TOPICS)).all()
