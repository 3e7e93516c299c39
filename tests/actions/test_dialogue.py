"""Questions and answers, small talk, clarifying, starting again, and errors."""

from __future__ import annotations

import itertools
import random
from collections.abc import Callable
from datetime import date

import pytest

from bot.actions import action
from bot.actions.action import SignpostAction
from bot.actions.turn import Knowledge
from bot.knowledge.reply import Reply
from tests.actions.conftest import ALL, Talk, fact

ON = date(2026, 11, 24)
WHICH = "arrangement.which"
DEPENDS = "money.council_allowance"


def question(reply: Reply, knowledge: Knowledge, talk: Talk) -> list[str] | None:
    """The payloads of the table's question that is open, or None; it is always the last message, and alone."""
    asked = talk.slots.get("open_question")
    if asked not in knowledge.table.questions:
        return None
    labels = [a.label for a in knowledge.table.questions[asked].answers]
    asking = [m for m in reply.messages if [o.label for o in m.options] == labels]
    assert asking == [reply.messages[-1]], "one question at a time, last"
    return [o.payload for o in asking[0].options]


async def walk(talk: Talk, knowledge: Knowledge, reply: Reply, pick: Callable[[list[str]], str]) -> Reply:
    """Answer every question of the table by `pick`, to the verdict."""
    seen: list[str] = []
    while (payloads := question(reply, knowledge, talk)) is not None:
        assert talk.slots["open_question"] not in seen, "no question twice"
        seen.append(talk.slots["open_question"])
        assert len(seen) <= knowledge.table.limits.at_most
        reply = await talk.choose(pick(payloads))
    assert seen
    return reply


@pytest.mark.parametrize("seed", range(25))
async def test_any_way_through_the_questions_ends_in_a_verdict(talk: Talk, knowledge: Knowledge, seed: int) -> None:
    chance = random.Random(seed)  # noqa: S311
    first = await talk("action_work_out_arrangement", WHICH)
    reply = await walk(talk, knowledge, first, chance.choice)
    verdict = reply.messages[0]
    assert talk.slots["arrangement"] in {o.arrangement for o in knowledge.table.outcomes.values()}
    assert verdict.topics == [WHICH] and verdict.answers[0].arrangement == talk.slots["arrangement"]
    assert verdict.answers[0].sources
    outcome = next(o for o in knowledge.table.outcomes.values() if verdict.answers[0].entry == f"{WHICH}.{o.id}")
    for told in (outcome.because, outcome.means, outcome.next_step):
        assert knowledge.base.figures.fill(told, ON) in verdict.text


async def test_always_not_sure_ends_soon_with_what_is_likely_and_advice(talk: Talk, knowledge: Knowledge) -> None:
    first = await talk("action_work_out_arrangement", WHICH)
    reply = await walk(talk, knowledge, first, lambda payloads: payloads[-1])
    assert len(talk.said) - 1 <= knowledge.table.limits.questions
    assert knowledge.base.say("verdict.advice_first", ON) in reply.messages[0].text


@pytest.mark.parametrize("seed", range(8))
async def test_a_need_that_turns_on_the_arrangement_is_answered_once_it_is_known(talk: Talk, knowledge: Knowledge,
                                                                                 seed: int) -> None:
    chance = random.Random(seed)  # noqa: S311
    first = await talk.answer(DEPENDS, {"entity": "authority", "value": "rotherham"})
    assert first.messages[0].topics == [DEPENDS], "the general answer comes first"
    reply = await walk(talk, knowledge, first, chance.choice)
    named = not talk.slots.get("told")  # an order that the carer named isn't told her back
    assert [m.topics[0] for m in reply.messages[:2]] == ([DEPENDS] if named else [WHICH, DEPENDS])
    assert talk.slots["topic"] == DEPENDS and not talk.slots.get("waiting_topic")


async def test_an_arrangement_named_instead_of_an_answer_goes_straight_on(talk: Talk) -> None:
    await talk.answer(DEPENDS, {"entity": "authority", "value": "rotherham"})
    reply = await talk("action_take_reply", "reply.inform", fact("arrangement", "special_guardianship_order"))
    assert reply.messages[0].topics == [DEPENDS]
    assert reply.messages[0].answers[0].arrangement in ("special_guardianship_order", None)
    assert not talk.slots.get("open_question") and not talk.slots.get("waiting_topic")


