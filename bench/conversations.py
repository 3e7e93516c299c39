"""How often the topic of a message in a conversation is found: by the message alone, and weighed with what was spoken of.

    .venv-rasa/bin/python bench/conversations.py

Each writer's conversations of nlu/talks are read by what was learned from all the others'.
"""

from __future__ import annotations

import json
import sys
from collections import defaultdict
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from rasa.core.agent import Agent

from bot.embedding.model import shared
from bot.understanding.in_conversation import Groups, lessons
from bot.understanding.needs import NeedsClassifier
from bot.understanding.talks import GOES_BACK, GOES_ON, NEW
from bot.understanding.weighing import learn, weighed


def main() -> None:
    """Print the shares, of all and of each kind of message."""
    classifier = next(one for one in components() if isinstance(one, NeedsClassifier))._trained
    groups = Groups(classifier.classes)
    _, said, signs, _ = lessons(shared(), classifier, groups)
    topics = groups.candidates(())
    right: dict[str, list[tuple[bool, bool]]] = defaultdict(list)
    for writer in sorted({line.writer for line in said}):
        others = [n for n, line in enumerate(said) if line.writer != writer]
        weights = learn([said[n] for n in others], [signs[n] for n in others], topics)
        for line, of in zip(said, signs, strict=True):
            if line.writer == writer and line.kind in (GOES_ON, GOES_BACK, NEW):
                shares = weighed(weights, topics, of, line.spoken)
                by_itself = max(topics, key=lambda topic: of.alone.get(topic, 0.0))
                right[line.kind].append((by_itself in (line.topic, *line.also),
                                         max(shares, key=lambda name: shares[name]) in (line.topic, *line.also)))
    right["all"] = [pair for pairs in list(right.values()) for pair in pairs]
    for kind, pairs in right.items():
        by_itself, with_the_rest = np.mean(pairs, axis=0).round(3).tolist()
        print(json.dumps({"kind": kind, "messages": len(pairs), "alone": by_itself, "weighed": with_the_rest}))


def components() -> list[Any]:
    """Those of models/signpost.tar.gz."""
    graph = Agent.load("models/signpost.tar.gz").processor.graph_runner  # type: ignore[union-attr]
    return [node._component for node in graph._instantiated_nodes.values()]  # type: ignore[attr-defined]


if __name__ == "__main__":
    main()
