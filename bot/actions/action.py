"""The base of every action: read the turn, answer from the knowledge base, never stay silent."""

from __future__ import annotations

import hashlib
from typing import Any

import structlog
from rasa_sdk import Action, Tracker
from rasa_sdk.executor import CollectingDispatcher

from bot.actions.asking import settle, take_up, wait_with_last
from bot.actions.composing import MOST_WORDS, WEB_WORDS, count, helpline_answers, led_by, person_option
from bot.actions.turn import Knowledge, Turn, topic_of
from bot.knowledge.reply import HandOver, Message, Reply

log = structlog.get_logger()

FELT_LATELY = 3  # turns


class SignpostAction(Action):
    """One kind of turn. A subclass names itself as in domain.yml and gives the reply."""

    action: str
    takes_up = False  # a question that this came between is put again

    def __init__(self, knowledge: Knowledge) -> None:
        self.knowledge = knowledge

    def name(self) -> str:
        """As in domain.yml."""
        return self.action

    def reply(self, turn: Turn) -> Reply:
        """What is said; may change `turn.memory`."""
        raise NotImplementedError

    def _answered(self, turn: Turn) -> Reply:
        """The reply, then the question that this turn came between, if there is room for it and it still matters."""
        was_open = turn.memory.open_question
        if not self.takes_up or was_open is None:
            return self.reply(turn)
        turn.memory.open_question = None
        reply = self.reply(turn)
        again = take_up(turn, was_open) if turn.memory.open_question is None else None
        if again is None:
            return reply
        if sum(count(m.text) for m in (*reply.messages, again)) > WEB_WORDS:
            turn.memory.open_question = None
            return reply
        wait_with_last(turn)
        return reply.model_copy(update={"messages": [*reply.messages, again]})

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> list[Any]:
        """Utter one `Reply` as JSON, and set the slots that changed. An error ends in a kind sentence."""
        try:
            turn = Turn.read(tracker, self.knowledge)
            settle(turn)
            reply = finished(turn, self._answered(turn))
        except Exception as error:
            log.error("action_failed", action=self.action, error=type(error).__name__, at=_where(error))
            turn = Turn.without_message(tracker, self.knowledge)
            reply = apology(turn)
        dispatcher.utter_message(json_message=reply.model_dump(mode="json"))
        return turn.memory.events(tracker.slots)


def finished(turn: Turn, reply: Reply) -> Reply:
    """The reply with what goes with every one: a human sentence first, nothing word for word twice running.

    A complaint is a person's matter besides, whatever is answered.
    """
    reply = with_feeling(turn, of_child(turn, reply))
    if turn.complaint and reply.hand_over is None:
        reply = reply.model_copy(update={"hand_over": HandOver(reason="complaint")})
    if turn.memory.is_parent and not reply.messages[0].urgent and ("is_parent" in turn.learned or reply.messages[0].answers):
        reply = led_by(turn.say("parent.first" if "is_parent" in turn.learned else "parent.again"), reply)
    turn.memory.entry = next((a.entry for m in reply.messages for a in m.answers), turn.memory.entry)
    if fingerprint(reply) == turn.memory.said:
        reply = led_by(turn.say("answer.again"), reply)
    turn.memory.said = fingerprint(reply)
    return reply


def of_child(turn: Turn, reply: Reply) -> Reply:
    """Says which child an answer is about, where the carer speaks of several and it turns on which."""
    memory, first = turn.memory, reply.messages[0]
    picked = any(answer.arrangement for answer in first.answers)
    if first.urgent or not memory.children or memory.child is None or not (picked or (turn.named and first.answers)):
        return reply
    return led_by(turn.say("child.about", child=turn.knowledge.base.children[memory.child]), reply)


def with_feeling(turn: Turn, reply: Reply) -> Reply:
    """One human sentence before the facts, where something hurts and there is room; not in every turn."""
    memory = turn.memory
    lately = memory.felt is not None and memory.turn - memory.felt <= FELT_LATELY
    if turn.feeling is None or lately or reply.messages[0].urgent:
        return reply
    ways = turn.knowledge.base.feelings[turn.feeling]
    said = ways[memory.turn % len(ways)]
    if count(said) + sum(count(m.text) for m in reply.messages) > MOST_WORDS:
        return reply
    memory.felt = memory.turn
    return led_by(said, reply)


def fingerprint(reply: Reply) -> str:
    """The same for the same words; the words can't be had back from it."""
    return hashlib.sha256("\n".join(m.text for m in reply.messages).encode()).hexdigest()[:16]


def apology(turn: Turn) -> Reply:
    """Something went wrong on our side: say so, and give the helpline."""
    known = turn.knowledge.base.topics
    topic = topic_of(turn.intent) if topic_of(turn.intent) in known else "helpline.details"
    return Reply(messages=[Message(text=turn.say("failure.action"), topics=[topic], answers=helpline_answers(turn),
                                   options=[person_option(turn)])])


def _where(error: Exception) -> str:
    """File and line of the error: enough to mend it, and nothing a carer wrote."""
    trace = error.__traceback__
    while trace and trace.tb_next:
        trace = trace.tb_next
    return f"{trace.tb_frame.f_code.co_filename}:{trace.tb_lineno}" if trace else "?"
