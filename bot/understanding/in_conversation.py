"""What a message is about where something was spoken of, as the classes of the classifier that reads it alone.

It joins the three: that classifier's shares, the lines alike to the message (alike_lines.py), and the weights by which the
two count for each topic, given what was spoken of (weighing.py).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np

from bot.embedding.classifier import TextClassifier, normal
from bot.embedding.kept import embed_kept
from bot.embedding.model import SentenceEmbedding
from bot.understanding.alike_lines import AlikeLines, Floats, Reading
from bot.understanding.at_hand import topic_of
from bot.understanding.talks import KINDS, talks
from bot.understanding.titles import asked, topics
from bot.understanding.weighing import SIGNS, Signs, learn, weighed

ALIKE, WEIGHTS = "alike.npz", "conversation.npz"
URGENT, FOLLOW_UP, REPLY, INFORM = "urgent.", "follow_up.", "reply.", "reply.inform"
KIND_OF = {INFORM: "tells", "assistant.out_of_scope": "out_of_scope"}


class InConversation:
    """Made by `taught` or `load`."""

    def __init__(self, classes: Sequence[str], alike: AlikeLines, weights: Floats) -> None:
        """`classes`: the classifier's, whose order every row has."""
        self._alike, self._weights = alike, weights
        self._group = [KIND_OF.get(topic_of(name), topic_of(name)) for name in classes]
        self._rows = {group: np.array([group == other for other in self._group]) for group in set(self._group)}
        self._topics = sorted(group for group in self._rows if group in topics())
        self._follows = np.array([name.startswith(FOLLOW_UP) for name in classes])

    @classmethod
    def taught(cls, embedding: SentenceEmbedding, classifier: TextClassifier, folder: Path) -> InConversation:
        """Learn from nlu/asked and nlu/talks, and keep it in `folder`."""
        lines, said = list(asked()), list(talks())
        texts = [normal(line.text) for line in (*lines, *said)]
        vectors = embed_kept(embedding, texts)
        learned = AlikeLines.learn(lines, said, texts, vectors)
        here = cls(classifier.classes, AlikeLines(learned.arrays), np.zeros(0, np.float32))
        alone = classifier.probabilities(vectors[len(lines):], texts[len(lines):])
        signs = [here.signs(row, dict(zip(learned.names, of_topics.tolist(), strict=True)), kinds)
                 for row, of_topics, kinds in zip(alone, learned.topics, learned.kinds, strict=True)]
        here._weights = learn(said, signs, here.candidates(()))
        np.savez(folder / ALIKE, **learned.arrays)
        np.savez(folder / WEIGHTS, weights=here._weights, kinds=np.array(KINDS))
        return here

    @classmethod
    def load(cls, folder: Path, classes: Sequence[str]) -> InConversation:
        """Read what `taught` wrote. Raises `ValueError` for what another version wrote, which weighs other signs."""
        if not (folder / WEIGHTS).is_file():
            raise ValueError("the model was made by another version: run `make train`")
        with np.load(folder / ALIKE, allow_pickle=False) as alike, np.load(folder / WEIGHTS, allow_pickle=False) as kept:
            if kept["weights"].shape != (SIGNS,) or kept.get("kinds", np.array([])).tolist() != list(KINDS):
                raise ValueError("the model was made by another version: run `make train`")
            return cls(classes, AlikeLines(alike), kept["weights"])

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
        signs = self.signs(alone, likely, self._alike.kinds(reading))
        about = weighed(self._weights, self.candidates(spoken), signs, spoken)
        left = 1 - float(kept.sum())
        row = kept.copy()
        for group, share in about.items():
            row += left * share * self._within(group, alone)
        followed = row.copy()
        for topic in spoken:
            if topic in about and signs.follows > signs.alone.get(topic, 0.0):
                followed[self._rows[topic]] = kept[self._rows[topic]]
                followed += left * about[topic] * _whole(alone * self._follows)
        return row, followed

    def signs(self, alone: Floats, likely: dict[str, float], kinds: Floats) -> Signs:
        """Of a message with this row of probabilities by itself, topics and kinds as the lines alike to it say."""
        of_group = {group: float(alone[rows].sum()) for group, rows in self._rows.items()}
        return Signs(of_group, float(alone[self._follows].sum()), likely, kinds)

    def candidates(self, spoken: Sequence[str]) -> list[str]:
        """What a message may be about: danger only where it was spoken of, since it is the detector's to find."""
        return [topic for topic in self._topics if not topic.startswith(URGENT) or topic in spoken]

    def _within(self, group: str, alone: Floats) -> Floats:
        """The shares of a group's classes among themselves."""
        mine = self._rows[group] if group in self._rows else np.zeros(len(alone), bool)
        return _whole((alone + 1e-9) * mine)


def _whole(row: Floats) -> Floats:
    """Summing to 1, where there is anything."""
    summed: Floats = row / np.maximum(row.sum(), 1e-12)
    return summed
