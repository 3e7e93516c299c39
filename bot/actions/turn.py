"""One turn as an action sees it: what was understood, what is remembered, and the knowledge to answer from."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from rasa_sdk import Tracker

from bot.actions.memory import Memory
from bot.knowledge.arrangements import ArrangementTable
from bot.knowledge.base import KnowledgeBase
from bot.knowledge.situation import Situation

# Arrangements that nobody names: they follow from other facts, so the table has the last word on them.
INFERRED = frozenset({"informal", "private_fostering", "prospective"})
# Intents by which a carer tells or puts right where she lives.
TELLING = ("reply.", "assistant.correction.")


@dataclass(frozen=True)
class Knowledge:
    """What every action answers from; loaded once."""

    base: KnowledgeBase
    table: ArrangementTable


@dataclass
class Turn:
    """Made by `read`; the actions change `memory` only."""

    knowledge: Knowledge
    memory: Memory
    text: str
    intent: str
    now: datetime
    needs: list[str] = field(default_factory=list)
    maybe: list[str] = field(default_factory=list)  # what a doubtful message might have asked instead
    answer: str | None = None
    facet: str | None = None
    learned: list[str] = field(default_factory=list)
    choices: list[str] = field(default_factory=list)
    nation: str | None = None

    @classmethod
    def read(cls, tracker: Tracker, knowledge: Knowledge) -> Turn:
        """The turn in `tracker`, its stated facts already taken into memory."""
        turn = cls.without_message(tracker, knowledge)
        for entity in tracker.latest_message.get("entities") or []:
            turn._take(entity["entity"], entity["value"])
        return turn

    @classmethod
    def without_message(cls, tracker: Tracker, knowledge: Knowledge) -> Turn:
        """The turn with its intent, but nothing that was said taken in: enough to say sorry."""
        message = tracker.latest_message
        stamp = (message.get("metadata") or {}).get("now")
        turn = cls(
            knowledge=knowledge,
            memory=Memory.from_slots(tracker.slots),
            text=message.get("text") or "",
            intent=(message.get("intent") or {}).get("name") or "unclear",
            now=datetime.fromisoformat(stamp) if stamp else datetime.now(UTC),
        )
        turn.memory.turn += 1
        return turn

    def _take(self, entity: str, value: Any) -> None:
        if entity == "need":
            self.needs.append(value)
        elif entity == "maybe":
            self.maybe.append(value)
        elif entity == "answer":
            self.answer = value
        elif entity == "facet":
            self.facet = value
        elif entity == "fact":
            self._learn(value["name"], value["value"])
        elif entity == "authority":
            self._learn_home([value])
        elif entity == "place":
            self.nation = value["nation"]
            self._learn_home(value["home"])

    def _learn(self, name: str, value: Any) -> None:
        if name == "arrangement" and value in INFERRED and self._being_worked_out(value):
            return
        self.memory.learn(name, value)
        self.learned.append(name)

    def _being_worked_out(self, value: str) -> bool:
        """Is the table at it, or does the child live here already? Then a guess from one sentence is no news."""
        lives_here = self.memory.situation.get("duration") not in (None, "not_yet") or self.memory.arrangement
        return self.memory.open_question in self.knowledge.table.questions or (value == "prospective" and bool(lives_here))

    def _learn_home(self, councils: list[str]) -> None:
        known = self.memory.authority
        if known and known not in councils and not self.intent.startswith(TELLING):
            return  # 'is it Leeds too?' asks about Leeds; it does not move house
        if len(councils) == 1:
            self.memory.authority = councils[0]
            self.learned.append("authority")
        elif self.memory.authority not in councils:
            self.choices = councils

    @property
    def situation(self) -> Situation:
        """What is known now, for look-ups."""
        return self.memory.situated(self.now)

    def say(self, name: str, /, **values: object) -> str:
        """A sentence of content/words.yml, worded by the turn."""
        return self.knowledge.base.say(name, self.now.date(), self.memory.turn, **values)

    def council_name(self, slug: str) -> str:
        """'Rotherham' for 'rotherham'."""
        return self.knowledge.base.authorities[slug].short_name


def topic_of(intent: str) -> str:
    """The taxonomy's topic behind an intent: 'assistant.greeting' for 'assistant.greeting.thanks'."""
    return ".".join(intent.split(".")[:2])
