"""WhatsApp end to end."""

from __future__ import annotations

from datetime import date

from bot.knowledge.base import KnowledgeBase
from tests.doubles.rasa import FakeRasa, says
from tests.doubles.twilio import WhatsAppPhone

ON = date(2026, 11, 24)
THREE = [{"label": f"Option {n}", "payload": f"/o{n}", "topic": None} for n in (1, 2, 3)]


async def test_options_are_buttons_and_a_tap_is_the_option(whatsapp: WhatsAppPhone, rasa: FakeRasa,
                                                          base: KnowledgeBase) -> None:
    rasa.script["money"] = says("What about it?", options=THREE)
    await whatsapp.text("money")
    assert await whatsapp.next() == base.say("phone.hello", ON)
    assert await whatsapp.next() == "What about it?"
    kind, buttons = whatsapp.shown(1)
    assert kind == "twilio/quick-reply" and [title for title, _ in buttons] == ["Option 1", "Option 2", "Option 3"]
    await whatsapp.tap(*buttons[1])
    assert await whatsapp.next() == "You said: /o2"
    assert rasa.turns[-1]["command"] == "/o2" and rasa.turns[-1]["text"] == "Option 2"
