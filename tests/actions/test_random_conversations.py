"""A thousand conversations at random: topics, facts, corrections, nonsense, danger, options, in any order.

The understanding is played by hypothesis: any intent may come with any facts. What must hold whatever comes: every turn
has a reply, none is the apology for an error, none is word for word the one before, and none is too long to read.
"""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import yaml
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule

from bot.actions.composing import MOST_WORDS, count
from bot.knowledge.reply import Reply
from tests.actions.conftest import Talk, fact, knowledge_once

ROOT = Path(__file__).resolve().parents[2]
SLACK = 15  # words: some verdicts have more to say, and say it once


def actions() -> dict[str, str]:
    """The action that each intent leads to, as nlu/rules.yml has it."""
    found: dict[str, str] = {}
    for block in yaml.safe_load((ROOT / "nlu" / "rules.yml").read_text(encoding="utf-8"))["rules"]:
        *given, then = block["steps"]
        intents = [step["intent"] for wrapped in given for step in wrapped.get("or", [wrapped])]
        found |= dict.fromkeys(intents, then["action"])
    return found


ACTION = actions()
NEEDS = sorted(i for i in ACTION if ACTION[i] in ("action_answer", "action_work_out_arrangement", "action_hand_over"))
FOLLOW_UPS = sorted(i for i in ACTION if i.startswith("follow_up."))
REPLIES = sorted(i for i in ACTION if i.startswith("reply."))
CHAT = sorted(set(ACTION) - set(NEEDS) - set(FOLLOW_UPS) - set(REPLIES))
TABLE = knowledge_once().table
COUNCILS = ["rotherham", "leeds", "kent", "wandsworth"]


def facts() -> st.SearchStrategy[dict[str, Any]]:
    """Something a carer states: a slot of its own, or any value of any fact of the table."""
    own = [fact("arrangement", a) for a in ("informal", "private_fostering", "special_guardianship_order", "adoption",
                                            "child_arrangements_order", "kinship_foster_care", "prospective")]
    own += [fact("relationship", r) for r in ("grandparent", "friend", "aunt_uncle", "sibling")]
    own += [fact("child_age", ages) for ages in ([2], [7, 12], [17])]
    own += [fact("previously_looked_after", b) for b in (True, False)] + [fact("is_parent", True)]
    table = [fact(name, value) for name, values in TABLE.parts.facts.items() for value in values]
    return st.sampled_from(own + table)


def asides() -> st.SearchStrategy[dict[str, Any]]:
    """A place, a feeling, a child, a language, topics beside the main one."""
    home = st.sampled_from(COUNCILS).map(lambda c: {"home": [c], "elsewhere": [], "placing": None, "nation": None})
    two = st.just({"home": COUNCILS[:2], "elsewhere": [], "placing": "kent", "nation": None})
    abroad = st.just({"home": [], "elsewhere": ["leeds"], "placing": None, "nation": "scotland"})
    return st.one_of(
        facts(), st.builds(lambda v: {"entity": "place", "value": v}, st.one_of(home, two, abroad)),
        st.builds(lambda v: {"entity": "feeling", "value": v}, st.sampled_from(["grief", "angry", "exhausted"])),
        st.builds(lambda v: {"entity": "child", "value": v}, st.sampled_from(["nephew", "younger", "older"])),
        st.builds(lambda c, f: {"entity": "of_child", "value": {"child": c, "facts": [f["value"]]}},
                  st.sampled_from(["nephew", "niece"]), facts()),
        st.builds(lambda v: {"entity": "language", "value": v}, st.sampled_from(["polish", "urdu", "klingon"])),
        st.builds(lambda v: {"entity": "need", "value": v}, st.sampled_from(NEEDS)))


class Conversation(RuleBasedStateMachine):
    """One carer at random."""

    def __init__(self) -> None:
        super().__init__()
        self.loop = asyncio.new_event_loop()
        self.talk = Talk(knowledge_once())
        self.before: list[str] = []

    def teardown(self) -> None:
        self.loop.close()

    def say(self, intent: str, entities: list[dict[str, Any]], text: str) -> None:
        reply = self.loop.run_until_complete(self.talk(ACTION[intent], intent, *entities, text=text))
        self.check(reply)

    def check(self, reply: Reply) -> None:
        texts = [m.text for m in reply.messages]
        assert texts and all(texts)
        assert not any("something went wrong on my side" in t for t in texts), texts
        assert texts != self.before, "word for word what was said just now"
        assert sum(map(count, texts)) <= MOST_WORDS + SLACK, texts
        self.before = texts

    @rule(intent=st.sampled_from(NEEDS), entities=st.lists(asides(), max_size=4), text=st.sampled_from(["what?", "x " * 30]))
    def asks(self, intent: str, entities: list[dict[str, Any]], text: str) -> None:
        self.say(intent, [{"entity": "need", "value": intent}, *entities], text)

    @rule(intent=st.sampled_from(FOLLOW_UPS), entities=st.lists(asides(), max_size=1))
    def follows_up(self, intent: str, entities: list[dict[str, Any]]) -> None:
        self.say(intent, entities, "and then?")

    @rule(intent=st.sampled_from(REPLIES), entities=st.lists(asides(), max_size=3))
    def answers(self, intent: str, entities: list[dict[str, Any]]) -> None:
        self.say(intent, entities, "well, yes")

    @rule(intent=st.sampled_from(CHAT), entities=st.lists(asides(), max_size=2), text=st.sampled_from(["", "qwxz", "no, no"]))
    def chats(self, intent: str, entities: list[dict[str, Any]], text: str) -> None:
        self.say(intent, entities, text)

    @precondition(lambda self: self.talk.said and any(m.options for m in self.talk.said[-1].messages))
    @rule(which=st.integers(0, 20))
    def taps(self, which: int) -> None:
        options = [o for m in self.talk.said[-1].messages for o in m.options]
        intent, brace, rest = options[which % len(options)].payload[1:].partition("{")
        given = json.loads(brace + rest) if brace else {}
        self.say(intent, [{"entity": k, "value": v} for k, v in given.items()], "")

    @rule(topic=st.sampled_from(["urgent.child_at_risk", "urgent.domestic_abuse"]))
    def is_in_danger(self, topic: str) -> None:
        """The gateway answers, and leaves the slots so."""
        self.talk.slots |= {"topic": topic, "facet": "answer", "open_question": "safe",
                            "recent": [topic, *(self.talk.slots.get("recent") or [])]}
        self.before = []


TestRandomConversations = Conversation.TestCase
TestRandomConversations.settings = settings(
    max_examples=1000, stateful_step_count=5, deadline=None, suppress_health_check=list(HealthCheck))
