"""Danger found and false alarms, on lines whose writer the detector never saw.

    .venv/bin/python bench/danger.py [WRITER …]

Trains the detector's classifier on all writers but one and reads that one's lines, whole; for each, or for those named.
Prints a table by threshold (recall over the urgent classes; false alarms over all else, and over the near misses), and
as its last line JSON with the figures at the threshold in use. Phrases that always count are included.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from bench.lines import NLU, read
from bot.embedding.classifier import TextClassifier
from bot.embedding.model import SentenceEmbedding
from bot.safeguarding.detector import SAFE, THRESHOLD, URGENT, Phrases


def main() -> None:
    """Measure, print."""
    lines, embedding = read(also=(SAFE,)), SentenceEmbedding()
    phrases = Phrases.load(NLU.parent / "content" / "danger.yml")
    score = np.zeros(len(lines.texts))
    writers = sys.argv[1:] or sorted(set(lines.writers) - {"us"})
    for writer in writers:
        others, mine = lines.but(writer)
        model = TextClassifier.train(embedding, [lines.texts[i] for i in others], list(lines.labels[others]),
                                     vectors=lines.vectors[others])
        urgent = [i for i, name in enumerate(model.classes) if name.startswith(URGENT)]
        score[mine] = model.probabilities(lines.vectors[mine], [lines.texts[i] for i in mine])[:, urgent].sum(axis=1)
    certain = np.array([phrases.topic(phrases.without_idioms(text)) is not None for text in lines.texts])
    danger, near, read_here = np.char.startswith(lines.labels, URGENT), lines.labels == SAFE, np.isin(lines.writers, writers)
    figures = {}
    for threshold in sorted({0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.8, THRESHOLD}):
        alarm = (score >= threshold) | certain
        figures[threshold] = {"recall": round(float(alarm[danger & read_here].mean()), 4),
                              "false_alarm": round(float(alarm[~danger & read_here].mean()), 4),
                              "false_alarm_near_misses": round(float(alarm[near & read_here].mean()), 4)}
        print(threshold, figures[threshold])
    print(json.dumps({"threshold": THRESHOLD, **figures[THRESHOLD], "urgent_lines": int((danger & read_here).sum())}))


if __name__ == "__main__":
    main()
