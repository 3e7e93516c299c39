"""What is done for STOP, START, HELP, MORE, a code, and for messages without words; and what is said then."""

from __future__ import annotations

import structlog

from bot.gateway.clock import Clock
from bot.gateway.contacts import Contacts, grouped
from bot.gateway.limits import CODES, Limits
from bot.gateway.outgoing import OBEYED, Outgoing
from bot.gateway.tables import Conversation, Inbound
from bot.knowledge.base import KnowledgeBase
from bot.knowledge.reply import Message, Option

log = structlog.get_logger()

TOPIC = "assistant.about"  # what such messages are filed under


class Obeyed:
    """One method a word."""

    def __init__(self, contacts: Contacts, outgoing: Outgoing, base: KnowledgeBase, clock: Clock, limits: Limits,
                 public_url: str) -> None:
        self._contacts, self._outgoing, self._base = contacts, outgoing, base
        self._clock, self._limits, self._public_url = clock, limits, public_url

    def say(self, name: str, **values: object) -> str:
        """A sentence of words.yml with its figures."""
        return self._base.say(name, self._clock.now().date(), **values)

    def message(self, name: str, options: list[Option] | None = None, **values: object) -> Message:
        """The sentence as a message."""
        return Message(text=self.say(name, **values), topics=[TOPIC], options=options or [])

    async def obey(self, conversation: Conversation, inbound: Inbound, confirms_stop: bool) -> tuple[list[Message], bool]:
        """(what is said to the command, whether it is the last word)."""
        word, _, argument = (inbound.command or "").removeprefix(OBEYED).partition(" ")
        contact_id, now = inbound.contact_id or "", self._clock.now()
        if word == "stop":
            news = await self._contacts.stop(contact_id, "carer", now)
            if news:
                log.info("opted_out", channel=inbound.channel, by="carer")
            return ([self.message("phone.stopped")] if news and confirms_stop else []), True
        if word == "blocked":
            await self._contacts.stop(contact_id, "network", now)
            return [], False
        if word == "start":
            back = await self._contacts.start(contact_id, now)
            if back:
                log.info("opted_in", channel=inbound.channel)
            return [self.message("phone.started" if back else "phone.hello")], False
        if word == "more":
            sent = await self._outgoing.release_more(conversation.id, contact_id, now)
            return ([] if sent else [self.message("phone.nothing_more")]), False
        if word == "code":
            return [await self._use(argument, contact_id, inbound.channel)], False
        if word in MOVING:
            code = await self._contacts.make_code(conversation.id, now)
            return [self.message(MOVING[word], code=grouped(code), url=self._public_url)], False
        if word == "stale":
            return [await self._ask_back(conversation.id, contact_id, int(argument))], False
        return [self.message(SAID[word])], False

    async def _use(self, code: str, contact_id: str, channel: str) -> Message:
        """Go on in the conversation that the code opens."""
        if await self._limits.wait(CODES, contact_id):
            return self.message("phone.code_wrong")
        moved_to = await self._contacts.use_code(code, self._clock.now())
        if moved_to is None:
            return self.message("phone.code_wrong")
        await self._contacts.move(contact_id, moved_to, channel)
        log.info("moved", channel=channel)
        return self.message("phone.moved")

    async def _ask_back(self, conversation_id: str, contact_id: str, number: int) -> Message:
        """Did she mean that option of an earlier list?"""
        shown = await self._outgoing.shown(conversation_id, contact_id, self._clock.now())
        option = Option.model_validate(shown.options[number - 1])
        return self.message("phone.stale", [option])


MOVING = {"web": "phone.code", "copy": "phone.copy"}  # a text is no place for all that was said: the page has it
SAID = {"help": "phone.help", "media": "phone.words_only", "location": "phone.location"}
