"""Answers on a need, follow-ups on the last answer, and handing over to a person."""

from __future__ import annotations

from bot.actions.action import SignpostAction
from bot.actions.asking import WHICH, new_verdict, next_question, tell_verdict, work_out
from bot.actions.asking import question as ask_question
from bot.actions.choosing import first_parts, further_parts
from bot.actions.composing import (
    PERSON,
    URGENT,
    WEB_WORDS,
    answer_facet,
    answer_facets,
    answer_locally,
    answer_topic,
    council_part,
    count,
    facet_option,
    helpline_answers,
    led_by,
    local_part,
    menu,
    no_content,
    person_option,
    topic_option,
    with_council,
)
from bot.actions.turn import Turn, topic_of
from bot.knowledge.arrangement_types import Ask
from bot.knowledge.asides import US
from bot.knowledge.base import MOST_OPTIONS
from bot.knowledge.opening import clock_words, closes_at, day_words, opens_next
from bot.knowledge.reply import HandOver, Message, Option, Reply

LOCAL_OFFER = "support.local_offer"
OTHER_NATION = "assistant.other_nation"
STORY = ("arrangement.", "support.new_carer")  # what a story is taken for that tells which arrangement it is
QUESTION = 30  # words that a question after the answer may take
PASSED_ON = 45  # words that the helpline's desk adds where a person is fetched


class AnswerNeeds(SignpostAction):
    """Answers up to three needs, surest first, then asks what would sharpen the first answer."""

    action = "action_answer"
    takes_up = True

    def reply(self, turn: Turn) -> Reply:
        """One message a topic; a question or ways on at the end."""
        topics = needed(turn)
        if turn.facet:
            message = answer_facet(turn, topics[0], turn.facet)
            turn.memory.speak_of(topics[0], turn.facet)
            return Reply(messages=[message])
        settled = new_verdict(turn) if topics[0].startswith(STORY) else None
        if settled:
            return Reply(messages=[tell_verdict(turn, settled)])
        there = next((t for t in topics if t in (turn.memory.topic, LOCAL_OFFER)), None) if turn.asks_elsewhere else None
        if there and (len(topics) == 1 or topics[0] == there):
            return Reply(messages=[answer_locally(turn, there, turn.elsewhere)])
        if len(topics) == 1 and turn.text and turn.memory.given.get(topics[0]) and not changes(turn, topics[0]):
            return answer_again(turn, topics[0])
        return answer_topics(turn, topics, WEB_WORDS - PASSED_ON if turn.complaint else WEB_WORDS)


def needed(turn: Turn) -> list[str]:
    """The topics to answer, the most urgent first, else the surest."""
    base = turn.knowledge.base.topics
    intents = turn.needs or [turn.intent]
    topics = [t for t in dict.fromkeys(topic_of(i) for i in intents) if t in base]
    if turn.asks_elsewhere and turn.nation is None:  # 'same for Oldham?' is no question about another nation
        topics = [t for t in topics if t != OTHER_NATION] or [turn.memory.topic or LOCAL_OFFER]
    if turn.nation in ("scotland", "wales", "northern_ireland") and turn.memory.authority is None:
        topics = [OTHER_NATION, *(t for t in topics if t != OTHER_NATION)]
    return sorted(topics, key=lambda t: not t.startswith(URGENT)) or [topic_of(turn.intent)]


