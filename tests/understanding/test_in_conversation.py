"""The classes of a message in a conversation: what is kept of the message by itself, and what is weighed."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from bot.understanding.alike_lines import AlikeLines
from bot.understanding.in_conversation import ARRAYS, InConversation
from bot.understanding.talks import KINDS, Said
from bot.understanding.titles import Question
from bot.understanding.weighing import SIGNS

CLASSES = ["money.overview", "education.school_place", "urgent.domestic_abuse", "follow_up.how_long", "reply.inform",
           "reply.yes", "assistant.correction.go_back", "assistant.out_of_scope", "unclear"]
NOTHING = np.zeros(len(CLASSES), np.float32)


def row(**shares: float) -> np.ndarray:
    """Shares by the last part of the class's name; the rest is unclear."""
    found = np.array([shares.get(name.rpartition(".")[2], 0.0) for name in CLASSES], np.float32)
    found[-1] = 1 - found.sum()
    return found


@pytest.fixture(scope="module")
def here() -> InConversation:
    """Weights that hold with the message by itself, and with what was spoken of last, more than with what was before."""
    vectors = np.eye(384, dtype=np.float32)[:2]
    learned = AlikeLines.learn([Question("money.overview", "how_long", "how long", "me")],
                               [Said("and school", "you", KINDS[2], "education.school_place", spoken=("money.overview",))],
                               ["how long", "and school"], vectors)
    weights = np.zeros(SIGNS, np.float32)
    weights[0], weights[2], weights[8] = 1.0, 3.0, 1.0
    return InConversation(CLASSES, AlikeLines(learned.arrays), weights)


def shares(here: InConversation, alone: np.ndarray, spoken: list[str],
           kept: np.ndarray = NOTHING) -> tuple[dict[str, float], ...]:
    reading = here.reading("how long", np.eye(384, dtype=np.float32)[0])
    return tuple(dict(zip(CLASSES, one.tolist(), strict=True)) for one in here.shares(alone, reading, spoken, kept))


@pytest.mark.parametrize("spoken", [["money.overview"], ["education.school_place", "money.overview"], ["helpline.gone"]])
def test_all_sums_to_one_whatever_was_spoken_of(here: InConversation, spoken: list[str]) -> None:
    for one in shares(here, row(overview=0.4, how_long=0.3), spoken, row(yes=0.2) * (np.array(CLASSES) == "reply.yes")):
        assert sum(one.values()) == pytest.approx(1, abs=1e-5) and one["reply.yes"] == pytest.approx(0.2)


def test_what_only_makes_sense_after_something_is_about_what_was_spoken_of_last(here: InConversation) -> None:
    needs, intent = shares(here, row(how_long=0.8), ["money.overview", "education.school_place"])
    assert max(needs, key=lambda name: needs[name]) == "money.overview" and needs["follow_up.how_long"] == 0
    assert max(intent, key=lambda name: intent[name]) == "follow_up.how_long"


def test_a_plain_topic_is_no_follow_up(here: InConversation) -> None:
    _, intent = shares(here, row(school_place=0.9, how_long=0.05), ["money.overview"])
    assert max(intent, key=lambda name: intent[name]) == "education.school_place"


def test_danger_is_weighed_only_where_it_was_spoken_of(here: InConversation) -> None:
    alone = row(domestic_abuse=0.6, how_long=0.1)
    assert shares(here, alone, ["money.overview"])[0]["urgent.domestic_abuse"] == 0
    needs, _ = shares(here, alone, ["urgent.domestic_abuse", "money.overview"])
    assert max(needs, key=lambda name: needs[name]) == "urgent.domestic_abuse"


@pytest.mark.parametrize("kept", [
    {"sign_weights": np.zeros(SIGNS + 1), "kinds": np.array(KINDS)}, {"sign_weights": np.zeros(SIGNS)},
    {"sign_weights": np.zeros(SIGNS), "kinds": np.array(KINDS[::-1])}, None,
])
def test_a_model_of_another_version_is_refused(kept: dict[str, np.ndarray] | None, tmp_path: Path) -> None:
    if kept is not None:
        np.savez(tmp_path / ARRAYS, **kept)
    with pytest.raises(ValueError, match="make train"):
        InConversation.load(tmp_path, CLASSES)
