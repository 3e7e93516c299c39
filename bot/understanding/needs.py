"""What the carer needs: the topics of a message, as a whole and part by part.

A Rasa graph component. It sets the intent (the class of the whole message) and adds an entity `need` for
each topic found, best first, so that a message that asks two things gets two answers.
"""

from __future__ import annotations

from dataclasses import asdict
from functools import cached_property, partial
from pathlib import Path
from typing import Any, cast

import numpy as np
from rasa.engine.graph import ExecutionContext
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.nlu.classifiers.classifier import IntentClassifier
from rasa.shared.nlu.constants import ENTITIES, INTENT, INTENT_RANKING_KEY, TEXT
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

from bot.embedding.carried import unpacked
from bot.embedding.classifier import Settings, TextClassifier, normal
from bot.embedding.kept import embed_kept
from bot.embedding.parts import items, parts
from bot.understanding.at_hand import (
    CORRECTION,
    FOLLOW_UP,
    INFORM,
    URGENT,
    by_topic,
    in_place,
    spoken_of,
    topic_of,
    turns_away,
)
from bot.understanding.classifying import ClassifierComponent
from bot.understanding.context import EMBEDDING, PARTS_ASKED, PARTS_LEARNED, SENTENCES, open_question, read_already, slots
from bot.understanding.in_conversation import InConversation
from bot.understanding.open_question import asks
from bot.understanding.plainly import DELETE, asks_whether, corrects, may_delete, names_nothing