def answer_topics(turn: Turn, topics: list[str], words: int = WEB_WORDS) -> Reply:
    """Messages on `topics` (one or more) in so many words, the question that would sharpen the first one last."""
    memory = turn.memory
    memory.open_question = None
    instead = [topic_option(turn, topic) for topic in might_be(turn, topics)]
    told = bool(instead) or len(topics) > 2 or turn.complaint  # who asks three things, or complains, is told, not asked
    asked = None if told and (turn.complaint or not turn.choices) else next_question(turn, topics[0])
    left = words - (count(asked.text) if asked else 0)
    messages: list[Message] = []
    for number, topic in enumerate(topics):
        share = left // (len(topics) - number)  # of the room there is
        first = answer_first(turn, topic, share)
        message = fitting(first, share) or fitting(first, left) or (None if messages else first)
        if message is None:  # no room: it is offered
            offered = [*messages[-1].options, topic_option(turn, topic)][-MOST_OPTIONS:]
            messages[-1] = messages[-1].model_copy(update={"options": offered})
            continue
        messages.append(message)
        left -= count(message.text)
    for topic in reversed([t for m in messages for t in m.topics]):
        memory.speak_of(topic, "answer")
    memory.unclear = 0
    if instead:  # is it this at all? comes before what would sharpen it
        kept = messages[-1].options[: MOST_OPTIONS - len(instead)]
        messages[-1] = messages[-1].model_copy(update={"options": [*kept, *instead]})
    if asked:
        messages = [m.model_copy(update={"options": []}) for m in messages]
        messages.append(asked)
    return Reply(messages=messages, hand_over=_wanted(turn, topics))


def _wanted(turn: Turn, topics: list[str]) -> HandOver | None:
    """Is a person wanted: asked for, or because editors marked a topic as one for a person first?"""
    if PERSON in topics:
        return HandOver(reason="asked")
    first = any(turn.knowledge.base.topics[topic].person_first for topic in topics if topic in turn.knowledge.base.topics)
    return HandOver(reason="person_first") if first else None


def might_be(turn: Turn, topics: list[str]) -> list[str]:
    """The topics that a doubtful message might have meant instead of `topics`."""
    likely = dict.fromkeys(topic_of(intent) for intent in turn.maybe)
    return [topic for topic in likely if topic in turn.knowledge.base.topics and topic not in topics]


def fitting(message: Message, words: int) -> Message | None:
    """The message within so many words: whole, as for a text message, or its first sentence; None where none fits."""
    ways = (message.text, message.sms or message.text, message.text.split("\n")[0])
    text = next((way for way in ways if count(way) <= words), None)
    return message.model_copy(update={"text": text}) if text else None


def answer_first(turn: Turn, topic: str, words: int) -> Message:
    """The first that is said of `topic`: the answer, or the very part that was asked for and the answer after it."""
    parts = first_parts(turn, topic)
    if parts[0] == "answer":
        return answer_topic(turn, topic, words)
    turn.memory.speak_of(topic, parts[0])
    return with_council(turn, topic, answer_facets(turn, topic, parts, words), words)


def answer_again(turn: Turn, topic: str, wanted: str | None = None) -> Reply:
    """More on a topic that was spoken of: the parts nearest to the message, or that there is no more."""
    parts = further_parts(turn, topic, wanted)
    turn.memory.unclear, turn.memory.open_question = 0, None
    if not parts and wanted and not turn.memory.has_said(topic, wanted):
        return Reply(messages=[no_content(turn, topic, "answer.no_facet")])
    if not parts:
        text = turn.say("answer.all_told", about=turn.knowledge.base.topics[topic].about)
        return Reply(messages=[Message(text=text, topics=[topic], answers=helpline_answers(turn),
                                       options=[*_onward(turn, topic), person_option(turn)])])
    message = answer_facets(turn, topic, parts)
    here = local_part(turn, topic, turn.knowledge.base.find_locally(topic, turn.situation)[:1])
    if here is None and turn.memory.authority and "authority" in turn.learned:
        here = council_part(turn, turn.memory.authority, [])  # 'who do I ring? I'm in Gravesend'
    if here and (wanted == "who_to_ask" or "authority" in turn.learned) and count(message.text) + count(here) <= WEB_WORDS:
        message = message.model_copy(update={"text": f"{message.text}\n\n{here}"})
    for facet in reversed(parts):
        turn.memory.speak_of(topic, facet)
    return Reply(messages=[message])


