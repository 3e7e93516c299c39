"""How often are a carer's arrangement and council found in what she writes, and how often are they made up?

    .venv-rasa/bin/python bench/facts.py [--totals] [FILE.yml|FILE.jsonl …]

Reads labelled messages: rows of {text, arrangement, authority}, or the tables of tests/understanding (the default).
An arrangement or council that is null (or absent from such a row) is one the message does not state. Prints each
message read wrongly (not with --totals: so that a set can be measured without being learnt from), the kinds that
suffer, and as its last line JSON: for both facts how many were stated and how many of them were found, found as
another (`wrong`) and missed; how many messages state none and for how many of those one was `invented`; and
milliseconds for a message of 120 words.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import time
from collections import Counter
from collections.abc import Iterable
from datetime import date
from pathlib import Path
from typing import Any

import yaml

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from bot.knowledge.places import PlaceFinder
from bot.understanding.facts import FactFinder

ROOT = Path(__file__).resolve().parents[1]
TODAY = date(2026, 11, 22)  # the tables tell of times as of this day
FACTS = ("arrangement", "authority")
Row = dict[str, Any]


def read(path: Path) -> list[Row]:
    """The labelled messages of a file; a row without a key says nothing of that fact."""
    said = path.read_text(encoding="utf-8")
    if path.suffix == ".jsonl":
        return [json.loads(line) for line in said.splitlines() if line.strip()]
    loaded = yaml.safe_load(said)
    if isinstance(loaded, dict):
        return [{"text": text, "arrangement": stated.get("arrangement")} for text, stated, *_ in loaded["cases"]]
    return list(loaded)


def verdict(want: str | None, got: list[str]) -> str:
    """right, wrong, missed, invented or none; several councils are a question, not a find."""
    found = got[0] if len(got) == 1 else None
    if want is None:
        return "none" if found is None else "invented"
    return "right" if found == want else "missed" if found is None else "wrong"


def measure(rows: Iterable[Row], show: bool) -> tuple[dict[str, Counter[str]], Counter[str]]:
    """(counts of verdicts by fact, kinds gone wrong as 'wanted > found')."""
    facts, places = FactFinder(), PlaceFinder.load(ROOT / "content")
    counts: dict[str, Counter[str]] = {name: Counter() for name in FACTS}
    amiss: Counter[str] = Counter()
    for row in rows:
        stated = [str(fact.value) for fact in facts.find(row["text"], today=TODAY) if fact.name == "arrangement"]
        found = {"arrangement": stated, "authority": list(places.find(row["text"]).home)}
        for name in (name for name in FACTS if name in row):
            want, got = row[name] if row[name] != "unknown" else None, found[name]
            kind = verdict(want, got)
            counts[name][kind] += 1
            if kind not in ("right", "none"):
                amiss[f"{want if name == 'arrangement' else name} > {'|'.join(got) if name == 'arrangement' else kind}"] += 1
                if show:
                    print(f"{name}: {want}, found {', '.join(got) or 'none'}\n    {row['text']}")
    return counts, amiss


def speed(rows: list[Row]) -> float:
    """Median milliseconds to read the facts of 120 words."""
    finder, words = FactFinder(), " ".join(row["text"] for row in rows).split()
    texts = [" ".join(words[at : at + 120]) for at in range(0, min(len(words), 12000), 120)]
    finder.find(texts[0])
    took = []
    for text in texts:
        began = time.process_time()
        finder.find(text, today=TODAY)
        took.append((time.process_time() - began) * 1000)
    return round(statistics.median(took), 2)


def main() -> None:
    """Measure, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--totals", action="store_true", help="no messages")
    parser.add_argument("files", nargs="*", type=Path)
    args = parser.parse_args()
    files = args.files or sorted((ROOT / "tests" / "understanding").glob("*.yml"))
    rows = [row for path in files for row in read(path)]
    counts, amiss = measure(rows, show=not args.totals)
    for kinds, number in amiss.most_common():
        print(f"{number:4d}  {kinds or 'none'}")
    figures: dict[str, Any] = {}
    for name, seen in counts.items():
        stated = seen["right"] + seen["wrong"] + seen["missed"]
        figures[name] = {"stated": stated, "recall": round(seen["right"] / stated, 4) if stated else None,
                         "wrong": seen["wrong"], "missed": seen["missed"],
                         "none_stated": seen["none"] + seen["invented"], "invented": seen["invented"]}
    print(json.dumps({**figures, "n": len(rows), "ms_120_words": speed(rows)}))


if __name__ == "__main__":
    main()
