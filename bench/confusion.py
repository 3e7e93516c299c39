"""Between the project's labelled messages and `rasa test nlu`. Used by scripts/eval.

    bench/confusion.py write SINGLES.jsonl NLU.yml       the messages that ask for one topic only, as Rasa's test data
    bench/confusion.py read REPORT.json ERRORS.json      accuracy, and which topics were taken for which, most often first

`rasa test nlu` compares classes, so small talk and out-of-scope messages, whose classes are finer than topics, stay out.
"""

from __future__ import annotations

import json
import sys
from collections import Counter, defaultdict
from pathlib import Path

import yaml

FINER = ("assistant.greeting", "assistant.privacy", "assistant.correction", "assistant.out_of_scope", "urgent.")


def write(singles: Path, target: Path) -> None:
    """Messages of one topic, by topic."""
    by_topic: dict[str, list[str]] = defaultdict(list)
    for row in map(json.loads, singles.read_text(encoding="utf-8").splitlines()):
        if len(row["topics"]) == 1 and not row["also"] and not row["topics"][0].startswith(FINER):
            by_topic[row["topics"][0]].append(" ".join(row["text"].split()).translate(str.maketrans("[]{}", "()()")))
    blocks = [{"intent": topic, "examples": "".join(f"- {text}\n" for text in texts)} for topic, texts in by_topic.items()]
    target.write_text(yaml.safe_dump({"version": "3.1", "nlu": blocks}, allow_unicode=True, width=10**6), encoding="utf-8")


def read(report: Path, errors: Path) -> None:
    """Print what Rasa found."""
    print(f"accuracy {json.loads(report.read_text())['accuracy']:.3f}")
    confused = Counter((e["intent"], e["intent_prediction"]["name"]) for e in json.loads(errors.read_text()))
    for (wanted, said), times in confused.most_common():
        print(f"{times:3}  {wanted}  taken for  {said}")


if __name__ == "__main__":
    {"write": write, "read": read}[sys.argv[1]](Path(sys.argv[2]), Path(sys.argv[3]))
