"""Answers on needs: the right variant, the council's part, the way on; and an honest sentence where there is nothing."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest

from bot.actions.composing import WEB_WORDS
from bot.actions.turn import Knowledge
from bot.knowledge.reply import Reply
from bot.knowledge.situation import Situation
from tests.actions.conftest import Talk, fact
from tests.actions.test_wiring import DOMAIN

ON = date(2026, 11, 24)
ARRANGEMENTS = ["informal", "private_fostering", "child_arrangements_order", "special_guardianship_order",
                "kinship_foster_care", "adoption", "prospective"]
HEART = ["education.school_place", "money.overview", "family.contact_with_parents", "health.asgsf_therapy",
         "support.peer_groups"]
TOPICS = [n for n in DOMAIN["intents"] if n.count(".") == 1 and n.split(".")[0] not in ("follow_up", "reply", "assistant")]


def texts(reply: Reply) -> str:
    return "\n\n".join(m.text for m in reply.messages)


@pytest.mark.parametrize("authority", ["rotherham", "slough", "leeds", None])
@pytest.mark.parametrize("arrangement", [*ARRANGEMENTS, None])
@pytest.mark.parametrize("topic", HEART)
async def test_the_five_needs_for_every_arrangement_and_council(new_talk: Callable[..., Talk], knowledge: Knowledge,
                                                                topic: str, arrangement: str, authority: str) -> None:
    talk = new_talk(arrangement=arrangement, authority=authority)
    reply = await talk.answer(topic)
    situation = Situation(on=ON, arrangement=arrangement, authority=authority)
    found = knowledge.base.find(topic, "answer", situation)
    first = reply.messages[0]
    assert found and first.text.startswith(found.text) and first.topics == [topic]
    assert first.answers[0].entry == found.entry.id
    assert first.answers[0].sources and first.answers[0].checked_on <= ON
    assert first.answers[0].arrangement == (arrangement if found.entry.when.arrangement else None)
    local = knowledge.base.find_locally(topic, situation)
    offered = [o.payload for m in reply.messages for o in m.options]
    if authority and local:
        name = knowledge.base.authorities[authority].short_name
        told = name in first.text and local[0].text in first.text
        assert told or f'/{topic}{{"facet": "local"}}' in offered or reply.messages[-1] is not first
        cited = [a for a in first.answers if a.authority]
        assert [a.authority for a in cited] == ([authority] if told else [])
        if told:
            assert cited[0].entry == local[0].entry.id and cited[0].sources
    assert all(m.topics for m in reply.messages) and not any(m.urgent for m in reply.messages)


@pytest.mark.parametrize("topic", TOPICS)
async def test_every_topic_gets_an_answer_or_an_honest_sentence(talk: Talk, knowledge: Knowledge, topic: str) -> None:
    reply = await talk(SPECIAL.get(topic, "action_answer"), topic)
    assert reply.messages[0].topics == [topic]
    assert reply.messages[0].answers, "even 'I haven't got that' names the helpline's entry"
    if topic not in knowledge.base.topics:
        assert knowledge.base.say("answer.no_content", ON, about="that") == reply.messages[0].text
    assert reply.messages[0].urgent == topic.startswith("urgent.")


SPECIAL = {"arrangement.which": "action_work_out_arrangement", "helpline.talk_to_someone": "action_hand_over"}


async def test_a_topic_without_content_says_so_and_offers_a_person(talk: Talk, knowledge: Knowledge) -> None:
    reply = await talk.answer("money.something_new")
    assert reply.messages[0].text == knowledge.base.say("answer.no_content", ON, about="that")
    assert [o.topic for o in reply.messages[0].options] == ["helpline.talk_to_someone"]


async def test_the_councils_part_that_is_too_long_is_offered_and_then_given(new_talk: Callable[..., Talk],
                                                                            knowledge: Knowledge) -> None:
    """Somewhere in the content is a council whose part does not fit; it must be one tap away, with its sources."""
    tried = 0
    for topic in HEART:
        talk = new_talk(arrangement="special_guardianship_order", authority="rotherham")
        reply = await talk.answer(topic)
        payload = f'/{topic}{{"facet": "local"}}'
        if payload not in [o.payload for m in reply.messages for o in m.options]:
            continue
        tried += 1
        given = await talk.answer(topic, {"entity": "facet", "value": "local"})
        local = knowledge.base.find_locally(topic, Situation(on=ON, arrangement="special_guardianship_order",
                                                             authority="rotherham"))
        if local:
            assert local[0].text in given.messages[0].text
            assert given.messages[0].answers[0].authority == "rotherham"
        else:
            assert knowledge.base.authorities["rotherham"].short_name in given.messages[0].text
    if not tried:
        pytest.skip("every council's part fits at present")


async def test_a_council_that_says_nothing_is_told_honestly(new_talk: Callable[..., Talk], knowledge: Knowledge) -> None:
    topic = "support.peer_groups"
    assert "authority" in knowledge.base.topics[topic].depends_on
    silent = next(s for s in knowledge.base.authorities if not knowledge.base.find_locally(
        topic, Situation(on=ON, arrangement="informal", authority=s)))
    talk = new_talk(arrangement="informal", authority=silent)
    given = await talk.answer(topic, {"entity": "facet", "value": "local"})
    name = knowledge.base.authorities[silent].short_name
    before = knowledge.base.say("local.nothing", ON, council=name, contact="|").split("|")[0]
    assert given.messages[0].text.startswith(before) and given.messages[0].answers == []


@pytest.mark.parametrize("count", [1, 2, 3])
async def test_several_needs_are_answered_in_order_in_one_turn(new_talk: Callable[..., Talk], count: int) -> None:
    talk = new_talk(arrangement="informal", authority="rotherham")
    wanted = HEART[:count]
    reply = await talk("action_answer", wanted[0], *({"entity": "need", "value": t} for t in [*wanted, wanted[0]]))
    assert [m.topics[0] for m in reply.messages[:count]] == wanted
    assert len(texts(reply).split()) <= WEB_WORDS * max(2, count) + 60
    assert talk.slots["topic"] == wanted[0]


async def test_facts_in_the_message_count_for_its_own_answer(talk: Talk, knowledge: Knowledge) -> None:
    await talk.answer("money.council_allowance", fact("arrangement", "special_guardianship_order"),
                      {"entity": "place", "value": {"home": ["rotherham"], "elsewhere": [], "nation": None}})
    found = knowledge.base.find("money.council_allowance", "answer",
                                Situation(on=ON, arrangement="special_guardianship_order", authority="rotherham"))
    assert found and talk.said[0].messages[0].answers[0].entry == found.entry.id
    assert (talk.slots["arrangement"], talk.slots["authority"]) == ("special_guardianship_order", "rotherham")


async def test_what_the_carer_says_now_replaces_what_she_said_before(new_talk: Callable[..., Talk]) -> None:
    talk = new_talk(arrangement="informal", authority="slough", previously_looked_after=True, child_age=[4])
    await talk("action_take_reply", "assistant.correction.change_fact", fact("arrangement", "adoption"),
               fact("previously_looked_after", False), fact("child_age", [9]), {"entity": "authority", "value": "leeds"})
    assert {k: talk.slots[k] for k in ("arrangement", "authority", "previously_looked_after", "child_age")} == {
        "arrangement": "adoption", "authority": "leeds", "previously_looked_after": False, "child_age": [9]}


async def test_not_looked_after_is_remembered_as_well_as_looked_after(talk: Talk) -> None:
    await talk.answer("health.asgsf_therapy", fact("previously_looked_after", False))
    assert talk.slots.get("previously_looked_after") is False


async def test_an_ambiguous_place_is_asked_about_and_the_choice_taken(talk: Talk, knowledge: Knowledge) -> None:
    place = {"entity": "place", "value": {"home": ["rotherham", "leeds"], "elsewhere": [], "nation": None}}
    reply = await talk.answer("support.peer_groups", fact("arrangement", "informal"), place)
    asked = reply.messages[-1]
    names = [knowledge.base.authorities[s].short_name for s in ("rotherham", "leeds")]
    assert [o.label for o in asked.options] == names
    assert talk.slots.get("authority") is None
    after = await talk.choose(asked.options[0].payload)
    assert talk.slots["authority"] == "rotherham" and talk.slots.get("open_question") is None
    assert after.messages[0].topics == ["support.peer_groups"]


@pytest.mark.parametrize("nation", ["scotland", "wales", "northern_ireland"])
async def test_another_nation_is_told_first(talk: Talk, nation: str) -> None:
    place = {"entity": "place", "value": {"home": [], "elsewhere": [], "nation": nation}}
    reply = await talk.answer("money.overview", place)
    assert reply.messages[0].topics == ["assistant.other_nation"]


FOLLOW_UPS = ["how_to_apply", "how_much", "who_to_ask", "who", "how_long", "if_refused"]


@pytest.mark.parametrize("facet", FOLLOW_UPS)
async def test_a_follow_up_is_about_the_last_answer(new_talk: Callable[..., Talk], knowledge: Knowledge, facet: str) -> None:
    situation = Situation(on=ON, arrangement="special_guardianship_order")
    having = [t for t in knowledge.base.topics if knowledge.base.find(t, facet, situation) and t.startswith("money.")]
    lacking = [t for t in knowledge.base.topics if not knowledge.base.find(t, facet, situation)
               and not t.startswith(("urgent.", "assistant."))]
    assert having
    for topic in [having[0], *lacking[:1]]:
        talk = new_talk(arrangement="special_guardianship_order", authority="rotherham")
        await talk.answer(topic)
        reply = await talk("action_follow_up", f"follow_up.{facet}")
        (message,) = reply.messages
        found = knowledge.base.find(topic, facet, situation)
        assert message.text == (found.text if found else knowledge.base.say("answer.no_facet", ON))
        assert message.topics == [topic] and message.answers
        assert talk.slots["topic"] == topic


async def test_more_goes_through_every_part_once_and_then_says_so(new_talk: Callable[..., Talk],
                                                                  knowledge: Knowledge) -> None:
    talk = new_talk(arrangement="special_guardianship_order", authority="rotherham")
    topic = "money.child_benefit"
    await talk.answer(topic)
    situation = Situation(on=ON, arrangement="special_guardianship_order", authority="rotherham")
    parts = [f for f in knowledge.base.facets(topic, situation) if f != "answer"]
    said = [(await talk("action_follow_up", "follow_up.more")).messages[0].text for _ in parts]
    assert len(set(said)) == len(parts)
    end = await talk("action_follow_up", "follow_up.more")
    assert end.messages[0].text == knowledge.base.say("answer.all_told", ON, about=knowledge.base.topics[topic].about)


@pytest.mark.parametrize("kind", ["source", "short", "meaning", "more", "how_much"])
async def test_a_follow_up_on_nothing_asks_which(talk: Talk, knowledge: Knowledge, kind: str) -> None:
    reply = await talk("action_follow_up", f"follow_up.{kind}")
    assert reply.messages[0].text == knowledge.base.say("answer.which_answer", ON)
    assert reply.messages[0].options


async def test_the_source_names_every_page_and_the_day(new_talk: Callable[..., Talk], knowledge: Knowledge) -> None:
    talk = new_talk(arrangement="special_guardianship_order", authority="rotherham")
    await talk.answer("money.guardians_allowance")
    (message,) = (await talk("action_follow_up", "follow_up.source")).messages
    found = knowledge.base.find("money.guardians_allowance", "answer",
                                Situation(on=ON, arrangement="special_guardianship_order", authority="rotherham"))
    assert found
    for source in found.entry.sources:
        assert f"[{source.title}]({source.url})" in message.text
    day = found.entry.checked_on
    assert f"{day.day} {day:%B %Y}" in message.text


async def test_a_word_is_explained_from_the_glossary(talk: Talk, knowledge: Knowledge) -> None:
    await talk.answer("money.overview", fact("arrangement", "special_guardianship_order"))
    term = next(t for t in knowledge.base.glossary.values())
    (message,) = (await talk("action_follow_up", "follow_up.meaning", text=f"what's {term.term}?")).messages
    assert term.meaning in message.text


async def test_in_short_is_the_short_form(new_talk: Callable[..., Talk], knowledge: Knowledge) -> None:
    talk = new_talk(arrangement="special_guardianship_order", authority="rotherham")
    topic = next(t for t, known in knowledge.base.topics.items() if t.startswith("money.") and known.entries[0].sms)
    await talk.answer(topic)
    found = knowledge.base.find(topic, "answer", Situation(on=ON, arrangement="special_guardianship_order"))
    (message,) = (await talk("action_follow_up", "follow_up.short")).messages
    if found and found.sms:
        assert message.text == found.sms


HOURS: list[tuple[str, str, dict[str, Any]]] = [
    ("2026-11-24T11:00:00+00:00", "helpline.open_now", {"closes": "3pm"}),
    ("2026-11-24T16:00:00+00:00", "helpline.shut_now", {"day": "tomorrow", "time": "9.30am"}),
    ("2026-11-28T11:00:00+00:00", "helpline.shut_now", {"day": "on Monday", "time": "9.30am"}),
    ("2026-12-25T11:00:00+00:00", "helpline.shut_now", {"day": "on Tuesday", "time": "9.30am"}),
]


@pytest.mark.parametrize(("now", "name", "values"), HOURS, ids=[h[0] for h in HOURS])
async def test_a_person_number_hours_and_whether_it_is_open(talk: Talk, knowledge: Knowledge, now: str, name: str,
                                                            values: dict[str, Any]) -> None:
    talk.now = now
    reply = await talk("action_hand_over", "helpline.talk_to_someone")
    on = date.fromisoformat(now[:10])
    text = reply.messages[0].text
    assert reply.hand_over and reply.hand_over.reason == "asked"
    assert knowledge.base.say(name, on, **values) in text and knowledge.base.say("helpline.number", on) in text
    assert reply.messages[0].topics == ["helpline.talk_to_someone"] and reply.messages[0].answers


async def test_only_a_complaint_about_us_is_left_to_the_person(new_talk: Callable[..., Talk], knowledge: Knowledge) -> None:
    """Who asks for a person and complains about somebody else is told how to complain, too."""
    need = {"entity": "need", "value": "support.complaint"}
    for about, topics in (("us", []), ("made", ["support.complaint"])):
        complaint = {"entity": "complaint", "value": about}
        reply = await new_talk()("action_hand_over", "helpline.talk_to_someone", need, complaint)
        assert [t for m in reply.messages for t in m.topics] == ["helpline.talk_to_someone", *topics]
        assert reply.hand_over and reply.hand_over.reason == "complaint"
        assert (knowledge.base.say("helpline.complaint", ON) in texts(reply)) is (about == "us")


async def test_the_buttons_of_a_topic_are_its_own(new_talk: Callable[..., Talk], knowledge: Knowledge) -> None:
    """In its words and its order; parts already given aren't offered again."""
    talk, topic = new_talk(arrangement="informal"), "family.life_story"
    known = knowledge.base.topics[topic]
    own = {f'/{topic}{{"facet": "{facet}"}}': known.labels[facet] for facet in known.buttons}
    assert own and list(known.buttons) != ["how_to_apply", "how_much", "who"]
    offered = [o for o in (await talk.answer(topic)).messages[0].options if o.payload in own]
    assert [(o.payload, o.label) for o in offered] == list(own.items())
    after = (await talk("action_follow_up", "follow_up.how_to_apply")).messages[0].options
    assert [o.payload for o in after if o.payload in own] == list(own)[1:]


async def test_a_topic_without_words_of_its_own_has_the_usual_buttons(new_talk: Callable[..., Talk]) -> None:
    talk = new_talk(arrangement="informal")
    options = (await talk.answer("money.child_benefit")).messages[0].options
    assert [o.label for o in options if "facet" in o.payload] == ["How do I apply?", "How much is it?", "Am I eligible?"]
