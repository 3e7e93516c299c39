"""What is remembered of a conversation: Rasa's slots as one typed object, and back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any

from rasa_sdk.events import SlotSet

from bot.knowledge.situation import Situation

# Facts with a slot of their own; every other fact belongs to the arrangement table (`situation`).
OWN_SLOT = frozenset({"arrangement", "relationship", "child_age", "previously_looked_after"})


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
    given: list[str] = field(default_factory=list)
    waiting_topic: str | None = None
    turn: int = 0
    unclear: int = 0
    unsure: int = 0

    @classmethod
    def from_slots(cls, slots: Mapping[str, Any]) -> Memory:
        """The memory kept in `slots`; a slot that is not set has its default."""
        kept = {f.name: slots[f.name] for f in fields(cls) if slots.get(f.name) is not None}
        memory = cls(**kept)
        memory.turn, memory.unclear, memory.unsure = int(memory.turn), int(memory.unclear), int(memory.unsure)
        memory.asked, memory.given, memory.situation = list(memory.asked), list(memory.given), dict(memory.situation)
        return memory

    def events(self, slots: Mapping[str, Any]) -> list[dict[str, Any]]:
        """`SlotSet` events for everything that is no longer as in `slots`."""
        mine = {f.name: getattr(self, f.name) for f in fields(self)}
        changed = {name: value for name, value in mine.items() if value != slots.get(name)}
        return [SlotSet(name, value) for name, value in changed.items()
                if slots.get(name) is not None or value not in (None, [], {})]

    def learn(self, name: str, value: Any) -> None:
        """Take one stated fact; what the carer says now replaces what she said before."""
        if name == "child_age":
            self.child_age = list(value) if isinstance(value, list) else [value]
        elif name in OWN_SLOT:
            setattr(self, name, value)
        else:
            self.situation[name] = str(value)

    def situated(self, now: Any) -> Situation:
        """What look-ups need to know."""
        return Situation(on=now.date(), arrangement=self.arrangement, authority=self.authority,
                         previously_looked_after=self.previously_looked_after, ages=tuple(self.child_age or ()))

    def known(self) -> dict[str, Any]:
        """The facts that the arrangement table can use."""
        return {"arrangement": self.arrangement, "child_age": self.child_age, "relationship": self.relationship,
                "previously_looked_after": self.previously_looked_after}

    def forget_family(self) -> None:
        """'Start again': everything about the family goes, the count of turns stays."""
        turn = self.turn
        self.__init__(turn=turn)  # type: ignore[misc]  # back to the defaults, in place
