"""Telegram, case by case."""

from __future__ import annotations

import asyncio
from datetime import date
from typing import Any

import aiohttp
import pytest
from sqlalchemy import select
from structlog.testing import capture_logs

from bot.gateway.tables import Outbound
from bot.helpline.cases import Cases
from bot.knowledge.base import KnowledgeBase
from tests.channels.conftest import StartPhones
from tests.channels.quiet import Stopped, quiet, until_idle
from tests.doubles.danger import DANGER
from tests.doubles.gateway import Running
from tests.doubles.rasa import FakeRasa, says
from tests.doubles.telegram import SECRET, TOKEN, Chat, FakeTelegram
from tests.doubles.waiting import until

ON = date(2026, 11, 24)
THREE = [{"label": f"Option {n}", "payload": f"/o{n}", "topic": None} for n in (1, 2, 3)]


async def last(gateway: Running) -> Outbound:
    async with gateway.store.session() as session:
        return (await session.scalars(select(Outbound).order_by(Outbound.id.desc()).limit(1))).one()


# 1. Is it Telegram?

REQUESTS: list[tuple[str, dict[str, str], Any, int]] = [
    ("its secret", {"X-Telegram-Bot-Api-Secret-Token": SECRET}, None, 200),
    ("no secret", {}, None, 403),
    ("another secret", {"X-Telegram-Bot-Api-Secret-Token": "x" * 30}, None, 403),
    ("an empty secret", {"X-Telegram-Bot-Api-Secret-Token": ""}, None, 403),
    ("the secret cut short", {"X-Telegram-Bot-Api-Secret-Token": SECRET[:-1]}, None, 403),
    ("a secret of strange bytes", {"X-Telegram-Bot-Api-Secret-Token": "\udcff"}, None, 403),
    ("not JSON", {"X-Telegram-Bot-Api-Secret-Token": SECRET}, b"{", 200),
    ("an empty body", {"X-Telegram-Bot-Api-Secret-Token": SECRET}, b"", 200),
    ("a list", {"X-Telegram-Bot-Api-Secret-Token": SECRET}, b"[]", 200),
    ("no update_id", {"X-Telegram-Bot-Api-Secret-Token": SECRET}, b'{"message": {}}', 200),
    ("an update nobody knows", {"X-Telegram-Bot-Api-Secret-Token": SECRET}, b'{"update_id": 1, "teleported": {}}', 200),
]


@pytest.mark.parametrize(("headers", "body", "status"), [r[1:] for r in REQUESTS], ids=[r[0] for r in REQUESTS])
async def test_only_telegram_is_heard(gateway: Running, telegram: FakeTelegram, rasa: FakeRasa, headers: dict[str, str],
                                      body: bytes | None, status: int) -> None:
    given: dict[str, Any] = {"data": body} if body is not None else {"json": telegram.message(1, "hello")}
    async with aiohttp.ClientSession() as session, session.post(
            f"{gateway.url}/channels/telegram", headers=headers, **given) as answer:
        assert answer.status == status
    if status == 200 and body is None:
        await until(lambda: rasa.heard == ["hello"])
    else:
        assert rasa.heard == [] and not await gateway.store.all_waiting()


# 2. What a carer writes. `becomes`: what Rasa gets, a sentence of words.yml, or None for silence

