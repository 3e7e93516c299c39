"""Text messages end to end: from Twilio's webhook to its REST API."""

from __future__ import annotations

from datetime import date

from bot.helpline.cases import Cases
from bot.knowledge.base import KnowledgeBase
from tests.channels.quiet import quiet
from tests.doubles.danger import DANGER
from tests.doubles.gateway import Running
from tests.doubles.rasa import FakeRasa
from tests.doubles.twilio import FakeTwilio, Phone

ON = date(2026, 11, 24)


async def test_a_text_is_answered_by_text(phone: Phone, rasa: FakeRasa, base: KnowledgeBase) -> None:
    await phone.text("what money can I get")
    assert await phone.next() == base.say("phone.hello", ON)
    assert await phone.next() == "You said: what money can I get"
    await phone.text("thanks")
    assert await phone.next() == "You said: thanks"
    assert rasa.heard == ["what money can I get", "thanks"] and phone.number not in str(rasa.turns)


async def test_danger_is_answered_with_rasa_away(phone: Phone, rasa: FakeRasa, gateway: Running) -> None:
    await rasa.stop()
    await phone.text(DANGER)
    first = await phone.next()
    assert first.startswith("Life in danger: ring 999") and "1 Talk to a person" in first
    ((waiting, _),) = await Cases(gateway.store).all()
    assert waiting.urgent


async def test_after_stop_nothing_is_sent(gateway: Running, phone: Phone, twilio: FakeTwilio) -> None:
    await phone.text("hello")
    await phone.next(), await phone.next()
    await phone.text("STOP")
    await phone.text("hello?")
    await phone.text(DANGER)
    assert await quiet(gateway, phone) and twilio.requests == 2, "Twilio was not even asked"
