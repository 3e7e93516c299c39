"""One turn as an action sees it: what was understood, what is remembered, and the knowledge to answer from."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from rasa_sdk import Tracker

from bot.actions.memory import OF_ALL_CHILDREN, Memory
from bot.knowledge.arrangement_slots import ARRANGEMENTS
from bot.knowledge.arrangements import ArrangementTable
from bot.knowledge.base import KnowledgeBase
from bot.knowledge.situation import Situation

# Arrangements that nobody names: they follow from other facts, so the table has the last word on them.
INFERRED = frozenset({"informal", "private_fostering", "prospective"})
# Intents by which a carer tells or puts right where she lives.
TELLING = ("reply.", "assistant.correction.")
SHORT = 25  # words; a longer message tells a story, and a place in it is part of the story


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
    elsewhere: str | None = None  # a council spoken of that isn't the family's
    passages: dict[str, list[list[Any]]] = field(default_factory=dict)
    feeling: str | None = None
    complaint: str | None = None  # about us, or about somebody else
    language: str | None = None
    named: list[str] = field(default_factory=list)  # children
    turned: bool = False  # to another child
    before: str | None = None  # the arrangement known before this message
    was: Situation | None = None  # what was known before it, for look-ups

    @classmethod
    def read(cls, tracker: Tracker, knowledge: Knowledge) -> Turn:
        """The turn in `tracker`, its stated facts already taken into memory."""
        turn = cls.without_message(tracker, knowledge)
        entities = tracker.latest_message.get("entities") or []
        turn.named = [e["value"] for e in entities if e["entity"] == "child"]
        was_of, turn.was = turn.memory.child, turn.situation
        turn._turn_to_child()
        of_each = [e["value"] for e in entities if e["entity"] == "of_child"]
        turn._take_of_each(of_each)
        turn.turned = was_of is not None and turn.memory.child != was_of
        turn._take_earlier([told for e in entities if e["entity"] == "earlier" for told in e["value"]])
        turn.before = turn.memory.arrangement
        for entity in entities:
            mixed = of_each and entity["entity"] == "fact" and entity["value"]["name"] not in OF_ALL_CHILDREN
            if not mixed:
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

    def _turn_to_child(self) -> None:
        """A child named where others are spoken of is the one meant now."""
        memory = self.memory
        if len(self.named) == 1 and (memory.children or (memory.child and memory.child != self.named[0])):
            memory.change_child(self.named[0])
        elif len(self.named) == 1 and not memory.child:
            memory.child = self.named[0]

    def _take_of_each(self, told: list[dict[str, Any]]) -> None:
        """What was told of each of several children is kept with that child, beside what was told before any was named.

        From then on the one is spoken of of whom nothing is told, for she asks about that one; else the first one named.
        """
        if told:
            self.memory.hold_of_all([of["child"] for of in told])
        for of in reversed(told):
            self.memory.change_child(of["child"])
            for fact in of["facts"]:
                self._learn(fact["name"], fact["value"])
        asked = next((of["child"] for of in reversed(told) if not of["facts"]), None)
        if asked:
            self.memory.change_child(asked)

    def _take_earlier(self, told: list[dict[str, Any]]) -> None:
        """Facts of messages that were answered as danger: known from now on, and no news in this turn."""
        for entity in told:
            self._take(entity["entity"], entity["value"])
        self.learned, self.choices, self.elsewhere, self.nation = [], [], None, None

    def _take(self, entity: str, value: Any) -> None:
        if entity in ("answer", "facet", "feeling", "complaint", "language", "passages"):
            setattr(self, entity, value)
        elif entity == "need":
            self.needs.append(value)
        elif entity == "maybe":
            self.maybe.append(value)
        elif entity == "fact":
            self._learn(value["name"], value["value"])
        elif entity == "authority":
            self._learn_home([value])
        elif entity == "place":
            self._learn_place(value)

    def _learn(self, name: str, value: Any) -> None:
        chosen = self.text.startswith("/")  # put right on the page, not read from a sentence
        if name == "arrangement" and chosen:
            told_by_it = {fact for known in ARRANGEMENTS.values() for fact in known}
            self.memory.situation = {k: v for k, v in self.memory.situation.items() if k not in told_by_it}
        elif name == "arrangement" and value in INFERRED and self._being_worked_out(value):
            return
        self.memory.learn(name, value)
        self.learned.append(name)

    def _being_worked_out(self, value: str) -> bool:
        """Is the table at it, or does the child live here already? Then a guess from one sentence is no news."""
        spoken = self.memory.situation.get("duration") not in (None, "not_yet") or self.memory.arrangement or self.memory.topic
        return self.memory.open_question in self.knowledge.table.questions or (value == "prospective" and bool(spoken))

    def _learn_place(self, value: dict[str, Any]) -> None:
        self.nation = value["nation"]
        if value.get("placing"):
            self.memory.placing = value["placing"]
            self.learned.append("placing")
        if value["elsewhere"]:
            self.elsewhere = value["elsewhere"][0]
        self._learn_home(value["home"])

    def _learn_home(self, councils: list[str]) -> None:
        known = self.memory.authority
        if known and known not in councils and not self._moves_house():
            self.elsewhere = councils[0] if councils else self.elsewhere
            return  # 'is it Leeds too?' asks about Leeds; it does not move house
        if len(councils) == 1:
            self.memory.authority = councils[0]
            self.learned.append("authority")
        elif known is None:
            self.choices = councils
        else:
            self.elsewhere = self._other_region(known, councils)

    def _other_region(self, known: str, councils: list[str]) -> str | None:
        """'The London Richmond' said in Yorkshire: the namesake whose region is named."""
        regions = {slug: self.knowledge.base.authorities[slug].region.casefold() for slug in councils}
        said = self.text.casefold()
        return next((slug for slug, region in regions.items() if slug != known and region in said), None)

    def _moves_house(self) -> bool:
        """Does a second place put right where she lives? A question about it doesn't."""
        return self.intent.startswith(TELLING) and "?" not in self.text

    @property
    def asks_elsewhere(self) -> bool:
        """Is it a short question about a council that isn't the family's, on what is being spoken of?"""
        return self.elsewhere is not None and self.memory.topic is not None and len(self.text.split()) <= SHORT

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
