"""The desk as a message's way sees it: whom a carer is passed on to, what she is told, and what is the desk's to answer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Protocol

import structlog

from bot.channels.numbers import why_refused
from bot.channels.text import TWO_SEGMENTS, folded, segments, split
from bot.gateway.addresses import Addresses
from bot.gateway.clock import Clock
from bot.gateway.contacts import Contacts
from bot.gateway.desk import DESK
from bot.gateway.store import ASSISTANT, HELPLINE, QUEUED, WEB, Store
from bot.gateway.tables import Conversation, Inbound, WaitingForPerson
from bot.gateway.turns import Turns
from bot.helpline import calling_back
from bot.helpline.cases import Cases, NotYours, Said
from bot.helpline.telling import LATELY, State, Telling
from bot.knowledge.base import KnowledgeBase
from bot.knowledge.opening import closes_at
from bot.knowledge.reply import HandOver, Message

log = structlog.get_logger()

LEFT, GAVE_UP, NO_CALL = "carer_left", "stopped_waiting", "no_call"  # outcomes that are the carer's doing
SMS = "sms"


class Unreachable(Exception):
    """A desk elsewhere could not be told; it is tried again."""


class Backend(Protocol):
    """Where advisers sit: our console, a team's mailbox, Chatwoot."""

    name: str

    async def there(self, now: datetime) -> bool:
        """Is somebody there who would answer in minutes?"""

    async def announce(self, case: WaitingForPerson, conversation: Conversation) -> None:
        """Tell them of a case. Raises `Unreachable`; may be asked twice for the same one."""

    async def heard(self, conversation_id: str) -> None:
        """There are new lines in a case that they were told of. Raises `Unreachable`."""


