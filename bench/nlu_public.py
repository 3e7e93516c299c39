"""The topic classifier on data nobody here wrote: BANKING77, CLINC150, or any pair of files.

    .venv/bin/python bench/nlu_public.py                           both public sets, from ../shared/eval/public
    .venv/bin/python bench/nlu_public.py --shots 10                that many random examples a class, over --seeds draws
    .venv/bin/python bench/nlu_public.py --train A.csv --test B.csv [--out-of-scope LABEL]
    … --diet                                                       also measures Rasa's DIET on the same split (minutes)

A CSV has the text in its first column and the label in its second; a first row whose label occurs nowhere else is a
heading. Trains `TextClassifier` with the settings under `NeedsClassifier` in config.yml. A message counts as out of
scope when the classifier says LABEL or is less sure than the threshold in use (`sure`). `accuracy` is over the
in-scope lines without any threshold, `in_scope` at the threshold (a line refused counts as wrong), and
`out_of_scope_recall` is the share of out-of-scope lines refused. The curve gives both by threshold. CLINC150 is
trained with its own 100 out-of-scope lines, as its authors do in `data_full`. The last line is all of it as JSON.
"""

from __future__ import annotations

import argparse
import csv
import json
import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import yaml

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))
from bot.embedding.classifier import Settings, TextClassifier, normal
from bot.embedding.model import SentenceEmbedding

PUBLIC = ROOT.parent / "shared" / "eval" / "public"
THRESHOLDS = (0.0, 0.1, 0.2, 0.25, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8)
# Measured here before the project chose (docs/decisions/0003): BANKING77, ten examples a class
DIET_QUOTED = {"banking77_10_shot": 0.65, "training_minutes": 4}
Rows = list[tuple[str, str]]


class Split(NamedTuple):
    """What to train on and what to test on; `outside` is the label of out-of-scope lines, if there is one."""

    name: str
    train: Rows
    test: Rows
    outside: str | None = None


def main() -> None:
    """Measure, print."""
    asked = _arguments()
    settings, sure = configured()
    if bool(asked.train) != bool(asked.test):
        raise SystemExit("--train and --test go together")
    splits = [Split(asked.train.stem, read(asked.train), read(asked.test), asked.out_of_scope)] if asked.train else [
        Split("banking77", read(PUBLIC / "banking77_train.csv"), read(PUBLIC / "banking77_test.csv")), _clinc()]
    embedding = SentenceEmbedding()
    figures: dict[str, Any] = {"threshold": sure}
    for split in splits:
        whole = [] if asked.shots and asked.train else [split]
        drawn = [_few(split, asked.shots or 10, seed) for seed in range(asked.seeds)] if asked.shots or not asked.train else []
        for name, group in ((split.name, whole), (f"{split.name}_{asked.shots or 10}_shot", drawn)):
            if group and not (name.startswith("clinc150_") and not asked.shots):
                figures[name] = _averaged([measure(embedding, one, settings, sure) for one in group])
                if asked.diet:
                    figures[name]["diet"] = diet(group[0], sure)
                print(name, json.dumps(figures[name]), flush=True)
    print(json.dumps({**figures, "diet_quoted": DIET_QUOTED}))


def configured() -> tuple[Settings, float]:
    """(settings, `sure`) of the topic classifier in config.yml."""
    pipeline = yaml.safe_load((ROOT / "config.yml").read_text(encoding="utf-8"))["pipeline"]
    given = next(part for part in pipeline if part["name"].endswith("NeedsClassifier"))
    return Settings(**{k: v for k, v in given.items() if k in Settings.__dataclass_fields__}), float(given["sure"])


def read(path: Path) -> Rows:
    """(text, label) of each row."""
    with path.open(encoding="utf-8", newline="") as file:
        rows = [(row[0], row[1]) for row in csv.reader(file) if len(row) > 1]
    heading = bool(rows) and all(label != rows[0][1] for _, label in rows[1:])
    return rows[1:] if heading else rows