async def test_an_answer_is_for_what_was_spoken_of_last(talk: Talk, knowledge: Knowledge) -> None:
    """'No wait, money first': the question that comes again after that is about the money."""
    await talk.answer(DEPENDS, {"entity": "authority", "value": "rotherham"})
    await talk.answer("education.exclusion_attendance")
    assert talk.slots["waiting_topic"] == "education.exclusion_attendance"
    again = await talk("action_follow_up", "follow_up.how_long", {"entity": "need", "value": DEPENDS})
    assert again.messages[0].topics == [DEPENDS] and question(again, knowledge, talk)
    reply = await talk("action_take_reply", "reply.inform", fact("arrangement", "special_guardianship_order"))
    assert reply.messages[0].topics == [DEPENDS]


async def test_a_question_that_is_not_put_again_is_for_nothing(talk: Talk, monkeypatch: pytest.MonkeyPatch) -> None:
    await talk.answer(DEPENDS, {"entity": "authority", "value": "rotherham"})
    await talk.answer("education.exclusion_attendance")
    monkeypatch.setattr(action, "WEB_WORDS", 1)  # no room for it
    await talk("action_follow_up", "follow_up.how_long", {"entity": "need", "value": DEPENDS})
    assert not talk.slots.get("open_question") and talk.slots["waiting_topic"] == "education.exclusion_attendance"


async def test_why_gives_the_reason_and_the_question_again(talk: Talk, knowledge: Knowledge) -> None:
    await talk("action_work_out_arrangement", WHICH)
    asked = knowledge.table.questions[talk.slots["open_question"]]
    reply = await talk("action_take_reply", "reply.why")
    for said in (asked.why, asked.ask):
        assert knowledge.base.figures.fill(said, ON) in reply.messages[0].text
    assert talk.slots["open_question"] == asked.id
    assert question(reply, knowledge, talk)


async def test_an_answer_not_read_is_asked_for_once_more_and_then_let_go(talk: Talk, knowledge: Knowledge) -> None:
    await talk("action_work_out_arrangement", WHICH)
    first = talk.slots["open_question"]
    again = await talk("action_take_reply", "reply.inform", text="purple")
    assert talk.slots["open_question"] == first and question(again, knowledge, talk)
    await talk("action_take_reply", "reply.inform", text="purple")
    assert talk.slots.get("open_question") != first


@pytest.mark.parametrize("intent", ["reply.not_sure", "reply.skip"])
async def test_not_sure_and_skip_go_on(talk: Talk, intent: str) -> None:
    await talk("action_work_out_arrangement", WHICH)
    first = talk.slots["open_question"]
    await talk("action_take_reply", intent)
    assert talk.slots.get("open_question") != first and talk.slots["unsure"] == 1


async def test_a_question_by_the_carer_is_answered_inside_a_question(talk: Talk) -> None:
    await talk("action_work_out_arrangement", WHICH)
    reply = await talk.answer("money.child_benefit")
    assert reply.messages[0].topics == ["money.child_benefit"] and reply.messages[0].answers


async def test_a_correction_inside_a_question_is_taken(talk: Talk) -> None:
    await talk.answer(DEPENDS)
    await talk("action_take_reply", "assistant.correction.change_fact", fact("arrangement", "adoption"))
    assert talk.slots["arrangement"] == "adoption"


async def test_an_arrangement_put_right_on_the_page_replaces_the_order_told_before(talk: Talk) -> None:
    await talk.answer("money.overview", fact("arrangement", "special_guardianship_order"),
                      fact("order", "special_guardianship"))
    await talk("action_take_reply", "assistant.correction.change_fact", fact("arrangement", "informal"),
               text='/assistant.correction.change_fact{"fact": {"name": "arrangement", "value": "informal"}}')
    assert talk.slots["arrangement"] == "informal"
    await talk.answer("money.overview", fact("child_age", [5]))
    assert talk.slots["arrangement"] == "informal", "and what is told later doesn't bring it back"


