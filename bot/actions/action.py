"""The base of every action: read the turn, answer from the knowledge base, never stay silent."""

from __future__ import annotations

from typing import Any

import structlog
from rasa_sdk import Action, Tracker
from rasa_sdk.executor import CollectingDispatcher

from bot.actions.composing import helpline_answers, person_option
from bot.actions.turn import Knowledge, Turn, topic_of
from bot.knowledge.reply import Message, Reply

log = structlog.get_logger()


class SignpostAction(Action):
    """One kind of turn. A subclass names itself as in domain.yml and gives the reply."""

    action: str

    def __init__(self, knowledge: Knowledge) -> None:
        self.knowledge = knowledge

    def name(self) -> str:
        """As in domain.yml."""
        return self.action

    def reply(self, turn: Turn) -> Reply:
        """What is said; may change `turn.memory`."""
        raise NotImplementedError

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> list[Any]:
        """Utter one `Reply` as JSON, and set the slots that changed. An error ends in a kind sentence."""
        try:
            turn = Turn.read(tracker, self.knowledge)
            reply = self.reply(turn)
        except Exception as error:
            log.error("action_failed", action=self.action, error=type(error).__name__, at=_where(error))
            turn = Turn.without_message(tracker, self.knowledge)
            reply = apology(turn)
        dispatcher.utter_message(json_message=reply.model_dump(mode="json"))
        return turn.memory.events(tracker.slots)


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
