"""How often the part of an answer is found that a message asks for: by its sentences' nearness, and as learned.

    .venv-rasa/bin/python bench/asked_parts.py

Each writer's lines of nlu/asked are read by what was learned from all the others'.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from bot.embedding.classifier import normal
from bot.embedding.kept import embed_kept
from bot.embedding.model import shared
from bot.understanding.alike_lines import AlikeLines
from bot.understanding.passages import AS_ASKED
from bot.understanding.talks import talks
from bot.understanding.titles import asked, passages


def main() -> None:
    """Print the shares."""
    lines, said = list(asked()), list(talks())
    texts = [normal(line.text) for line in (*lines, *said)]
    parts = [(line.topic, line.facet) for line in lines]
    meaning = embed_kept(shared(), texts)
    near = _nearness(meaning, parts)
    right = {"by nearness": 0, "as learned": 0, "both": 0}
    for writer in sorted({line.writer for line in lines}):
        seen = [n for n, line in enumerate(lines) if line.writer != writer]
        rows = [*seen, *range(len(lines), len(texts))]
        learned = AlikeLines(AlikeLines.learn([lines[n] for n in seen], said, [texts[n] for n in rows], meaning[rows]).arrays)
        for n in sorted(set(range(len(lines))) - set(seen)):
            topic, facet = parts[n]
            score = learned.parts(learned.reading(texts[n], meaning[n]), [topic])[topic]
            both = {part: near[n].get(part, 0.0) + AS_ASKED * s for part, s in score.items()}
            for name, ranked in (("by nearness", near[n]), ("as learned", score), ("both", both)):
                right[name] += max(ranked, key=lambda part: ranked[part]) == facet
    print(json.dumps({"lines": len(lines), **{name: round(count / len(lines), 3) for name, count in right.items()}}, indent=2))


def _nearness(meaning: np.ndarray, parts: list[tuple[str, str]]) -> list[dict[str, float]]:
    """{facet: how near its nearest sentence is} for each message of nlu/asked."""
    found: list[dict[str, float]] = [{} for _ in parts]
    for topic in {topic for topic, _ in parts}:
        said = [passage for passage in passages(topic) if passage.facet != "next_step"]
        sentences = embed_kept(shared(), [normal(passage.text) for passage in said])
        for n in (n for n, part in enumerate(parts) if part[0] == topic):
            for passage, score in zip(said, (sentences @ meaning[n]).tolist(), strict=True):
                found[n][passage.facet] = max(found[n].get(passage.facet, 0.0), score)
    return found


if __name__ == "__main__":
    main()
