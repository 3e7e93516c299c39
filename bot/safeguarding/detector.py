"""Is anyone in danger? A classifier of its own, apart from Rasa's, and phrases that always count.

It runs in the gateway on every message before anything else, so it needs neither Rasa nor the network.
Recall comes first: the threshold is chosen on lines whose writer the classifier never saw
(bench/danger.py; docs/decisions/0004).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import yaml

from bot.embedding.carried import mark, packed
from bot.embedding.classifier import Settings, TextClassifier, normal
from bot.embedding.kept import embed_kept
from bot.embedding.model import Pieces, SentenceEmbedding
from bot.embedding.parts import parts

SAFE = "not_danger"
URGENT = "urgent."
THRESHOLD = 0.45  # of a whole message
PART_THRESHOLD = 0.92  # of one sentence in it
WAITING = 64  # messages at most of which is kept what was read, until they go to Rasa
PART_WORDS = 4
HINT = 0.01  # below it the sentences of a message are not looked at one by one
LEFT_OVER = 3  # words that must be left beside a figure of speech to be read by themselves
PLAINLY = 0.98  # from here a message after an alarm tells of a danger of its own, whatever came before
OVER_REST = 2  # words that may stand beside 'he's gone now' without being read as danger
SHORT = 300  # characters
STORY = 25  # words from which a message may bury its danger in one sentence


@dataclass(frozen=True)
class Finding:
    """The kind of danger (a topic of the taxonomy) and how sure, 0-1; a phrase that always counts is 1."""

    topic: str
    score: float


class Phrases:
    """`content/danger.yml`: patterns that always count, by topic, idioms that are read over, and what says that it is over."""

    def __init__(self, always: Mapping[str, Sequence[str]], idioms: Sequence[str], over: Sequence[str] = ()) -> None:
        self._always = [(topic, re.compile(p, re.I)) for topic, patterns in always.items() for p in patterns]
        self._idioms, self._over = _any_of(idioms), _any_of(over)

    @property
    def topics(self) -> set[str]:
        """Of the phrases that always count."""
        return {topic for topic, _ in self._always}

    @classmethod
    def load(cls, path: Path) -> Phrases:
        """Raises `re.error` for a pattern that is none."""
        data = yaml.safe_load(path.read_text(encoding="utf-8"))
        return cls(data["always"], data["idioms"], data["over"])

    def without_idioms(self, text: str) -> str:
        """`text` without its figures of speech."""
        return self._idioms.sub(" ", text)

    def without_over(self, text: str) -> str:
        """`text` without what says that it is over, such as 'he's gone now', which by itself may sound like danger."""
        return self._over.sub(" ", text)

    def topic(self, text: str) -> str | None:
        """The topic of the first phrase that always counts."""
        return next((topic for topic, pattern in self._always if pattern.search(text)), None)


def _any_of(patterns: Sequence[str]) -> re.Pattern[str]:
    """Matches what one of them does; nothing where there are none."""
    return re.compile("|".join(f"(?:{p})" for p in patterns) or r"(?!)", re.I)


class DangerDetector:
    """Made by `load`; `find` takes a few milliseconds."""

    def __init__(self, embedding: SentenceEmbedding, classifier: TextClassifier, phrases: Phrases,
                 threshold: float = THRESHOLD, part_threshold: float = PART_THRESHOLD) -> None:
        self._embedding, self._classifier, self.phrases = embedding, classifier, phrases
        self._threshold, self._part_threshold = threshold, part_threshold
        self._harmless: dict[str, Pieces] = {}  # what was read of messages that go on to Rasa
        self._urgent = [i for i, name in enumerate(classifier.classes) if name.startswith(URGENT)]

    @classmethod
    def load(cls, model: Path, phrases: Path) -> DangerDetector:
        """From the file that `signpost train-danger` wrote."""
        return cls(SentenceEmbedding(), TextClassifier.load(model), Phrases.load(phrases))

    @property
    def topics(self) -> set[str]:
        """The kinds of danger that may be found."""
        return {self._classifier.classes[i] for i in self._urgent} | self.phrases.topics

    def carried(self, text: str) -> dict[str, Any] | None:
        """What was read of a message in which nothing was found, for Rasa (docs/decisions/0017); once, then it is gone."""
        said = normal(text)
        read = self._harmless.pop(mark(said), None)
        return packed(said, read, self._embedding.weights) if read else None

    def certain(self, text: str) -> Finding | None:
        """The danger that a phrase names which always counts, in a short message; takes no time, since no model is asked."""
        if len(text) > SHORT:
            return None
        topic = self.phrases.topic(self.phrases.without_idioms(normal(text)))
        return Finding(topic, 1.0) if topic else None

    def find(self, text: str, after: str | None = None) -> Finding | None:
        """The danger that `text` speaks of, or None.

        `after`: the danger of the message before, when she was asked whether it is safe. Short answers to that are of the
        same danger unless they plainly tell of another, and none at all where they say that it is over.
        """
        finding = self._find(text)
        if finding is None or after is None or finding.score == 1.0:
            return finding
        said = normal(text)
        rest = self.phrases.without_over(said)
        if rest != said and len(re.findall(r"[a-z']+", rest)) <= OVER_REST:
            return None
        return finding if finding.score >= PLAINLY else Finding(after, finding.score)

    def _find(self, text: str) -> Finding | None:
        said, phrases = normal(text), self.phrases  # of one content, though another be taken meanwhile
        plain = phrases.without_idioms(said)
        certain = phrases.topic(plain)
        if certain:
            return Finding(certain, 1.0)
        if plain != said and len(plain.split()) < LEFT_OVER:
            return None
        read = self._embedding.read(plain)
        whole = self._told([plain], read.whole[np.newaxis])[0]
        if whole.score >= self._threshold:
            return whole
        if whole.score >= HINT and len(plain.split()) >= STORY:
            worst = max(self.readings(parts(plain, PART_WORDS) or [plain]), key=lambda finding: finding.score)
            if worst.score >= self._part_threshold:
                return worst
        if plain == said:
            self._harmless[mark(said)] = read
            for oldest in list(self._harmless)[:-WAITING]:  # that went elsewhere, such as to an adviser
                self._harmless.pop(oldest, None)
        return None

    def readings(self, texts: Sequence[str]) -> list[Finding]:
        """How dangerous each text is, and of what kind, whatever its score."""
        return self._told(texts, self._embedding.embed(texts))

    def _told(self, texts: Sequence[str], vectors: npt.NDArray[np.float32]) -> list[Finding]:
        shares = self._classifier.probabilities(vectors, texts)[:, self._urgent]
        names = [self._classifier.classes[i] for i in self._urgent]
        return [Finding(names[int(row.argmax())], float(row.sum())) for row in shares]


def train(embedding: SentenceEmbedding, examples: Mapping[str, Sequence[str]],
          settings: Settings | None = None) -> TextClassifier:
    """A classifier of `examples` by class. It learns every topic apart, not 'safe' as one: that finds more."""
    texts = [normal(line) for lines in examples.values() for line in lines]
    labels = [name for name, lines in examples.items() for _ in lines]
    return TextClassifier.train(embedding, texts, labels, settings, embed_kept(embedding, texts))
