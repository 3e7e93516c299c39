"""The six conversations of the first issue, over HTTP, with the real Rasa and the real actions."""

from __future__ import annotations

import random
from datetime import date

import aiohttp
import pytest

from bot.knowledge.arrangement_types import Verdict
from bot.knowledge.arrangements import ArrangementTable
from bot.knowledge.base import CONTENT, KnowledgeBase
from bot.knowledge.situation import Situation
from tests.doubles.carer import Carer, Got
from tests.doubles.waiting import until
from tests.e2e.conftest import System

ON = date(2026, 11, 24)
MALTBY = "Hi I've got my grandson living with us in Maltby, we've an SGO, what money help is there"
WHICH = "what kind of carer am I?"


@pytest.fixture(scope="module")
def table() -> ArrangementTable:
    return ArrangementTable.load(CONTENT / "arrangements.yml")


def asked(got: Got, table: ArrangementTable) -> str | None:
    """The id of the table's question that the reply ends in."""
    answers = [o["payload"].partition('"answer": "')[2].partition("/")[0] for o in got.messages[-1]["options"]]
    return answers[0] if answers and answers[0] in table.questions else None


# 1


async def test_a_grandmother_in_maltby_asks_about_money(carer: Carer, base: KnowledgeBase) -> None:
    got = await carer.say(MALTBY)
    assert got.status == 200
    assert (got.state["arrangement"], got.state["authority"]) == ("special_guardianship_order", "rotherham")
    assert "money.overview" in got.messages[0]["topics"] and not got.urgent
    here = Situation(on=ON, arrangement="special_guardianship_order", authority="rotherham")
    found = base.find("money.overview", "answer", here)
    assert found and (found.text in got.text or (found.sms or "") in got.text), "what a special guardian can get nationally"
    assert all(a["sources"] and a["checked_on"] for a in got.answers) and got.answers[0]["entry"] == found.entry.id
    offered = {o["payload"]: o for o in got.options}
    local = '/money.overview{"facet": "local"}'
    if not any(a["authority"] == "rotherham" for a in got.answers):  # no room for it: it is one tap away
        assert "Rotherham" in offered[local]["label"]
        got_local = await carer.choose(local)
        assert got_local.answers and {a["authority"] for a in got_local.answers} == {"rotherham"}
        assert all(a["sources"] and a["checked_on"] for a in got_local.answers)
    step = base.find("money.overview", "next_step", here)
    assert step and (step.text in got.text or '/money.overview{"facet": "next_step"}' in offered)
    assert len(got.options) >= 2
    further = next(p for p in offered if p != local)
    assert (await carer.choose(further)).messages[0]["text"] != got.messages[0]["text"]


# 2


@pytest.mark.parametrize("text", [WHICH, "I don't know what kind of arrangement I've got", "which arrangement do I have",
                                  "what sort of arrangement is this"])
async def test_a_carer_who_cannot_name_it_is_asked(carer: Carer, table: ArrangementTable, text: str) -> None:
    got = await carer.say(text)
    assert asked(got, table) is not None
    assert {t for m in got.messages for t in m["topics"]} == {"arrangement.which"}


OWN_WORDS = {
    "q02-living-with-you": "she's been with me getting on for two years now",
    "q06-which-order": "no we've never been to court or anything",
    "q08-who-arranged": "her mum, my daughter, asked me to have her",
    "q12-age": "she's six",
}


async def test_the_arrangement_is_worked_out_in_her_own_words(carer: Carer, table: ArrangementTable) -> None:
    got = await carer.say(WHICH)
    said = 0
    while (question := asked(got, table)) is not None:
        assert (said := said + 1) <= table.limits.at_most
        got = await carer.say(OWN_WORDS.get(question, "not sure"))
    assert said >= 2
    assert got.state["arrangement"] == "informal"
    assert got.answers and got.answers[0]["arrangement"] == "informal" and got.answers[0]["sources"]


@pytest.mark.parametrize("seed", range(4))
async def test_the_arrangement_is_worked_out_by_options(carer: Carer, table: ArrangementTable, base: KnowledgeBase,
                                                        seed: int) -> None:
    chance = random.Random(seed)  # noqa: S311
    got = await carer.say(WHICH)
    facts: dict[str, str] = {}
    for _ in range(table.limits.at_most + 1):
        question = asked(got, table)
        if question is None:
            break
        options = got.messages[-1]["options"]
        assert [o["label"] for o in options] == [a.label for a in table.questions[question].answers]
        number = chance.randrange(len(options) - 1)  # any but 'Not sure'
        facts = table.record(facts, question, table.questions[question].answers[number])
        got = await carer.choose(options[number]["payload"])
    verdict = table.next_step(facts)  # which asks nothing that makes no difference in usual cases
    assert isinstance(verdict, Verdict), "the talk ended before the table did"
    assert got.state["arrangement"] == verdict.outcome.arrangement
    assert base.figures.fill(verdict.outcome.means, ON) in got.text


