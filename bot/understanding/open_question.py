"""Reads a message as the answer to the question that is open, where it is one.

A short 'no', 'about 8' or 'her mum asked me' means nothing by itself; after a question it does. A
message that asks something else is left alone: an interruption is answered first.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import yaml
from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.shared.nlu.constants import ENTITIES, INTENT, TEXT
from rasa.shared.nlu.training_data.message import Message

from bot.embedding.classifier import normal
from bot.knowledge.arrangements import ArrangementTable
from bot.understanding.asides import LANGUAGE
from bot.understanding.at_hand import turns_away
from bot.understanding.context import open_question, slots
from bot.understanding.facts_component import CONTENT

INFORM, DETAIL = "reply.inform", "follow_up.detail"
PUTS_RIGHT = "assistant.correction.change_fact"
UNCLEAR = "unclear"
ASKING_ANEW = 0.5  # a topic this sure is a new question, whatever facts come with it
TELLING = 0.7  # or this sure where the message has no question in it
SHORT = 25  # words; a long message with facts that asks nothing is an answer too, if its topic is unsure
ANSWER_WORDS = 15  # of a reply that is told by a word in it
_ASKS = re.compile(
    r"\?|(?:^|[.,!;] *|\b(?:and|but|so|or|ok|then) )"
    r"(?:what|how|who|when|where|which|why|can|could|do|does|did|is|are|will|would|should|shall|am|have|has)\b"
    r"(?= (?:i|we|he|she|they|it|you|the|my|our|his|her|their|there|do|is)\b)"
    r"|\b(?:can|could|do|should|will|would) (?:i|we|u|they|she|he)\b", re.I)


def asks(text: str) -> bool:
    """Has the message a question in it, by its form?"""
    return bool(_ASKS.search(text))


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.INTENT_CLASSIFIER, is_trainable=False)
class OpenQuestion(GraphComponent):
    """See the module."""

    def __init__(self) -> None:
        self._table = ArrangementTable.load(Path(CONTENT) / "arrangements.yml")
        replies = yaml.safe_load((Path(CONTENT) / "replies.yml").read_text(encoding="utf-8"))
        self._replies = {question: {name: re.compile(rf"\b(?:{'|'.join(said)})\b") for name, said in answers.items()}
                         for question, answers in replies.items()}

    @classmethod
    def create(cls, config: dict[str, Any], model_storage: ModelStorage, resource: Resource,
               execution_context: ExecutionContext) -> OpenQuestion:
        """Nothing to configure."""
        return cls()

    def process(self, messages: list[Message]) -> list[Message]:
        """Make an answer of each message that is one: intent `reply.inform`, entity `answer` where it fits one."""
        for message in messages:
            text = message.get(TEXT)
            if text and not text.startswith("/"):
                self._read(message, open_question(message), text)
        return messages

    def _read(self, message: Message, question: str, text: str) -> None:
        answer = self._answer(question, text) if question else None
        entities = message.get(ENTITIES, [])
        if answer:
            entities = [*entities, {"entity": "answer", "value": answer, "start": 0, "end": len(text),
                                    "extractor": "OpenQuestion"}]
            message.set(ENTITIES, entities, add_to_output=True)
        told = any(e["entity"] in ("fact", "place") for e in entities)
        if not told and (message.get(INTENT) or {}).get("name") == PUTS_RIGHT and slots(message).get("topic"):
            message.set(INTENT, {"name": DETAIL, "confidence": 0.0}, add_to_output=True)  # puts nothing right
        if not question:
            taken = told and _says_little(message)
        else:
            to_us = question in self._replies and len(text.split()) <= SHORT  # words of her own are an answer to these
            placed = question == "authority" and any(e["entity"] == "place" for e in entities)
            plain = to_us and bool(answer) and not asks(text)  # 'yes it's safe to write', though it sounds like a topic
            anew = not plain and _asks_anew(message, text, bool(answer) or placed)
            taken = bool(answer or told or to_us) and not anew
        if taken:
            message.set(INTENT, {"name": INFORM, "confidence": 1.0}, add_to_output=True)

    def _answer(self, question: str, text: str) -> str | None:
        """'<question id>/<answer>' of the answer that `text` gives, if it plainly gives one."""
        if question in self._replies:
            said = normal(text)
            if len(said.split()) > ANSWER_WORDS:
                return None
            given = [name for name, pattern in self._replies[question].items() if pattern.search(said)]
            return f"{question}/{given[0]}" if given else None
        if question not in self._table.questions:
            return None
        found = self._table.read_answer(question, text)
        return f"{question}/{found.number}" if found else None


def _says_little(message: Message) -> bool:
    """No question was open: facts count as told where the message is otherwise not understood."""
    return (message.get(INTENT) or {}).get("name") == UNCLEAR


def _asks_anew(message: Message, text: str, answered: bool) -> bool:
    """Does a message that comes after a question ask for something itself?"""
    intent = message.get(INTENT) or {}
    name, sure = intent.get("name") or "", float(intent.get("confidence") or 0)
    if name == LANGUAGE:
        return True
    if name.startswith(("reply.", "assistant.out_of_scope")) or name == UNCLEAR:
        return False  # what she tells of her family is never beside the point
    if name.startswith("urgent.") and answered:
        return False  # the detector, which knows what was said before, let it pass: it answers whether she is safe
    asking = asks(text) or turns_away(text)
    if asking and not answered:
        return True
    return sure >= (ASKING_ANEW if asking or len(text.split()) > SHORT else TELLING)
