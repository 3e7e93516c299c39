"""Everything that is not an answer from the knowledge base: greetings, privacy, putting right, what is unclear."""

from __future__ import annotations

from bot.actions.action import SignpostAction
from bot.actions.answering import answer_again, answer_topics
from bot.actions.asking import WHICH, question, work_out
from bot.actions.choosing import nearest
from bot.actions.composing import PERSON, menu, person_option, topic_option
from bot.actions.knowing import all_known, known_facts
from bot.actions.replying import HELPED, take_told
from bot.actions.turn import Turn, topic_of
from bot.knowledge.arrangement_types import Ask
from bot.knowledge.reply import HandOver, Message, Note, Option, Reply

NOT_UNDERSTOOD = 2  # messages in a row, then a person is fetched


class Greet(SignpostAction):
    """Hello."""

    action = "action_greet"
    takes_up = True

    def reply(self, turn: Turn) -> Reply:
        """A greeting and the main topics; what was told with it is taken."""
        if turn.learned or turn.choices:
            return take_told(turn)
        return chat(turn, "greet.hello", "assistant.greeting", menu(turn))


class Thank(SignpostAction):
    """Thanks and goodbye."""

    action = "action_thank"

    def reply(self, turn: Turn) -> Reply:
        """A warm close; the first thanks after an answer are asked whether it helped, and never again."""
        memory = turn.memory
        memory.open_question = None
        if turn.intent.endswith("goodbye") or memory.helped or not memory.recent:
            return chat(turn, "greet.goodbye" if turn.intent.endswith("goodbye") else "greet.thanks", "assistant.greeting")
        memory.helped, memory.open_question = True, "helped"
        options = [Option(label=turn.say(f"helped.{value}_label"), payload=f'/reply.inform{{"answer": "helped/{value}"}}')
                   for value in HELPED]
        text = f"{turn.say('greet.thanks')} {turn.say('helped.ask')}"
        return Reply(messages=[Message(text=text, topics=["assistant.greeting"], options=options)])


class About(SignpostAction):
    """Who we are."""

    action = "action_about"
    takes_up = True

    def reply(self, turn: Turn) -> Reply:
        """A program, its limits, a person."""
        return chat(turn, "about.text", "assistant.about", menu(turn))


class Privacy(SignpostAction):
    """What is kept."""

    action = "action_privacy"
    takes_up = True

    def reply(self, turn: Turn) -> Reply:
        """In two sentences."""
        return chat(turn, "privacy.kept", "assistant.privacy")


class Forget(SignpostAction):
    """'Delete my data': asked once, then done."""

    action = "action_forget"

    def reply(self, turn: Turn) -> Reply:
        """The question; its answer comes to `action_take_reply`."""
        turn.memory.open_question = "forget"
        options = [Option(label=turn.say("privacy.delete"), payload="/reply.yes"),
                   Option(label=turn.say("privacy.keep"), payload="/reply.no")]
        return chat(turn, "privacy.ask_forget", "assistant.privacy", options)


class TellKnown(SignpostAction):
    """'What do you know about me?'"""

    action = "action_tell_known"
    takes_up = True

    def reply(self, turn: Turn) -> Reply:
        """Everything remembered of the family."""
        facts = all_known(turn)
        text = turn.say("privacy.known", facts=facts) if facts else turn.say("privacy.known_nothing")
        return Reply(messages=[Message(text=text, topics=["assistant.privacy"])])


class StartAgain(SignpostAction):
    """Everything about the family is set aside."""

    action = "action_start_again"

    def reply(self, turn: Turn) -> Reply:
        """A clean start."""
        turn.memory.forget_family()
        return chat(turn, "put_right.start_again", "assistant.correction", menu(turn))


class GoBack(SignpostAction):
    """To the topic spoken of before."""

    action = "action_go_back"

    def reply(self, turn: Turn) -> Reply:
        """The earlier topic that is named, else the one before; a menu where there was none."""
        if known_facts(turn, turn.learned):
            return take_told(turn)
        topic = earlier(turn)
        if topic not in turn.knowledge.base.topics:
            return chat(turn, "put_right.nothing_before", "assistant.correction", menu(turn))
        again = answer_topics(turn, [topic])
        first = again.messages[0]
        spoken = first.model_copy(update={"text": f"{turn.say('put_right.go_back')} {first.text}",
                                          "topics": [*first.topics, "assistant.correction"]})
        return again.model_copy(update={"messages": [spoken, *again.messages[1:]]})


