"""How often the part of an answer that was asked for is chosen, where the topic is known.

    .venv-rasa/bin/python bench/parts.py

Each message of nlu/talks that is labelled with a part is read by what was learned from all other writers' conversations and
from nlu/asked; the part is chosen as for a carer without an arrangement.
"""

from __future__ import annotations

import json
import sys
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from rasa.shared.nlu.training_data.message import Message

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from bench.conversations import components
from bot.embedding.classifier import normal
from bot.embedding.kept import embed_kept
from bot.embedding.model import shared
from bot.understanding.context import EMBEDDING, PARTS_ASKED
from bot.understanding.in_conversation import Groups, lessons
from bot.understanding.needs import NeedsClassifier, _parts_asked
from bot.understanding.passages import NEXT_STEP, Passages, _words

GENERAL, SAID, ANSWER_SAID = 0.4, 0.35, 0.6  # of bot/actions/choosing.py, which is of another environment
ANSWER = "answer"


def main() -> None:
    """Print the shares, of all and of each kind of message."""
    right: dict[str, list[bool]] = defaultdict(list)
    for kind, wanted, chosen in choices():
        right[kind].append(wanted == chosen)
    right["all"] = [one for ones in list(right.values()) for one in ones]
    for kind, ones in right.items():
        print(json.dumps({"kind": kind, "messages": len(ones), "right": round(float(np.mean(ones)), 3)}))


def choices() -> Iterator[tuple[str, str, str]]:
    """(kind, the part that was asked for, the part that is chosen) of each labelled message."""
    known = components()
    classifier = next(one for one in known if isinstance(one, NeedsClassifier))._trained
    passages = next(one for one in known if isinstance(one, Passages))
    alike, said, _, parts = lessons(shared(), classifier, Groups(classifier.classes))
    names = [str(name).split("/") for name in alike["parts"].tolist()]
    texts = [normal(line.text) for line in said]
    vectors = embed_kept(shared(), texts)
    given: dict[str, list[str]] = {}
    for line, likely, vector, alone in zip(said, parts, vectors, classifier.probabilities(vectors, texts), strict=True):
        given = given if line.spoken else {}  # a new conversation
        if line.topic is None:
            continue
        before = given.setdefault(line.topic, [])
        if line.facet:
            message = Message({EMBEDDING: vector, PARTS_ASKED: _parts_asked(classifier.classes, alone)})
            learned = {facet: float(share) for (topic, facet), share in zip(names, likely, strict=True) if topic == line.topic}
            found = passages._best(line.topic, _words(line.text), message, learned)
            score = {facet: near + (GENERAL if facet == ANSWER else 0.0)
                     - ((ANSWER_SAID if facet == ANSWER else SAID) if facet in before else 0.0)
                     for entry, facet, near in found if entry == line.topic and facet != NEXT_STEP}
            yield line.kind, line.facet, max(score, key=lambda facet: score[facet])
        before.append(line.facet or ANSWER)


if __name__ == "__main__":
    main()
