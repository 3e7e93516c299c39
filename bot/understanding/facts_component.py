"""What the carer states: her arrangement, the child's age, where she lives … as entities `fact`, `place`, `of_child`."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

import yaml
from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.nlu.extractors.extractor import EntityExtractorMixin
from rasa.shared.nlu.constants import ENTITIES, TEXT
from rasa.shared.nlu.training_data.message import Message

from bot.embedding.classifier import normal
from bot.knowledge.places import PlaceFinder
from bot.understanding.children import Children
from bot.understanding.context import earlier, open_question, today
from bot.understanding.facts import Fact, finder

CONTENT = Path(__file__).resolve().parents[2] / "content"


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.ENTITY_EXTRACTOR, is_trainable=False)
class FactsExtractor(GraphComponent, EntityExtractorMixin):
    """spaCy patterns for facts, the gazetteer for places; nothing is guessed."""

    def __init__(self) -> None:
        self._facts = finder()
        self._places = PlaceFinder.load(CONTENT)
        self._children = Children(yaml.safe_load((CONTENT / "children.yml").read_text(encoding="utf-8")))

    @classmethod
    def create(cls, config: dict[str, Any], model_storage: ModelStorage, resource: Resource,
               execution_context: ExecutionContext) -> FactsExtractor:
        """Nothing to configure."""
        return cls()

    def process(self, messages: list[Message]) -> list[Message]:
        """Add the entities; a message that is an option's payload has none."""
        for message in messages:
            text = message.get(TEXT)
            if text and not text.startswith("/"):
                found = self._told(text, message, asked=open_question(message) == "authority") + self._of_each(text, message)
                message.set(ENTITIES, message.get(ENTITIES, []) + found, add_to_output=True)
            before = [fact for said in earlier(message) for fact in self._told(said, message)]
            if before:
                entity = {"entity": "earlier", "value": before, "start": 0, "end": 0, "extractor": "FactsExtractor"}
                message.set(ENTITIES, [*message.get(ENTITIES, []), entity], add_to_output=True)
        return messages

    def _told(self, text: str, message: Message, asked: bool = False) -> list[dict[str, Any]]:
        return [_fact(f) for f in self._facts.find(text, today(message))] + self._place(text, asked)

    def _of_each(self, text: str, message: Message) -> list[dict[str, Any]]:
        """What is told of each child, where two are spoken of: entity `of_child`."""
        told = {child: [_fact(f)["value"] for f in self._facts.find(said, today(message))]
                for child, said in self._children.told_of(normal(text)).items()}
        if not any(told.values()):
            return []
        return [{"entity": "of_child", "value": {"child": child, "facts": facts}, "start": 0, "end": len(text),
                 "extractor": "FactsExtractor"} for child, facts in told.items()]

    def _place(self, text: str, asked: bool) -> list[dict[str, Any]]:
        where = self._places.find(text, asked=asked)
        if not (where.home or where.elsewhere or where.placing or where.nation):
            return []
        value = {"home": list(where.home), "elsewhere": list(where.elsewhere), "placing": where.placing,
                 "nation": where.nation, "said": where.said}
        return [{"entity": "place", "value": value, "start": 0, "end": len(text), "extractor": "FactsExtractor"}]


def _fact(fact: Fact) -> dict[str, Any]:
    plain = asdict(fact)
    start, end = plain.pop("start"), plain.pop("end")
    return {"entity": "fact", "value": plain, "start": start, "end": end, "extractor": "FactsExtractor"}
