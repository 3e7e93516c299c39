"""The arrangement a carer tells of in words no pattern foresaw.

A second reading after the patterns (facts.py): a classifier over the whole message, which is told what the patterns
found, and over its sentences. It learns from nlu/arrangements/ and, as messages that state none, from the topics' lines
in which the patterns find none. It adds, replaces or takes away the fact only where it is sure, nothing was asked, and no
arrangement is known yet.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import yaml
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.shared.nlu.constants import ENTITIES, TEXT
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

from bot.embedding.classifier import TextClassifier, normal
from bot.embedding.kept import embed_kept
from bot.embedding.lines import listed
from bot.embedding.model import SentenceEmbedding
from bot.understanding.classifying import ClassifierComponent
from bot.understanding.context import SENTENCES, open_question, slots
from bot.understanding.facts import FactFinder, finder

LINES = Path(__file__).resolve().parents[2] / "nlu" / "arrangements"
ARRANGEMENT = "arrangement"
NOTHING = ("none", "unknown")  # tell of no arrangement


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.ENTITY_EXTRACTOR, is_trainable=True)
class ToldArrangement(ClassifierComponent):
    """See the module."""

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        """Thresholds."""
        return {
            "sure": 0.4,  # from here its word counts,
            "instead": 0.7,  # or from here where the patterns found another
            "none": 0.5,  # from here it counts that the message states none, whatever the patterns found
            "part": 0.8,  # what a sentence by itself is worth beside the whole message
            "words": 5,  # a shorter message is the patterns' alone
            "every": 8,  # of the topics' lines, every so many is learned as one that states nothing
        }

    def train(self, training_data: TrainingData) -> Resource:
        """Fit on the lines of nlu/arrangements and some of the topics'."""
        others = [e.get(TEXT) for e in training_data.intent_examples if e.get(TEXT)][:: self._config["every"]]
        return self._keep(learn(self._embedding, told(LINES), others))

    def process(self, messages: list[Message]) -> list[Message]:
        """Add the fact, or put another in its place."""
        for message in messages:
            text = message.get(TEXT)
            if text and not text.startswith("/") and self._worth_reading(message, text):
                self._read(message, text)
        return messages

    def _worth_reading(self, message: Message, text: str) -> bool:
        known = slots(message).get(ARRANGEMENT)
        return len(text.split()) >= self._config["words"] and not open_question(message) and known in (None, "unknown")

    def _read(self, message: Message, text: str) -> None:
        entities = message.get(ENTITIES, [])
        stated = [e for e in entities if e["entity"] == "fact" and e["value"]["name"] == ARRANGEMENT]
        named = [str(e["value"]["value"]) for e in stated]
        sentences, vectors = message.get(SENTENCES)
        settled = second_reading(self._trained, self._config, [text, *sentences], vectors, named)
        if settled != named:
            facts = [{"entity": "fact", "value": {"name": ARRANGEMENT, "value": name, "said": text, "sure": False},
                      "start": 0, "end": len(text), "extractor": "ToldArrangement"} for name in settled]
            message.set(ENTITIES, [*(e for e in entities if e not in stated), *facts], add_to_output=True)


def second_reading(classifier: TextClassifier, config: Mapping[str, Any], texts: Sequence[str], vectors: np.ndarray,
                   named: list[str]) -> list[str]:
    """The arrangements told of: those the patterns `named`, or in their place the one, or none, of which this is sure.

    `texts` are the message and its sentences, a row of `vectors` each. A sentence may tell more plainly than the whole.
    """
    whole, *parts = classifier.probabilities(vectors, [marked(texts[0], named), *(marked(text, []) for text in texts[1:])])
    tells = [name not in NOTHING for name in classifier.classes]
    for part in parts:
        whole = np.where(tells, np.maximum(whole, config["part"] * part), whole)
    best = int(whole.argmax())
    name, share = classifier.classes[best], float(whole[best])
    unknown = [one for one in named if one in NOTHING]
    if name in NOTHING:
        return unknown if share >= config["none"] else named
    return [name] if share >= config["sure" if named == unknown else "instead"] else named


def told(folder: Path) -> list[tuple[str, str]]:
    """(text, arrangement) of every line."""
    rows: list[tuple[str, str]] = []
    for path in sorted(folder.glob("*.yml")):
        for block in yaml.load(path.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)[ARRANGEMENT]:
            rows += [(line, block["told"]) for line in listed(block["examples"])]
    return rows


def learn(embedding: SentenceEmbedding, rows: list[tuple[str, str]], others: list[str]) -> TextClassifier:
    """A classifier of labelled `rows`, and of those of the `others` in which the patterns find nothing."""
    facts = finder()
    read = [(text, label, stated_in(facts, text)) for text, label in [*rows, *((text, "none") for text in others)]]
    kept = [(text, label, stated) for at, (text, label, stated) in enumerate(read) if at < len(rows) or not stated]
    vectors = embed_kept(embedding, [normal(text) for text, _, _ in kept])
    return TextClassifier.train(embedding, [marked(text, stated) for text, _, stated in kept],
                                [label for _, label, _ in kept], vectors=vectors)


def marked(text: str, stated: list[str]) -> str:
    """`text` with what the patterns found as two words of its own, for the classifier to trust or not."""
    name = (stated[0] if len(stated) == 1 else "none").replace("_", "")
    return f"{text} zqx{name} zqy{name}"


def stated_in(facts: FactFinder, text: str) -> list[str]:
    """The arrangements that the patterns name."""
    return [str(fact.value) for fact in facts.find(text) if fact.name == ARRANGEMENT]
