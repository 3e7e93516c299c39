"""The project's own measurements, taken from outside: none may fall behind what was recorded."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from bot.gateway.settings import ROOT
from tests.e2e.conftest import System

EVAL = ROOT.parent / "shared" / "eval"
RECORDED = yaml.safe_load((Path(__file__).with_name("figures.yml")).read_text(encoding="utf-8"))
ALLOWED = 0.02
FILES = {"singles": "dev_singles.jsonl", "dialogues": "dev_dialogues.yml"}


@pytest.mark.parametrize("kind", FILES)
def test_no_figure_is_worse_than_recorded(system: System, kind: str, tmp_path: Path) -> None:
    failures = tmp_path / "failures.jsonl"
    command = [sys.executable, EVAL / "measure.py", kind, EVAL / FILES[kind], "--url", system.url, "--out", failures]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=400)
    figures = json.loads(done.stdout.strip().splitlines()[-1])
    assert set(RECORDED[kind]) <= set(figures)
    worse = {name: f"{figures[name]}, recorded {value}" for name, value in RECORDED[kind].items()
             if (figures[name] - value) * (-1 if name.endswith("false_alarm") else 1) < -ALLOWED}
    assert not worse, f"{worse}; the messages that failed:\n{failures.read_text()[:4000]}"