class FollowUp(SignpostAction):
    """'How do I apply?', 'how much?', 'where does it say that?' – on the topic last answered."""

    action = "action_follow_up"
    takes_up = True

    def reply(self, turn: Turn) -> Reply:
        """The part of the last topic that was asked for."""
        known, kind = turn.knowledge.base.topics, turn.intent.partition(".")[2]
        topic = at_hand(turn, kind)
        if topic not in known:
            text = turn.say("answer.which_answer")
            return Reply(messages=[Message(text=text, topics=["assistant.correction"], options=menu(turn))])
        if turn.asks_elsewhere:
            return Reply(messages=[answer_locally(turn, topic, turn.elsewhere)])
        if kind in ALONE:
            return Reply(messages=[ALONE[kind](turn, topic)])
        if changes(turn, topic) and kind != "who_to_ask":
            return answer_topics(turn, [topic])  # 'and for the older one?', 'does it change with an SGO?'
        return answer_again(turn, topic, None if kind in UNNAMED else kind)


def changes(turn: Turn, topic: str) -> bool:
    """Does what this message tells give another answer on `topic` than before?"""
    base, was, now = turn.knowledge.base, turn.was, turn.situation
    if topic not in base.topics or was is None:
        return False
    if turn.turned or ("authority" in base.topics[topic].depends_on and now.authority != was.authority):
        return True
    then, found = base.find(topic, "answer", was), base.find(topic, "answer", now)
    return bool(then and found and then.entry.id != found.entry.id)


def at_hand(turn: Turn, kind: str) -> str:
    """The topic that a follow-up is about: the likeliest where it was spoken of, else the last.

    'What if they say no?' after the helpline's number means what came before it.
    """
    recent = turn.memory.recent or [turn.memory.topic or ""]
    if kind in ("more", *ALONE):
        return recent[0]
    likely = topic_of(turn.needs[0]) if turn.needs else ""
    return likely if likely in recent else next((t for t in recent if not t.startswith("helpline.")), recent[0])


def _onward(turn: Turn, topic: str) -> list[Option]:
    base = turn.knowledge.base.topics
    return [topic_option(turn, t) for t in base[topic].follow_on if t in base]


def sources(turn: Turn, topic: str) -> Message:
    """Where the last answer says so, when it was checked, and why this variant was picked."""
    situation = turn.situation
    base = turn.knowledge.base
    found = base.find(topic, turn.memory.facet or "answer", situation) or base.find(topic, "answer", situation)
    if found is None:
        return answer_facet(turn, topic, "answer")
    cited = ", ".join(f"[{s.title}]({s.url})" for s in found.entry.sources)
    when = found.entry.when
    facts = [turn.say("known.arrangement", value=turn.say(f"arrangement_names.{situation.arrangement}"))
             ] if when.arrangement and situation.arrangement else []
    if when.previously_looked_after is not None:
        facts.append(turn.say("known.looked_after_yes" if when.previously_looked_after else "known.looked_after_no"))
    why = turn.say("source.because", facts=" and ".join(facts)) if facts else turn.say("source.for_everyone")
    day = f"{found.entry.checked_on.day} {found.entry.checked_on:%B %Y}"
    text = turn.say("source.text", sources=cited, day=day, why=why)
    return Message(text=text, topics=[topic], answers=[found.answer(situation)], options=_onward(turn, topic))


def in_short(turn: Turn, topic: str) -> Message:
    """The short form of the answer."""
    found = turn.knowledge.base.find(topic, "answer", turn.situation)
    if found is None or not found.sms:
        return answer_facet(turn, topic, "next_step")
    more = turn.say("answer.more_label")
    options = [facet_option(turn, topic, f) for f in ("how_to_apply", "who_to_ask")
               if f in turn.knowledge.base.facets(topic, turn.situation)]
    return Message(text=found.sms, topics=[topic], answers=[found.answer(turn.situation)], sms=found.sms,
                   options=[*options, *(o for o in [topic_option(turn, topic)] if o.label != more)])


