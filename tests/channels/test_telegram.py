"""Telegram end to end."""

from __future__ import annotations

from datetime import date

from bot.knowledge.base import KnowledgeBase
from tests.doubles.rasa import FakeRasa, says
from tests.doubles.telegram import Chat

ON = date(2026, 11, 24)
THREE = [{"label": f"Option {n}", "payload": f"/o{n}", "topic": None} for n in (1, 2, 3)]


async def test_options_are_a_keyboard_and_a_tap_is_the_option(chat: Chat, rasa: FakeRasa, base: KnowledgeBase) -> None:
    rasa.script["money"] = says("What about <b> & [this](https://gov.uk/a?b=1&c=2)?", options=THREE)
    await chat.text("/start")
    assert (await chat.next()).text == base.say("phone.hello", ON)
    await chat.text("money")
    got = await chat.next()
    assert got.text == "What about <b> & this?" and got.links == ["https://gov.uk/a?b=1&c=2"]
    assert [button["text"] for button in got.buttons] == ["Option 1", "Option 2", "Option 3"]
    await chat.tap(got, 2)
    assert (await chat.next()).text == "You said: /o2"
    assert "answerCallbackQuery" in [method for method, _ in chat.telegram.calls]
    await chat.text("/stop")
    assert (await chat.next()).text == base.say("phone.stopped", ON)
    await chat.text("hello?")
    assert await chat.quiet()
