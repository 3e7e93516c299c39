"""Answers put together from the content: what the nation offers, what the council offers, the next step."""

from __future__ import annotations

from dataclasses import replace

from bot.actions.turn import Turn, topic_of
from bot.knowledge.base import MOST_OPTIONS, Found, FoundLocally
from bot.knowledge.reply import Answer, Message, Option, Reply

MOST_WORDS = 120  # in one turn before 'Tell me more' (docs/decisions/0006)
LEAD = 12  # of which a sentence before the answer may take so many: a human one, or 'I said this just now'
WEB_WORDS = MOST_WORDS - LEAD
MOST_LIKELY = 3  # of a menu's options
URGENT = "urgent."
PERSON = "helpline.talk_to_someone"
MOST_LOCAL = 3
LOCAL, NEXT_STEP, PLACING = "local", "next_step", "placing"


def answer_topic(turn: Turn, topic: str, words: int = WEB_WORDS) -> Message:
    """The first answer on `topic`: the general or fitting variant, the council's part, one next step."""
    situation, base = turn.situation, turn.knowledge.base
    found = base.find(topic, "answer", situation)
    if found is None:
        return no_content(turn, topic)
    local = base.find_locally(topic, situation)[:1]
    pieces, answers, left_over = [found.text], [found.answer(situation)], []
    room = words - count(found.text)
    for facet, piece in ((PLACING, placing_part(turn, topic)), (LOCAL, local_part(turn, topic, local)),
                         (NEXT_STEP, next_step(turn, topic))):
        if piece and count(piece) <= room:
            pieces.append(piece)
            room -= count(piece)
            answers += [entry.answer(situation) for entry in local if facet == LOCAL]
        elif piece and facet != PLACING:
            left_over.append(facet_option(turn, topic, facet))
    return Message(text="\n\n".join(pieces), topics=[topic], answers=answers,
                   options=[*left_over, *options_after(turn, topic)][:MOST_OPTIONS],
                   urgent=topic.startswith(URGENT), sms=found.sms)


def answer_facet(turn: Turn, topic: str, facet: str) -> Message:
    """One facet of `topic`, in reply to a follow-up; an honest sentence where the content has none."""
    situation = turn.situation
    if facet == LOCAL:
        return answer_locally(turn, topic)
    found = turn.knowledge.base.find(topic, facet, situation)
    if found is None:
        return no_content(turn, topic, "answer.no_facet")
    return Message(text=found.text, topics=[topic], answers=[found.answer(situation)],
                   options=options_after(turn, topic, facet), urgent=topic.startswith(URGENT), sms=found.text)


def answer_facets(turn: Turn, topic: str, facets: list[str], words: int = WEB_WORDS) -> Message:
    """The first of `facets`, and those after it that there is room for."""
    message = answer_facet(turn, topic, facets[0])
    pieces, answers = [message.text], list(message.answers)
    for facet in (PLACING, *facets[1:]):
        found = turn.knowledge.base.find(topic, facet, turn.situation) if facet != PLACING else None
        text = (placing_part(turn, topic) if facet == PLACING else next_step(turn, topic) if facet == NEXT_STEP
                else found.text if found else None)
        if text and sum(map(count, (*pieces, text))) <= words:
            pieces.append(text)
            answers += [found.answer(turn.situation)] if found else []
    return message.model_copy(update={"text": "\n\n".join(pieces), "answers": answers})


def with_council(turn: Turn, topic: str, message: Message, words: int) -> Message:
    """The message and the council's part: in the text where there is room, else by a button."""
    local = turn.knowledge.base.find_locally(topic, turn.situation)[:1]
    piece = local_part(turn, topic, local)
    if piece is None:
        return message
    if count(message.text) + count(piece) > words:
        options = [facet_option(turn, topic, LOCAL), *message.options][:MOST_OPTIONS]
        return message.model_copy(update={"options": options})
    answers = [*message.answers, *(entry.answer(turn.situation) for entry in local)]
    return message.model_copy(update={"text": f"{message.text}\n\n{piece}", "answers": answers})


def answer_locally(turn: Turn, topic: str, council: str | None = None) -> Message:
    """Everything the council says on `topic`: the family's, or another that was asked about."""
    situation = replace(turn.situation, authority=council or turn.memory.authority)
    local = turn.knowledge.base.find_locally(topic, situation)[:MOST_LOCAL]
    first = council_part(turn, situation.authority, local) if situation.authority else turn.say("ask.council")
    text = "\n\n".join([first, *(entry.text for entry in local[1:])])
    return Message(text=text, topics=[topic], answers=[entry.answer(situation) for entry in local],
                   options=options_after(turn, topic))


