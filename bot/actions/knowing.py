"""What we think we know of the family, in words the carer can put right."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from bot.actions.memory import Memory
from bot.actions.turn import Turn

FACTS = ("arrangement", "authority", "relationship", "child_age", "previously_looked_after")


def all_known(turn: Turn) -> str:
    """What is known of the family, child by child where there are several."""
    memory, called = turn.memory, turn.knowledge.base.children
    if not memory.children or memory.child is None:
        return known_facts(turn)
    of_each = {memory.child: memory}
    for child, kept in memory.children.items():
        of_each.setdefault(child, replace(Memory(), **kept))
    said = [known_facts(turn, ["authority"])]
    for child, known in of_each.items():
        facts = known_facts(turn, FACTS, replace(known, authority=None))
        said.append(turn.say("known.of_child", child=called[child], facts=facts) if facts else "")
    return "; ".join(filter(None, said))


def known_facts(turn: Turn, names: Collection[str] = FACTS, memory: Memory | None = None) -> str:
    """'you have a Special Guardianship Order (SGO), your council is Rotherham'; empty where nothing is known."""
    memory = memory or turn.memory
    said = []
    if "arrangement" in names and memory.arrangement:
        said.append(turn.say("known.arrangement", value=turn.say(f"arrangement_names.{memory.arrangement}")))
    if "authority" in names and memory.authority:
        said.append(turn.say("known.authority", value=turn.council_name(memory.authority)))
    if "relationship" in names and f"relationships.{memory.relationship}" in turn.knowledge.base.words:
        said.append(turn.say("known.relationship", value=turn.say(f"relationships.{memory.relationship}")))
    if "child_age" in names and memory.child_age:
        said.append(turn.say("known.child_age", value=", ".join(str(age) for age in memory.child_age)))
    if "previously_looked_after" in names and memory.previously_looked_after is not None:
        said.append(turn.say(f"known.looked_after_{'yes' if memory.previously_looked_after else 'no'}"))
    return ", ".join(said)
