"""Which child is told of, where a message speaks of several."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from bot.understanding.children import Children

ROOT = Path(__file__).resolve().parents[2]
CHILDREN = Children(yaml.safe_load((ROOT / "content" / "children.yml").read_text(encoding="utf-8")))


@pytest.mark.parametrize(("text", "expected"), [
    ("i've got my nephew on an sgo and my niece just stays with us, no order",
     {"nephew": "i've got my nephew on an sgo", "niece": "my niece just stays with us. no order"}),
    ("two boys here. the older one has an sgo, but the little one came in june, nothing signed",
     {"older": "two boys here. the older one has an sgo",
      "younger": "two boys here. the little one came in june. nothing signed"}),
    ("we foster my granddaughter; my grandson is adopted", {"granddaughter": "we foster my granddaughter",
                                                            "grandson": "my grandson is adopted"}),
    ("my nephew is seven and he's on an sgo", {}),
    ("no order for any of them", {}),
    ("i've got an sgo for my nephew and niece", {}),
    ("my niece and nephew have lived with me under an sgo since 2020", {}),
    ("i have my grandson and my granddaughter, we foster them", {}),
    ("i have an sgo for my nephew. can i get an allowance for my niece?",
     {"nephew": "i have an sgo for my nephew", "niece": "can i get an allowance for my niece. "}),
    ("", {}),
])
def test_what_is_told_of_each_child(text: str, expected: dict[str, str]) -> None:
    assert CHILDREN.told_of(text) == expected


@pytest.mark.parametrize(("text", "expected"), [
    ("what about my niece and the baby", ["niece", "baby"]),
    ("the baby, then my niece, then the baby again", ["baby", "niece"]),
    ("my neighbour's little girl", []),
])
def test_who_is_named(text: str, expected: list[str]) -> None:
    assert CHILDREN.named(text) == expected
