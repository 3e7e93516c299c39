"""Finds training lines that teach the wrong thing: doubles, near-doubles across classes, lines of an evaluation file.

The parts of a topic (nlu/asked) may be asked for in the words of another topic's, and what is said in conversations
(nlu/talks) is about what was said before it.

`python -m bot.understanding.lint [EVAL_FILE …]` prints `file: line: what`, and exits 1 where it found something.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain, groupby
from pathlib import Path
from typing import Any

import yaml
from rapidfuzz import fuzz, process

from bot.understanding.talks import TALKS, talks
from bot.understanding.titles import ASKED, asked

NLU = Path(__file__).resolve().parents[2] / "nlu"
NEAR = 94  # of 100: rapidfuzz's ratio from which two lines are the same line to a classifier
LONG_ENOUGH = 12  # characters; shorter lines ('what about it') are alike by nature


@dataclass(frozen=True)
class Example:
    """One training line of a class."""

    file: Path
    label: str
    text: str

    @property
    def plain(self) -> str:
        """As compared: letters and digits only; the line itself where it has none."""
        return re.sub(r"[^a-z0-9]+", " ", self.text.lower()).strip() or self.text


def examples(folder: Path = NLU) -> Iterator[Example]:
    """Every line under `folder`, Rasa's and the danger detector's."""
    for path in sorted(folder.glob("*.yml")):
        data: dict[str, Any] = yaml.load(path.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader) or {}
        for block in [*data.get("nlu", []), *data.get("not_danger", [])]:
            label = block.get("intent") or block["kind"]
            yield from (Example(path, label, line[2:].strip()) for line in block["examples"].splitlines() if line[:2] == "- ")


def questions(folder: Path = ASKED) -> Iterator[Example]:
    """Every line of nlu/asked, under its topic's part."""
    yield from (Example(folder / line.writer / f"{line.topic}.yml", f"{line.topic}/{line.facet}", line.text)
                for line in sorted(asked(folder)))


def said(folder: Path = TALKS) -> Iterator[Example]:
    """Every message of nlu/talks."""
    yield from (Example(folder / f"{line.writer}.yml", line.topic or line.kind, line.text) for line in talks(folder))


def doubles(lines: list[Example]) -> Iterator[str]:
    """The same line twice, in one class or in two."""
    seen: dict[str, Example] = {}
    for line in lines:
        first = seen.setdefault(line.plain, line)
        if first is not line:
            yield f"{line.file}: '{line.text}': is in {first.label} already"


def near_doubles(lines: list[Example]) -> Iterator[str]:
    """Nearly the same line in two classes."""
    long = [line for line in lines if len(line.plain) >= LONG_ENOUGH]
    texts = [line.plain for line in long]
    for start in range(0, len(long), 500):
        scores = process.cdist(texts[start : start + 500], texts[start:], scorer=fuzz.ratio, score_cutoff=NEAR)
        for row, column in zip(*scores.nonzero(), strict=True):
            one, other = long[start + int(row)], long[start + int(column)]
            if row < column and one.label != other.label and one.plain != other.plain:
                yield f"{other.file}: '{other.text}': is nearly '{one.text}' of {one.label}"


def leaks(lines: list[Example], evaluation: list[str]) -> Iterator[str]:
    """Lines that are also in an evaluation file: they would flatter the figures."""
    known = {Example(NLU, "", text).plain for text in evaluation}
    yield from (f"{line.file}: '{line.text}': is in an evaluation file" for line in lines
                if line.plain in known and len(line.plain) >= LONG_ENOUGH)


def evaluation_texts(path: Path) -> list[str]:
    """The carers' messages in a .jsonl of singles or a .yml of dialogues."""
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".jsonl":
        return [json.loads(line)["text"] for line in text.splitlines() if line.strip()]
    return [turn["carer"] for dialogue in yaml.load(text, Loader=yaml.CSafeLoader) for turn in dialogue["turns"]]


def problems(evaluation: list[Path]) -> list[str]:
    """Everything found."""
    lines, of_parts = list(examples()), list(questions())
    texts = [text for path in evaluation for text in evaluation_texts(path)]
    twice = chain.from_iterable(doubles(list(of_topic)) for _, of_topic in groupby(of_parts, lambda line: line.file.stem))
    return [*doubles(lines), *near_doubles(lines), *twice, *leaks([*lines, *of_parts, *said()], texts)]


if __name__ == "__main__":
    found = problems([Path(name) for name in sys.argv[1:]])
    print("\n".join(found) or "The training lines are sound.")
    sys.exit(bool(found))