class HelplineDesk:
    """One for the gateway. `backends`: the first with somebody there makes the desk open."""

    def __init__(self, store: Store, cases: Cases, turns: Turns, base: KnowledgeBase, clock: Clock,
                 addresses: Addresses, texts_to: Sequence[str], seen_within: timedelta) -> None:
        self.cases, self.telling = cases, Telling(base)
        self.backends: list[Backend] = []
        self.seen_within = seen_within
        self._store, self._turns, self._base, self._clock, self._addresses = store, turns, base, clock, addresses
        self._contacts = Contacts(store)
        self._texts_to = texts_to  # ISO codes of the countries whose mobiles we text; none where we can't

    # What a message's way asks

    async def adds(self, conversation: Conversation, hand_over: HandOver | None) -> list[Message]:
        """What happens now that a person is wanted; or the open question of the call-back, once more."""
        if hand_over is None and conversation.mode != QUEUED:
            return []
        now = self._clock.now()
        case = await self.cases.get(conversation.id)
        if hand_over is None:
            step = calling_back.next_step(case.call_back) if case and case.call_back is not None else None
            if step is None:
                return []
            asked = self._asked(step, conversation, now)
            return [asked.model_copy(update={"text": self.telling.say("call_back.still", now, question=asked.text)})]
        if case and case.staff_id:
            return []  # somebody is there already
        state = await self.state(now)
        urgent = hand_over.reason == "danger" or (case is not None and case.urgent)
        before = sum(1 for other, _ in await self.cases.all() if other.staff_id is None and not other.call_back
                     and other.conversation_id != conversation.id and (other.urgent or not urgent))
        waits = await self.cases.waits(now - LATELY)
        return [self.telling.passed_on(state, hand_over.reason, before, waits, self._can_tell(conversation), now)]

    async def takes(self, conversation: Conversation, inbound: Inbound) -> bool:
        """A command of the desk's, BACK while a person has her, or an answer to a question of the call-back."""
        command = inbound.command or ""
        if command.startswith(DESK):
            word, _, argument = command.removeprefix(DESK).partition(" ")
            await self._obey(conversation, inbound, word, argument)
            return True
        if conversation.mode == HELPLINE:
            if inbound.command is None and self._means_back(inbound.text):
                await self._obey(conversation, inbound, "back", "")
                return True
            return False
        if conversation.mode != QUEUED or inbound.command is not None:
            return False
        case = await self.cases.get(conversation.id)
        if case is None or case.call_back is None:
            return False
        return await self._fill_in(conversation, inbound, case.call_back)

    async def let_go(self, conversation: Conversation) -> None:
        """The carer goes back to the assistant."""
        await self._over(conversation, LEFT)

    # What the console and other desks do

    async def state(self, now: datetime) -> State:
        """Open hours and somebody there; open hours; shut."""
        if closes_at(self._base.helpline, now) is None:
            return "shut"
        return "there" if any([await backend.there(now) for backend in self.backends]) else "nobody"

    async def claim(self, conversation_id: str, staff_id: str, name: str) -> bool:
        """Take the conversation and tell her who is there; False where somebody else has it. Raises `LookupError`."""
        now = self._clock.now()
        conversation = await self._store.conversation(conversation_id)
        if conversation is None:
            raise LookupError(conversation_id)
        words = "desk.joined_phone" if conversation.channel == SMS else "desk.joined"
        options = [] if conversation.channel == SMS else [self.telling.option("back", now)]
        said = await self.said(conversation_id, "system", [self.telling.message(words, now, options, name=name)])
        taken = await self.cases.claim(conversation_id, staff_id, said, now)
        if taken:
            self._told(conversation_id, said)
        return taken

    async def reply(self, conversation_id: str, staff_id: str, name: str, key: str, message: Message) -> int:
        """An adviser's words to the carer, once for each key; gives the line. Raises `NotYours`."""
        said = await self.said(conversation_id, "helpline", [message], by=name)
        line_id = await self.cases.reply(conversation_id, staff_id, key, said, self._clock.now())
        self._told(conversation_id, said)
        return line_id

    async def close(self, conversation_id: str, staff_id: str | None, outcome: str, messages: Sequence[Message],
                    note: str = "") -> None:
        """The case is over. Raises `NotYours`."""
        said = await self.said(conversation_id, "system", messages)
        await self.cases.close(conversation_id, staff_id, outcome, said, self._clock.now(), note)
        self._told(conversation_id, said)

    async def hand_back(self, conversation_id: str, staff_id: str, name: str, outcome: str, note: str) -> None:
        """The adviser is done: the assistant goes on, and says so. Raises `NotYours`."""
        now = self._clock.now()
        conversation = await self._store.conversation(conversation_id)
        if conversation is None:
            raise NotYours
        message = self.telling.message("desk.closed", now, name=name)
        copy = self.telling.say("desk.keep_copy" if conversation.channel == WEB else "desk.keep_copy_phone", now)
        message = message.model_copy(update={"text": f"{message.text} {copy}"})
        await self.close(conversation_id, staff_id, outcome, [message], note)

    async def call_made(self, conversation_id: str, staff_id: str, outcome: str) -> None:
        """She was rung; her number is forgotten. Raises `NotYours` where she is not to be rung, or somebody talks to her."""
        case = await self.cases.get(conversation_id)
        if case is None or not calling_back.complete(case.call_back) or case.staff_id:
            raise NotYours
        await self.cases.close(conversation_id, None, outcome, Said("system", []), self._clock.now(), by=staff_id)
        self._turns.told(conversation_id, None)

    async def transfer(self, conversation_id: str, staff_id: str, name: str, taker: str | None, taker_name: str) -> None:
        """To a colleague, or back into the queue. Raises `NotYours`."""
        now = self._clock.now()
        message = (self.telling.message("desk.moved", now, name=name, other=taker_name) if taker
                   else self.telling.message("desk.released", now, self.telling.ways_out("there", False, now), name=name))
        said = await self.said(conversation_id, "system", [message])
        await self.cases.transfer(conversation_id, staff_id, taker, said, now)
        self._told(conversation_id, said)

    async def take_back(self, case: WaitingForPerson, unanswered: bool) -> bool:
        """Nobody answers her: back into the queue, and she is told. False where she was answered just now."""
        now = self._clock.now()
        try:
            said = await self.said(case.conversation_id, "system", [
                self.telling.message("desk.lost", now, self.telling.ways_out("there", False, now))])
        except NotYours:
            return False
        done = await self.cases.take_back(case, said, now, unanswered)
        if done:
            self._told(case.conversation_id, said)
        return done

    async def tell_back(self, case: WaitingForPerson, conversation: Conversation) -> None:
        """An adviser is there, and she wished to know. Once."""
        now = self._clock.now()
        if not await self.cases.stop_telling(conversation.id):
            return
        until = self.telling.until(now)
        if case.call_back and case.call_back.get("text"):
            message = self.telling.message("desk.there_now_text", now, closes=until)
            await self._text(self.opened(case.call_back["number"]), message)
            await self.cases.ask_call_back(conversation.id, None)
            return
        await self.cases.ask_call_back(conversation.id, case.call_back, mode=QUEUED)
        await self._turns.say(conversation.id, "system", [self.telling.message("desk.there_now", now, closes=until)])

    async def said(self, conversation_id: str, sender: str, messages: Sequence[Message], by: str | None = None) -> Said:
        """The messages with what goes to her phone; a text message is cut so that none of it waits for MORE.

        Raises `NotYours` where the conversation is gone.
        """
        said = Said(sender, messages, by=by)
        conversation = await self._store.conversation(conversation_id)
        if conversation is None:
            raise NotYours
        for piece in (piece for message in messages for piece in _pieces(message, conversation.channel)):
            try:
                contact_id, parcels = await self._turns.packed(conversation_id, [piece])
            except LookupError as error:
                raise NotYours from error
            said = replace(said, contact_id=contact_id, parcels=[*said.parcels, *parcels])
        return said

    def sealed(self, number: str) -> str:
        """A number for the store."""
        return self._addresses.seal(number)

    def opened(self, sealed: str) -> str:
        """A number to ring."""
        return self._addresses.open(sealed)

    async def _text(self, number: str, message: Message) -> None:
        """A text message to a number that is no carer's phone yet; it gets a conversation of its own, and may say STOP."""
        contact_id = self._addresses.pseudonym(SMS, number)
        _, own, _ = await self._contacts.open(contact_id, SMS, self.sealed(number), self._clock.now())
        await self._turns.say(own.id, "system", [message])

    # Its own commands

    async def _obey(self, conversation: Conversation, inbound: Inbound, word: str, argument: str) -> None:
        now = self._clock.now()
        case = await self.cases.get(conversation.id)
        if word == "back":
            left = await self._over(conversation, LEFT)
            await self._answer(inbound, [self.telling.message("desk.let_go", now)] if left else [])
        elif conversation.mode == HELPLINE:  # an old button: somebody is there already
            await self._answer(inbound, [])
        elif case is None and word in ("ring_me", "tell_me"):  # an old button too, and she means it
            await self._store.tell_desk(conversation.id, "asked", now)
            await self._obey(conversation, inbound, word, argument)
        elif case is None:
            await self._answer(inbound, [self.telling.message("desk.stopped_waiting", now)])
        elif word == "stop_waiting":
            await self._over(conversation, GAVE_UP)
            await self._answer(inbound, [self.telling.message("desk.stopped_waiting", now)])
        elif word == "ring_me":
            await self.cases.ask_call_back(conversation.id, {})
            await self._answer(inbound, [self._asked("number", conversation, now)])
        elif word == "tell_me":
            await self._tell_me(conversation, inbound, now)
        elif word == "no_call":
            await self._over(conversation, NO_CALL)
            await self._answer(inbound, [self.telling.message("call_back.stopped", now)])
        elif word in calling_back.STEPS:
            await self._note(conversation, inbound, case.call_back or {}, word, await self._chosen(word, argument, inbound))
        else:
            await self._answer(inbound, [])

    async def _over(self, conversation: Conversation, outcome: str) -> bool:
        """The carer wants nobody any more; False where the adviser was faster."""
        try:
            await self.close(conversation.id, None, outcome, [])
        except NotYours:
            return False
        return True

    async def _tell_me(self, conversation: Conversation, inbound: Inbound, now: datetime) -> None:
        if conversation.channel == WEB:
            await self.cases.ask_call_back(conversation.id, {"text": True})
            question = self.telling.message("desk.told_later_number", now)
        else:
            await self.cases.ask_call_back(conversation.id, None, mode=ASSISTANT, tell_me=True)
            question = self.telling.message("desk.told_later", now)
        await self._answer(inbound, [question])

    async def _chosen(self, step: str, argument: str, inbound: Inbound) -> Any:
        """What an option says: the number she texts from, times in her words, yes or no, no name."""
        if step == "number":
            contact = await self._contacts.get(inbound.contact_id or "")
            return contact.address if contact else None
        return {"times": inbound.text, "message": argument == "yes", "name": ""}[step]

    async def _fill_in(self, conversation: Conversation, inbound: Inbound, told: dict[str, Any]) -> bool:
        step = calling_back.next_step(told)
        answer = calling_back.read(step, inbound.text) if step else None
        if step is None or answer is None:
            return False
        if answer.wrong or (told.get("text") and why_refused(answer.value, self._texts_to)):
            await self._answer(inbound, [self.telling.message("call_back.number_wrong", self._clock.now())])
        else:
            value = self.sealed(answer.value) if step == "number" else answer.value
            await self._note(conversation, inbound, told, step, value)
        return True

    async def _note(self, conversation: Conversation, inbound: Inbound, told: dict[str, Any], step: str, value: Any) -> None:
        now = self._clock.now()
        if value is None:
            await self._answer(inbound, [self._asked(step, conversation, now)])
            return
        told = {**told, step: value}
        following = calling_back.next_step(told)
        if following:
            await self.cases.ask_call_back(conversation.id, told)
            await self._answer(inbound, [self._asked(following, conversation, now)])
            return
        ending = calling_back.ending(self.opened(told["number"]))
        done = (self.telling.message("desk.told_later_text", now, ending=ending) if told.get("text")
                else self.telling.call_back_done(told, ending, now))
        await self.cases.ask_call_back(conversation.id, told, mode=ASSISTANT, tell_me=True if told.get("text") else None)
        await self._answer(inbound, [done])

    def _asked(self, step: str, conversation: Conversation, now: datetime) -> Message:
        if step == "number":
            return self.telling.number_question(conversation.channel in (SMS, "whatsapp"), now)
        return self.telling.question(step, now)

    async def _answer(self, inbound: Inbound, messages: Sequence[Message]) -> None:
        await self._turns.answer(inbound, messages)

    def _told(self, conversation_id: str, said: Said) -> None:
        self._turns.told(conversation_id, said.contact_id)

    def _means_back(self, text: str) -> bool:
        return " ".join(text.casefold().strip(" .!").split()) in self._base.words.ways("desk.back_words")

    def _can_tell(self, conversation: Conversation) -> bool:
        return conversation.channel != WEB or bool(self._texts_to)


def _pieces(message: Message, channel: str) -> list[Message]:
    if channel != SMS or message.options or message.answers:
        return [message]
    cut = split(folded(message.text), lambda text: segments(text) <= TWO_SEGMENTS)
    return [message.model_copy(update={"text": text}) for text in cut]