UNCLEAR = "unclear"
MEANING, DETAIL = "follow_up.meaning", "follow_up.detail"
IN_PART = 0.9  # what a sentence's confidence counts beside the whole message's
TALK = ("assistant.greeting", "assistant.about", "assistant.out_of_scope")
NAMED = ("reply.", FOLLOW_UP, CORRECTION, URGENT, "assistant.", "helpline.")  # what needs no word of its own
CHANGES_FACT = "assistant.correction.change_fact"
# What nothing said before bears on:
KEPT = (URGENT, "reply.", "assistant.greeting", "assistant.about", "assistant.privacy", CORRECTION)
UNDOING = ("assistant.correction.", "assistant.privacy.delete")


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.INTENT_CLASSIFIER, is_trainable=True)
class NeedsClassifier(ClassifierComponent, IntentClassifier):
    """See the module. Its settings stand in config.yml."""

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        """Settings of the classifier, and the thresholds (shares of probability, 0-1)."""
        return {
            **asdict(Settings()),
            "sure": 0.3,  # a whole message at least this sure of a class is not asked about,
            "asked": 0.25,  # or this sure, where it has a question in it
            "undoing": 0.5,  # or this sure where it would undo or delete something, or be waved away as small talk
            "second": 0.22,  # a further topic of the whole message is answered from here
            "part": 0.8,  # a topic of one part is answered from here
            "urgent": 0.85,  # danger is taken up from here where the detector, which reads first, found none
            "item": 0.5,  # of a list is plain from here
            "part_words": 4,
            "told_unasked": 0.2,  # how likely a message only tells something, where nothing was asked
            "most": 3,
            "doubtful": 0.75,  # an answer less sure than this comes with the topics it might have been instead
            "possible": 0.05,  # and those are the ones at least this likely,
            "others": 2,  # so many at most
        }

    _conversation: InConversation | None = None

    @classmethod
    def load(cls, config: dict[str, Any], model_storage: ModelStorage, resource: Resource,
             execution_context: ExecutionContext, **kwargs: Any) -> NeedsClassifier:
        """From a trained model."""
        loaded = cast(NeedsClassifier, super().load(config, model_storage, resource, execution_context, **kwargs))
        with model_storage.read_from(resource) as folder:
            loaded._conversation = InConversation.load(Path(folder), loaded._trained.classes)
        return loaded

    def train(self, training_data: TrainingData) -> Resource:
        """Fit the classifier on all intent examples, learn from the conversations, and keep the arrays of both."""
        examples = [e for e in training_data.intent_examples if e.get(TEXT)]
        names = Settings.__dataclass_fields__
        settings = Settings(**{k: v for k, v in self._config.items() if k in names})
        texts = [normal(e.get(TEXT)) for e in examples]
        classifier = TextClassifier.train(
            self._embedding, texts, [e.get(INTENT) for e in examples], settings, embed_kept(self._embedding, texts))
        with self._storage.write_to(self._resource) as folder:
            self._conversation = InConversation.taught(self._embedding, classifier, Path(folder))
        return self._keep(classifier)

    def process(self, messages: list[Message]) -> list[Message]:
        """Set intent, ranking and needs; an intent given by an option ('/intent') is left alone."""
        for message in messages:
            text = message.get(TEXT)
            if text and not text.startswith("/"):
                self._understand(message, text)
        return messages

    def _understand(self, message: Message, text: str) -> None:
        talked = spoken_of(slots(message))
        shares, whole = self._read(message, text, talked)
        ranking = _ranking(self._trained.classes, whole, together=bool(slots(message).get("topic")))
        needs = self._needs(shares, self._config["asked" if asks(text) else "sure"], talked)
        intent = self._intent(ranking[0], needs, talked)
        spoken = slots(message).get("topic")
        if spoken and intent["name"].startswith((CORRECTION, FOLLOW_UP, spoken)):
            intent = {**intent, "name": corrects(normal(text)) or intent["name"]}
        if intent["name"] == MEANING and asks_whether(normal(text)):
            intent = {**intent, "name": DETAIL}
        vague = spoken and not intent["name"].startswith(NAMED) and names_nothing(normal(text))
        if vague:
            intent, needs = {**intent, "name": DETAIL}, []
        likeliest = [(r["name"], r["confidence"]) for r in ranking
                     if is_need(r["name"]) and (r["name"] in talked or not r["name"].startswith(URGENT)) and not vague][:4]
        entities = [_entity("need", *found, text) for found in needs or likeliest]
        entities += [_entity("maybe", *found, text) for found in self._others(needs, likeliest)]
        message.set(INTENT, intent, add_to_output=True)
        message.set(INTENT_RANKING_KEY, ranking[:10], add_to_output=True)
        message.set(ENTITIES, message.get(ENTITIES, []) + entities, add_to_output=True)

    def _read(self, message: Message, text: str, spoken: list[str]) -> tuple[np.ndarray, np.ndarray]:
        """A row of probabilities for the message, then one for each of its parts; and the row its intent is told from."""
        known = slots(message)
        sentences = parts(text, self._config["part_words"])
        listed = [] if sentences else items(text)
        read = [normal(piece) for piece in (text, *sentences, *listed)]
        came = unpacked(read[0], read_already(message), self._embedding.weights)
        vectors = self._embedding.embed_with_parts(read[0], read[1:], came)
        message.set(EMBEDDING, vectors[0])
        message.set(SENTENCES, (read[1:1 + len(sentences)], vectors[:1 + len(sentences)]))
        shares = self._trained.probabilities(vectors, read)
        if not may_delete(read[0]):
            shares[:, [name == DELETE for name in self._trained.classes]] = 0.0
        alone = shares[0]
        if asks(text) or spoken:
            message.set(PARTS_ASKED, _parts_asked(self._trained.classes, alone))
        reading = self._in_conversation.reading(read[0], vectors[0])
        message.set(PARTS_LEARNED, partial(self._in_conversation.parts, reading))
        shares = self._without_hints(shares * in_place(self._trained.classes, known, self._config["told_unasked"]))
        whole = shares[0]
        if spoken:
            kept = self._kept(whole, bool(open_question(message)), turns_away(text))
            shares[0], whole = self._in_conversation.shares(alone, reading, spoken, kept)
        return self._as_listed(shares) if listed else shares, whole

    def _kept(self, share: np.ndarray, asked: bool, turns: bool) -> np.ndarray:
        """Of a row of probabilities those that nothing said before bears on; a fact is a reply where something was asked.

        A message that turns to something else ('no wait, money first') puts no fact right; it may well want to go back.
        """
        kept = [name.startswith(KEPT) and (asked or name != INFORM) and not (turns and name == CHANGES_FACT)
                for name in self._trained.classes]
        return np.where(kept, share, 0.0).astype(np.float32)

    @property
    def _in_conversation(self) -> InConversation:
        if self._conversation is None:
            raise RuntimeError(f"{type(self).__name__} is used before it is trained")
        return self._conversation

    def _as_listed(self, shares: np.ndarray) -> np.ndarray:
        """A message that lists what is needed is about the things it lists, where two at least are plain."""
        best = shares[1:].argmax(axis=1)
        plain = [row for row, column in enumerate(best, start=1)
                 if is_need(self._trained.classes[column]) and shares[row, column] >= self._config["item"]]
        if len(plain) > 1:
            shares[0] = shares[plain].mean(axis=0)
        return shares

    def _without_hints(self, shares: np.ndarray) -> np.ndarray:
        """Danger is the detector's to find: where it found none, a smaller share of it than `urgent` says nothing."""
        urgent = np.array([name.startswith(URGENT) for name in self._trained.classes])
        faint = shares[:, urgent].sum(axis=1) < self._config["urgent"] * shares.sum(axis=1)
        shares[np.ix_(faint, urgent)] = 0.0
        whole: np.ndarray = shares / np.maximum(shares.sum(axis=1, keepdims=True), 1e-9)
        return whole

    def _intent(self, best: dict[str, Any], needs: list[tuple[str, float]], spoken: list[str]) -> dict[str, Any]:
        """The class of the message; a need told with its story, or with small talk, beats that."""
        told = not is_need(best["name"]) and not (best["name"].startswith(FOLLOW_UP) and needs and needs[0][0] in spoken)
        danger = best["name"].startswith(URGENT)
        undoes, chats = best["name"].startswith(UNDOING), best["name"].startswith(TALK)
        sure = best["confidence"] >= self._config["urgent" if danger else "undoing" if undoes or chats else "sure"]
        plain = [(name, c) for name, c in needs if not name.startswith(TALK) and c >= self._config["part"] * IN_PART]
        if sure and not (told and needs and needs[0][1] >= self._config["part"]) and not (chats and plain):
            return best
        if needs:
            name, confidence = (plain if chats and plain else needs)[0]
            return {"name": name, "confidence": confidence}
        return {"name": UNCLEAR, "confidence": 1 - best["confidence"]}

    def _others(self, needs: list[tuple[str, float]], likeliest: list[tuple[str, float]]) -> list[tuple[str, float]]:
        """What a doubtful message might have meant instead."""
        if not needs or needs[0][1] >= self._config["doubtful"]:
            return []
        taken = {name for name, _ in needs}
        return [(n, c) for n, c in likeliest if n not in taken and c >= self._config["possible"]][: self._config["others"]]

    @cached_property
    def _columns(self) -> np.ndarray:
        """The classes that are needs."""
        return np.flatnonzero([is_need(name) for name in self._trained.classes])

    def _needs(self, shares: np.ndarray, sure: float, spoken: list[str]) -> list[tuple[str, float]]:
        """(class, confidence) of everything clearly asked: the whole message's first, then surest first, at most `most`.

        The likeliest of the whole message is one from `sure`.
        """
        score: dict[str, float] = {}
        first = ""
        for row, share in enumerate(shares):
            order = self._columns[np.argsort(-share[self._columns])[:3]]
            for place, column in enumerate(order):
                confidence, name = float(share[column]), self._trained.classes[column]
                bar = self._config["part"] if row else self._config["second"] if place else sure
                if name.startswith(TALK) and not row:
                    bar = self._config["undoing"]
                # Danger is the detector's to find: a hint of it is no need, but what is asked of one that was spoken of is.
                if name.startswith(URGENT) and (row or name not in spoken):
                    bar = 1.0 if row or place else self._config["urgent"]
                if confidence < bar and not (row or place):
                    break  # a further topic beside none is no need
                if confidence >= bar:
                    score[name] = max(score.get(name, 0.0), confidence * (IN_PART if row else 1.0))
                    first = first if row or place else name
        return sorted(score.items(), key=lambda pair: (pair[0] != first, -pair[1]))[: self._config["most"]]


