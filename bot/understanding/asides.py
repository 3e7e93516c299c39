"""What a message carries beside its matter: a feeling, a complaint, a language that isn't English, which child is meant.

The words are in content/feelings.yml, complaints.yml, languages.yml and children.yml.
"""

from __future__ import annotations

import re
import unicodedata
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
from bot.knowledge.asides import US
from bot.understanding.children import Children
from bot.understanding.complaints import Complaints
from bot.understanding.facts_component import CONTENT

LANGUAGE, PERSON, URGENT = "assistant.out_of_scope.language", "helpline.talk_to_someone", "urgent."
ENOUGH = 2  # words of a language, each different
MOST = 0.5  # the share of a message's words that must be the language's
SCRIPT = 0.5  # the share of a message's letters that must be in its script


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.ENTITY_EXTRACTOR, is_trainable=False)
class Asides(GraphComponent):
    """See the module."""

    def __init__(self) -> None:
        self._feelings = {name: re.compile("|".join(f"(?:{p})" for p in block["patterns"]))
                          for name, block in _read("feelings").items()}
        self._complaints = Complaints(Path(CONTENT) / "complaints.yml")
        self._children = Children(_read("children"))
        self._languages = _read("languages")
        self._spelt = {name: (frozenset(block["words"]), frozenset(block.get("letters", "")))
                       for name, block in self._languages.items() if "script" not in block}

    @classmethod
    def create(cls, config: dict[str, Any], model_storage: ModelStorage, resource: Resource,
               execution_context: ExecutionContext) -> Asides:
        """Nothing to configure."""
        return cls()

    def process(self, messages: list[Message]) -> list[Message]:
        """Add the entities; another language is an intent of its own, and a complaint about us is a person's but in danger."""
        for message in messages:
            text = message.get(TEXT)
            if text and not text.startswith("/"):
                self._look(message, normal(text))
        return messages

    def _look(self, message: Message, text: str) -> None:
        found = [("feeling", name) for name, pattern in self._feelings.items() if pattern.search(text)][:1]
        complaint = self._complaints.kind(text)
        found += [("complaint", complaint)] if complaint else []
        urgent = (message.get(INTENT) or {}).get("name", "").startswith(URGENT)  # comes before any complaint
        if complaint == US and not urgent:  # which only a person can take
            message.set(INTENT, {"name": PERSON, "confidence": 1.0}, add_to_output=True)
        found += [("child", name) for name in self._children.named(text)]
        language = self.language(text)
        if language:
            found.append(("language", language))
            message.set(INTENT, {"name": LANGUAGE, "confidence": 1.0}, add_to_output=True)
        entities = [{"entity": kind, "value": value, "start": 0, "end": len(text), "extractor": "Asides"}
                    for kind, value in found]
        message.set(ENTITIES, [*message.get(ENTITIES, []), *entities], add_to_output=True)

    def language(self, text: str) -> str | None:
        """The language of `text`, where it plainly is one of those we know and not English."""
        by_script = {name: _script_share(text, block["script"]) for name, block in self._languages.items()
                     if "script" in block and not text.isascii()}
        written = [name for name, share in by_script.items() if share > SCRIPT]
        if written:
            return max(written, key=lambda name: sum(text.count(c) for c in self._languages[name].get("letters", "")))
        words = re.findall(r"[^\W\d_]+", text)
        known = {name: [word for word in words if word in its_words or not letters.isdisjoint(word)]
                 for name, (its_words, letters) in self._spelt.items()}
        counts = {name: len(set(found)) for name, found in known.items()}
        best = max(counts, key=lambda name: counts[name])
        spoken = len(known[best])
        return best if counts[best] >= ENOUGH and spoken >= MOST * len(words) else None


def _script_share(text: str, script: str) -> float:
    """Of the letters of `text`, those in a script."""
    other = [c for c in text if not c.isascii()]
    return sum(unicodedata.name(c, "").startswith(script) for c in other) / max(1, sum(c.isalpha() for c in text))


def _read(name: str) -> dict[str, Any]:
    read: dict[str, Any] = yaml.safe_load((Path(CONTENT) / f"{name}.yml").read_text(encoding="utf-8"))
    return read
