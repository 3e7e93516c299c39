"""What a carer would read on a topic, with its sources and the rule that picked it: for editors."""

from __future__ import annotations

from collections.abc import Iterator

from bot.knowledge import gsm
from bot.knowledge.base import MOST_OPTIONS, Found, KnowledgeBase
from bot.knowledge.schema import Entry, Source, When
from bot.knowledge.situation import Situation


def show(base: KnowledgeBase, topic: str, situation: Situation, facet: str | None = None) -> Iterator[str]:
    """The parts of `topic` (or one of them) as a carer in `situation` reads them, line by line.

    The order is the assistant's: the answer, what the council says, the next step, then what can be asked for.
    """
    facets = base.facets(topic, situation)
    first = ["answer", "next_step"]
    order = [*(f for f in first if f in facets), *(f for f in facets if f not in first)]
    for name in [facet] if facet else order:
        found = base.find(topic, name, situation)
        yield from _part(base, found, situation) if found else _nothing(name)
        if name == "answer" and not facet:
            yield from _local(base, topic, situation)
    if not facet:
        yield from _buttons(base, topic, situation)


def show_sms(base: KnowledgeBase, topic: str, situation: Situation, ending: str) -> Iterator[str]:
    """The short form as a text message, and how long it is."""
    found = base.find(topic, "answer", situation)
    if found is None or found.sms is None:
        yield from _nothing("sms")
        return
    text = found.sms + ending
    strange = gsm.foreign(text)
    yield text
    yield ""
    if strange:
        yield f"  It has characters that text messages lack: {' '.join(strange)}"
    else:
        yield f"  {gsm.septets(text)} characters, {gsm.segments(text)} text messages"
    yield from _picked(base, found, situation)


def _part(base: KnowledgeBase, found: Found, situation: Situation) -> Iterator[str]:
    yield f"== {found.facet.replace('_', ' ')}"
    yield base.say("answer.next_step", situation.on, text=found.text) if found.facet == "next_step" else found.text
    yield ""
    yield from _sources(found.entry.sources)
    yield f"  Checked on {found.entry.checked_on}, to be looked at again by {found.entry.review_by}"
    yield from _picked(base, found, situation)
    yield ""


def _buttons(base: KnowledgeBase, topic: str, situation: Situation) -> Iterator[str]:
    """What the carer can tap after the answer."""
    labels = [base.facet_label(topic, name, situation.on) for name in base.buttons(topic, situation, ["answer"])]
    labels += [base.topics[name].title for name in base.topics[topic].follow_on]
    yield "== buttons"
    yield " ".join(f"[{label}]" for label in labels[:MOST_OPTIONS])


def _nothing(name: str) -> Iterator[str]:
    yield f"== {name.replace('_', ' ')}"
    yield "Nothing is written here for this carer. The assistant says so, and gives the helpline."


def _picked(base: KnowledgeBase, found: Found, situation: Situation) -> Iterator[str]:
    """Which entry it is and why it won."""
    entry = found.entry
    yield f"  Entry {entry.id}: {conditions(entry.when)}"
    others = [e for e in base.topics[found.topic].entries if e is not entry and _would_do(e, found.facet, situation)]
    if others:
        yield f"  It asks for more than {', '.join(f'{e.id} ({e.when.conditions})' for e in others)}, so it wins"


def _would_do(entry: Entry, facet: str, situation: Situation) -> bool:
    return facet in entry.says and situation.meets(entry.when)


def conditions(when: When) -> str:
    """What a variant asks for, in words."""
    asked = []
    if when.arrangement:
        asked.append(f"the arrangement is {' or '.join(when.arrangement)}")
    if when.previously_looked_after is not None:
        asked.append(f"the child was {'' if when.previously_looked_after else 'not '}in care before")
    if when.child_age is not None:
        asked.append(f"the child is {when.child_age.from_} to {when.child_age.to}")
    return f"for carers where {' and '.join(asked)}" if asked else "for everyone"


def _local(base: KnowledgeBase, topic: str, situation: Situation) -> Iterator[str]:
    if situation.authority is None:
        return
    council = base.authorities[situation.authority].short_name
    found = base.find_locally(topic, situation)
    yield f"== what {council} offers"
    if "authority" not in base.topics[topic].depends_on:
        yield "The assistant doesn't say this unasked: the topic doesn't depend on the council."
    if not found:
        yield "Nothing is written here for this council. The assistant says so, and gives its contact."
    for local in found:
        yield local.text
        yield ""
        yield from _sources(local.entry.sources)
        yield f"  Checked on {local.offer.checked_on}. Entry {local.entry.id}: {conditions(local.entry.when)}"
    yield ""


def _sources(sources: list[Source]) -> Iterator[str]:
    for source in sources:
        yield f"  Source: {source.title}, {source.url}"