MESSAGES: list[tuple[str, list[str], str | None, dict[str, Any], Any]] = [
    ("plain", [], "what money can I get", {}, ("what money can I get", None)),
    ("emoji", [], "🙏", {}, ("🙏", None)),
    ("4,096 characters", [], "x" * 4096, {}, ("x" * 4096, None)),
    ("HTML", [], "<b>hi</b> & co", {}, ("<b>hi</b> & co", None)),
    ("a photo", [], None, {"photo": [{"file_id": "a", "file_unique_id": "b", "width": 1, "height": 1}]}, "phone.words_only"),
    ("a photo with words", [], None, {"photo": [{"file_id": "a", "file_unique_id": "b", "width": 1, "height": 1}],
                                      "caption": "what is this letter"}, ("what is this letter", None)),
    ("a sticker", [], None, {"sticker": {"file_id": "a", "file_unique_id": "b", "width": 1, "height": 1, "type": "regular",
                                         "is_animated": False, "is_video": False}}, "phone.words_only"),
    ("a voice note", [], None, {"voice": {"file_id": "a", "file_unique_id": "b", "duration": 3}}, "phone.words_only"),
    ("a contact", [], None, {"contact": {"phone_number": "+447911123456", "first_name": "A"}}, "phone.words_only"),
    ("a place", [], None, {"location": {"latitude": 1.0, "longitude": 2.0}}, "phone.location"),
    ("a place with a name", [], None, {"location": {"latitude": 1.0, "longitude": 2.0}, "venue": {
        "location": {"latitude": 1.0, "longitude": 2.0}, "title": "Town hall", "address": "Maltby"}},
     ("Town hall, Maltby", None)),
    ("a reply", [], "hello", {"reply_to_message": {"message_id": 1, "date": 1, "chat": {"id": 4242, "type": "private"}}},
     ("hello", None)),
    ("/start", [], "/start", {}, "phone.hello"),
    ("/START@bot", [], "/START@signpost_bot", {}, "phone.hello"),
    ("/start with a code", [], "/start ABCD-EFGH", {}, "phone.code_wrong"),
    ("/help", ["hello"], "/help", {}, "phone.help"),
    ("help", ["hello"], "help", {}, "phone.help"),
    ("/stop", ["hello"], "/stop", {}, "phone.stopped"),
    ("/stop@bot", ["hello"], "/stop@signpost_bot", {}, "phone.stopped"),
    ("stop", ["hello"], "stop", {}, "phone.stopped"),
    ("cancel", ["hello"], "cancel", {}, "phone.stopped"),
    ("/stop with words", ["hello"], "/stop hitting", {}, ("/stop hitting", None)),
    ("words after /stop", ["hello", "/stop"], "hello?", {}, None),
    ("danger after /stop", ["hello", "/stop"], DANGER, {}, None),
    ("/help after /stop", ["hello", "/stop"], "/help", {}, None),
    ("/stop twice", ["hello", "/stop"], "/stop", {}, None),
    ("/start after /stop", ["hello", "/stop"], "/start", {}, "phone.started"),
    ("/delete", ["hello"], "/delete", {}, ("DELETE", "/assistant.privacy.delete")),
    ("a command nobody knows", ["hello"], "/assistant.privacy.delete", {}, ("/assistant.privacy.delete", None)),
    ("a number", ["menu"], "2", {}, ("Option 2", "/o2")),
    ("a label", ["menu"], "option 3", {}, ("Option 3", "/o3")),
    ("nothing", ["hello"], "", {}, "phone.words_only"),
]


@pytest.mark.parametrize(("earlier", "text", "more", "becomes"), [m[1:] for m in MESSAGES], ids=[m[0] for m in MESSAGES])
async def test_what_becomes_of_a_message(gateway: Running, chat: Chat, rasa: FakeRasa, base: KnowledgeBase,
                                         earlier: list[str], text: str | None, more: dict[str, Any], becomes: Any) -> None:
    rasa.script["menu"] = says("What next?", options=THREE)
    for number, before in enumerate(earlier):
        await chat.text(before)
        await chat.next()
        if number == 0:
            await chat.next()  # after the introduction
    known = len(rasa.turns)
    await chat.text(text, **more)
    if becomes is None:
        assert await quiet(gateway, chat), "nothing is sent"
    elif isinstance(becomes, str):
        assert (await chat.next()).text == base.say(becomes, ON) and len(rasa.turns) == known
    else:
        await until(lambda: len(rasa.turns) > known)
        assert (rasa.turns[-1]["text"], rasa.turns[-1]["command"]) == becomes


# 3. What Telegram answers

FAULTS: list[tuple[str, list[Any], str, str | None]] = [
    ("taken", [], "sent", None), ("429", [("retry", 0)], "sent", None),
    ("429 twice", [("retry", 0), ("retry", 0)], "sent", None),
    ("500", [500], "sent", None), ("502, 503", [502, 503], "sent", None), ("401, mended meanwhile", [401], "sent", None),
    ("400", [400], "failed", "not_delivered"), ("403: blocked", [403], "stopped", None),
    ("500 for ever", [500] * 9, "failed", "not_delivered"),
]