@pytest.mark.parametrize(("intent", "entities"), [
    ("reply.skip", []), ("reply.not_sure", []), ("reply.no", []),
    ("reply.inform", [{"entity": "place", "value": {"home": ["rotherham"], "elsewhere": [], "nation": None}}]),
])
async def test_the_council_is_asked_for_once(talk: Talk, intent: str, entities: list[dict[str, object]]) -> None:
    asking = await talk.answer("support.peer_groups", fact("arrangement", "informal"))
    assert talk.slots["open_question"] == "authority" and asking.messages[-1].options
    reply = await talk("action_take_reply", intent, *entities)
    assert reply.messages[0].topics == ["support.peer_groups"]
    assert not talk.slots.get("open_question")
    assert talk.slots.get("authority") == ("rotherham" if entities else None)
    await talk.answer("support.peer_groups")
    assert not talk.slots.get("open_question"), "she was asked once"


async def test_facts_told_unasked_are_noted_and_read_back(talk: Talk, knowledge: Knowledge) -> None:
    reply = await talk("action_take_reply", "reply.inform", fact("relationship", "grandparent"), fact("child_age", [7]))
    text = reply.messages[0].text
    assert knowledge.base.say("relationships.grandparent", ON) in text and "7" in text
    assert reply.messages[0].options


async def test_what_is_known_is_told_and_nothing_else(new_talk: Callable[..., Talk], knowledge: Knowledge) -> None:
    blank = await new_talk()("action_tell_known", "assistant.privacy.known")
    assert blank.messages[0].text == knowledge.base.say("privacy.known_nothing", ON)
    told = await new_talk(arrangement="adoption", authority="slough", relationship="sibling", child_age=[3, 5],
                          previously_looked_after=False)("action_tell_known", "assistant.privacy.known")
    for part in ("arrangement_names.adoption", "relationships.sibling", "known.looked_after_no"):
        assert knowledge.base.say(part, ON) in told.messages[0].text
    assert knowledge.base.authorities["slough"].short_name in told.messages[0].text and "3, 5" in told.messages[0].text


@pytest.mark.parametrize(("intent", "forgotten"), [("reply.yes", True), ("reply.no", False), ("reply.not_sure", False)])
async def test_deleting_is_asked_and_then_done(talk: Talk, knowledge: Knowledge, intent: str, forgotten: bool) -> None:
    asked = await talk("action_forget", "assistant.privacy.delete")
    assert not asked.forget and [o.payload for o in asked.messages[0].options] == ["/reply.yes", "/reply.no"]
    reply = await talk("action_take_reply", intent)
    assert reply.forget is forgotten
    name = "privacy.forgotten" if forgotten else "privacy.not_forgotten"
    assert reply.messages[0].text == knowledge.base.say(name, ON)
    assert not (await talk("action_take_reply", "reply.yes")).forget, "a later yes deletes nothing"


async def test_start_again_forgets_the_family(new_talk: Callable[..., Talk], knowledge: Knowledge) -> None:
    talk = new_talk(arrangement="adoption", authority="slough", child_age=[3], situation={"a": "b"}, asked=["q"],
                    open_question="x", previously_looked_after=True, turn=4.0, topic="money.overview")
    reply = await talk("action_start_again", "assistant.correction.start_again")
    assert reply.messages[0].text == knowledge.base.say("put_right.start_again", ON) and reply.messages[0].options
    assert {k for k, v in talk.slots.items() if v} == {"turn", "said"}


async def test_going_back_gives_the_last_answer_or_a_menu(new_talk: Callable[..., Talk], knowledge: Knowledge) -> None:
    talk = new_talk(arrangement="adoption", authority="slough")
    nothing = await talk("action_go_back", "assistant.correction.go_back")
    assert nothing.messages[0].text == knowledge.base.say("put_right.nothing_before", ON)
    answered = await talk.answer("money.child_benefit")
    back = await talk("action_go_back", "assistant.correction.go_back")
    assert answered.messages[0].text in back.messages[0].text
    assert back.messages[0].topics == ["money.child_benefit", "assistant.correction"]


