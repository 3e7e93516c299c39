"""How well is a writer understood whose lines were never trained on?

    .venv/bin/python bench/nlu_writers.py [WRITER …]

Trains the project's classifier on all writers but one and tests on that one, for each. Prints the classes
that suffer most, the commonest confusions, a reliability table, and as its last line JSON: accuracy and
top-3 by writer, expected calibration error.
"""

from __future__ import annotations

import json
import sys
from collections import Counter, defaultdict
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from bench.lines import read
from bot.embedding.classifier import TextClassifier
from bot.embedding.model import SentenceEmbedding


def main() -> None:
    """Measure, print."""
    lines, embedding = read(), SentenceEmbedding()
    writers = sys.argv[1:] or sorted(set(lines.writers) - {"us"})
    figures: dict[str, dict[str, float]] = {}
    right: dict[str, list[bool]] = defaultdict(list)
    confused: Counter[tuple[str, str]] = Counter()
    sure: list[tuple[float, bool]] = []
    for writer in writers:
        others, mine = lines.but(writer)
        model = TextClassifier.train(embedding, [lines.texts[i] for i in others], list(lines.labels[others]),
                                     vectors=lines.vectors[others])
        shares = model.probabilities(lines.vectors[mine], [lines.texts[i] for i in mine])
        ranked = np.array(model.classes)[np.argsort(-shares, axis=1)]
        truth = lines.labels[mine]
        figures[writer] = {"lines": len(mine), "accuracy": round(float((ranked[:, 0] == truth).mean()), 4),
                           "top3": round(float((ranked[:, :3] == truth[:, None]).any(axis=1).mean()), 4)}
        for said, wanted, share in zip(ranked[:, 0], truth, shares.max(axis=1), strict=True):
            right[wanted].append(bool(said == wanted))
            sure.append((float(share), bool(said == wanted)))
            if said != wanted:
                confused[wanted, said] += 1
    worst = sorted((float(np.mean(hits)), name) for name, hits in right.items())[:15]
    print("worst classes:", ", ".join(f"{name} {share:.2f}" for share, name in worst))
    print("confusions:", ", ".join(f"{a} > {b} {n}" for (a, b), n in confused.most_common(20)))
    error = 0.0
    for low in np.arange(0, 1, 0.1):
        within = [(s, r) for s, r in sure if low <= s < low + 0.1 or (low > 0.85 and s >= 1)]
        if within:
            said, was = np.mean([s for s, _ in within]), np.mean([r for _, r in within])
            error += len(within) / len(sure) * abs(said - was)
            print(f"said {said:.2f}  was {was:.2f}  n {len(within)}")
    everyone = float(np.mean([r for _, r in sure]))
    print(json.dumps({"writers": figures, "accuracy": round(everyone, 4), "ece": round(error, 4)}))


if __name__ == "__main__":
    main()
