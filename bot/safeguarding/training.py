"""Trains the danger detector from the examples under nlu/: its own near misses, and every topic's lines."""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path
from typing import Any

import yaml

from bot.embedding.lines import listed
from bot.embedding.model import SentenceEmbedding
from bot.safeguarding.detector import SAFE, train


def examples(folder: Path) -> dict[str, list[str]]:
    """Lines by class, from Rasa's training files and `not_danger.yml`."""
    found: dict[str, list[str]] = defaultdict(list)
    for path in sorted(folder.glob("*.yml")):
        data: dict[str, Any] = yaml.load(path.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader) or {}
        for block in data.get("nlu", []):
            found[block["intent"]] += listed(block["examples"])
        for block in data.get(SAFE, []):
            found[SAFE] += listed(block["examples"])
    return dict(found)


def train_from(folder: Path, target: Path) -> int:
    """Train on `folder` and write `target` (.npz); gives the number of lines."""
    lines = examples(folder)
    train(SentenceEmbedding(), lines).save(target)
    return sum(map(len, lines.values()))
