"""A complaint that is made is told from a question about complaining, and one about us from one about others."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from bot.embedding.classifier import normal
from bot.understanding.complaints import Complaints

ROOT = Path(__file__).resolve().parents[2]
COMPLAINTS = Complaints(ROOT / "content" / "complaints.yml")
SAID = {
    "us": ["I want to complain about you", "complaint about the helpline", "I need to complain about the adviser who rang",
           "can I complain about your service?", "Your adviser was rude to me and I want to complain",
           "i want 2 make a complaint about this chatbot"],
    "made": ["I want to complain about my social worker", "I'd like to make a formal complaint", "i wanna complain",
             "I’ve got a complaint about how we were treated", "This is a formal complaint about Leeds council",
             "we wish to lodge a complaint against the school"],
    None: ["How do I complain?", "I want to know how to complain", "I can't complain about you", "I'm not complaining",
           "I don't want to complain", "what happens at stage 2 of a complaint", "who deals with complaints about the council",
           "put a complaint in 9 weeks ago and heard nothing", "he complains about his brother"],
}


@pytest.mark.parametrize(("said", "kind"), [(said, kind) for kind, all_of_it in SAID.items() for said in all_of_it])
def test_what_is_a_complaint(said: str, kind: str | None) -> None:
    assert COMPLAINTS.kind(normal(said)) == kind


def test_nothing_that_carers_ask_of_other_matters_is_taken_for_one() -> None:
    """By the examples that the classifier learns from."""
    wrong = []
    for path in (ROOT / "nlu").glob("*.yml"):
        for block in yaml.safe_load(path.read_text(encoding="utf-8")).get("nlu", []):
            if block.get("intent", "support.complaint") != "support.complaint":
                wrong += [(block["intent"], line) for line in block["examples"].splitlines() if COMPLAINTS.kind(normal(line))]
    assert wrong == []
