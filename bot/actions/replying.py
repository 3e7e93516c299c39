"""Replies to the assistant's questions, and facts a carer tells unasked."""

from __future__ import annotations

from bot.actions.action import SignpostAction
from bot.actions.answering import answer_topics, changes
from bot.actions.asking import COUNCIL, WHICH, facts, new_verdict, question, take_order, tell_verdict, which_council, work_out
from bot.actions.choosing import further_parts
from bot.actions.composing import (
    PERSON,
    URGENT,
    WEB_WORDS,
    answer_facet,
    answer_locally,
    count,
    led_by,
    menu,
    person_option,
    topic_option,
)
from bot.actions.knowing import known_facts
from bot.actions.turn import INFERRED, Turn
from bot.knowledge.arrangement_types import Answer, Ask, Question
from bot.knowledge.reply import Message, Note, Reply

PASSED_OVER = ("reply.not_sure", "reply.skip")
SPOKEN = {"reply.yes": "yes", "reply.no": "no"}
HELPED = ("yes", "partly", "no")


class TakeReply(SignpostAction):
    """Settles the open question as far as it can, then asks the next one or answers what was waiting."""

    action = "action_take_reply"

    def reply(self, turn: Turn) -> Reply:
        """By the question that is open; without one, the facts are noted."""
        return take_told(turn)


def take_told(turn: Turn) -> Reply:
    """What the carer tells, as an answer to the open question where there is one."""
    if turn.choices:
        return Reply(messages=[which_council(turn)])
    if "?" in turn.text and (there := of_elsewhere(turn)):  # 'same for Oldham?'
        return there
    open_question = turn.memory.open_question or ""
    if open_question in turn.knowledge.table.questions:
        return take_table_answer(turn, turn.knowledge.table.questions[open_question])
    return TAKERS.get(open_question, note_facts)(turn)


def take_table_answer(turn: Turn, asked: Question) -> Reply:
    """An answer to a question of the arrangement table."""
    memory, table = turn.memory, turn.knowledge.table
    if turn.intent == "reply.why":
        text = turn.say("ask.why", why=_filled(turn, asked.why), question=_filled(turn, asked.ask))
        again = question(turn, Ask(asked))
        return Reply(messages=[again.model_copy(update={"text": text})])
    given = given_answer(turn, asked)
    settled = asked.asks_for in facts(turn) or memory.arrangement is not None
    if given is None and not settled and not turn.learned:
        if f"{asked.id}?" not in memory.asked:  # say it again once
            memory.asked.append(f"{asked.id}?")
            again = question(turn, Ask(asked))
            text = turn.say("ask.not_read", question=again.text)
            return Reply(messages=[again.model_copy(update={"text": text})])
        given = asked.unsure
    if given is not None:
        memory.situation = table.record(memory.situation, asked.id, given)
        memory.unsure = memory.unsure + 1 if given.not_sure else 0
        take_order(turn)
    if given is not None or settled:
        memory.asked.append(asked.id)
    if given is None and not settled and changes(turn, memory.topic or ""):
        memory.open_question = None
        return note_facts(turn)  # 'not Durham, Darlington': the answer she had turns on it
    told = known_facts(turn, turn.learned) if given is None else ""
    reply = go_on(turn)
    if given is not None or not turn.learned or not memory.open_question:
        return reply
    part = part_for_told(turn)
    first = [part.model_copy(update={"options": []})] if part else []
    return noted(turn, told, [*first, *reply.messages])


def given_answer(turn: Turn, asked: Question) -> Answer | None:
    """The answer of `asked` that this turn gives; None where it gives none."""
    if turn.answer:
        number = turn.answer.rpartition("/")[2]
        return next((a for a in asked.answers if str(a.number) == number), None)
    if turn.intent in PASSED_OVER:
        return asked.unsure
    spoken = SPOKEN.get(turn.intent)
    return turn.knowledge.table.read_answer(asked.id, spoken) if spoken else None


def go_on(turn: Turn) -> Reply:
    """The next question of the table; else the arrangement, and the answer that was waiting for it."""
    memory = turn.memory
    waits = memory.waiting_topic not in (None, WHICH)
    if waits and memory.arrangement not in (None, "unknown", *INFERRED):
        return answer_waiting(turn)
    step = work_out(turn)
    if isinstance(step, Ask):
        return Reply(messages=[question(turn, step)])
    if not waits:
        return Reply(messages=[tell_verdict(turn, step)])
    told = tell_verdict(turn, step, briefly=True)
    waiting = answer_waiting(turn, WEB_WORDS - count(told.text))
    return Reply(messages=[told, *waiting.messages], hand_over=waiting.hand_over)


def answer_waiting(turn: Turn, words: int = WEB_WORDS) -> Reply:
    """The answer that the question was asked for."""
    topic, turn.memory.waiting_topic, turn.memory.open_question = turn.memory.waiting_topic, None, None
    return answer_topics(turn, [topic or WHICH], words)


def take_council(turn: Turn) -> Reply:
    """The council was asked for: use it, or go on without."""
    memory = turn.memory
    memory.open_question = None
    if memory.authority is None and turn.learned:
        return note_facts(turn)  # no place, but something else she tells or puts right
    if memory.authority is None and turn.intent not in (*PASSED_OVER, "reply.no"):
        text = turn.say("ask.council_not_found")
        topic = memory.waiting_topic or "support.local_offer"
        return Reply(messages=[Message(text=text, topics=[topic], options=menu(turn))])
    return answer_waiting(turn) if memory.waiting_topic else note_facts(turn)