CHAT = [("action_greet", "assistant.greeting.hello"), ("action_thank", "assistant.greeting.thanks"),
        ("action_thank", "assistant.greeting.goodbye"), ("action_about", "assistant.about"),
        ("action_privacy", "assistant.privacy.kept"), ("action_out_of_scope", "assistant.out_of_scope"),
        ("action_calm", "assistant.out_of_scope.abuse"), ("action_put_right", "assistant.correction.wrong_answer")]


@pytest.mark.parametrize(("action", "intent"), CHAT, ids=[i for _, i in CHAT])
async def test_small_talk_is_filed_and_needs_no_entry(talk: Talk, action: str, intent: str) -> None:
    (message,) = (await talk(action, intent)).messages
    assert message.topics == [".".join(intent.split(".")[:2])] and message.answers == [] and not message.urgent


@pytest.mark.parametrize("likely", [[], ["money.overview"], ["money.overview", "money.child_benefit", "education.send"]],
                         ids=["no idea", "one idea", "three ideas"])
async def test_clarifying_never_says_the_same_twice_running(talk: Talk, likely: list[str]) -> None:
    said, handed = [], []
    for _ in range(5):
        reply = await talk("action_clarify", "unclear", *({"entity": "need", "value": t} for t in likely))
        (message,) = reply.messages
        assert message.options and message.topics
        said.append(message.text)
        handed.append(reply.hand_over)
    assert all(one != next_one for one, next_one in itertools.pairwise(said))
    assert handed[0] is None and all(h.reason == "not_understood" for h in handed[1:]), "the second time a person is fetched"


async def test_editors_may_mark_a_topic_as_one_for_a_person(talk: Talk, knowledge: Knowledge,
                                                            monkeypatch: pytest.MonkeyPatch) -> None:
    assert (await talk.answer("support.respite")).hand_over is None
    marked = knowledge.base.topics["support.respite"].model_copy(update={"person_first": True})
    monkeypatch.setitem(knowledge.base.topics, "support.respite", marked)  # type: ignore[arg-type]
    reply = await talk.answer("support.respite")
    assert reply.hand_over and reply.hand_over.reason == "person_first" and reply.messages[0].answers


async def test_an_answer_ends_the_count_of_unclear_messages(talk: Talk) -> None:
    await talk("action_clarify", "unclear")
    assert talk.slots["unclear"] == 1
    await talk.answer("money.child_benefit")
    assert talk.slots["unclear"] == 0


@pytest.mark.parametrize("name", sorted(ALL))
async def test_an_exception_in_any_action_ends_in_the_apology(talk: Talk, knowledge: Knowledge, name: str,
                                                              monkeypatch: pytest.MonkeyPatch,
                                                              capsys: pytest.CaptureFixture[str]) -> None:
    def broken(self: SignpostAction, turn: object) -> Reply:
        turn.memory.arrangement = "half done"  # type: ignore[attr-defined]
        raise RuntimeError("words of a carer")

    monkeypatch.setattr(ALL[name], "reply", broken)
    reply = await talk(name, "money.overview", fact("child_age", [7]), text="words of a carer")
    (message,) = reply.messages
    assert message.text == knowledge.base.say("failure.action", ON)
    assert message.topics and message.answers and [o.topic for o in message.options] == ["helpline.talk_to_someone"]
    assert talk.slots.get("arrangement") is None, "nothing half done is kept"
    assert "words of a carer" not in capsys.readouterr().out


async def test_every_action_survives_an_empty_message_and_unknown_entities(talk: Talk, knowledge: Knowledge) -> None:
    apology = knowledge.base.say("failure.action", ON)
    for name in ALL:
        reply = await Talk(knowledge)(name, "money.overview", {"entity": "topic", "value": "x"})
        assert apology not in reply.messages[0].text, name


# What the conversations of the development set taught


async def test_a_fact_told_when_the_council_was_asked_for_is_taken(talk: Talk) -> None:
    await talk.answer("money.overview", fact("arrangement", "special_guardianship_order"))
    assert talk.slots["open_question"] == "authority"
    got = await talk("action_take_reply", "assistant.correction.change_fact", fact("arrangement", "child_arrangements_order"))
    assert talk.slots["arrangement"] == "child_arrangements_order"
    assert "money.overview" in got.messages[0].topics and got.messages[0].answers