def is_need(intent: str) -> bool:
    """Does a class name something asked for, rather than a reply, a follow-up or a correction?"""
    return not intent.startswith(("reply.", "follow_up.", "assistant.correction.", UNCLEAR))


def _ranking(classes: list[str], share: np.ndarray, together: bool) -> list[dict[str, Any]]:
    """The likeliest classes; `together`: those of the likeliest topic first, as sure as the topic is."""
    whole = by_topic(classes, share) if together else dict(zip(classes, map(float, share), strict=True))

    def sure(name: str) -> float:
        return whole[topic_of(name) if together else name]

    order = sorted(range(len(classes)), key=lambda i: (-sure(classes[i]), -share[i]))[:10]
    return [{"name": classes[i], "confidence": sure(classes[i])} for i in order]


def _parts_asked(classes: list[str], share: np.ndarray) -> dict[str, float]:
    """What the follow-ups' classes make of a message among themselves: 'how do I claim X' is about X, and asks how."""
    follow_ups = {name.removeprefix(FOLLOW_UP): float(p) for name, p in zip(classes, share, strict=True)
                  if name.startswith(FOLLOW_UP)}
    whole = sum(follow_ups.values())
    return {part: p / whole for part, p in follow_ups.items()} if whole else {}


def _entity(kind: str, name: str, confidence: float, text: str) -> dict[str, Any]:
    return {"entity": kind, "value": name, "start": 0, "end": len(text), "confidence_entity": float(confidence),
            "extractor": "NeedsClassifier"}
