"""How fast Rasa understands, how long training takes and how much memory the process needs.

    .venv-rasa/bin/python bench/nlu_speed.py [--train]

Loads models/signpost.tar.gz through Rasa's `Agent.load` and parses messages of exactly 15 words (training lines of that
length) and 120 words (lines joined, since few are so long), one at a time on one thread. Prints p50 and p95 in
milliseconds, and the memory of the process in MB (an idle Rasa server loads about the same). `--train` also trains from
nothing, with no kept embeddings, as `make train` does, and gives the seconds of the whole command and of the classifier
in it. Wall-clock figures mean something only when no one else uses the machine, so the processor time (`cpu_…`) is
printed beside them. JSON last.
"""

from __future__ import annotations

import asyncio
import json
import logging
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
THREADS = {f"{name}_NUM_THREADS": "1" for name in ("OMP", "OPENBLAS", "MKL", "TF", "TF_NUM_INTRAOP", "TF_NUM_INTEROP")}
QUIET = {"RASA_TELEMETRY_ENABLED": "false", "TF_CPP_MIN_LOG_LEVEL": "3", "CUDA_VISIBLE_DEVICES": "",
         "SQLALCHEMY_SILENCE_UBER_WARNING": "1", "PYTHONWARNINGS": "ignore"}
TF_THREADS = {"TF_INTRA_OP_PARALLELISM_THREADS": "1", "TF_INTER_OP_PARALLELISM_THREADS": "1"}
os.environ |= THREADS | QUIET | TF_THREADS
sys.path.insert(0, str(ROOT))
os.chdir(ROOT)
import numpy as np

from bot.safeguarding.detector import SAFE
from bot.safeguarding.training import examples

MESSAGES, WARM_UP = 300, 20
LENGTHS = (15, 120)


def main() -> None:
    """Measure, print."""
    from rasa.core.agent import Agent
    from rasa.utils.log_utils import configure_structlog

    configure_structlog(logging.ERROR)
    started = time.perf_counter()
    agent = Agent.load(str(ROOT / "models" / "signpost.tar.gz"))
    figures: dict[str, Any] = {"load_seconds": round(time.perf_counter() - started, 1)}
    for words in LENGTHS:
        figures[f"parse_{words}_words"] = asyncio.run(_parsed(agent, _messages(words)))
    figures["memory_mb"] = round(_memory())
    figures["peak_memory_mb"] = round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
    if "--train" in sys.argv[1:]:
        figures["training"] = _training()
    print(json.dumps(figures))


async def _parsed(agent: Any, messages: list[str]) -> dict[str, float]:
    wall, cpu = [], []
    for text in messages[-WARM_UP:] + messages:
        at, busy = time.perf_counter(), time.process_time()
        await agent.parse_message(text)
        wall.append((time.perf_counter() - at) * 1000)
        cpu.append((time.process_time() - busy) * 1000)
    wall, cpu = wall[WARM_UP:], cpu[WARM_UP:]
    return {"p50_ms": _at(wall, 50), "p95_ms": _at(wall, 95), "cpu_p50_ms": _at(cpu, 50), "cpu_p95_ms": _at(cpu, 95)}


def _at(values: list[float], percent: int) -> float:
    return round(float(np.percentile(values, percent)), 2)


def _messages(words: int) -> list[str]:
    """`MESSAGES` texts of `words` words each: training lines of that length, or else several joined as sentences, mixed."""
    lines = [line.rstrip(".!?") + "." for line, _ in _lines()]
    order = np.random.default_rng(0).permutation(len(lines))
    found = [lines[i] for i in order if len(lines[i].split()) == words][:MESSAGES]
    if len(found) == MESSAGES:
        return found
    found, at = [], 0
    while len(found) < MESSAGES:
        text: list[str] = []
        while len(text) < words:
            text += lines[order[at % len(lines)]].split()
            at += 1
        found.append(" ".join(text[:words]))
    return found


def _lines() -> list[tuple[str, str]]:
    """(training line, its class), but for the danger detector's own."""
    by_class = examples(ROOT / "nlu")
    return [(line, name) for name, lines in by_class.items() for line in lines if name != SAFE]


def _memory() -> float:
    """Resident memory now, MB."""
    with Path("/proc/self/statm").open() as file:
        return int(file.read().split()[1]) * resource.getpagesize() / 2**20


def _free() -> dict[str, str]:
    """The environment without the limit to one thread: training may use the machine."""
    return {name: value for name, value in os.environ.items() if name not in THREADS}


def _training() -> dict[str, Any]:
    """Seconds of `rasa train` from nothing, and of the classifier with its embeddings alone."""
    from bot.embedding.classifier import TextClassifier
    from bot.embedding.model import SentenceEmbedding, model_folder

    texts, labels = zip(*_lines(), strict=True)
    at, busy = time.perf_counter(), time.process_time()
    TextClassifier.train(SentenceEmbedding(), texts, labels)
    alone, used = time.perf_counter() - at, time.process_time() - busy
    with tempfile.TemporaryDirectory() as name:  # a copy has no kept embeddings
        folder = Path(name)
        shutil.copytree(ROOT / "bot", folder / "bot")
        for other in ("nlu", "content", "config.yml", "domain.yml"):
            (folder / other).symlink_to(ROOT / other)
        command = [sys.executable, "-m", "rasa", "train", "--data", "nlu", "--out", "new", "--force", "--skip-validation"]
        places = {"PYTHONPATH": name, "SIGNPOST_MODEL_DIR": str(model_folder())}
        at = time.perf_counter()
        done = subprocess.run(command, cwd=folder, env=_free() | places, capture_output=True, check=False)
        whole = time.perf_counter() - at
    spent = resource.getrusage(resource.RUSAGE_CHILDREN)
    return {"lines": len(texts), "classifier_seconds": round(alone, 1), "classifier_cpu_seconds": round(used, 1),
            "command_seconds": round(whole, 1), "command_cpu_seconds": round(spent.ru_utime + spent.ru_stime, 1),
            "command_failed": done.returncode != 0}


if __name__ == "__main__":
    main()
