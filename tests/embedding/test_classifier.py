"""The classifier on lines made here: it learns, says how sure it is, and comes back from its file as it was."""

from __future__ import annotations

import random
from pathlib import Path

import numpy as np
import pytest

from bot.embedding.classifier import Settings, TextClassifier
from bot.embedding.model import SentenceEmbedding

WORDS = {
    "weather": ["rain", "sunshine", "the forecast", "snow tonight", "wind in the north", "a storm", "fog", "frost"],
    "food": ["soup", "a recipe for bread", "chips", "roast dinner", "pasta", "my tea", "an apple pie", "porridge"],
    "travel": ["the train", "a bus to town", "my flight", "the ferry", "a taxi", "the motorway", "the tram", "parking"],
}
FRAMES = ["tell me about {}", "is there {} today", "I want {}", "what about {}", "{}?", "my sister likes {}"]


@pytest.fixture(scope="module")
def embedding() -> SentenceEmbedding:
    return SentenceEmbedding()


@pytest.fixture(scope="module")
def split() -> tuple[list[tuple[str, str]], list[tuple[str, str]]]:
    rows = [(frame.format(word), label) for label, words in WORDS.items() for word in words for frame in FRAMES]
    random.Random(1).shuffle(rows)  # noqa: S311
    return rows[:100], rows[100:]


def _trained(embedding: SentenceEmbedding, rows: list[tuple[str, str]], settings: Settings | None = None) -> TextClassifier:
    return TextClassifier.train(embedding, [t for t, _ in rows], [label for _, label in rows], settings)


def test_it_learns_and_survives_its_file(embedding: SentenceEmbedding, tmp_path: Path,
                                         split: tuple[list[tuple[str, str]], list[tuple[str, str]]]) -> None:
    train, test = split
    model = _trained(embedding, train)
    texts = [text for text, _ in test]
    vectors = embedding.embed(texts)
    shares = model.probabilities(vectors, texts)
    said = [model.classes[i] for i in shares.argmax(axis=1)]
    assert np.mean([a == b for a, (_, b) in zip(said, test, strict=True)]) > 0.9
    assert np.allclose(shares.sum(axis=1), 1, atol=1e-5)
    model.save(tmp_path / "model.npz")
    again = TextClassifier.load(tmp_path / "model.npz")
    assert again.settings == model.settings
    assert np.abs(again.probabilities(vectors, texts) - shares).max() < 0.02  # kept in half precision


def test_two_trainings_give_the_same_model(embedding: SentenceEmbedding,
                                           split: tuple[list[tuple[str, str]], list[tuple[str, str]]]) -> None:
    texts = [text for text, _ in split[1]]
    one, two = (_trained(embedding, split[0]).probabilities(embedding.embed(texts), texts) for _ in range(2))
    assert np.array_equal(one, two)


def test_labels_that_mean_nothing_leave_it_unsure(embedding: SentenceEmbedding,
                                                  split: tuple[list[tuple[str, str]], list[tuple[str, str]]]) -> None:
    train, test = split
    draw = random.Random(2)  # noqa: S311
    noise = _trained(embedding, [(text, draw.choice(list(WORDS))) for text, _ in train])
    meant = _trained(embedding, train)
    texts = [text for text, _ in test]
    sure = [model.probabilities(embedding.embed(texts), texts).max(axis=1).mean() for model in (noise, meant)]
    assert sure[0] < 0.55 < 0.8 < sure[1]  # of three classes


def test_fewer_landmarks_than_lines_still_learn(embedding: SentenceEmbedding,
                                                split: tuple[list[tuple[str, str]], list[tuple[str, str]]]) -> None:
    train, test = split
    model = _trained(embedding, train, Settings(landmarks=40))
    texts = [text for text, _ in test]
    said = [model.classes[i] for i in model.probabilities(embedding.embed(texts), texts).argmax(axis=1)]
    assert np.mean([a == b for a, (_, b) in zip(said, test, strict=True)]) > 0.7


@pytest.mark.parametrize("text", ["", "   ", "😴", "…", "x" * 5000])
def test_any_text_gets_an_answer(embedding: SentenceEmbedding, text: str,
                                 split: tuple[list[tuple[str, str]], list[tuple[str, str]]]) -> None:
    shares = _trained(embedding, split[0][:60]).probabilities(embedding.embed([text]), [text])
    assert np.isfinite(shares).all()
