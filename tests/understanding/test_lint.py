"""The training lines teach each class apart, and nothing of the evaluation sets."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.understanding.lint import Example, doubles, leaks, near_doubles, problems

EVALUATION = Path(__file__).resolve().parents[3] / "shared" / "eval"


def lines(*pairs: tuple[str, str]) -> list[Example]:
    return [Example(Path(f"{label}.yml"), label, text) for label, text in pairs]


def test_the_training_lines_are_sound() -> None:
    kept = [EVALUATION / name for name in ("dev_singles.jsonl", "dev_dialogues.yml")]
    assert problems([path for path in kept if path.exists()]) == []


@pytest.mark.parametrize("other", ["How do I get a school place?", "how do i get a school place"])
def test_a_line_in_two_classes_is_found(other: str) -> None:
    found = list(doubles(lines(("a", "How do I get a school place?"), ("b", other))))
    assert len(found) == 1 and "b.yml" in found[0]


def test_a_near_double_across_classes_is_found_and_within_one_is_not() -> None:
    one, two = "my granddaughter needs a school place in leeds", "my granddaughter needs a school place in leads"
    assert len(list(near_doubles(lines(("a", one), ("b", two))))) == 1
    assert not list(near_doubles(lines(("a", one), ("a", two))))


def test_a_line_of_an_evaluation_file_is_found() -> None:
    assert len(list(leaks(lines(("a", "Can my nan sign for school trips?")), ["can my nan sign, for school trips"]))) == 1
    assert not list(leaks(lines(("a", "gp?")), ["gp"]))
