"""Answers on a need, follow-ups on the last answer, and handing over to a person."""

from __future__ import annotations

from bot.actions.action import SignpostAction
from bot.actions.asking import next_question, tell_verdict, work_out
from bot.actions.asking import question as ask_question
from bot.actions.composing import WEB_WORDS, answer_facet, answer_topic, count, facet_option, menu, topic_option
from bot.actions.turn import Turn, topic_of
from bot.knowledge.arrangement_types import Ask
from bot.knowledge.base import MOST_OPTIONS
from bot.knowledge.opening import clock_words, closes_at, day_words, opens_next
from bot.knowledge.reply import HandOver, Message, Option, Reply

OTHER_NATION = "assistant.other_nation"
PERSON = "helpline.talk_to_someone"
COUNCIL_UNASKED = 30  # words that a question after the answer may take


class AnswerNeeds(SignpostAction):
    """Answers up to three needs, surest first, then asks what would sharpen the first answer."""

    action = "action_answer"

    def reply(self, turn: Turn) -> Reply:
        """One message a topic; a question or ways on at the end."""
        topics = needed(turn)
        if turn.facet:
            return Reply(messages=[remember(turn, topics[0], turn.facet, answer_facet(turn, topics[0], turn.facet))])
        return answer_topics(turn, topics)


def needed(turn: Turn) -> list[str]:
    """The topics to answer, best first."""
    base = turn.knowledge.base.topics
    intents = turn.needs or [turn.intent]
    topics = [t for t in dict.fromkeys(topic_of(i) for i in intents) if t in base]
    if turn.nation in ("scotland", "wales", "northern_ireland") and turn.memory.authority is None:
        topics = [OTHER_NATION, *(t for t in topics if t != OTHER_NATION)]
    return topics or [topic_of(turn.intent)]


def answer_topics(turn: Turn, topics: list[str]) -> Reply:
    """Messages on `topics` (one or more), the question that would sharpen the first one last."""
    share = WEB_WORDS // len(topics)
    messages = [remember(turn, t, "answer", answer_topic(turn, t, share)) for t in topics]
    turn.memory.topic, turn.memory.given, turn.memory.unclear = topics[0], ["answer"], 0
    instead = [topic_option(turn, topic) for topic in might_be(turn, topics)]
    asked = None if instead else next_question(turn, topics[0])
    if instead:  # is it this at all? comes before what would sharpen it
        kept = messages[-1].options[: MOST_OPTIONS - len(instead)]
        messages[-1] = messages[-1].model_copy(update={"options": [*kept, *instead]})
    if asked:
        messages = [m.model_copy(update={"options": []}) for m in messages]
        messages.append(asked)
    handed = HandOver(reason="asked") if PERSON in topics else None
    return Reply(messages=messages, hand_over=handed)


def might_be(turn: Turn, topics: list[str]) -> list[str]:
    """The topics that a doubtful message might have meant instead of `topics`."""
    likely = dict.fromkeys(topic_of(intent) for intent in turn.maybe)
    return [topic for topic in likely if topic in turn.knowledge.base.topics and topic not in topics]


def remember(turn: Turn, topic: str, facet: str, message: Message) -> Message:
    """Note what was said last, so that 'how do I apply?' finds it."""
    memory = turn.memory
    if memory.topic != topic:
        memory.given = []
    memory.topic, memory.facet = topic, facet
    memory.given = [*memory.given, facet]
    memory.open_question = None
    return message


class FollowUp(SignpostAction):
    """'How do I apply?', 'how much?', 'where does it say that?' – on the topic last answered."""

    action = "action_follow_up"

    def reply(self, turn: Turn) -> Reply:
        """One facet of the last topic."""
        topic, kind = turn.memory.topic or "", turn.intent.partition(".")[2]
        if topic not in turn.knowledge.base.topics:
            text = turn.say("answer.which_answer")
            return Reply(messages=[Message(text=text, topics=["assistant.correction"], options=menu(turn))])
        message = self._say(turn, topic, kind)
        return Reply(messages=[message])

    def _say(self, turn: Turn, topic: str, kind: str) -> Message:
        if kind == "source":
            return sources(turn, topic)
        if kind == "short":
            return in_short(turn, topic)
        if kind == "meaning":
            return meaning(turn, topic)
        facet = next_facet(turn, topic) if kind == "more" else kind
        if facet is None:
            text = turn.say("answer.all_told", about=turn.knowledge.base.topics[topic].about)
            return Message(text=text, topics=[topic], options=_onward(turn, topic))
        return remember(turn, topic, facet, answer_facet(turn, topic, facet))


def _onward(turn: Turn, topic: str) -> list[Option]:
    base = turn.knowledge.base.topics
    return [topic_option(turn, t) for t in base[topic].follow_on if t in base]


def next_facet(turn: Turn, topic: str) -> str | None:
    """The first part of the topic that has not been said."""
    facets = turn.knowledge.base.facets(topic, turn.situation)
    return next((f for f in facets if f not in turn.memory.given), None)


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


_NO_STOPS = str.maketrans(dict.fromkeys("?.,!:;'\"()", " "))


class HandOverToPerson(SignpostAction):
    """The helpline's number and hours, whether it is open now, and into the queue."""

    action = "action_hand_over"

    def reply(self, turn: Turn) -> Reply:
        """Everything needed to reach a person, then the conversation waits for one."""
        message = answer_topic(turn, PERSON, WEB_WORDS)
        found = turn.knowledge.base.find(PERSON, "answer", turn.situation)
        state, queued = opening(turn), closes_at(turn.knowledge.base.helpline, turn.now) is not None
        pieces = [turn.say("helpline.number"), state,
                  turn.say("helpline.queued_open" if queued else "helpline.queued_shut"), turn.say("helpline.danger")]
        answers = [found.answer(turn.situation)] if found else message.answers
        spoken = message.model_copy(update={"text": "\n\n".join(pieces), "answers": answers, "options": [],
                                            "sms": f"{pieces[0]} {state}"})
        messages = [remember(turn, PERSON, "answer", spoken)]
        rest = [t for t in needed(turn) if t != PERSON and t in turn.needs][:1]
        messages += [answer_topic(turn, t, WEB_WORDS - count(spoken.text)) for t in rest]
        return Reply(messages=messages, hand_over=HandOver(reason="asked"))


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
            return Reply(messages=[answer_facet(turn, "arrangement.which", turn.facet)])
        turn.memory.waiting_topic = None
        step = work_out(turn)
        if isinstance(step, Ask):
            intro = answer_topic(turn, "arrangement.which", WEB_WORDS - COUNCIL_UNASKED)
            first = not turn.memory.asked
            messages = [intro.model_copy(update={"options": []})] if first else []
            return Reply(messages=[*messages, ask_question(turn, step)])
        return Reply(messages=[tell_verdict(turn, step)])
