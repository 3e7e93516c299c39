"""A message's way: kept, checked for danger, taken by Rasa in order, answered once."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import structlog

from bot.gateway import left_behind, tallies
from bot.gateway.clock import Clock
from bot.gateway.desk import Desk, is_desks
from bot.gateway.events import Wakeups
from bot.gateway.masking import masked
from bot.gateway.metrics import Metrics
from bot.gateway.outgoing import OBEYED, Parcel, Post
from bot.gateway.rasa import Away, Failed, Hung, Rasa
from bot.gateway.statements import WAITING
from bot.gateway.store import HELPLINE, Given, Store
from bot.gateway.switches import Switches, off_reply
from bot.gateway.tables import Conversation, Inbound
from bot.knowledge.base import KnowledgeBase
from bot.knowledge.opening import closes_at
from bot.knowledge.reply import HandOver, Message, Option, Reply
from bot.knowledge.situation import Situation
from bot.safeguarding.watch import Alarm, DangerWatch

log = structlog.get_logger()

ATTEMPTS = 5  # a turn that Rasa fails this often is answered with an apology; with the pauses, time for a restart
HUNG_ATTEMPTS = 2  # or this often where each try takes all its time
# The slot with the ids of messages that were answered as danger: what they told of the family is taken with the next turn,
# so that help waits for nobody.
UNHEARD = "unheard"
MOST_UNHEARD = 10  # of them, the last; nothing holds danger back, and Rasa's door has a limit (deploy/nginx.conf.template)
AT_ONCE = 1.0  # seconds that help in danger waits to hear who is at the desk
FIRST_PAUSE, LONGEST_PAUSE = 0.25, 5.0  # seconds between tries
ELSEWHERE_PAUSE = 0.1  # seconds at first until it is asked again whether another gateway is done with a conversation
LONGEST_JOIN = 10.0  # seconds; a clock that was put back would say an hour
LOOK_AGAIN = 2.0  # seconds; another gateway's word that there is a reply may be lost
LOOKS = 2  # for danger: new content may have been taken in the middle of the first
AT_HAND = 0.01  # seconds more, once a message about danger is answered, for a quick reader to say what else it tells


class Elsewhere(Exception):
    """Another gateway is at it."""


class Turns:
    """Takes messages and answers each exactly once, whatever crashes in between."""

    def __init__(self, store: Store, rasa: Rasa, base: KnowledgeBase, watch: DangerWatch, clock: Clock,
                 wakeups: Wakeups, switches: Switches, metrics: Metrics) -> None:
        self._store, self._rasa, self._base, self._watch = store, rasa, base, watch
        self._clock, self._wakeups, self._switches = clock, wakeups, switches
        self._metrics = metrics
        self.post: Post | None = None  # the phone channels, where there are any
        self.desk: Desk | None = None
        self._draining: dict[str, asyncio.Task[None]] = {}
        self._more: set[str] = set()
        # by conversation and message, until it is answered: was it for nobody to wait?
        self._looks: dict[tuple[str, int], asyncio.Task[bool]] = {}
        self._given: dict[int, Given | None] = {}  # what answers a message, where whoever sent it waits here
        self._forgetting: set[asyncio.Task[None]] = set()
        self._looking = ThreadPoolExecutor(1, "danger")  # more at a time would only take the loop's

    async def take(self, conversation: Conversation, provider_id: str, text: str, command: str | None, within: float,
                   shown: dict[str, Any] | None = None) -> Given | None:
        """Keep a message from the web, see to it, and wait for what answers it; None where nothing does in `within` seconds.

        `shown` is what else clients see of the message's line in the transcript. Raises `LookupError` where the conversation
        was deleted meanwhile.
        """
        async with self._wakeups.listening(conversation.id) as woken:
            inbound, new = await self._store.receive(conversation, provider_id, text, command, self._clock.now(), shown)
            if new:
                self._wakeups.wake(conversation.id, but=woken)  # nothing answers it yet
                await self.see_to(conversation, inbound)
            else:
                self._go_on(conversation.id)
                woken.set()
            return await self._replies(inbound, woken, within)

    async def see_to(self, conversation: Conversation, inbound: Inbound, hello: Sequence[Message] = ()) -> None:
        """Answer danger, obey STOP and the like; the rest waits for its turn, and `hello` comes before it."""
        self._metrics.messages.labels(inbound.channel).inc()
        try:
            if not await self._first(conversation, inbound) and hello:
                parcels = self.post.pack(inbound.channel, hello) if self.post else []
                await self._store.say(conversation.id, "assistant", hello, self._clock.now(), inbound.contact_id, parcels)
                self.told(conversation.id, inbound.contact_id)
        except Exception as error:  # the message is kept, and its turn tries again
            log.error("not_answered_at_once", error=type(error).__name__)
        finally:
            self._go_on(conversation.id)

    async def say(self, conversation_id: str, sender: str, messages: Sequence[Message]) -> None:
        """Lines that answer no message, such as a person's at the helpline; to the phone the carer used last, if any.

        Raises `LookupError` where the conversation was deleted.
        """
        contact_id, parcels = await self.packed(conversation_id, messages)
        await self._store.say(conversation_id, sender, messages, self._clock.now(), contact_id, parcels)
        self.told(conversation_id, contact_id)

    async def packed(self, conversation_id: str, messages: Sequence[Message]) -> tuple[str | None, list[Parcel]]:
        """(the contact whose phone the carer used last, the messages as they go there); none for the web.

        Raises `LookupError` where the conversation was deleted.
        """
        conversation = await self._store.conversation(conversation_id)
        if conversation is None:
            raise LookupError(conversation_id)
        contact = await self._store.phone_of(conversation)
        if contact is None:
            return None, []
        return contact.id, self.post.pack(contact.channel, messages) if self.post else []

    async def answer(self, inbound: Inbound, messages: Sequence[Message]) -> None:
        """The desk's answer to a message of its own: said by the assistant, and the message is done."""
        parcels = self.post.pack(inbound.channel, messages) if self.post and inbound.contact_id else []
        await self._store.commit_reply(inbound, messages, {}, None, self._clock.now(), False, (), parcels)
        self.told(inbound.conversation_id, inbound.contact_id)

    async def alarming(self, text: str) -> bool:
        """Does the message speak of danger? Such a one is never held back."""
        return await self._alarm(text, Situation(on=self._clock.now().date())) is not None

    async def help_for(self, text: str) -> str | None:
        """What is said of danger, in plain words, where nothing else works; None where `text` doesn't speak of it."""
        known = Situation(on=self._clock.now().date())
        alarm = await self._alarm(text, known)
        return "\n\n".join(message.text for message in self._watch.reply(alarm, known).messages) if alarm else None

    async def resume(self) -> None:
        """Take up what an earlier run of the gateway left without a reply; danger first, as ever."""
        for inbound in await self._store.all_waiting():
            await self._take_up(inbound)

    async def watch(self) -> None:
        """Take up what another gateway left, until cancelled."""

        async def waiting() -> set[int]:
            return {one.id for one in await self._store.all_waiting() if one.conversation_id not in self._draining}

        async def take_up(inbound_id: int) -> None:
            inbound = await self._store.inbound(inbound_id)
            if inbound and inbound.status == WAITING:
                await self._take_up(inbound)

        await left_behind.watch(waiting, take_up)

    async def _take_up(self, inbound: Inbound) -> None:
        conversation = await self._store.conversation(inbound.conversation_id)
        if conversation:
            await self.see_to(conversation, inbound)

    async def stop(self) -> None:
        """Leave the rest for the next start."""
        for task in list(self._draining.values()):
            task.cancel()
        await asyncio.gather(*self._draining.values(), *self._forgetting, *self._looks.values(), return_exceptions=True)
        self._looking.shutdown(wait=False)

    async def _replies(self, inbound: Inbound, woken: asyncio.Event, within: float) -> Given | None:
        """What answers the message: from the hands that have just committed it here, or as the store has it."""
        clock = asyncio.get_running_loop().time
        deadline = clock() + within
        self._given[inbound.id] = None
        try:
            while (left := deadline - clock()) > 0:
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(min(left, LOOK_AGAIN)):
                        await woken.wait()
                woken.clear()
                given = self._given.get(inbound.id) or await self._store.replies(inbound)
                if given:
                    return given
            return None
        finally:
            self._given.pop(inbound.id, None)

    async def _first(self, conversation: Conversation, inbound: Inbound) -> bool:
        """What waits for nobody, once a message: whoever comes second, such as its turn, waits for what is found.

        Raises what kept an answer from being given; the next to ask tries again.
        """
        key = (conversation.id, inbound.id)
        look = self._looks.get(key)
        if look is None:
            look = self._looks[key] = asyncio.create_task(self._look(conversation, inbound))
        answered = False
        try:
            answered = await asyncio.shield(look)
        finally:
            if look.done() and (answered or look.cancelled() or look.exception()) and self._looks.get(key) is look:
                del self._looks[key]
        return answered

    async def _look(self, conversation: Conversation, inbound: Inbound) -> bool:
        """STOP and the like, and danger; also while a person has her: help is never held back (docs/decisions/0011)."""
        if inbound.command is None:
            return await self._answer_danger(conversation, [inbound])
        if self.post and inbound.command.startswith(OBEYED):
            async with self._store.locks.alone(f"obey:{inbound.id}") as alone:
                if not alone:
                    raise Elsewhere
                if not await self._store.is_done(inbound.id):
                    await self.post.obey(conversation, inbound)
            return True
        return False

    async def _alarm(self, text: str, known: Situation, after: str | None = None) -> Alarm | None:
        """What is found in `text`; some 10 ms, in which others are served."""
        loop, wrong = asyncio.get_running_loop(), ""
        for _ in range(LOOKS):
            try:
                return self._watch.certain(text, known) or await loop.run_in_executor(
                    self._looking, self._watch.look, text, known, after)
            except Exception as error:
                wrong = type(error).__name__
        log.error("danger_check_failed", error=wrong)  # a detector that is broken holds nobody up
        return None

    async def _answer_danger(self, conversation: Conversation, group: Sequence[Inbound]) -> bool:
        known = Situation(on=self._clock.now().date(), arrangement=conversation.slots.get("arrangement"),
                          authority=conversation.slots.get("authority"))
        slots = conversation.slots
        again = slots.get("open_question") == "safe"  # not the first alarm running
        after = slots.get("topic") if again else None
        alarm = await self._alarm(_text(group), known, after)
        if alarm is None:
            return False
        count = int(slots.get("turn") or 0) + 1
        reply = self._watch.reply(alarm, known, count if again else None)
        topic = reply.messages[0].topics[0]
        recent = [topic, *(t for t in slots.get("recent") or [] if t != topic)]
        unheard = [*(slots.get(UNHEARD) or []), *(one.id for one in group)][-MOST_UNHEARD:]
        changed: dict[str, Any] = {"topic": topic, "facet": "answer", "recent": recent, "open_question": "safe", "turn": count,
                                   UNHEARD: unheard}
        if alarm.authority:
            changed["authority"] = alarm.authority
        log.info("danger", topic=topic)
        first_words = not (known.arrangement or slots.get("topic"))
        hearing = asyncio.create_task(self._told_by(_text(group))) if first_words else None
        await self._commit(conversation, group, reply, changed, "danger")
        self._metrics.danger.labels(topic).inc()
        self._metrics.danger_seconds.observe(self._waited(group))
        if hearing:
            await asyncio.wait({hearing}, timeout=AT_HAND)
            if hearing.done() and (told := hearing.result()):
                await self._hear(conversation.id, told)
        return True

    async def _told_by(self, text: str) -> str | None:
        """The arrangement that a first message about danger tells of, where a quick reader finds it in time."""
        try:
            return await self._rasa.told(masked(text), AT_ONCE)
        except Exception as error:  # she has her answer
            log.warning("not_heard", error=type(error).__name__)
            return None

    async def _hear(self, conversation_id: str, arrangement: str) -> None:
        """What a person who is fetched sees first."""
        try:
            await self._store.learn(conversation_id, {"arrangement": arrangement})
            self._wakeups.wake(conversation_id)
        except Exception as error:  # as above
            log.warning("not_heard", error=type(error).__name__)

    def _go_on(self, conversation_id: str) -> None:
        """See that somebody works on the conversation's messages, one at a time and in order."""
        self._more.add(conversation_id)
        if conversation_id not in self._draining:
            self._draining[conversation_id] = asyncio.create_task(self._drain(conversation_id))

    async def _drain(self, conversation_id: str) -> None:
        pause = ELSEWHERE_PAUSE
        try:
            while conversation_id in self._more:
                self._more.discard(conversation_id)
                try:
                    async with self._store.locks.alone(f"turns:{conversation_id}") as alone:
                        if alone:
                            await self._answer_all(conversation_id)
                    if not alone and await self._store.to_answer(conversation_id):  # another gateway answers them
                        self._more.add(conversation_id)
                        await asyncio.sleep(pause)
                        pause = min(pause * 2, LONGEST_PAUSE)
                except Exception as error:  # such as a database that is locked: the message is kept, so try again
                    log.error("conversation_stuck", error=type(error).__name__)
                    self._more.add(conversation_id)
                    await asyncio.sleep(LONGEST_PAUSE)
        finally:
            self._draining.pop(conversation_id, None)
            for key in [key for key, look in self._looks.items() if key[0] == conversation_id and look.done()]:
                del self._looks[key]

    async def _answer_all(self, conversation_id: str) -> None:
        waited_for, pause, last = 0, FIRST_PAUSE, False
        while not last and (found := await self._store.to_answer(conversation_id)):
            conversation, waiting = found
            group = joined(waiting)
            left = self._until_whole(group) if len(group) == len(waiting) and group[-1].id != waited_for else 0.0
            if left > 0:
                waited_for = group[-1].id  # once, whatever the clock says then
                await asyncio.sleep(min(left, LONGEST_JOIN))
                continue
            try:
                answered, pause = await self._answer(conversation, group), FIRST_PAUSE
                last = answered and len(waiting) == 1  # for what has come in since, `_more` brings us back
            except Away:
                await asyncio.sleep(pause)
                pause = min(pause * 2, LONGEST_PAUSE)

    def _until_whole(self, group: Sequence[Inbound]) -> float:
        """Seconds in which one more message could still be a part of this one."""
        until = group[-1].joins_until
        return (until - self._clock.now()).total_seconds() if until else 0.0

    async def _answer(self, conversation: Conversation, group: Sequence[Inbound]) -> bool:
        """One try; False where the conversation has to be read anew. Raises `Away` where it is to be tried again later."""
        first = group[0]
        looks = [(one, self._looks.get((conversation.id, one.id))) for one in group]
        unseen = [one for one, look in looks if look is None or not look.done()]
        if unseen:  # nothing goes to Rasa that may be danger, not even where it comes in a second time meanwhile
            return any([await self._first(conversation, one) for one in unseen])
        if len(group) > 1 and await self._answer_danger(conversation, group):  # each part alone may sound harmless
            return True
        if self.desk and await self.desk.takes(conversation, first):
            return True
        if conversation.mode == HELPLINE:
            if self.desk and first.command == FORGET:  # that is not for a person to decide
                await self.desk.let_go(conversation)
                return False
            await self._commit(conversation, group, None, {}, "person")
            return True
        if is_desks(group):  # of a desk that is no more
            await self._commit(conversation, group, self._apology(), {}, "apology")
            return True
        if not _forgets(conversation, first) and await self._switches.off(first.channel):
            await self._commit(conversation, group, off_reply(self._base, self._clock.now()), {}, "switched_off")
            return True
        unheard = conversation.slots.get(UNHEARD) or []
        earlier = [masked(text) for text in await self._store.texts(unheard)]
        try:
            text = masked(_text(group))
            understood = await self._rasa.turn(str(first.id), text, first.command, conversation.slots, self._clock.now(),
                                               earlier, self._watch.carried(text))
        except Failed as error:
            most = HUNG_ATTEMPTS if isinstance(error, Hung) else ATTEMPTS
            if await self._store.failed_once_more(first.id) < most:
                raise Away from error
            log.error("turn_failed", why=str(error))
            await self._commit(conversation, group, self._apology(), {}, "apology")
            return True
        changed = {k: v for k, v in understood.slots.items() if v != conversation.slots.get(k)}
        changed |= {UNHEARD: []} if unheard else {}
        await self._commit(conversation, group, understood.reply, changed, "answered")
        return True

    async def _commit(self, conversation: Conversation, group: Sequence[Inbound], reply: Reply | None,
                      changed: dict[str, Any], outcome: str) -> None:
        first, *others = group
        messages: list[Message] = reply.messages if reply else []
        handed: HandOver | None = reply.hand_over if reply else None
        forget = reply is not None and reply.forget
        if reply and not forget:
            messages = _with(messages, await self._added(conversation, handed))
        parcels = self.post.pack(first.channel, messages) if self.post and first.contact_id else []
        given = await self._store.commit_reply(first, messages, changed, handed, self._clock.now(), forget, others, parcels,
                                               reply.note if reply else None, self._marks(reply, changed))
        if given:
            if first.id in self._given:
                self._given[first.id] = given
            self._metrics.answers.labels(outcome).inc(len(group))
            self._metrics.answer_seconds.observe(self._waited(group))
        self.told(first.conversation_id, first.contact_id)
        if forget:
            asyncio.get_running_loop().call_later(FORGET_AFTER, self._forget, first.conversation_id)

    def _waited(self, group: Sequence[Inbound]) -> float:
        """Seconds since the last of the messages came in."""
        return max(0.0, (self._clock.now() - group[-1].received_at).total_seconds())

    async def _added(self, conversation: Conversation, handed: HandOver | None) -> list[Message]:
        """What the desk says of it. Help in danger doesn't wait for a desk that is elsewhere, nor fail with it."""
        if self.desk is None:
            return []
        danger = handed is not None and handed.reason == "danger"
        try:
            async with asyncio.timeout(AT_ONCE if danger else None):
                return await self.desk.adds(conversation, handed)
        except Exception as error:
            if not danger:
                raise
            log.warning("desk_not_asked", error=type(error).__name__)
            return []

    def _marks(self, reply: Reply | None, changed: dict[str, Any]) -> set[tallies.Mark]:
        """What the turn counts for in the figures."""
        if reply is None:
            return set()
        return tallies.marks(reply, changed, shut=closes_at(self._base.helpline, self._clock.now()) is None)

    def told(self, conversation_id: str, contact_id: str | None) -> None:
        """There are new lines: wake the page, and send what goes to a phone."""
        self._wakeups.wake(conversation_id)
        if self.post and contact_id:
            self.post.deliver(contact_id)

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


FORGET = "/assistant.privacy.delete"
FORGET_AFTER = 5.0  # seconds for the page to fetch the last words


def _forgets(conversation: Conversation, inbound: Inbound) -> bool:
    """Is it about deleting all? That is done on a channel that is switched off, too."""
    return inbound.command == FORGET or conversation.slots.get("open_question") == "forget"


def _with(messages: Sequence[Message], added: Sequence[Message]) -> list[Message]:
    """The reply with what the desk adds: in the same breath, unless it has choices of its own."""
    said = list(messages)
    for message in added:
        if said and not message.options:
            said[-1] = said[-1].model_copy(update={"text": f"{said[-1].text}\n\n{message.text}"})
        else:
            said.append(message)
    return said


def joined(waiting: Sequence[Inbound]) -> list[Inbound]:
    """The first message with the ones that came so soon after it that they are one: fragments of a text, mostly."""
    group = [waiting[0]]
    for following in waiting[1:]:
        until = group[-1].joins_until
        if until is None or following.command is not None or following.received_at > until or (
                following.contact_id != group[0].contact_id):
            break
        group.append(following)
    return group


def _text(group: Sequence[Inbound]) -> str:
    return " ".join(inbound.text for inbound in group)
