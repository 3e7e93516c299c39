"""Rules, domain and code fit together: every intent has one rule, every action named exists."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
import yaml

from bot.actions.__main__ import main
from bot.actions.turn import Knowledge, topic_of
from bot.gateway.settings import ROOT
from tests.actions.conftest import ALL

DOMAIN = yaml.safe_load((ROOT / "domain.yml").read_text(encoding="utf-8"))
RULES = yaml.safe_load((ROOT / "nlu" / "rules.yml").read_text(encoding="utf-8"))["rules"]


def intents(steps: list[dict[str, Any]]) -> list[str]:
    flat = [inner for step in steps for inner in step.get("or", [step])]
    return [step["intent"] for step in flat if "intent" in step]


def test_every_intent_is_in_exactly_one_rule() -> None:
    used = Counter(name for rule in RULES for name in intents(rule["steps"]))
    assert {name: n for name, n in used.items() if n != 1} == {}
    assert set(used) == set(DOMAIN["intents"])


def test_every_intent_is_in_a_story() -> None:
    stories = yaml.safe_load((ROOT / "tests" / "stories" / "talks.yml").read_text(encoding="utf-8"))["stories"]
    assert {name for story in stories for name in intents(story["steps"])} == set(DOMAIN["intents"])


def test_every_rule_is_one_intent_and_one_action() -> None:
    for rule in RULES:
        assert len(rule["steps"]) == 2 and "action" in rule["steps"][1], rule["rule"]


def test_every_action_named_exists_and_every_action_is_used() -> None:
    assert {rule["steps"][1]["action"] for rule in RULES} == set(DOMAIN["actions"]) == set(ALL)


def test_every_slot_is_a_field_of_the_memory_or_known_to_be_kept_for_later() -> None:
    from dataclasses import fields

    from bot.actions.memory import Memory

    assert {f.name for f in fields(Memory)} <= set(DOMAIN["slots"])
    assert all(slot["influence_conversation"] is False for slot in DOMAIN["slots"].values())


def test_every_answering_intent_has_its_topic(knowledge: Knowledge) -> None:
    """A topic without content yet is answered with the helpline; see test_answers."""
    answered = next(intents(rule["steps"]) for rule in RULES if rule["steps"][1]["action"] == "action_answer")
    assert all(topic_of(name) == name for name in answered)


@pytest.mark.parametrize("topic", [n for n in DOMAIN["intents"] if n.count(".") == 1 and not n.startswith(
    ("assistant.", "follow_up.", "reply."))])
def test_options_of_every_topic_lead_somewhere(topic: str, knowledge: Knowledge) -> None:
    known = knowledge.base.topics.get(topic)
    if known is None:
        pytest.skip("no content yet")
    assert set(known.follow_on) <= set(DOMAIN["intents"])


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.7"])  # noqa: S104
def test_it_listens_beyond_loopback_with_a_token_only(host: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SIGNPOST_ACTIONS_TOKEN", raising=False)
    monkeypatch.setattr("sys.argv", ["bot.actions", "--host", host])
    with pytest.raises(SystemExit, match="SIGNPOST_ACTIONS_TOKEN is missing"):
        main()
