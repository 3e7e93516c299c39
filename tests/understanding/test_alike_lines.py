"""What carers ask in a conversation: the files fit the content, and what is learned from them finds part and topic."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from bot.embedding.classifier import normal
from bot.embedding.model import shared
from bot.understanding.alike_lines import AlikeLines, Learned, Reading
from bot.understanding.talks import KINDS, Said
from bot.understanding.titles import Question, asked, passages, topics

LEARNED = [("pay", "who", "i only work twelve hours"), ("pay", "who", "am I too old for it, I'm 71"),
           ("pay", "who", "do they mind about my savings"), ("pay", "how_long", "when does it stop"),
           ("pay", "how_long", "will I get it for good"), ("pay", "how_long", "how many weeks till they pay"),
           ("order", "who", "can an aunt ask for one"), ("order", "who", "does it matter that I'm only a friend"),
           ("order", "how_long", "is it quick or does it drag on")]
SAID = [Said("but i only have a pension", "ann", "goes_on", "pay", "who", (), ("pay",)),
        Said("the judge wants a form from me", "ann", "new", "order", None, (), ("pay",)),
        Said("and will they look at my savings", "bob", "goes_on", "pay", "who", (), ("pay",)),
        Said("different thing, which judge decides", "bob", "new", "order", None, (), ("pay",)),
        Said("she is seven", "bob", "tells", spoken=("order", "pay"))]


def taught(said: list[Said]) -> Learned:
    asked_for = [Question(topic, facet, text, "me") for topic, facet, text in LEARNED]
    texts = [normal(line.text) for line in (*asked_for, *said)]
    return AlikeLines.learn(asked_for, said, texts, shared().embed(texts))


@pytest.fixture(scope="module")
def learned() -> AlikeLines:
    return AlikeLines(taught(SAID).arrays)


def reading(learned: AlikeLines, text: str) -> Reading:
    return learned.reading(normal(text), shared().embed([normal(text)])[0])


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
def test_a_question_nobody_wrote_finds_the_part(learned: AlikeLines, topic: str, text: str, facet: str) -> None:
    scores = learned.parts(reading(learned, text), ["pay", "order", "unknown"])
    assert max(scores[topic], key=lambda part: scores[topic][part]) == facet
    assert "unknown" not in scores and all(-0.5 < score < 1.5 for parts in scores.values() for score in parts.values())


@pytest.mark.parametrize(("text", "topic", "kind"), [
    ("do they look at a pension too", "pay", "goes_on"), ("different thing, what does the judge want", "order", "new"),
])
def test_topic_and_kind_are_learned_from_conversations(learned: AlikeLines, text: str, topic: str, kind: str) -> None:
    read = reading(learned, text)
    assert learned.names[int(learned.topics(read).argmax())] == topic
    assert KINDS[int(learned.kinds(read).argmax())] == kind


def test_what_is_said_of_a_writers_lines_is_what_all_others_teach() -> None:
    whole = taught(SAID)
    seen = AlikeLines(whole.arrays)
    for writer in ("ann", "bob"):
        others = AlikeLines(taught([line for line in SAID if line.writer != writer]).arrays)
        for row, line in enumerate(SAID):
            if line.writer == writer and line.topic:  # but for how rare each word is, which is counted over all lines
                assert np.allclose(whole.topics[row], others.topics(reading(others, line.text)), atol=0.08)
                own = whole.names.index(line.topic)
                assert seen.topics(reading(seen, line.text))[own] > whole.topics[row][own] + 0.1


def test_it_is_the_same_from_a_file(learned: AlikeLines, tmp_path: Path) -> None:
    np.savez(tmp_path / "alike.npz", **taught(SAID).arrays)
    with np.load(tmp_path / "alike.npz", allow_pickle=False) as kept:
        again = AlikeLines(kept)
    read = reading(learned, "when does it stop")
    assert again.parts(read, ["pay"]) == learned.parts(read, ["pay"])
    assert again.topics(read).tolist() == learned.topics(read).tolist()


@pytest.mark.parametrize("text", ["who: do they look at savings", "who:\n- 16", "whom:\n- do they look at savings", "", "- a"])
def test_a_slip_in_a_file_is_named(text: str, tmp_path: Path) -> None:
    (tmp_path / "me").mkdir()
    (tmp_path / "me" / "money.child_benefit.yml").write_text(text, encoding="utf-8")
    with pytest.raises(ValueError, match=r"me/money\.child_benefit\.yml: "):
        list(asked(tmp_path))
