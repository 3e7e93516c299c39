"""A program that asks for the sentences of words.yml."""

from typing import Any


def hello(turn: Any) -> list[str]:
    """What it says."""
    hints = [turn.ways("figure.check_at")[0], turn.ways("figure.year")[0]]
    return [turn.say("greet"), turn.say("answer.next_step", text=""), *turn.ways("menu"), *hints,
            turn.say(f"facet_labels.{turn.facet}")]