def earlier(turn: Turn) -> str:
    """What to go back to: what the message comes near to, else the topic before the last."""
    recent = turn.memory.recent
    if named := nearest(turn, [topic for topic in recent if topic != turn.memory.topic]):
        return named
    waiting = turn.memory.waiting_topic if turn.memory.waiting_topic != turn.memory.topic else None
    return waiting or (recent[1] if len(recent) > 1 else turn.memory.topic) or ""


class PutRight(SignpostAction):
    """'That's not right': own up, take any fact that came with it, and ask."""

    action = "action_put_right"

    def reply(self, turn: Turn) -> Reply:
        """Sorry, and the likeliest ways on; an arrangement that isn't right is worked out anew."""
        memory = turn.memory
        if turn.learned:
            return take_told(turn)
        note = Note(kind="wrong", entry=memory.entry, words=turn.text or None)
        if memory.topic == WHICH and memory.told:
            memory.arrangement, memory.told, memory.situation, memory.asked, memory.unsure = None, None, {}, [], 0
            step = work_out(turn)
            if isinstance(step, Ask):
                again = question(turn, step, turn.say("put_right.arrangement") + " ")
                topics = ["assistant.correction", *again.topics]
                return Reply(messages=[again.model_copy(update={"topics": topics})], note=note)
        memory.open_question = None
        return chat(turn, "put_right.sorry", "assistant.correction", menu(turn)).model_copy(update={"note": note})


class OutOfScope(SignpostAction):
    """What we can't help with."""

    action = "action_out_of_scope"
    takes_up = True

    def reply(self, turn: Turn) -> Reply:
        """Says so, and what we can do; who tells of her family isn't beside the point."""
        if turn.learned or turn.choices:
            return take_told(turn)
        return chat(turn, "out_of_scope", "assistant.out_of_scope", menu(turn))


class OtherLanguage(SignpostAction):
    """A message that isn't in English."""

    action = "action_other_language"

    def reply(self, turn: Turn) -> Reply:
        """Says in that language that we only write English, and whom to ring."""
        said = turn.knowledge.base.languages.get(turn.language or "")
        if said is None:
            return chat(turn, "out_of_scope", "assistant.out_of_scope", menu(turn))
        text = turn.knowledge.base.figures.fill(said, turn.now.date())
        return Reply(messages=[Message(text=text, topics=["assistant.out_of_scope"], options=[person_option(turn)])])


class Calm(SignpostAction):
    """Anger at the assistant."""

    action = "action_calm"

    def reply(self, turn: Turn) -> Reply:
        """Calm, and the helpline."""
        return chat(turn, "abuse", "assistant.out_of_scope", [person_option(turn)])


class Clarify(SignpostAction):
    """One question with the likeliest meanings; the second time topics and a person."""

    action = "action_clarify"

    def reply(self, turn: Turn) -> Reply:
        """Never the same question twice running."""
        memory, base = turn.memory, turn.knowledge.base.topics
        if turn.learned or turn.choices:
            return take_told(turn)
        if near := nearest(turn, memory.recent):
            return answer_again(turn, near)
        guess = next((topic_of(n) for n in turn.needs), "")
        if guess in memory.recent and guess in base and memory.unclear == 0:  # likeliest is what was spoken of
            return answer_again(turn, guess)
        memory.unclear += 1
        likely = [t for t in dict.fromkeys(topic_of(n) for n in turn.needs) if t in base and t != PERSON][:4]
        if memory.unclear >= NOT_UNDERSTOOD or len(likely) < 2:
            handed = HandOver(reason="not_understood") if memory.unclear >= NOT_UNDERSTOOD else None
            text = turn.say("unclear.topics")
            message = Message(text=text, topics=likely or ["assistant.out_of_scope"], options=menu(turn))
            return Reply(messages=[message], hand_over=handed)
        options = [*(topic_option(turn, t) for t in likely), person_option(turn)]
        return Reply(messages=[Message(text=turn.say("unclear.which"), topics=likely, options=options)])


def chat(turn: Turn, name: str, topic: str, options: list[Option] | None = None) -> Reply:
    """One sentence of words.yml under a topic."""
    return Reply(messages=[Message(text=turn.say(name), topics=[topic], options=options or [])])


ACTIONS = (Greet, Thank, About, Privacy, Forget, TellKnown, StartAgain, GoBack, PutRight, OutOfScope, OtherLanguage, Calm,
           Clarify)
