"""What is remembered of a conversation: Rasa's slots as one typed object, and back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, field, fields
from typing import Any

from rasa_sdk.events import SlotSet

from bot.knowledge.situation import Situation

# Facts with a slot of their own; every other fact belongs to the arrangement table (`situation`).
OWN_SLOT = frozenset({"arrangement", "relationship", "child_age", "previously_looked_after"})
# What is kept for each child where the carer speaks of several.
OF_A_CHILD = ("arrangement", "relationship", "child_age", "previously_looked_after", "situation", "placing", "asked")
OF_ALL_CHILDREN = frozenset({"is_parent", "children_count"})  # facts that are the carer's, whichever child is spoken of
MOST_RECENT = 6  # topics


@dataclass
class Memory:
    """The slots of domain.yml, one field each."""

    arrangement: str | None = None
    authority: str | None = None
    relationship: str | None = None
    child_age: list[int] = field(default_factory=list)
    previously_looked_after: bool | None = None
    situation: dict[str, str] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    open_question: str | None = None
    topic: str | None = None
    facet: str | None = None
    given: dict[str, list[str]] = field(default_factory=dict)
    recent: list[str] = field(default_factory=list)
    entry: str | None = None
    said: str | None = None
    placing: str | None = None
    told: str | None = None
    helped: bool | None = None
    felt: int | None = None
    child: str | None = None
    children: dict[str, dict[str, Any]] = field(default_factory=dict)
    waiting_topic: str | None = None
    turn: int = 0
    unclear: int = 0
    unsure: int = 0

    @classmethod
    def from_slots(cls, slots: Mapping[str, Any]) -> Memory:
        """The memory kept in `slots`, copied; a slot that is not set, or of another shape, has its default."""
        memory = cls()
        for f in fields(cls):
            value, default = slots.get(f.name), getattr(memory, f.name)
            if isinstance(value, float) and value.is_integer():
                value = int(value)  # Rasa keeps numbers as floats
            if value is not None and (not isinstance(default, (list, dict)) or isinstance(value, type(default))):
                setattr(memory, f.name, deepcopy(value))
        return memory

    def events(self, slots: Mapping[str, Any]) -> list[dict[str, Any]]:
        """`SlotSet` events for everything that is no longer as in `slots`."""
        mine = {f.name: getattr(self, f.name) for f in fields(self)}
        changed = {name: value for name, value in mine.items() if value != slots.get(name)}
        return [SlotSet(name, value) for name, value in changed.items()
                if slots.get(name) is not None or value not in (None, [], {})]

    def learn(self, name: str, value: Any) -> None:
        """Take one stated fact; what the carer says now replaces what she said before."""
        ages = value if isinstance(value, list) else [value]
        if name == "child_age" and all(isinstance(age, int) for age in ages):
            self.child_age = list(ages)
        elif name in OWN_SLOT and name != "child_age":  # an age in words, such as 'under 16', only the table can use
            setattr(self, name, value)
        else:
            self.situation[name] = str(value)

    @property
    def is_parent(self) -> bool:
        """Has a parent, not a carer, said so?"""
        return self.situation.get("is_parent") == "True"

    def situated(self, now: Any) -> Situation:
        """What look-ups need to know."""
        return Situation(on=now.date(), arrangement=self.arrangement, authority=self.authority,
                         previously_looked_after=self.previously_looked_after, ages=tuple(self.child_age or ()))

    def known(self) -> dict[str, Any]:
        """The facts that the arrangement table can use."""
        return {"arrangement": self.arrangement, "child_age": self.child_age, "relationship": self.relationship,
                "previously_looked_after": self.previously_looked_after}

    def speak_of(self, topic: str, facet: str) -> None:
        """Note what was said, so that 'how do I apply?' and 'back to the school' find it."""
        self.topic, self.facet = topic, facet
        self.recent = [topic, *(t for t in self.recent if t != topic)][:MOST_RECENT]
        said = self.given.get(topic, [])
        self.given = {t: f for t, f in self.given.items() if t in self.recent} | {topic: [*said, facet]}

    def has_said(self, topic: str, facet: str) -> bool:
        """Was this part of the topic said before, as far as is remembered?"""
        return facet in self.given.get(topic, [])

    def change_child(self, child: str) -> None:
        """From now on another child is spoken of: what was known of the one before is put away with that one."""
        if child == self.child:
            return
        if self.child:
            self.children = {**self.children, self.child: {name: getattr(self, name) for name in OF_A_CHILD}}
        known = self.children.get(child)
        carers = {name: value for name, value in self.situation.items() if name in OF_ALL_CHILDREN}
        if self.child or known:
            blank = Memory()
            for name in OF_A_CHILD:
                setattr(self, name, deepcopy((known or {}).get(name, getattr(blank, name))))
            self.situation |= carers
            self.given, self.told = {}, None
        self.child = child

    def hold_of_all(self, children: Sequence[str]) -> None:
        """What was known before any child was named holds of each of these."""
        if self.child is None:
            known = {name: getattr(self, name) for name in OF_A_CHILD}
            self.children = {child: deepcopy(known) for child in children} | self.children

    def forget_family(self) -> None:
        """'Start again': everything about the family goes; the count of turns, and what is asked once only, stay."""
        turn, helped, said = self.turn, self.helped, self.said
        self.__init__(turn=turn, helped=helped, said=said)  # type: ignore[misc]  # back to the defaults, in place
