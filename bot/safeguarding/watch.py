"""Danger comes first: the check before everything else, and the help that is given at once."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any

from bot.knowledge.base import KnowledgeBase
from bot.knowledge.places import PlaceFinder
from bot.knowledge.reply import HandOver, Message, Option, Reply
from bot.knowledge.situation import Situation
from bot.knowledge.source_lines import ContentError, Document
from bot.safeguarding.detector import DangerDetector, Finding

PERSON = "helpline.talk_to_someone"


@dataclass(frozen=True)
class Alarm:
    """A message about danger: of what kind, and in which council's area if that is known."""

    topic: str
    score: float
    authority: str | None


class DangerWatch:
    """Looks at a message, and says what to do. A few milliseconds; no other process is asked."""

    def __init__(self, detector: DangerDetector, base: KnowledgeBase, places: PlaceFinder) -> None:
        self._detector, self._base, self._places = detector, base, places

    def certain(self, text: str, known: Situation) -> Alarm | None:
        """The alarm that a phrase gives which always counts; so quick that it waits for no other look."""
        return self._alarm(self._detector.certain(text), text, known)

    def look(self, text: str, known: Situation, after: str | None = None) -> Alarm | None:
        """The alarm that `text` gives, or None; `after`: the topic of the alarm before it, if that is still open."""
        return self._alarm(self._detector.find(text, after), text, known)

    def carried(self, text: str) -> dict[str, Any] | None:
        """What was read of `text` in a look that found nothing, for Rasa; once."""
        return self._detector.carried(text)

    def _alarm(self, finding: Finding | None, text: str, known: Situation) -> Alarm | None:
        if finding is None:
            return None
        home = self._places.find(text).home
        return Alarm(finding.topic, finding.score, home[0] if len(home) == 1 else known.authority)

    def can_answer(self, topics: Iterable[str], content: Path, on: date) -> None:
        """Raises `ContentError` where the base, read from `content`, lacks what is said in danger of one of `topics`."""
        problems = []
        for topic in sorted(topics):
            try:
                for authority in (None, *self._base.authorities):
                    self.reply(Alarm(topic, 1.0, authority), Situation(on=on), again=0)
            except (LookupError, ValueError) as error:
                problems.append(Document(content / "danger.yml").problem(
                    ("always", topic), topic, f"help in this danger can't be said: {error}",
                    "write a topic of the taxonomy; keep its answer in national/, and what words.yml has under danger"))
        if problems:
            raise ContentError(problems)

    def reply(self, alarm: Alarm, known: Situation, again: int | None = None) -> Reply:
        """Whom to ring now, the council's own line, whether it is safe to write, and a person.

        `again`: the turn, where the message before was an alarm too; a sentence comes first, so that no two are alike.
        """
        situation = replace(known, authority=alarm.authority)
        found = self._base.find(alarm.topic, "answer", situation)
        if found is None:
            raise LookupError(f"content/national/{alarm.topic}.yml has no answer")
        still = "" if again is None else self._base.say("danger.again", situation.on, again)
        pieces = [still, found.text, self._council(alarm.authority, situation), self._say("danger.check", situation)]
        label = self._say("helpline.option", situation)
        message = Message(
            text="\n\n".join(p for p in pieces if p),
            topics=[alarm.topic],
            answers=[found.answer(situation)],
            options=[Option(label=label, payload=f"/{PERSON}", topic=PERSON), *self._facets(alarm.topic, situation)],
            urgent=True,
            sms=found.sms,
        )
        return Reply(messages=[message], hand_over=HandOver(reason="danger"))

    def _council(self, authority: str | None, situation: Situation) -> str:
        day = self._base.contact(authority, "children_services")
        night = self._base.contact(authority, "out_of_hours")
        lines = []
        if authority and day and day.phone:
            name = self._base.authorities[authority].short_name
            lines.append(self._say("danger.council", situation, council=name, phone=day.phone))
        if night and night.phone:
            lines.append(self._say("danger.council_night", situation, phone=night.phone))
        return " ".join(lines)

    def _facets(self, topic: str, situation: Situation) -> list[Option]:
        facets = [f for f in ("who_to_ask",) if f in self._base.facets(topic, situation)]
        return [Option(label=self._base.facet_label(topic, f, situation.on), payload=f'/{topic}{{"facet": "{f}"}}',
                       topic=topic) for f in facets]

    def _say(self, name: str, situation: Situation, **values: object) -> str:
        return self._base.say(name, situation.on, **values)