async def test_a_council_put_right_inside_a_question_is_said_back(talk: Talk, knowledge: Knowledge) -> None:
    await talk.answer("support.local_offer", place("bedford"))
    assert question(talk.said[-1], knowledge, talk)
    got = await talk("action_take_reply", "assistant.correction.change_fact", place("bradford"), text="no, Bradford")
    assert talk.slots["authority"] == "bradford" and "Bradford" in got.messages[0].text
    assert question(got, knowledge, talk)


async def test_going_back_goes_to_the_topic_before_though_a_question_is_open(talk: Talk) -> None:
    await talk.answer("education.school_place")
    await talk.answer("health.child_mental_health")
    got = await talk("action_go_back", "assistant.correction.go_back", text="go back")
    assert got.messages[0].topics[0] == "education.school_place"


async def test_what_is_unclear_is_taken_for_the_topic_spoken_of_that_is_likeliest(talk: Talk) -> None:
    await talk.answer("support.respite", fact("arrangement", "informal"))
    await talk.answer("money.child_benefit")
    need = {"entity": "need", "value": "support.respite"}
    got = await talk("action_clarify", "unclear", need, text="and the other business")
    assert got.messages[0].topics == ["support.respite"] and got.messages[0].answers


async def test_a_guess_stands_back_behind_what_is_told(talk: Talk) -> None:
    told = [fact("order", "none"), fact("relationship", "grandparent"), fact("child_age", [6])]
    await talk.answer("support.respite", fact("arrangement", "prospective"), *told)
    assert talk.slots["arrangement"] == "prospective"
    await talk("action_take_reply", "reply.inform", fact("how_came", "family"), text="it was our son asked us")
    assert talk.slots["arrangement"] == "informal"


async def test_facts_of_a_message_answered_as_danger_are_known_afterwards_and_no_news(talk: Talk) -> None:
    talk.slots |= {"open_question": "safe", "topic": "urgent.domestic_abuse", "recent": ["urgent.domestic_abuse"]}
    told = [fact("arrangement", "special_guardianship_order"), fact("relationship", "grandparent"), place("leeds")]
    answer = {"entity": "answer", "value": "safe/yes"}
    got = await talk("action_take_reply", "reply.inform", {"entity": "earlier", "value": told}, answer, text="yes")
    assert [talk.slots[k] for k in ("arrangement", "relationship", "authority")] == [
        "special_guardianship_order", "grandparent", "leeds"]
    assert got.messages[0].topics == ["urgent.domestic_abuse"] and "noted" not in got.messages[0].text


async def test_what_to_do_next_is_said_of_the_last_answer(talk: Talk, knowledge: Knowledge) -> None:
    await talk.answer("health.asgsf_therapy", fact("arrangement", "special_guardianship_order"))
    got = await talk("action_follow_up", "follow_up.next_step", text="what should I say to them")
    assert got.messages[0].topics == ["health.asgsf_therapy"]
    assert got.messages[0].answers[0].facet == "next_step"


def of_child(child: str, **facts: object) -> dict[str, object]:
    return {"entity": "of_child", "value": {"child": child, "facts": [{"name": n, "value": v} for n, v in facts.items()]}}


async def test_two_children_told_of_at_once_keep_what_is_theirs(talk: Talk, knowledge: Knowledge) -> None:
    both = [{"entity": "child", "value": "nephew"}, {"entity": "child", "value": "niece"}]
    nephew = of_child("nephew", arrangement="special_guardianship_order", child_age=[9])
    await talk("action_take_reply", "reply.inform", nephew, of_child("niece", arrangement="informal"),
               fact("arrangement", "informal"), place("leeds"), *both)
    assert talk.slots["child"] == "nephew" and talk.slots["arrangement"] == "special_guardianship_order"
    got = await talk("action_answer", "money.overview", {"entity": "child", "value": "niece"}, text="money for my niece")
    assert talk.slots["arrangement"] == "informal" and talk.slots["authority"] == "leeds"
    assert got.messages[0].text.startswith(knowledge.base.say("child.about", ON, child="your niece"))
    other = await talk("action_follow_up", "follow_up.detail", {"entity": "child", "value": "nephew"}, text="and my nephew?")
    assert other.messages[0].answers[0].arrangement == "special_guardianship_order"
    known = await talk("action_tell_known", "assistant.privacy.known")
    for part in ("your niece", "your nephew", "9", "Leeds", knowledge.base.say("arrangement_names.informal", ON)):
        assert part in known.messages[0].text


