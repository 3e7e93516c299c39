"""Questions: what the arrangement is, and where the carer lives; one at a time, each only if an answer turns on it."""

from __future__ import annotations

import json
from dataclasses import replace

from bot.actions.composing import MOST_WORDS, count, topic_option
from bot.actions.turn import INFERRED, Turn
from bot.knowledge.arrangement_slots import ARRANGEMENTS
from bot.knowledge.arrangement_types import Ask, Outcome, Verdict
from bot.knowledge.reply import Answer, Cited, Message, Option

WHICH = "arrangement.which"
COUNCIL = "authority"


def next_question(turn: Turn, topic: str) -> Message | None:
    """The question that would sharpen the answer on `topic` most; None where nothing more need be asked."""
    if turn.choices:
        turn.memory.waiting_topic = topic
        return which_council(turn)
    known = turn.knowledge.base.topics.get(topic)
    depends = known.depends_on if known else []
    if turn.memory.is_parent:
        return None
    if "arrangement" in depends and turn.memory.arrangement is None and not _tired(turn):
        step = work_out(turn)
        if isinstance(step, Ask) and _turns_on_it(turn, topic):
            turn.memory.waiting_topic = topic
            return question(turn, step, turn.say("ask.depends") + " ")
    if COUNCIL in depends and turn.memory.authority is None and COUNCIL not in turn.memory.asked:
        turn.memory.waiting_topic = topic
        return ask_council(turn)
    return None


def _turns_on_it(turn: Turn, topic: str) -> bool:
    """Would another arrangement give another answer?"""
    base, outcomes = turn.knowledge.base, turn.knowledge.table.outcomes.values()
    found = [base.find(topic, "answer", replace(turn.situation, arrangement=a)) for a in {o.arrangement for o in outcomes}]
    return len({answer.entry.id for answer in found if answer}) > 1


def facts(turn: Turn) -> dict[str, str]:
    """What is known of the family, as the arrangement table names it."""
    return turn.knowledge.table.facts_from(turn.memory.known()) | turn.memory.situation


def work_out(turn: Turn) -> Ask | Verdict:
    """The next step of the arrangement table for what is known now; likely enough once the carer has had enough."""
    table, asked = turn.knowledge.table, turn.memory.asked
    step = table.next_step(facts(turn), asked)
    return table.likely(facts(turn), asked) if isinstance(step, Ask) and _tired(turn) else step


def settle(turn: Turn) -> None:
    """Take the arrangement that follows from what is known, where the carer hasn't named one, without asking."""
    memory = turn.memory
    if not (turn.learned or turn.turned) or memory.arrangement not in (None, "unknown", *INFERRED):
        return
    step = turn.knowledge.table.settled(_told(turn), memory.asked)
    if isinstance(step, Verdict):
        memory.arrangement = step.arrangement
    else:
        take_order(turn)


def _told(turn: Turn) -> dict[str, str]:
    """What she has told; an arrangement that was inferred from an earlier message stands back behind it."""
    if "arrangement" in turn.learned or turn.memory.arrangement not in INFERRED:
        return facts(turn)
    return turn.knowledge.table.facts_from(turn.memory.known() | {"arrangement": None}) | turn.memory.situation


def new_verdict(turn: Turn) -> Verdict | None:
    """The verdict that this message settled, or changed; None where it did neither."""
    if turn.memory.arrangement == turn.before:
        return None
    step = work_out(turn)
    return step if isinstance(step, Verdict) and turn.memory.arrangement in (step.arrangement, *INFERRED) else None


def take_order(turn: Turn) -> None:
    """The arrangement that an order gives, though the table has more to ask about it."""
    memory = turn.memory
    given = next((a for a, known in ARRANGEMENTS.items() if "order" in known and known["order"] not in ("none", "unknown")
                  and known.items() <= facts(turn).items()), None)
    memory.arrangement = given or memory.arrangement


def take_up(turn: Turn, question_id: str) -> Message | None:
    """The question that something came between, where it still matters; once, then it is let go."""
    table, memory = turn.knowledge.table, turn.memory
    again = f"{question_id}!"
    if question_id not in table.questions or memory.arrangement is not None or again in memory.asked or _tired(turn):
        return None
    step = work_out(turn)
    if isinstance(step, Verdict):
        return None
    memory.asked.append(again)
    return question(turn, step, turn.say("ask.back_to") + " ")


