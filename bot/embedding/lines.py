"""The training lines of a block, as Rasa's files have them: `- ` before each."""

from __future__ import annotations


def listed(block: str) -> list[str]:
    """The lines, in order, without what marks them."""
    return [line[2:].strip() for line in block.splitlines() if line.startswith("- ")]