@pytest.mark.parametrize(("faults", "ends", "desk"), [f[1:] for f in FAULTS], ids=[f[0] for f in FAULTS])
async def test_what_telegram_answers(gateway: Running, chat: Chat, telegram: FakeTelegram, faults: list[Any], ends: str,
                                     desk: str | None) -> None:
    await chat.text("hello")
    await chat.next(), await chat.next()
    telegram.faults = list(faults)
    await chat.text("and now?")

    async def ended() -> bool:
        row = await last(gateway)
        return "and now?" in str(row.body) and row.status == ends

    await until(ended)
    assert [sent.text for sent in telegram.to(chat.id)].count("You said: and now?") == (1 if ends == "sent" else 0)

    async def desk_knows() -> bool:
        return [entry.reason for entry, _ in await Cases(gateway.store).all()] == ([desk] if desk else [])

    await until(desk_knows)


async def test_the_wait_that_telegram_asks_for_is_kept(gateway: Running, chat: Chat, telegram: FakeTelegram) -> None:
    telegram.faults = [("retry", 1)]
    await chat.text("/help")

    async def waits() -> bool:
        row = await last(gateway)
        return row.error is not None and (row.next_at - row.updated_at).total_seconds() >= 1

    await until(waits)
    await chat.next()


# 4. The rest


async def test_options_are_a_keyboard_and_a_tap_is_the_option(chat: Chat, rasa: FakeRasa) -> None:
    rasa.script["money"] = says("What about <b> & [this](https://gov.uk/a?b=1&c=2)?", options=THREE)
    await chat.text("money")
    await chat.next()
    got = await chat.next()
    assert got.text == "What about <b> & this?" and got.links == ["https://gov.uk/a?b=1&c=2"]
    assert [button["text"] for button in got.buttons] == ["Option 1", "Option 2", "Option 3"]
    await chat.tap(got, 2)
    assert (await chat.next()).text == "You said: /o2"
    await until(lambda: "answerCallbackQuery" in [method for method, _ in chat.telegram.calls])


async def test_a_long_answer_comes_whole_and_the_keyboard_last(chat: Chat, rasa: FakeRasa) -> None:
    rasa.script["long"] = says("A sentence & <more>. " * 400, options=THREE)
    await chat.text("long")
    await chat.next()
    pieces = [await chat.next()]
    while not pieces[-1].buttons:
        pieces.append(await chat.next())
    assert " ".join(piece.text for piece in pieces) == ("A sentence & <more>. " * 400).strip()
    assert len(pieces) > 1 and all(len(piece.text) <= 4096 for piece in pieces)


async def test_a_tap_on_another_carers_button_is_nothing(gateway: Running, chat: Chat, telegram: FakeTelegram,
                                                         rasa: FakeRasa) -> None:
    rasa.script["money"] = says("What?", options=THREE)
    await chat.text("money")
    await chat.next()
    got = await chat.next()
    tap = telegram.tap(got, 2)
    tap["callback_query"]["message"]["chat"]["id"] = tap["callback_query"]["from"]["id"] = 777
    assert await telegram.call(gateway.url, tap) == 200
    await until_idle(gateway)
    assert "/o2" not in [turn["command"] for turn in rasa.turns]


async def test_the_same_update_many_times_is_one(gateway: Running, chat: Chat, telegram: FakeTelegram, rasa: FakeRasa) -> None:
    update = telegram.message(chat.id, "hello")
    assert set(await asyncio.gather(*(telegram.call(gateway.url, update) for _ in range(20)))) == {200}
    await chat.next(), await chat.next()
    assert await quiet(gateway, chat) and rasa.heard == ["hello"]


async def test_the_same_message_id_in_two_chats_is_two(gateway: Running, telegram: FakeTelegram, rasa: FakeRasa) -> None:
    for chat in (1, 2):
        update = telegram.message(chat, f"hello from {chat}")
        update["message"]["message_id"] = 5
        await telegram.call(gateway.url, update)
    await until(lambda: sorted(rasa.heard) == ["hello from 1", "hello from 2"])


