"""A message's way: kept, checked for danger, taken by Rasa in order, answered once."""

from __future__ import annotations

import asyncio
from typing import Any

import structlog

from bot.gateway.clock import Clock
from bot.gateway.events import Wakeups
from bot.gateway.rasa import Away, Failed, Hung, Rasa
from bot.gateway.store import Store
from bot.gateway.tables import Conversation, Inbound, Line
from bot.knowledge.base import KnowledgeBase
from bot.knowledge.reply import HandOver, Message, Option, Reply
from bot.knowledge.situation import Situation
from bot.safeguarding.watch import DangerWatch

log = structlog.get_logger()

ATTEMPTS = 5  # a turn that Rasa fails this often is answered with an apology; with the pauses, time for a restart
HUNG_ATTEMPTS = 2  # or this often where each try takes all its time
FIRST_PAUSE, LONGEST_PAUSE = 0.25, 5.0  # seconds between tries


class Turns:
    """Takes messages and answers each exactly once, whatever crashes in between."""

    def __init__(self, store: Store, rasa: Rasa, base: KnowledgeBase, watch: DangerWatch, clock: Clock,
                 wakeups: Wakeups) -> None:
        self._store, self._rasa, self._base, self._watch = store, rasa, base, watch
        self._clock, self._wakeups = clock, wakeups
        self._draining: dict[str, asyncio.Task[None]] = {}
        self._more: set[str] = set()
        self._forgetting: set[asyncio.Task[None]] = set()

    async def take(self, conversation: Conversation, provider_id: str, text: str, command: str | None,
                   shown: dict[str, Any] | None = None) -> Inbound:
        """Keep the message, and see to it; returns at once but for danger, which is answered first.

        `shown` is what else clients see of the message's line in the transcript.
        """
        inbound, new = await self._store.receive(conversation, provider_id, text, command, self._clock.now(), shown)
        if new:
            self._wakeups.wake(conversation.id)
            await self._danger_first(conversation, inbound)
        self._start(conversation.id)
        return inbound

    def alarming(self, text: str) -> bool:
        """Does the message speak of danger? Such a one is never held back."""
        return self._watch.look(text, Situation(on=self._clock.now().date())) is not None

    async def resume(self) -> None:
        """Take up what an earlier run of the gateway left without a reply; danger first, as ever."""
        for inbound in await self._store.all_waiting():
            conversation = await self._store.conversation(inbound.conversation_id)
            if conversation:
                await self._danger_first(conversation, inbound)
                self._start(conversation.id)

    async def stop(self) -> None:
        """Leave the rest for the next start."""
        for task in list(self._draining.values()):
            task.cancel()
        await asyncio.gather(*self._draining.values(), *self._forgetting, return_exceptions=True)

    async def replies(self, inbound: Inbound, within: float) -> list[Line] | None:
        """The lines that answer `inbound`, or None where there are none yet after `within` seconds."""
        async with self._wakeups.listening(inbound.conversation_id) as woken:
            deadline = asyncio.get_running_loop().time() + within
            while not await self._store.is_done(inbound.id):
                woken.clear()
                left = deadline - asyncio.get_running_loop().time()
                if left <= 0:
                    return None
                if await self._store.is_done(inbound.id):
                    break
                try:
                    await asyncio.wait_for(woken.wait(), left)
                except TimeoutError:
                    continue
        return await self._store.lines(inbound.conversation_id, inbound_id=inbound.id)

    async def _danger_first(self, conversation: Conversation, inbound: Inbound) -> None:
        """Danger is answered before anything else; should the check itself fail, the message goes its usual way."""
        if conversation.mode == "helpline" or inbound.command is not None:
            return
        try:
            await self._answer_danger(conversation, inbound)
        except Exception as error:
            log.error("danger_check_failed", error=type(error).__name__)

    async def _answer_danger(self, conversation: Conversation, inbound: Inbound) -> None:
        known = Situation(on=self._clock.now().date(), arrangement=conversation.slots.get("arrangement"),
                          authority=conversation.slots.get("authority"))
        alarm = self._watch.look(inbound.text, known)
        if alarm is None:
            return
        reply = self._watch.reply(alarm, known)
        topic = reply.messages[0].topics[0]
        changed: dict[str, Any] = {"topic": topic, "facet": "answer", "given": ["answer"], "open_question": None}
        if alarm.authority:
            changed["authority"] = alarm.authority
        log.info("danger", topic=topic)
        await self._commit(inbound, reply, changed)

    def _start(self, conversation_id: str) -> None:
        """See that somebody works on the conversation's messages, one at a time and in order."""
        self._more.add(conversation_id)
        if conversation_id not in self._draining:
            self._draining[conversation_id] = asyncio.create_task(self._drain(conversation_id))

    async def _drain(self, conversation_id: str) -> None:
        try:
            while conversation_id in self._more:
                self._more.discard(conversation_id)
                try:
                    while (inbound := await self._store.next_waiting(conversation_id)) is not None:
                        await self._answer(inbound)
                except Exception as error:  # such as a database that is locked: the message is kept, so try again
                    log.error("conversation_stuck", error=type(error).__name__)
                    self._more.add(conversation_id)
                    await asyncio.sleep(LONGEST_PAUSE)
        finally:
            self._draining.pop(conversation_id, None)

    async def _answer(self, inbound: Inbound) -> None:
        pause = FIRST_PAUSE
        while True:
            conversation = await self._store.conversation(inbound.conversation_id)
            if conversation is None or await self._store.is_done(inbound.id):
                return
            if conversation.mode == "helpline":
                await self._commit(inbound, None, {})
                return
            try:
                understood = await self._rasa.turn(str(inbound.id), inbound.text, inbound.command, conversation.slots,
                                                   self._clock.now())
            except Away:
                await asyncio.sleep(pause)
                pause = min(pause * 2, LONGEST_PAUSE)
                continue
            except Failed as error:
                most = HUNG_ATTEMPTS if isinstance(error, Hung) else ATTEMPTS
                if await self._store.failed_once_more(inbound.id) < most:
                    await asyncio.sleep(pause)
                    pause = min(pause * 2, LONGEST_PAUSE)
                    continue
                log.error("turn_failed", why=str(error))
                await self._commit(inbound, self._apology(), {})
                return
            changed = {k: v for k, v in understood.slots.items() if v != conversation.slots.get(k)}
            await self._commit(inbound, understood.reply, changed)
            return

    async def _commit(self, inbound: Inbound, reply: Reply | None, changed: dict[str, Any]) -> None:
        messages: list[Message] = reply.messages if reply else []
        handed: HandOver | None = reply.hand_over if reply else None
        forget = reply is not None and reply.forget
        await self._store.commit_reply(inbound, messages, changed, handed, self._clock.now(), forget)
        self._wakeups.wake(inbound.conversation_id)
        if forget:
            asyncio.get_running_loop().call_later(FORGET_AFTER, self._forget, inbound.conversation_id)

    def _forget(self, conversation_id: str) -> None:
        task = asyncio.create_task(self._store.forget(conversation_id))
        self._forgetting.add(task)
        task.add_done_callback(self._forgetting.discard)
        task.add_done_callback(lambda _: self._wakeups.wake(conversation_id))

    def _apology(self) -> Reply:
        on = self._clock.now().date()
        found = self._base.find("helpline.details", "answer", Situation(on=on))
        answers = [found.answer(Situation(on=on))] if found else []
        person = Option(label=self._base.say("helpline.option", on), payload="/helpline.talk_to_someone",
                        topic="helpline.talk_to_someone")
        return Reply(messages=[Message(text=self._base.say("failure.action", on), topics=["helpline.details"],
                                       answers=answers, options=[person])])


FORGET_AFTER = 5.0  # seconds for the page to fetch the last words