def no_content(turn: Turn, topic: str, name: str = "answer.no_content") -> Message:
    """Says so, and gives the helpline."""
    known = turn.knowledge.base.topics.get(topic)
    text = turn.say(name, about=known.about if known else "that")
    return Message(text=text, topics=[topic], answers=helpline_answers(turn), options=[person_option(turn)])


def local_part(turn: Turn, topic: str, local: list[FoundLocally]) -> str | None:
    """What the family's council offers on `topic`, or that nothing checked is known of it."""
    slug, base = turn.memory.authority, turn.knowledge.base
    if slug is None or "authority" not in base.topics[topic].depends_on:
        return None
    return council_part(turn, slug, local)


def placing_part(turn: Turn, topic: str) -> str | None:
    """Which of two councils is asked, where one placed the child and the family lives in another's area."""
    placing, home = turn.memory.placing, turn.memory.authority
    if placing is None or placing == home or topic not in turn.knowledge.base.words.ways("placing.topics"):
        return None
    if home is None:
        return turn.say("placing.first", placing=turn.council_name(placing))
    return turn.say("placing.both", placing=turn.council_name(placing), home=turn.council_name(home))


def council_part(turn: Turn, slug: str, local: list[FoundLocally]) -> str:
    """What the council `slug` offers, or whom to ask there."""
    if local:
        return turn.say("local.offers", council=turn.council_name(slug), text=local[0].text)
    return turn.say("local.nothing", council=turn.council_name(slug), contact=contact_words(turn, slug))


def contact_words(turn: Turn, slug: str) -> str:
    """Whom to ring at the council, as far as it is known."""
    contact = turn.knowledge.base.contact(slug, "kinship_team", "children_services", "family_information")
    if contact and contact.phone:
        return turn.say("local.contact_phone", name=contact.name, phone=contact.phone)
    if contact and contact.url:
        return turn.say("local.contact_page", name=contact.name, url=contact.url)
    return turn.say("local.contact_none")


def next_step(turn: Turn, topic: str) -> str | None:
    found: Found | None = turn.knowledge.base.find(topic, NEXT_STEP, turn.situation)
    return turn.say("answer.next_step", text=found.text) if found else None


def options_after(turn: Turn, topic: str, giving: str = "answer") -> list[Option]:
    """Ways on from an answer: parts of it given neither before nor now, then topics that usually follow."""
    base = turn.knowledge.base
    given = [giving, *turn.memory.given.get(topic, [])]
    chosen = [facet_option(turn, topic, facet) for facet in base.buttons(topic, turn.situation, given)]
    chosen += [topic_option(turn, t) for t in base.topics[topic].follow_on if t in base.topics]
    return chosen[:MOST_OPTIONS]


def facet_option(turn: Turn, topic: str, facet: str) -> Option:
    """'How do I apply?' of this topic, in its own words where it has any."""
    council = turn.council_name(turn.memory.authority) if turn.memory.authority else ""
    label = turn.knowledge.base.facet_label(topic, facet, turn.now.date(), council=council)
    return Option(label=label, payload=f'/{topic}{{"facet": "{facet}"}}', topic=topic)


def topic_option(turn: Turn, topic: str) -> Option:
    """A topic by its title."""
    return Option(label=turn.knowledge.base.topics[topic].title, payload=f"/{topic}", topic=topic)


def person_option(turn: Turn) -> Option:
    """'Talk to a person'."""
    return Option(label=turn.say("helpline.option"), payload=f"/{PERSON}", topic=PERSON)


def menu(turn: Turn) -> list[Option]:
    """Five needs: what the message may have been about, then those most carers have; and a person."""
    known = turn.knowledge.base.topics
    heard = [topic_of(intent) for intent in (*turn.needs, *turn.maybe)]
    likely = [t for t in heard if t in known and not t.startswith((URGENT, "helpline."))][:MOST_LIKELY]
    topics = dict.fromkeys([*likely, *turn.knowledge.base.words.ways("menu")])
    return [*(topic_option(turn, t) for t in list(topics)[:MOST_OPTIONS]), person_option(turn)]


def helpline_answers(turn: Turn) -> list[Answer]:
    """The entry behind the helpline's number and hours."""
    situation = turn.situation
    found = turn.knowledge.base.find("helpline.details", "answer", situation)
    return [found.answer(situation)] if found else []


def led_by(sentence: str, reply: Reply) -> Reply:
    """The reply with a sentence before it."""
    first = reply.messages[0]
    led = first.model_copy(update={"text": f"{sentence}\n\n{first.text}"})
    return reply.model_copy(update={"messages": [led, *reply.messages[1:]]})


def count(text: str) -> int:
    """Words in `text`."""
    return len(text.split())