async def test_an_edit_before_the_answer_puts_it_right_and_a_later_one_is_answered(
        start_phones: StartPhones, telegram: FakeTelegram, rasa: FakeRasa, monkeypatch: pytest.MonkeyPatch) -> None:
    gateway = await start_phones(with_telegram=True, join_seconds=0.2)
    chat, clock = Chat(telegram, gateway.url), Stopped(gateway, monkeypatch)
    first = await chat.text("what mony")

    async def edit(text: str, moment: int) -> None:
        update = telegram.message(chat.id, text, edit_date=moment)
        update["message"]["message_id"] = first["message"]["message_id"]
        assert await telegram.call(chat.gateway, telegram.update(edited_message=update["message"])) == 200

    await edit("what money", 2)
    clock.ahead(seconds=0.3)
    await until(lambda: rasa.heard == ["what money"])
    await chat.next(), await chat.next()
    await edit("what money can I get", 3)
    clock.ahead(seconds=0.3)
    await until(lambda: rasa.heard == ["what money", "what money can I get"])


@pytest.mark.parametrize("kind", ["group", "supergroup"])
async def test_groups_are_refused_politely(gateway: Running, telegram: FakeTelegram, rasa: FakeRasa, base: KnowledgeBase,
                                           kind: str) -> None:
    assert await telegram.call(gateway.url, telegram.message(-100, "hello all", kind=kind)) == 200
    await until(lambda: "leaveChat" in [method for method, _ in telegram.calls])
    assert [sent.text for sent in telegram.to(-100)] == [base.say("phone.no_groups", ON)]
    assert rasa.heard == [] and not await gateway.store.all_waiting()


async def test_a_channel_post_is_passed_over(gateway: Running, telegram: FakeTelegram, rasa: FakeRasa) -> None:
    post = telegram.message(-200, "news", kind="channel")
    assert await telegram.call(gateway.url, telegram.update(channel_post=post["message"])) == 200
    await until_idle(gateway)
    assert rasa.heard == [] and telegram.sent == []


async def test_blocking_the_bot_is_a_stop(gateway: Running, chat: Chat, telegram: FakeTelegram) -> None:
    await chat.text("hello")
    await chat.next(), await chat.next()
    person = {"id": chat.id, "is_bot": False, "first_name": "A"}
    bot = {"id": 123456, "is_bot": True, "first_name": "Signpost"}
    member = {"chat": {"id": chat.id, "type": "private"}, "from": person, "date": 1,
              "old_chat_member": {"user": bot, "status": "member"},
              "new_chat_member": {"user": bot, "status": "kicked", "until_date": 0}}
    assert await telegram.call(gateway.url, telegram.update(my_chat_member=member)) == 200
    await chat.text("hello?")
    assert await quiet(gateway, chat)


async def test_danger_is_answered_with_rasa_away(chat: Chat, rasa: FakeRasa) -> None:
    await rasa.stop()
    await chat.text(DANGER)
    got = await chat.next()
    assert "999" in got.text and got.buttons[0]["text"] == "Talk to a person"


async def test_the_webhook_is_set_with_its_secret(gateway: Running, telegram: FakeTelegram) -> None:
    await until(lambda: telegram.webhook["url"])
    assert telegram.webhook == {"url": "https://signpost.example/channels/telegram", "secret_token": SECRET}


async def test_polling_needs_no_webhook(start_phones: StartPhones, telegram: FakeTelegram, rasa: FakeRasa) -> None:
    telegram.waiting = [telegram.message(5, "hello"), telegram.message(5, "and more")]
    await start_phones(telegram_token=TOKEN, telegram_updates="polling", telegram_api=telegram.url)
    await until(lambda: rasa.heard == ["hello", "and more"])


async def test_no_chat_id_is_at_rest_or_in_a_log(chat: Chat, gateway: Running, tmp_path: Any) -> None:
    chat.id = 987654321012
    with capture_logs() as logs:
        await chat.text("hello")
        await chat.next(), await chat.next()
    at_rest = b"".join(path.read_bytes() for path in tmp_path.glob("signpost.db*"))
    assert b"987654321012" not in at_rest and "987654321012" not in str(logs)


def test_there_are_as_many_cases_as_courier_has() -> None:
    assert len([*REQUESTS, *MESSAGES, *FAULTS]) >= 44
