"""The training lines with their writers, for measurements that leave one writer out."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import yaml

from bot.embedding.classifier import normal
from bot.embedding.kept import embed_kept
from bot.embedding.lines import listed
from bot.embedding.model import SentenceEmbedding

NLU = Path(__file__).resolve().parents[1] / "nlu"


class Lines(NamedTuple):
    """One entry a training line, in arrays of the same length."""

    texts: list[str]
    labels: npt.NDArray[np.str_]
    writers: npt.NDArray[np.str_]
    vectors: npt.NDArray[np.float32]

    def but(self, writer: str) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
        """(indices of everybody else's lines, indices of the writer's)."""
        return np.where(self.writers != writer)[0], np.where(self.writers == writer)[0]


def read(also: tuple[str, ...] = ()) -> Lines:
    """Every line of Rasa's training data, and of the files' other keys named in `also`; embedded."""
    texts, labels, writers = [], [], []
    for path in sorted(NLU.glob("*.yml")):
        data: dict[str, Any] = yaml.load(path.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader) or {}
        for block in [b for key in ("nlu", *also) for b in data.get(key, [])]:
            mine = [normal(line) for line in listed(block["examples"])]
            texts += mine
            labels += [block.get("intent") or block["kind"]] * len(mine)
            writers += [block.get("metadata", {}).get("writer", "us")] * len(mine)
    return Lines(texts, np.array(labels), np.array(writers), embed_kept(SentenceEmbedding(), texts))
