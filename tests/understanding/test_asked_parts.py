"""What each part of an answer is asked by: the files fit the content, and what is learned from them finds the part."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from bot.embedding.classifier import normal
from bot.embedding.model import shared
from bot.understanding.asked_parts import AskedParts
from bot.understanding.titles import asked, passages, topics

LEARNED = [("pay", "who", "i only work twelve hours"), ("pay", "who", "am I too old for it, I'm 71"),
           ("pay", "who", "do they mind about my savings"), ("pay", "how_long", "when does it stop"),
           ("pay", "how_long", "will I get it for good"), ("pay", "how_long", "how many weeks till they pay"),
           ("order", "who", "can an aunt ask for one"), ("order", "who", "does it matter that I'm only a friend"),
           ("order", "how_long", "is it quick or does it drag on")]


@pytest.fixture(scope="module")
def learned() -> AskedParts:
    texts = [normal(text) for _, _, text in LEARNED]
    return AskedParts(AskedParts.learn(texts, [(topic, facet) for topic, facet, _ in LEARNED], shared().embed(texts)))


def test_every_topic_has_its_questions_and_each_is_of_a_part_that_is_there() -> None:
    parts = {(topic, passage.facet) for topic in topics() for passage in passages(topic)}
    found = {(line.topic, line.facet) for line in asked()}
    assert found <= parts
    assert {part for part in parts - found if part[1] != "next_step"} == set(), "which no answer is asked for by"


@pytest.mark.parametrize(("topic", "text", "facet"), [
    ("pay", "Im 68, is that too old", "who"), ("pay", "i do 10 hours at the shop", "who"),
    ("pay", "does it go on forever", "how_long"),
    ("order", "can a family friend ask", "who"), ("order", "will it drag on for months", "how_long"),
    ("order", "when does it end", "how_long"),  # as is asked of the other topic
])
def test_a_question_nobody_wrote_finds_the_part(learned: AskedParts, topic: str, text: str, facet: str) -> None:
    said = normal(text)
    scores = learned.scores(said, shared().embed([said])[0], ["pay", "order", "unknown"])
    assert max(scores[topic], key=lambda part: scores[topic][part]) == facet
    assert scores["unknown"] == {} and all(-0.5 < score < 1.5 for parts in scores.values() for score in parts.values())


def test_it_is_the_same_from_a_file(learned: AskedParts, tmp_path: Path) -> None:
    texts = [normal(text) for _, _, text in LEARNED]
    arrays = AskedParts.learn(texts, [(topic, facet) for topic, facet, _ in LEARNED], shared().embed(texts))
    np.savez(tmp_path / "asked.npz", **arrays)
    with np.load(tmp_path / "asked.npz", allow_pickle=False) as kept:
        again = AskedParts(kept)
    vector = shared().embed(["when does it stop"])[0]
    assert again.scores("when does it stop", vector, ["pay"]) == learned.scores("when does it stop", vector, ["pay"])


@pytest.mark.parametrize("text", ["who: do they look at savings", "who:\n- 16", "whom:\n- do they look at savings", "", "- a"])
def test_a_slip_in_a_file_is_named(text: str, tmp_path: Path) -> None:
    (tmp_path / "me").mkdir()
    (tmp_path / "me" / "money.child_benefit.yml").write_text(text, encoding="utf-8")
    with pytest.raises(ValueError, match=r"me/money\.child_benefit\.yml: "):
        list(asked(tmp_path))