async def test_a_fact_that_changes_no_answer_gives_it_not_anew(talk: Talk) -> None:
    first = await talk.answer("education.exclusion_attendance", fact("relationship", "grandparent"))
    got = await talk("action_answer", "education.exclusion_attendance", fact("children_count", 2), text="there are two")
    assert got.messages[0].answers != first.messages[0].answers


async def test_what_is_told_with_something_beside_the_point_is_taken(talk: Talk, knowledge: Knowledge) -> None:
    got = await talk("action_out_of_scope", "assistant.out_of_scope", place("slough"), text="up by the big park in Slough")
    assert talk.slots["authority"] == "slough" and knowledge.base.authorities["slough"].short_name in got.messages[0].text


async def test_another_council_is_no_other_nation(talk: Talk, knowledge: Knowledge) -> None:
    await talk.answer("support.peer_groups", place("leeds"))
    got = await talk("action_answer", "assistant.other_nation", place("slough"), text="same for Slough?")
    assert talk.slots["authority"] == "leeds" and got.messages[0].topics == ["support.peer_groups"]
    assert knowledge.base.authorities["slough"].short_name in got.messages[0].text


def place(home: str) -> dict[str, object]:
    return {"entity": "place", "value": {"home": [home], "elsewhere": [], "placing": None, "nation": None, "said": home}}


async def test_who_begins_with_her_story_is_asked_what_settles_her_arrangement(talk: Talk, knowledge: Knowledge) -> None:
    reply = await talk("action_take_reply", "reply.inform", fact("order", "none"), fact("how_came", "family"),
                       text="no order, her mum just left her")
    assert question(reply, knowledge, talk) and reply.messages[0].topics == [WHICH]


async def test_who_begins_with_all_of_it_is_told_her_arrangement(talk: Talk) -> None:
    told = {"order": "none", "how_came": "family", "council_role": "none", "duration": "28_or_more"}
    reply = await talk("action_take_reply", "reply.inform", *(fact(name, value) for name, value in told.items()),
                       fact("relationship", "grandparent"), fact("child_age", 6), text="her story")
    assert reply.messages[0].topics == [WHICH] and talk.slots["arrangement"] == "informal"


async def test_who_names_her_order_and_asks_nothing_is_asked_what_she_needs(talk: Talk) -> None:
    reply = await talk("action_take_reply", "reply.inform", fact("arrangement", "special_guardianship_order"),
                       text="we have an SGO")
    assert reply.messages[0].topics == ["assistant.greeting"] and reply.messages[0].options


async def test_what_is_told_after_an_answer_brings_for_whom_it_is(talk: Talk, knowledge: Knowledge) -> None:
    topic = "money.disability_benefits"
    await talk.answer(topic, fact("arrangement", "special_guardianship_order"))
    reply = await talk("action_take_reply", "reply.inform", fact("child_disabled", "yes"), text="he has epilepsy")
    (answer,) = reply.messages[0].answers
    assert (answer.topic, answer.facet) == (topic, "who")


async def test_a_follow_up_is_about_the_earlier_topic_its_words_are_likeliest_of(talk: Talk) -> None:
    first, last, neither = "education.school_place", "education.school_support", "money.housing"
    for topic in (first, last):
        await talk.answer(topic, fact("arrangement", "special_guardianship_order"))
    full = {"entity": "need", "value": first}, {"entity": "need", "value": neither}
    assert (await talk("action_follow_up", "follow_up.if_refused", *full, text="if it's full")).messages[0].topics == [first]
    likely = {"entity": "need", "value": neither}, {"entity": "need", "value": "family.siblings"}
    got = await talk("action_follow_up", "follow_up.if_refused", *likely, text="if they say no")
    assert got.messages[0].topics == [first], "which was spoken of last by now"