def wait_with_last(turn: Turn) -> None:
    """A question is put again: what she was told last is what its answer is for, where it turns on that."""
    topic = turn.memory.topic
    if topic and topic in turn.knowledge.base.topics and _turns_on_it(turn, topic):
        turn.memory.waiting_topic = topic


def question(turn: Turn, step: Ask, before: str = "") -> Message:
    """The table's question as a message; it stays open until it is answered or skipped."""
    turn.memory.open_question = step.question.id
    options = [_answer_option(step.question.id, a.number, a.label) for a in step.question.answers]
    text = turn.knowledge.base.figures.fill(step.question.ask, turn.now.date())
    return Message(text=before + text, topics=[WHICH], options=options)


def _answer_option(question_id: str, number: int, label: str) -> Option:
    return Option(label=label, payload=f"/reply.inform{json.dumps({'answer': f'{question_id}/{number}'})}")


def ask_council(turn: Turn) -> Message:
    """'Which council area do you live in?'"""
    turn.memory.open_question = COUNCIL
    turn.memory.asked.append(COUNCIL)
    skip = Option(label=turn.say("ask.skip"), payload="/reply.skip")
    return Message(text=turn.say("ask.council"), topics=[turn.memory.waiting_topic or "support.local_offer"],
                   options=[skip])


def which_council(turn: Turn) -> Message:
    """The place she named lies in more than one council's area."""
    turn.memory.open_question = COUNCIL
    payload = '/reply.inform{{"authority": "{}"}}'
    options = [Option(label=turn.council_name(s), payload=payload.format(s)) for s in turn.choices[:4]]
    return Message(text=turn.say("ask.which_council"), topics=[turn.memory.waiting_topic or "support.local_offer"],
                   options=options)


def tell_verdict(turn: Turn, verdict: Verdict, *, briefly: bool = False) -> Message:
    """The arrangement in plain words: which, why, what it means, what to do; `briefly`, only which and why."""
    memory, outcome = turn.memory, verdict.outcome
    memory.arrangement, memory.open_question = outcome.arrangement, None
    fill, on = turn.knowledge.base.figures.fill, turn.now.date()
    known = outcome.arrangement != "unknown"
    name = turn.say(f"arrangement_names.{outcome.arrangement}")
    pieces = [turn.say("verdict.named" if known else "verdict.not_named", arrangement=name,
                       because=fill(outcome.because, on))]
    if not briefly:
        pieces += [fill(outcome.means, on), *[fill(flag.say, on) for flag in verdict.flags][:1],
                   turn.say("verdict.next_step", text=fill(outcome.next_step, on))]
    if verdict.likely and not verdict.advice_first:  # which says as much
        pieces.append(turn.say("verdict.likely"))
    if verdict.advice_first:
        pieces.append(turn.say("verdict.advice_first"))
    if sum(map(count, pieces)) > MOST_WORDS and verdict.flags and not briefly:
        del pieces[2]  # the flag: the outcome and its next step matter more
    follow = [] if briefly else [t for t in outcome.follow_on if t in turn.knowledge.base.topics][:3]
    options = [topic_option(turn, t) for t in follow]
    options.append(Option(label=turn.say("verdict.not_right"), payload="/assistant.correction.wrong_answer"))
    memory.told = outcome.id
    memory.speak_of(WHICH, "answer")
    return Message(text="\n\n".join(pieces), topics=[WHICH], answers=[_verdict_answer(turn, outcome)], options=options)


def _verdict_answer(turn: Turn, outcome: Outcome) -> Answer:
    cited = [Cited(title=page.title, url=page.url) for page in outcome.pages]
    return Answer(entry=f"{WHICH}.{outcome.id}", topic=WHICH, arrangement=outcome.arrangement, facet="answer",
                  sources=cited, checked_on=turn.knowledge.table.parts.checked_on)


def _tired(turn: Turn) -> bool:
    questions = [q for q in turn.memory.asked if q in turn.knowledge.table.questions]
    limits = turn.knowledge.table.limits
    return len(questions) >= limits.questions or turn.memory.unsure >= limits.not_sure_in_a_row
