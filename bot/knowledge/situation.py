"""What is known of a carer when an answer is looked up."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date

from bot.knowledge.schema import When


@dataclass(frozen=True)
class Situation:
    """The facts that can change an answer; None or empty where not known."""

    on: date
    arrangement: str | None = None
    authority: str | None = None
    previously_looked_after: bool | None = None
    ages: tuple[int, ...] = field(default=())

    def meets(self, when: When) -> bool:
        """Does everything `when` asks for hold? What is not known does not hold."""
        if when.arrangement and (self.arrangement or "unknown") not in when.arrangement:
            return False
        if when.previously_looked_after is not None and when.previously_looked_after != self.previously_looked_after:
            return False
        ages = when.child_age
        return ages is None or any(ages.from_ <= age <= ages.to for age in self.ages)
