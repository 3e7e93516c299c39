"""Is anyone in danger? A classifier of its own, apart from the topics, and phrases that always count.

It runs in the gateway on every message before anything else, so it needs neither Rasa nor the network.
Recall comes first: the threshold is chosen on lines whose writer the classifier never saw
(bench/danger.py; docs/decisions/0004).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import yaml

from bot.embedding.classifier import Settings, TextClassifier, normal
from bot.embedding.model import SentenceEmbedding
from bot.embedding.parts import parts

SAFE = "not_danger"
THRESHOLD = 0.5
PART_WORDS = 3


@dataclass(frozen=True)
class Finding:
    """The kind of danger (a topic of the taxonomy) and how sure, 0-1; a phrase that always counts is 1."""

    topic: str
    score: float


class Phrases:
    """`content/danger.yml`: patterns that always count, by topic, and idioms that are read over."""

    def __init__(self, always: Mapping[str, Sequence[str]], idioms: Sequence[str]) -> None:
        self._always = [(topic, re.compile(p, re.I)) for topic, patterns in always.items() for p in patterns]
        self._idioms = re.compile("|".join(f"(?:{p})" for p in idioms) or r"(?!)", re.I)

    @classmethod
    def load(cls, path: Path) -> Phrases:
        """Raises `re.error` for a pattern that is none."""
        data = yaml.safe_load(path.read_text(encoding="utf-8"))
        return cls(data["always"], data["idioms"])

    def without_idioms(self, text: str) -> str:
        """`text` without its figures of speech."""
        return self._idioms.sub(" ", text)

    def topic(self, text: str) -> str | None:
        """The topic of the first phrase that always counts."""
        return next((topic for topic, pattern in self._always if pattern.search(text)), None)


class DangerDetector:
    """Made by `train` or `load`; `find` takes a few milliseconds."""

    def __init__(self, embedding: SentenceEmbedding, classifier: TextClassifier, phrases: Phrases,
                 threshold: float = THRESHOLD) -> None:
        self._embedding, self._classifier, self._phrases = embedding, classifier, phrases
        self._threshold = threshold
        self._safe = classifier.classes.index(SAFE)

    @classmethod
    def load(cls, model: Path, phrases: Path) -> DangerDetector:
        """From the file that `signpost train-danger` wrote."""
        return cls(SentenceEmbedding(), TextClassifier.load(model), Phrases.load(phrases))

    def find(self, text: str) -> Finding | None:
        """The danger that `text` speaks of, or None."""
        plain = self._phrases.without_idioms(normal(text))
        certain = self._phrases.topic(plain)
        if certain:
            return Finding(certain, 1.0)
        finding = self.likeliest(plain)
        return finding if finding.score >= self._threshold else None

    def likeliest(self, text: str) -> Finding:
        """The most dangerous reading of the text or a part of it, whatever its score."""
        pieces = [text, *parts(text, PART_WORDS)]
        shares = self._classifier.probabilities(self._embedding.embed(pieces), pieces)
        danger = 1 - shares[:, self._safe]
        worst = int(danger.argmax())
        kinds = shares[worst].copy()
        kinds[self._safe] = 0
        return Finding(self._classifier.classes[int(kinds.argmax())], float(danger[worst]))


def train(embedding: SentenceEmbedding, examples: Mapping[str, Sequence[str]], settings: Settings | None = None) -> TextClassifier:
    """A classifier of `examples` by class: the five urgent topics against everything else."""
    texts, labels = [], []
    for name, lines in examples.items():
        texts += [normal(line) for line in lines]
        labels += [name if name.startswith("urgent.") else SAFE] * len(lines)
    return TextClassifier.train(embedding, texts, labels, settings or Settings())
