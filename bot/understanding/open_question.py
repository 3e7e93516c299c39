"""Reads a message as the answer to the question that is open, where it is one.

A short 'no', 'about 8' or 'her mum asked me' means nothing by itself; after a question it does. A
message that asks something else is left alone: an interruption is answered first.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.shared.nlu.constants import ENTITIES, INTENT, TEXT
from rasa.shared.nlu.training_data.message import Message

from bot.knowledge.arrangements import ArrangementTable
from bot.understanding.context import open_question
from bot.understanding.facts_component import CONTENT

INFORM = "reply.inform"
ASKING_ANEW = 0.5  # a topic this sure is a new question, whatever facts come with it
SHORT = 25  # words; a long message with facts that asks nothing is an answer too, if its topic is unsure


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.INTENT_CLASSIFIER, is_trainable=False)
class OpenQuestion(GraphComponent):
    """See the module."""

    def __init__(self) -> None:
        self._table = ArrangementTable.load(Path(CONTENT) / "arrangements.yml")

    @classmethod
    def create(cls, config: dict[str, Any], model_storage: ModelStorage, resource: Resource,
               execution_context: ExecutionContext) -> OpenQuestion:
        """Nothing to configure."""
        return cls()

    def process(self, messages: list[Message]) -> list[Message]:
        """Make an answer of each message that is one: intent `reply.inform`, entity `answer` where it fits one."""
        for message in messages:
            question, text = open_question(message), message.get(TEXT)
            if question and text and not text.startswith("/"):
                self._read(message, question, text)
        return messages

    def _read(self, message: Message, question: str, text: str) -> None:
        answer = self._answer(question, text)
        entities = message.get(ENTITIES, [])
        if answer:
            entities = [*entities, {"entity": "answer", "value": answer, "start": 0, "end": len(text),
                                    "extractor": "OpenQuestion"}]
            message.set(ENTITIES, entities, add_to_output=True)
        told = answer or any(e["entity"] in ("fact", "place") for e in entities)
        if told and not _asks_anew(message, text):
            message.set(INTENT, {"name": INFORM, "confidence": 1.0}, add_to_output=True)

    def _answer(self, question: str, text: str) -> str | None:
        """'<question id>/<number>' of the answer that `text` gives, if it plainly gives one."""
        if question not in self._table.questions:
            return None
        found = self._table.read_answer(question, text)
        if found is None:
            return None
        return f"{question}/{found.number}"


def _asks_anew(message: Message, text: str) -> bool:
    intent = message.get(INTENT) or {}
    name = intent.get("name") or ""
    if name.startswith("reply.") or name == "unclear":
        return False
    long = len(text.split()) > SHORT
    bar = ASKING_ANEW if "?" in text or long else ASKING_ANEW + 0.2
    return float(intent.get("confidence") or 0) >= bar