def meaning(turn: Turn, topic: str) -> Message:
    """A term of art in plain words: the one named, else the first that the last answer used."""
    said = f" {turn.text.casefold()} "
    found = turn.knowledge.base.find(topic, turn.memory.facet or "answer", turn.situation)
    shown = f" {found.text} " if found else ""
    for heard in (said, shown.casefold()):
        for term in turn.knowledge.base.glossary.values():
            if any(f" {name.casefold()} " in heard.translate(_NO_STOPS) for name in (term.term, *term.also)):
                return Message(text=turn.say("meaning.text", term=term.term, meaning=term.meaning), topics=[topic])
    return Message(text=turn.say("meaning.which"), topics=[topic])


UNNAMED = ("detail", "more")  # follow-ups that name no part: the nearest is taken
ALONE = {"source": sources, "short": in_short, "meaning": meaning}  # follow-ups that are no part of the content
_NO_STOPS = str.maketrans(dict.fromkeys("?.,!:;'\"()", " "))


class HandOverToPerson(SignpostAction):
    """The helpline's number and hours, whether it is open now, and into the queue. The desk says what happens there."""

    action = "action_hand_over"

    def reply(self, turn: Turn) -> Reply:
        """Everything needed to reach a person, then the conversation waits for one."""
        message = answer_topic(turn, PERSON, WEB_WORDS)
        found = turn.knowledge.base.find(PERSON, "answer", turn.situation)
        state = opening(turn)
        pieces = [turn.say("helpline.number"), state, turn.say("helpline.danger")]
        answers = [found.answer(turn.situation)] if found else message.answers
        spoken = message.model_copy(update={"text": "\n\n".join(pieces), "answers": answers, "options": [],
                                            "sms": f"{pieces[0]} {state}"})
        turn.memory.speak_of(PERSON, "answer")
        if turn.complaint == US:  # an answer about the council's complaints would be beside the point
            return led_by(turn.say("helpline.complaint"), Reply(messages=[spoken], hand_over=HandOver(reason="complaint")))
        messages = [spoken]
        rest = [t for t in needed(turn) if t != PERSON and t in turn.needs][:1]
        left = WEB_WORDS - count(spoken.text)
        messages += [short for t in rest if (short := fitting(answer_topic(turn, t, left), left))]
        return Reply(messages=messages, hand_over=HandOver(reason="complaint" if turn.complaint else "asked"))


def opening(turn: Turn) -> str:
    """Open now until when, or shut and open next when, in words."""
    line = turn.knowledge.base.helpline
    closes = closes_at(line, turn.now)
    if closes:
        return turn.say("helpline.open_now", closes=clock_words(closes))
    opens = opens_next(line, turn.now)
    if opens is None:
        return turn.say("helpline.shut_long")
    return turn.say("helpline.shut_now", day=day_words(opens, turn.now), time=clock_words(opens))


class WorkOutArrangement(SignpostAction):
    """'Which arrangement do I have?': the decision table's next question, or what it has worked out."""

    action = "action_work_out_arrangement"

    def reply(self, turn: Turn) -> Reply:
        """What kinds there are is for later; the first question comes at once."""
        if turn.facet:
            return Reply(messages=[answer_facet(turn, WHICH, turn.facet)])
        turn.memory.waiting_topic = None
        turn.memory.speak_of(WHICH, "question")
        step = work_out(turn)
        if isinstance(step, Ask):
            intro = answer_topic(turn, WHICH, WEB_WORDS - QUESTION)
            first = not turn.memory.asked
            messages = [intro.model_copy(update={"options": []})] if first else []
            return Reply(messages=[*messages, ask_question(turn, step)])
        return Reply(messages=[tell_verdict(turn, step)])
