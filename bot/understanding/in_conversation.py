"""What a message is about where something was spoken of, as the classes of the classifier that reads it alone.

It joins the three: that classifier's shares, the lines alike to the message (alike_lines.py), and the weights by which the
two count for each topic, given what was spoken of (weighing.py).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from bot.embedding.classifier import TextClassifier, normal
from bot.embedding.kept import embed_kept
from bot.embedding.model import SentenceEmbedding
from bot.understanding.alike_lines import AlikeLines, Arrays, Floats, Reading
from bot.understanding.at_hand import FOLLOW_UP, INFORM, OUT_OF_SCOPE, URGENT, topic_of
from bot.understanding.talks import KINDS, Said, talks
from bot.understanding.titles import asked, topics
from bot.understanding.weighing import SIGNS, Signs, learn, weighed

ARRAYS = "conversation.npz"
ANOTHER = "the model was made by another version: run `make train`"
KIND_OF = {INFORM: "tells", OUT_OF_SCOPE: "out_of_scope"}


class Groups:
    """The classifier's classes, in its order, by what a message of each is about."""

    def __init__(self, classes: Sequence[str]) -> None:
        groups = [KIND_OF.get(topic_of(name), topic_of(name)) for name in classes]
        self.rows = {group: np.array([group == other for other in groups]) for group in set(groups)}
        self.follows = np.array([name.startswith(FOLLOW_UP) for name in classes])
        self._topics = sorted(group for group in self.rows if group in topics())

    def candidates(self, spoken: Sequence[str]) -> list[str]:
        """What a message may be about: danger only where it was spoken of, since it is the detector's to find."""
        return [topic for topic in self._topics if not topic.startswith(URGENT) or topic in spoken]

    def signs(self, alone: Floats, likely: Mapping[str, float], kinds: Floats) -> Signs:
        """Of a message with this row of probabilities by itself, topics and kinds as the lines alike to it say."""
        of_group = {group: float(alone[rows].sum()) for group, rows in self.rows.items()}
        return Signs(of_group, float(alone[self.follows].sum()), likely, kinds)

    def within(self, group: str, alone: Floats) -> Floats:
        """The shares of a group's classes among themselves; none where there is no such group."""
        return _whole((alone + 1e-9) * self.rows.get(group, False))


class Lessons(NamedTuple):
    """What there is to learn from: the arrays of the lines, and the conversations' messages with the signs of each, and what
    lines of others say of their parts."""

    alike: Arrays
    said: list[Said]
    signs: list[Signs]
    parts: Floats


def lessons(embedding: SentenceEmbedding, classifier: TextClassifier, groups: Groups) -> Lessons:
    """From nlu/asked and nlu/talks, as `classifier` reads them."""
    lines, said = list(asked()), list(talks())
    texts = [normal(line.text) for line in (*lines, *said)]
    vectors = embed_kept(embedding, texts)
    learned = AlikeLines.learn(lines, said, texts, vectors)
    alone = classifier.probabilities(vectors[len(lines):], texts[len(lines):])
    signs = [groups.signs(row, dict(zip(learned.names, of_topics.tolist(), strict=True)), kinds)
             for row, of_topics, kinds in zip(alone, learned.topics, learned.kinds, strict=True)]
    return Lessons(learned.arrays, said, signs, learned.parts)


class InConversation:
    """Made by `taught` or `load`."""

    def __init__(self, classes: Sequence[str], alike: AlikeLines, weights: Floats) -> None:
        """`classes`: the classifier's, whose order every row has."""
        self._groups, self._alike, self._weights = Groups(classes), alike, weights

    @classmethod
    def taught(cls, embedding: SentenceEmbedding, classifier: TextClassifier, folder: Path) -> InConversation:
        """Learn from nlu/asked and nlu/talks, and keep it in `folder`."""
        groups = Groups(classifier.classes)
        alike, said, signs, _ = lessons(embedding, classifier, groups)
        weights = learn(said, signs, groups.candidates(()))
        np.savez(folder / ARRAYS, sign_weights=weights, kinds=np.array(KINDS), **alike)
        return cls(classifier.classes, AlikeLines(alike), weights)

    @classmethod
    def load(cls, folder: Path, classes: Sequence[str]) -> InConversation:
        """Read what `taught` wrote. Raises `ValueError` for what another version wrote, which weighs other signs."""
        if not (folder / ARRAYS).is_file():
            raise ValueError(ANOTHER)
        with np.load(folder / ARRAYS, allow_pickle=False) as kept:
            weights, kinds = (kept.get(name, np.zeros(0)) for name in ("sign_weights", "kinds"))
            if weights.shape != (SIGNS,) or kinds.tolist() != list(KINDS):
                raise ValueError(ANOTHER)
            return cls(classes, AlikeLines(kept), weights)

    def reading(self, text: str, vector: Floats) -> Reading:
        """What the rest is told from, of a message as `classifier.normal` makes it."""
        return self._alike.reading(text, vector)

    def parts(self, reading: Reading, about: Iterable[str]) -> dict[str, dict[str, float]]:
        """{topic: {facet: how likely it is what was asked, about 0 to 1}}."""
        return self._alike.parts(reading, about)

    def shares(self, alone: Floats, reading: Reading, spoken: Sequence[str], kept: Floats) -> tuple[Floats, Floats]:
        """Two rows of probabilities out of the one of the message `alone`: by topics alone, and one in which a topic spoken
        of leaves its share to the follow-ups, where the message is likelier one of those by itself.

        `spoken`: newest first. `kept`: the shares of danger and of replies, which stay as they are.
        """
        likely = dict(zip(self._alike.names, self._alike.topics(reading).tolist(), strict=True))
        signs = self._groups.signs(alone, likely, self._alike.kinds(reading))
        about = weighed(self._weights, self._groups.candidates(spoken), signs, spoken)
        left = 1 - float(kept.sum())
        row = kept.copy()
        for group, share in about.items():
            row += left * share * self._groups.within(group, alone)
        followed = row.copy()
        for topic in spoken:
            if topic in about and signs.follows > signs.alone.get(topic, 0.0):
                of_topic = self._groups.rows[topic]
                followed[of_topic] = kept[of_topic]
                followed += left * about[topic] * _whole(alone * self._groups.follows)
        return row, followed


def _whole(row: Floats) -> Floats:
    """Summing to 1, where there is anything."""
    summed: Floats = row / np.maximum(row.sum(), 1e-12)
    return summed
