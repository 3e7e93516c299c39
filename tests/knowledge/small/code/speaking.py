"""A program that asks for the sentences of words.yml."""

from typing import Any


def hello(turn: Any) -> list[str]:
    """What it says."""
    return [turn.say("greet"), turn.say("answer.next_step", text=""), *turn.ways("menu"), turn.ways("figure.check_at")[0]]