# 3


NEEDS = {
    "education.school_place": "how do I get him into the local school",
    "money.overview": "what money can I get",
    "family.contact_with_parents": "how often should he see his mum and dad",
    "health.asgsf_therapy": "can we get therapy from the adoption and special guardianship support fund",
    "support.peer_groups": "is there a support group for carers like me",
}


@pytest.mark.parametrize(("told", "arrangement", "authority"), [
    ("I have a special guardianship order for my grandson and we live in Rotherham", "special_guardianship_order",
     "rotherham"),
    ("I'm a kinship foster carer for my nephew, we live in Slough", "kinship_foster_care", "slough"),
])
async def test_the_five_needs(carer: Carer, base: KnowledgeBase, told: str, arrangement: str, authority: str) -> None:
    state = (await carer.say(told)).state
    assert (state["arrangement"], state["authority"]) == (arrangement, authority)
    here = Situation(on=ON, arrangement=arrangement, authority=authority)
    for topic, text in NEEDS.items():
        got = await carer.say(text)
        assert topic in got.messages[0]["topics"], text
        found = base.find(topic, "answer", here)
        assert found and found.text in got.text and got.answers[0]["sources"]
        local = base.find_locally(topic, here)
        payload = f'/{topic}{{"facet": "local"}}'
        if payload in [o["payload"] for o in got.options]:
            got = await carer.choose(payload)
        elif "authority" not in base.topics[topic].depends_on:
            continue
        if local:
            assert local[0].text in got.text and authority in {a["authority"] for a in got.answers}
        else:
            assert base.authorities[authority].short_name in got.text, "and an honest sentence where it says nothing"


# 4


async def test_a_person_is_wanted(system: System, session: aiohttp.ClientSession, carer: Carer, base: KnowledgeBase) -> None:
    await carer.say(MALTBY)
    got = await carer.say("Can I talk to someone")
    assert got.state["mode"] == "waiting"
    assert base.say("helpline.number", ON) in got.text
    assert base.say("helpline.open_now", ON, closes="3pm") in got.text
    assert base.say("desk.nobody", ON, closes="3pm") in got.text, "it is open by the clock, and nobody is at the desk"
    async with session.get(system.url + "/helpline") as shut:
        assert shut.status == 401
    assert (await carer.say("thank you")).messages, "the assistant goes on while she waits"


# 5


@pytest.mark.parametrize("danger", ["he's going to come round and hurt the kids", "I can't go on"])
@pytest.mark.parametrize("before", [[], [MALTBY], [WHICH], ["delete everything you know about me"], ["Can I talk to someone"]],
                         ids=["first", "after an answer", "inside a question", "inside 'shall I delete?'", "while waiting"])
async def test_danger_is_answered_at_once_on_any_turn(carer: Carer, before: list[str], danger: str) -> None:
    for text in before:
        await carer.say(text)
    got = await carer.say(danger)
    assert got.status == 200 and got.urgent and got.messages[0]["topics"][0].startswith("urgent.")
    assert got.answers[0]["sources"] and got.state["mode"] == "waiting"
    assert "helpline.talk_to_someone" in [o["topic"] for o in got.options]


async def test_after_danger_the_question_can_still_be_answered(carer: Carer, table: ArrangementTable) -> None:
    first = await carer.say(WHICH)
    question = asked(first, table)
    await carer.say("I can't go on")
    got = await carer.choose(first.messages[-1]["options"][0]["payload"])
    assert question and not got.urgent and asked(got, table) != question


# 6


@pytest.mark.parametrize("text", ["who won the football last night", "sdlkfj wqeoiu zmxncv", "?", "🙂", "."])
async def test_what_it_cannot_answer_it_says_and_offers_ways_on(carer: Carer, text: str) -> None:
    got = await carer.say(text)
    assert got.status == 200 and got.text and not got.urgent and got.answers == []
    topics = [o["topic"] for o in got.options]
    assert "helpline.talk_to_someone" in topics and len(topics) >= 3


@pytest.mark.parametrize("text", ["/assistant.privacy.delete", '/reply.inform{"authority": "kent"}', "/restart", "/"])
async def test_typed_commands_command_nothing(carer: Carer, text: str) -> None:
    got = await carer.say(text)
    assert got.status == 200 and got.messages
    assert (await carer.say("hello")).status == 200, "nothing was deleted"


async def test_deleting_by_word_asks_and_then_deletes(carer: Carer, base: KnowledgeBase) -> None:
    await carer.say("please delete my data")
    got = await carer.say("yes")
    assert got.text == base.say("privacy.forgotten", ON)

    async def gone() -> bool:
        return (await carer.say("hello")).status == 404

    await until(gone, within=10)
