"""Trains Rasa's own classifier (DIET) on a split and writes what it says. Called by bench/nlu_public.py --diet.

    .venv-rasa/bin/python bench/diet.py FOLDER

FOLDER holds split.json: {"train": [[text, label] …], "test": [text …]}; said.json is written beside it:
{"said", "confidence", "seconds"}. The pipeline is the one Rasa proposes (`rasa init`), without its fallback.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
import time
from pathlib import Path

os.environ |= {"RASA_TELEMETRY_ENABLED": "false", "TF_CPP_MIN_LOG_LEVEL": "3", "CUDA_VISIBLE_DEVICES": ""}
import yaml

PIPELINE = [{"name": "WhitespaceTokenizer"}, {"name": "LexicalSyntacticFeaturizer"}, {"name": "CountVectorsFeaturizer"},
            {"name": "CountVectorsFeaturizer", "analyzer": "char_wb", "min_ngram": 1, "max_ngram": 4},
            {"name": "DIETClassifier", "epochs": 100, "entity_recognition": False, "random_seed": 1}]


def main(folder: Path) -> None:
    """Train, parse, write."""
    from rasa.core.agent import Agent
    from rasa.model_training import train_nlu

    split = json.loads((folder / "split.json").read_text())
    by_label: dict[str, list[str]] = {}
    for text, label in split["train"]:
        by_label.setdefault(label, []).append(" ".join(text.split()))
    nlu = [{"intent": label, "examples": "".join(f"- {_plain(text)}\n" for text in texts)}
           for label, texts in by_label.items()]
    (folder / "nlu.yml").write_text(yaml.safe_dump({"version": "3.1", "nlu": nlu}, width=10**6))
    (folder / "config.yml").write_text(yaml.safe_dump({"recipe": "default.v1", "language": "en", "assistant_id": "diet",
                                                       "pipeline": PIPELINE}))
    started = time.perf_counter()
    model = train_nlu(str(folder / "config.yml"), str(folder / "nlu.yml"), str(folder))
    seconds = time.perf_counter() - started
    agent = Agent.load(model)

    async def read() -> list[dict[str, object]]:
        return [(await agent.parse_message(text))["intent"] for text in split["test"]]

    said = asyncio.run(read())
    (folder / "said.json").write_text(json.dumps({"said": [i["name"] or "" for i in said], "seconds": round(seconds, 1),
                                                  "confidence": [i["confidence"] for i in said]}))


def _plain(text: str) -> str:
    """`text` without what Rasa's format reads as an annotation."""
    return text.translate(str.maketrans("[]{}", "()()"))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
