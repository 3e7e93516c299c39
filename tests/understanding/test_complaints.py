"""A complaint that is made is told from a question about complaining, and one about us from one about others."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from rasa.shared.nlu.constants import ENTITIES, INTENT, TEXT
from rasa.shared.nlu.training_data.message import Message

from bot.embedding.classifier import normal
from bot.knowledge.asides import US
from bot.understanding.asides import PERSON, Asides
from bot.understanding.complaints import Complaints

ROOT = Path(__file__).resolve().parents[2]
COMPLAINTS = Complaints(ROOT / "content" / "complaints.yml")
SAID = {
    "us": ["I want to complain about you", "complaint about the helpline", "I need to complain about the adviser who rang",
           "can I complain about your service?", "Your adviser was rude to me and I want to complain",
           "i want 2 make a complaint about this chatbot", "This service is awful and I want to make a formal complaint",
           "I want to complain about your staff"],
    "made": ["I want to complain about my social worker", "I'd like to make a formal complaint", "i wanna complain",
             "I’ve got a complaint about how we were treated", "This is a formal complaint about Leeds council",
             "we wish to lodge a complaint against the school", "I want to complain about this service they sent us to",
             "I have a complaint about the council"],
    None: ["How do I complain?", "I want to know how to complain", "I can't complain about you", "I'm not complaining",
           "I don't want to complain", "what happens at stage 2 of a complaint", "who deals with complaints about the council",
           "put a complaint in 9 weeks ago and heard nothing", "he complains about his brother",
           "This website says I can get Child Benefit, I need to make a claim",
           "Is this service for grandparents who want to raise a grandchild?",
           "Is this service for people who want to complain?",
           "Can this helpline help me if I want to complain?", "who do I ring if I want to make a complaint",
           "what do I say if I want to complain", "do I have a complaint?", "what if i wanna complain",
           "we have a complaint in with the council, how long do they have", "I don't know if I want to complain"],
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


@pytest.mark.parametrize(("understood", "then"), [
    ("support.complaint", PERSON), (None, PERSON), ("urgent.child_at_risk", "urgent.child_at_risk"),
])
def test_one_about_us_is_a_persons_unless_there_is_danger(understood: str | None, then: str) -> None:
    message = Message({TEXT: "I want to complain about you", INTENT: understood and {"name": understood, "confidence": 0.9}})
    Asides().process([message])
    assert message.get(INTENT)["name"] == then
    assert ("complaint", US) in [(e["entity"], e["value"]) for e in message.get(ENTITIES)]
