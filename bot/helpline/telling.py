"""What the desk says to carers: every sentence is in words.yml, every count and time is of this moment."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Literal

from bot.gateway.desk import DESK
from bot.knowledge.base import KnowledgeBase
from bot.knowledge.opening import clock_words, closes_at, day_words, opens_next
from bot.knowledge.reply import Message, Option

TOPIC = "helpline.talk_to_someone"
State = Literal["there", "nobody", "shut"]
LATELY = timedelta(days=7)  # what carers waited in this time is what the next one is told
ENOUGH = 5  # waits, to say anything of them
MOST_WAIT = 60  # minutes; beyond it a figure says nothing


class Telling:
    """Makes the messages; decides nothing."""

    def __init__(self, base: KnowledgeBase) -> None:
        self._base = base

    def say(self, name: str, now: datetime, /, **values: object) -> str:
        """A sentence of words.yml."""
        return self._base.say(name, now.date(), **values)

    def message(self, name: str, now: datetime, options: Sequence[Option] = (), /, **values: object) -> Message:
        """The sentence as a message."""
        return Message(text=self.say(name, now, **values), topics=[TOPIC], options=list(options))

    def passed_on(self, state: State, reason: str, before: int, waits: Sequence[int], can_tell: bool,
                  now: datetime) -> Message:
        """She is in the queue: what happens now, how long it takes, what she can do meanwhile."""
        if reason == "danger":  # whose own reply has a button to a person
            return self.message("desk.danger" if state == "there" else "desk.danger_away", now)
        why = self.say(f"desk.why.{reason}", now) if reason in self._base.words.under("desk.why") else ""
        if state == "there":
            text = " ".join(filter(None, [why, self.say("desk.passed", now), self._before(before, now),
                                          self._usual(waits, now), self.say("desk.meanwhile", now)]))
        else:
            text = " ".join(filter(None, [why, self._away(now), self.say("desk.away_meanwhile", now)]))
        return Message(text=text, topics=[TOPIC], options=self.ways_out(state, can_tell, now))

    def ways_out(self, state: State, can_tell: bool, now: datetime) -> list[Option]:
        """What a carer who waits can choose."""
        later = [self.option("tell_me", now)] if can_tell and state != "there" else []
        return [self.option("ring_me", now), *later, self.option("stop_waiting", now)]

    def option(self, name: str, now: datetime) -> Option:
        """A choice whose label is in words.yml under `desk`."""
        return Option(label=self.say(f"desk.{name}", now), payload=f"{DESK}{name}")

    def until(self, now: datetime) -> str:
        """When the helpline shuts today, in words."""
        closes = closes_at(self._base.helpline, now)
        return clock_words(closes) if closes else ""

    def number_question(self, by_phone: bool, now: datetime) -> Message:
        """Where to ring."""
        mine = [self._choice("call_back.mine", "number mine", now)] if by_phone else []
        return self._question("number", mine, now)

    def question(self, step: str, now: datetime) -> Message:
        """One question of the call-back."""
        choices: dict[str, list[Option]] = {
            "times": [self._choice(f"call_back.times_options.{times}", f"times {times}", now)
                      for times in ("any", "mornings", "afternoons")],
            "message": [self._choice(f"call_back.message_options.{answer}", f"message {answer}", now)
                        for answer in ("yes", "no")],
            "name": [self._choice("call_back.no_name", "name", now)],
        }
        return self._question(step, choices[step], now)

    def call_back_done(self, told: dict[str, Any], ending: str, now: datetime) -> Message:
        """What was noted, without the number."""
        leave = self.say("call_back.leave" if told["message"] else "call_back.leave_none", now)
        return Message(text=f"{self.say('call_back.done', now, ending=ending)} {leave}", topics=[TOPIC],
                       options=[self._choice("call_back.stop", "no_call", now)])

    def _question(self, step: str, choices: list[Option], now: datetime) -> Message:
        return Message(text=self.say(f"call_back.{step}", now), topics=[TOPIC],
                       options=[*choices, self._choice("call_back.stop", "no_call", now)])

    def _choice(self, label: str, command: str, now: datetime) -> Option:
        return Option(label=self.say(label, now), payload=f"{DESK}{command}")

    def _before(self, before: int, now: datetime) -> str:
        if before == 0:
            return self.say("desk.next", now)
        return self.say("desk.one_before", now) if before == 1 else self.say("desk.before", now, count=before)

    def _usual(self, waits: Sequence[int], now: datetime) -> str:
        """What four in five of the last carers waited at most; nothing where too few did, or too long."""
        if len(waits) < ENOUGH:
            return ""
        minutes = -(-waits[int(len(waits) * 0.8)] // 60)
        if minutes > MOST_WAIT:
            return ""
        return self.say("desk.usual_one", now) if minutes <= 1 else self.say("desk.usual", now, minutes=minutes)

    def _away(self, now: datetime) -> str:
        closes, opens = closes_at(self._base.helpline, now), opens_next(self._base.helpline, now)
        if closes:
            return self.say("desk.nobody", now, closes=clock_words(closes))
        if opens is None:
            return self.say("desk.shut_long", now)
        return self.say("desk.shut", now, day=day_words(opens, now), time=clock_words(opens))
