"""Which part of the content answers what was asked: the one with the nearest sentences, and that carers ask for so.

For every topic the message may be about, the entity `passages` lists entries' facets, best first. The action
picks one that holds for this carer and hasn't been said yet; nothing is said that is not an editor's.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.shared.nlu.constants import ENTITIES, INTENT, TEXT
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

from bot.embedding.classifier import normal
from bot.embedding.kept import embed_kept, key
from bot.embedding.model import shared
from bot.understanding.at_hand import spoken_of
from bot.understanding.context import EMBEDDING, PARTS_ASKED, PARTS_LEARNED, slots
from bot.understanding.phrases import words
from bot.understanding.titles import Passage, passages, topics

LONGEST = 40  # words; a story asks nothing that one sentence answers
GENERAL = 0.1  # how much of 'what does that mean?' there is in 'what is Child Benefit?', which asks for no part of it
# What each sign is worth beside a sentence's nearness in meaning (0-1); bench/parts.py says how well they tell, and what would
# tell best.
SAME_WORDS = 0.35  # all of the message's words in one sentence
ASKED_FOR = 0.4  # 'how much …', for the facet that says how much
AS_ASKED = 3.0  # that carers ask for the part in just such words
TITLE = 0.25  # how much of the topic's title is read along: a question leaves out what it goes without saying
ARRAYS = "passages.npz"
NEXT_STEP = "next_step"
_COMMON = words("""
    the a an is are to of for in on it they them he she his her i you we my me your do does can what how if and or but
    not no with that this be at from who which have has there their will would as by so get got say says about when any
    """)
_ENDINGS = ("ing", "ed", "es", "s")


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.ENTITY_EXTRACTOR, is_trainable=True)
class Passages(GraphComponent):
    """See the module. Training embeds the content; what is edited later is embedded later."""

    def __init__(self, storage: ModelStorage, resource: Resource, vectors: dict[str, np.ndarray]) -> None:
        self._storage, self._resource, self._vectors = storage, resource, vectors
        self._known = {topic: list(passages(topic)) for topic in topics()}
        self._parts = {topic: _parts(found) for topic, found in self._known.items()}
        self._of_topic: dict[str, tuple[np.ndarray, np.ndarray]] = {}
        said = {topic: [_words(p.text) for p in found] for topic, found in self._known.items()}
        seen = Counter(word for sentences in said.values() for sentence in sentences for word in sentence)
        whole = sum(map(len, said.values()))
        self._rarity = {word: math.log((whole + 1) / (count + 1)) for word, count in seen.items()}
        self._saying = {topic: _rows_of_words(sentences) for topic, sentences in said.items()}

    @classmethod
    def create(cls, config: dict[str, Any], model_storage: ModelStorage, resource: Resource,
               execution_context: ExecutionContext) -> Passages:
        """For training."""
        return cls(model_storage, resource, {})

    @classmethod
    def load(cls, config: dict[str, Any], model_storage: ModelStorage, resource: Resource,
             execution_context: ExecutionContext, **kwargs: Any) -> Passages:
        """From a trained model."""
        with model_storage.read_from(resource) as folder, np.load(Path(folder) / ARRAYS, allow_pickle=False) as kept:
            loaded = cls(model_storage, resource, dict(zip(kept["keys"].tolist(), kept["vectors"], strict=True)))
        for topic in loaded._known:  # now, not at the first message about each
            loaded._meanings(topic)
        loaded._vectors = {}
        return loaded

    def train(self, training_data: TrainingData) -> Resource:
        """Embed every sentence of the content."""
        texts = sorted({normal(text) for topic in self._known for text in self._texts(topic)})
        vectors = embed_kept(shared(), texts).astype(np.float16)
        with self._storage.write_to(self._resource) as folder:
            np.savez(Path(folder) / ARRAYS, keys=np.array([key(text) for text in texts]), vectors=vectors)
        return self._resource

    def process(self, messages: list[Message]) -> list[Message]:
        """Add the entity; a story, or an option's payload, has none."""
        for message in messages:
            text = message.get(TEXT)
            if text and not text.startswith("/") and len(text.split()) <= LONGEST:
                about = self._about(message)
                learned, said = message.get(PARTS_LEARNED)(about), _words(text)
                found = {topic: self._best(topic, said, message, learned.get(topic, {})) for topic in about}
                entity = {"entity": "passages", "value": found, "start": 0, "end": len(text), "extractor": "Passages"}
                message.set(ENTITIES, [*message.get(ENTITIES, []), entity], add_to_output=True)
        return messages

    def _about(self, message: Message) -> list[str]:
        """Topics asked for, and those of the conversation."""
        needs = [e["value"] for e in message.get(ENTITIES, []) if e["entity"] == "need"]
        meant = [(message.get(INTENT) or {}).get("name"), *needs]
        return [t for t in dict.fromkeys([*meant, *spoken_of(slots(message))]) if t in self._known]

    def _texts(self, topic: str) -> list[str]:
        return [f"{topics()[topic]['title']}:", *(p.text for p in self._known[topic])]

    def _meanings(self, topic: str) -> tuple[np.ndarray, np.ndarray]:
        """The vectors of the topic's sentences, a row each, and what the title adds to each one's nearness."""
        if topic not in self._of_topic:
            texts = [normal(text) for text in self._texts(topic)]
            rows = np.stack([self._vectors[kept] if (kept := key(text)) in self._vectors else shared().embed([text])[0]
                             for text in texts]).astype(np.float32)
            self._of_topic[topic] = rows[1:], TITLE * (rows[1:] @ rows[0])
        return self._of_topic[topic]

    def _best(self, topic: str, said: frozenset[str], message: Message, learned: dict[str, float]
              ) -> list[tuple[str, str, float]]:
        """(entry, facet, score) of each facet's best sentence, best first; a score is about 0 to 3.5."""
        if not self._known[topic]:
            return []
        vectors, titled = self._meanings(topic)
        scores = vectors @ message.get(EMBEDDING) + titled
        weight = sum(self._rarity.get(word, 0.0) for word in said) or 1.0
        for word in said & self._saying[topic].keys():
            scores[self._saying[topic][word]] += SAME_WORDS * self._rarity[word] / weight
        named = message.get(PARTS_ASKED) or {}
        named = named if named.get("meaning", 0.0) < GENERAL else {}
        parts, starts = self._parts[topic]
        best = []
        for (entry, facet), score in zip(parts, np.maximum.reduceat(scores, starts).tolist(), strict=True):
            wanted = named.get(facet, 0.0) if facet != NEXT_STEP else 0.0  # which any answer ends with
            worth = ASKED_FOR * wanted + AS_ASKED * learned.get(facet, 0.0)
            best.append((entry, facet, max(0.0, score + worth)))
        return [(entry, facet, round(score, 3)) for entry, facet, score in sorted(best, key=lambda part: -part[2])]


def _parts(found: list[Passage]) -> tuple[list[tuple[str, str]], list[int]]:
    """The parts, (entry, facet), in the order of their sentences, and the number of each one's first sentence."""
    first: dict[tuple[str, str], int] = {}
    for number, passage in enumerate(found):
        first.setdefault((passage.entry, passage.facet), number)
    return list(first), list(first.values())


def _rows_of_words(sentences: list[frozenset[str]]) -> dict[str, list[int]]:
    """The numbers of the sentences that have a word."""
    rows: dict[str, list[int]] = {}
    for row, said in enumerate(sentences):
        for word in said:
            rows.setdefault(word, []).append(row)
    return rows


def _words(text: str) -> frozenset[str]:
    return frozenset(_stem(word) for word in re.findall(r"[a-z']+", normal(text)) if word not in _COMMON)


def _stem(word: str) -> str:
    ending = next((e for e in _ENDINGS if word.endswith(e) and len(word) - len(e) >= 3), "")
    return word.removesuffix(ending)