def take_forget(turn: Turn) -> Reply:
    """'Shall I delete everything?' was asked."""
    turn.memory.open_question = None
    yes = turn.intent == "reply.yes" or turn.answer == "yes"
    text = turn.say("privacy.forgotten" if yes else "privacy.not_forgotten")
    return Reply(messages=[Message(text=text, topics=["assistant.privacy"], options=[] if yes else menu(turn))],
                 forget=yes)


def take_helped(turn: Turn) -> Reply:
    """'Did this help?' was asked: what she says is kept without her, and that's the end of it."""
    turn.memory.open_question = None
    value = (turn.answer or SPOKEN.get(turn.intent) or "").rpartition("/")[2]
    note = Note(kind="helped", value=value, entry=turn.memory.entry, words=None if turn.answer else turn.text)
    text = turn.say(f"helped.{value}" if value in HELPED else "helped.words")
    options = [person_option(turn)] if value in ("no", "partly") else []
    return Reply(messages=[Message(text=text, topics=["assistant.greeting"], options=options)], note=note)


def take_safe(turn: Turn) -> Reply:
    """'Is it safe for you to write here?' was asked, after danger."""
    memory = turn.memory
    value = (turn.answer or SPOKEN.get(turn.intent) or "").rpartition("/")[2]
    memory.open_question = None if value == "yes" else "safe"
    topic = memory.topic if memory.topic in turn.knowledge.base.topics else "helpline.details"
    said = {"yes": "danger.safe", "no": "danger.not_safe"}.get(value, "danger.still_here")
    found = turn.knowledge.base.find(topic or "", "who_to_ask", turn.situation)
    pieces = [turn.say(said), *([found.text] if found and value != "yes" else [])]
    before = [t for t in memory.recent if not t.startswith("urgent.") and t in turn.knowledge.base.topics][:2]
    options = [person_option(turn), *(topic_option(turn, t) for t in before if value == "yes" and t != PERSON)]
    return Reply(messages=[Message(text="\n\n".join(pieces), topics=[topic or "helpline.details"], options=options,
                                   answers=[found.answer(turn.situation)] if found and value != "yes" else [],
                                   urgent=value == "no")])


def of_elsewhere(turn: Turn) -> Reply | None:
    """The topic at hand as it is at a council that isn't the family's, where she asks about that."""
    topic = turn.memory.topic or ""
    if not turn.asks_elsewhere or topic not in turn.knowledge.base.topics:
        return None
    return Reply(messages=[answer_locally(turn, topic, turn.elsewhere)])


def note_facts(turn: Turn) -> Reply:
    """No question was open: note what was told, and answer the last topic anew where that changes it."""
    memory = turn.memory
    if there := of_elsewhere(turn):
        return there
    settled = new_verdict(turn) if turn.before is not None or WHICH in memory.recent else None
    if settled:
        return Reply(messages=[tell_verdict(turn, settled)])
    told, topic = known_facts(turn, turn.learned), memory.topic or ""
    correcting = turn.intent.startswith("assistant.correction")
    if changes(turn, topic):
        lead = turn.say("noted.facts", facts=told) if told else ""
        again = answer_topics(turn, [topic], WEB_WORDS - count(lead))
        first = again.messages[0]
        topics = [*first.topics, *(["assistant.correction"] if correcting else [])]
        spoken = first.model_copy(update={"text": f"{lead}\n\n{first.text}".strip(), "topics": topics})
        return again.model_copy(update={"messages": [spoken, *again.messages[1:]]})
    part = None if correcting else part_for_told(turn)
    if part:
        return noted(turn, told, [part])
    step = None if memory.topic or correcting else begin_to_work_out(turn)
    if step:
        return noted(turn, told, [step])
    under = ["assistant.correction"] if correcting else [memory.topic or "assistant.greeting"]
    if not told:
        name = "put_right.sorry" if correcting else "noted.ask_need"
        return Reply(messages=[Message(text=turn.say(name), topics=under, options=menu(turn))])
    text = f"{turn.say('noted.facts', facts=told)} {turn.say('noted.ask_need')}"
    return Reply(messages=[Message(text=text, topics=under, options=menu(turn))])


def begin_to_work_out(turn: Turn) -> Message | None:
    """Who begins with her story, and asks nothing, is told her arrangement, or asked what settles it."""
    memory = turn.memory
    if not memory.situation or memory.arrangement not in (None, *INFERRED):
        return None  # nothing that the arrangement turns on, or she has named it
    step = work_out(turn)
    if isinstance(step, Ask):
        return question(turn, step, turn.say("ask.depends") + " ")
    return tell_verdict(turn, step)


def part_for_told(turn: Turn) -> Message | None:
    """What of the topic at hand a carer wants who tells more of her family: for whom it is, else what comes nearest."""
    topic = turn.memory.topic or ""
    if topic not in turn.knowledge.base.topics or topic.startswith(URGENT) or topic == WHICH:
        return None
    unsaid = "who" in turn.knowledge.base.facets(topic, turn.situation) and not turn.memory.has_said(topic, "who")
    parts = ["who"] if unsaid else further_parts(turn, topic)[:1]
    if not parts:
        return None
    turn.memory.speak_of(topic, parts[0])
    return answer_facet(turn, topic, parts[0])


def noted(turn: Turn, told: str, messages: list[Message]) -> Reply:
    """The messages after what was told; the first of two is left out where there is no room for it."""
    lead = turn.say("noted.facts", facts=told) if told else ""
    if sum(map(count, (lead, *(m.text for m in messages)))) > WEB_WORDS:
        messages = messages[-1:]
    return led_by(lead, Reply(messages=messages)) if lead else Reply(messages=messages)


TAKERS = {COUNCIL: take_council, "forget": take_forget, "helped": take_helped, "safe": take_safe}


def _filled(turn: Turn, text: str) -> str:
    return turn.knowledge.base.figures.fill(text, turn.now.date())