def measure(embedding: SentenceEmbedding, split: Split, settings: Settings, sure: float) -> dict[str, Any]:
    """Train, test."""
    texts, labels = zip(*split.train, strict=True)
    vectors = _embedded(embedding, texts)
    started = time.perf_counter()
    model = TextClassifier.train(embedding, texts, labels, settings, vectors)
    seconds = time.perf_counter() - started
    asked = [text for text, _ in split.test]
    shares = model.probabilities(_embedded(embedding, asked), asked)
    said = np.array(model.classes)[shares.argmax(axis=1)]
    return {"trained_on": len(texts), "classes": len(model.classes), "seconds": round(seconds, 1),
            **scores(said, shares.max(axis=1), split, sure)}


def scores(said: Any, confidence: Any, split: Split, sure: float) -> dict[str, Any]:
    """The figures of what was `said` of the test lines, with what `confidence`."""
    truth = np.array([label for _, label in split.test])
    inside = truth != split.outside
    right = said == truth
    curve = {}
    for threshold in sorted({*THRESHOLDS, sure}):
        refused = (said == split.outside) | (confidence < threshold)
        curve[threshold] = {"in_scope": round(float((right & ~refused)[inside].mean()), 4)}
        if not inside.all():
            curve[threshold]["out_of_scope_recall"] = round(float(refused[~inside].mean()), 4)
    return {"accuracy": round(float(right[inside].mean()), 4), **curve[sure], "ece": _ece(right, confidence), "curve": curve}


def diet(split: Split, sure: float) -> dict[str, Any]:
    """The same figures of Rasa's own classifier, trained on the same lines with Rasa's default settings."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "split.json").write_text(json.dumps({"train": split.train, "test": [t for t, _ in split.test]}))
        subprocess.run([ROOT / ".venv-rasa/bin/python", Path(__file__).with_name("diet.py"), folder], check=True)
        found = json.loads((folder / "said.json").read_text())
    said, confidence = np.array(found["said"]), np.array(found["confidence"])
    return {"seconds": found["seconds"], **scores(said, confidence, split, sure)}


_known: dict[str, Any] = {}


def _embedded(embedding: SentenceEmbedding, texts: Any) -> Any:
    """Each text is embedded once a run, however many draws it is in."""
    plain = [normal(text) for text in texts]
    new = sorted({text for text in plain if text not in _known})
    _known.update(zip(new, embedding.embed(new), strict=True))
    return np.stack([_known[text] for text in plain])


def _clinc() -> Split:
    data = json.loads((PUBLIC / "clinc150_full.json").read_text(encoding="utf-8"))
    rows = {name: [(text, label) for text, label in part] for name, part in data.items()}
    return Split("clinc150", rows["train"] + rows["oos_train"], rows["test"] + rows["oos_test"], "oos")


def _few(split: Split, shots: int, seed: int) -> Split:
    """`shots` random examples a class."""
    draw, by_label = random.Random(seed), {}  # noqa: S311  (a draw, no secret)
    for row in split.train:
        by_label.setdefault(row[1], []).append(row)
    chosen = [row for label in sorted(by_label) for row in draw.sample(by_label[label], min(shots, len(by_label[label])))]
    return split._replace(train=chosen)


def _averaged(draws: list[dict[str, Any]]) -> dict[str, Any]:
    if len(draws) == 1:
        return draws[0]
    mean = {k: round(float(np.mean([d[k] for d in draws])), 4) for k in draws[0] if k != "curve"}
    return {**mean, "draws": [d["accuracy"] for d in draws],
            "curve": {t: {k: round(float(np.mean([d["curve"][t][k] for d in draws])), 4) for k in kinds}
                      for t, kinds in draws[0]["curve"].items()}}


def _ece(right: Any, confidence: Any) -> float:
    """Expected calibration error, in ten bins."""
    bins = np.minimum((confidence * 10).astype(int), 9)
    gaps = [(bins == b).mean() * abs(right[bins == b].mean() - confidence[bins == b].mean()) for b in set(bins.tolist())]
    return round(float(sum(gaps)), 4)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--train", type=Path)
    parser.add_argument("--test", type=Path)
    parser.add_argument("--out-of-scope", metavar="LABEL")
    parser.add_argument("--shots", type=int, help="random examples a class instead of all")
    parser.add_argument("--seeds", type=int, default=5, help="how many draws of them (5)")
    parser.add_argument("--diet", action="store_true", help="measure Rasa's DIET too, on the first draw")
    return parser.parse_args()


if __name__ == "__main__":
    main()
