"""What is said to a feeling, in another language, and of one child among several: the words of three small files.

How each is heard is in the same files, and is Rasa's part (bot/understanding/asides.py).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from bot.knowledge.source_lines import Document

US = "us"  # the kind of complaint that is about the assistant, the helpline or its people


@dataclass(frozen=True)
class Asides:
    """`feelings`: sentences by feeling. `languages`: what is said in each. `children`: how each is called."""

    feelings: Mapping[str, tuple[str, ...]]
    languages: Mapping[str, str]
    children: Mapping[str, str]

    @classmethod
    def load(cls, content: Path) -> Asides:
        """From the files in `content`; raises `ContentError` or `KeyError`."""
        feelings, languages, children = (Document(content / f"{name}.yml").data
                                         for name in ("feelings", "languages", "children"))
        return cls({name: tuple(block["says"]) for name, block in feelings.items()},
                   {name: block["says"] for name, block in languages.items()},
                   {name: block["called"] for name, block in children.items()})
