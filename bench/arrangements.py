"""How often is the arrangement found in a message whose writer was never learned from, and how often made up?

    .venv-rasa/bin/python bench/arrangements.py [WRITER …] [FILE.yml|FILE.jsonl …]

For each writer of nlu/arrangements/ (or those named) learns from all others and reads that one's messages as Rasa does:
by patterns, then a second time by the classifier. A file holds rows of {text, arrangement}; it is read by what was
learned from everybody. Prints, for the patterns alone and for both, the shares found, found as another, missed and (of
messages that state none) made up. JSON last.
"""

from __future__ import annotations

import json
import sys
from collections import Counter, defaultdict
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import yaml

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from bench.facts import read as labelled
from bench.facts import verdict
from bot.embedding.classifier import TextClassifier, normal
from bot.embedding.lines import listed
from bot.embedding.model import SentenceEmbedding
from bot.embedding.parts import parts
from bot.safeguarding.detector import SAFE
from bot.safeguarding.training import examples
from bot.understanding.facts import FactFinder
from bot.understanding.needs import NeedsClassifier
from bot.understanding.told_arrangement import ARRANGEMENT, LINES, NOTHING, ToldArrangement, marked, second_reading, stated_in

CONFIG = ToldArrangement.get_default_config()


class Told(NamedTuple):
    """A message, what it tells, who wrote it, what the patterns named, and its vectors with its sentences'."""

    text: str
    label: str
    writer: str
    named: list[str]
    sentences: list[str]
    vectors: np.ndarray


def main() -> None:
    """Measure, print."""
    facts, embedding = FactFinder(), SentenceEmbedding()

    def prepared(text: str, label: str, writer: str) -> Told:
        sentences = [normal(part) for part in parts(text, NeedsClassifier.get_default_config()["part_words"])]
        vectors = embedding.embed_with_parts(normal(text), sentences)
        return Told(text, label, writer, stated_in(facts, text), sentences, vectors)

    ours = [prepared(*row) for row in lines()]
    asked = [prepared(text, "none", "") for text in topics()]
    learned = [*ours, *(one for one in asked if not one.named)]
    paths = [Path(name) for name in sys.argv[1:] if Path(name).is_file()]
    writers = [name for name in sys.argv[1:] if not Path(name).is_file()] or sorted({one.writer for one in ours})
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    for writer in writers:
        model = learn([one for one in learned if one.writer != writer])
        tally(model, [one for one in learned if one.writer == writer], counts, "writers")
    for path in paths:
        rows = [prepared(row["text"], row.get(ARRANGEMENT) or "none", "") for row in labelled(path)]
        tally(learn(learned), rows, counts, path.stem)
    figures = {name: shares(count) for name, count in counts.items()}
    for name, share in figures.items():
        print(name, share)
    print(json.dumps({"lines": len(ours), **figures}))


def lines() -> list[tuple[str, str, str]]:
    """(text, arrangement, writer) of nlu/arrangements."""
    blocks = [block for path in sorted(LINES.glob("*.yml")) for block in yaml.safe_load(path.read_text("utf-8"))[ARRANGEMENT]]
    return [(text, b["told"], b["metadata"]["writer"]) for b in blocks for text in listed(b["examples"])]


def topics() -> list[str]:
    """Topics' lines, as many as the component learns from."""
    known = examples(LINES.parent)
    return [text for name, texts in known.items() if name != SAFE for text in texts][:: CONFIG["every"]]


def learn(told: list[Told]) -> TextClassifier:
    """As the component's training does."""
    texts = [marked(one.text, one.named) for one in told]
    vectors = np.stack([one.vectors[0] for one in told])
    return TextClassifier.train(SentenceEmbedding(), texts, [one.label for one in told], vectors=vectors)


def tally(model: TextClassifier, told: list[Told], counts: dict[str, Counter[str]], name: str) -> None:
    """Count the verdicts on each message; one too short for the second reading has the patterns' alone."""
    for one in told:
        both = one.named
        if len(one.text.split()) >= CONFIG["words"]:
            both = second_reading(model, CONFIG, [one.text, *one.sentences], one.vectors, one.named)
        want = None if one.label in NOTHING else one.label
        for kind, got in (("patterns", one.named), ("both", both)):
            counts[f"{name}, {kind}"][verdict(want, [arrangement for arrangement in got if arrangement not in NOTHING])] += 1


def shares(count: Counter[str]) -> dict[str, Any]:
    """Of the messages that state one: right, wrong, missed; of the others: invented."""
    states, none = sum(count[k] for k in ("right", "wrong", "missed")), count["none"] + count["invented"]
    return {"states": states, **{k: round(count[k] / max(states, 1), 3) for k in ("right", "wrong", "missed")},
            "none": none, "invented": round(count["invented"] / max(none, 1), 3)}


if __name__ == "__main__":
    main()
