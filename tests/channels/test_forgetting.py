"""What is deleted is gone from every table, every byte of the database and the logs; what is old goes by itself."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from cryptography.fernet import Fernet, InvalidToken
from sqlalchemy import func, select

from bot.gateway import turns, web_api
from bot.gateway.app import RETENTION
from bot.gateway.tables import Contact, Conversation, NoteKept
from bot.knowledge.reply import Note
from bot.operator_commands import resealed
from tests.channels.quiet import Stopped, until_idle
from tests.doubles.carer import Carer
from tests.doubles.gateway import Running
from tests.doubles.rasa import FakeRasa, says
from tests.doubles.telegram import Chat
from tests.doubles.twilio import Phone, WhatsAppPhone
from tests.doubles.waiting import until

DELETE = "/assistant.privacy.delete"
NAME, POSTCODE, SENTENCE = "Philomena Ackroyd", "LS6 2AB", "the heron nested behind our shed"
NUMBER = "07911 123457"
SAID = f"I am {NAME}, {POSTCODE}, call me on {NUMBER}, {SENTENCE}"
PLANTED = (NAME, POSTCODE, SENTENCE, NUMBER, "7911123456", "7911 123456")


def data_of(gateway: Running) -> Path:
    return gateway.app[web_api.SETTINGS].data


def database(gateway: Running) -> bytes:
    """Every byte of it, the write-ahead log too."""
    return b"".join(path.read_bytes() for path in data_of(gateway).glob("signpost.db*"))


async def count(gateway: Running, table: Any) -> int:
    async with gateway.store.session() as session:
        return int(await session.scalar(select(func.count()).select_from(table)) or 0)


@pytest.mark.parametrize("channel", ["web", "web by the assistant", "sms", "whatsapp", "telegram"])
async def test_delete_my_data_leaves_nothing_on_any_channel(
        gateway: Running, rasa: FakeRasa, carer: Carer, phone: Phone, whatsapp: WhatsAppPhone, chat: Chat, channel: str,
        monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture) -> None:
    monkeypatch.setattr(turns, "FORGET_AFTER", 0.0)
    caplog.set_level("DEBUG")
    rasa.slots[SAID] = {"told": SAID, "postcode": POSTCODE}
    rasa.script[DELETE] = rasa.script["delete it all"] = says("All of it goes now.", forget=True)
    said: dict[str, Any] = {"sms": phone.text, "whatsapp": whatsapp.text, "telegram": chat.text}
    say = said.get(channel, carer.say)
    await say(SAID)
    await until_idle(gateway)
    held = database(gateway)
    assert all(secret.encode() in held for secret in (NAME, POSTCODE, SENTENCE, NUMBER)), "planted"
    if channel == "web":
        assert await carer.delete() == 204
    else:
        await say({"telegram": "/delete", "web by the assistant": "delete it all"}.get(channel, "DELETE"))

    conversations = int(channel not in ("web", "web by the assistant"))  # the module's idle web carer
    await until(lambda: _left(gateway, conversations))
    await gateway.app[RETENTION].once()
    written = capfd.readouterr()
    places = {"database": database(gateway).decode("utf-8", "replace"), "output": written.out + written.err,
              "debug log": caplog.text}
    for secret in PLANTED:
        for where, what in places.items():
            assert secret.lower() not in what.lower(), f"the {where} holds {secret!r}"


async def _left(gateway: Running, conversations: int) -> bool:
    return await count(gateway, Conversation) == conversations and await count(gateway, Contact) == 0


async def test_what_is_not_used_goes_by_itself_and_figures_stay(gateway: Running, carer: Carer, phone: Phone,
                                                                monkeypatch: pytest.MonkeyPatch) -> None:
    clock, retention = Stopped(gateway, monkeypatch), gateway.app[RETENTION]
    await carer.say(SAID)
    await phone.text(SAID)
    await until_idle(gateway)
    await gateway.store.keep_note(Note(kind="helped", value="yes"), clock.moment)
    clock.ahead(hours=23, minutes=59)
    assert await retention.once() == 0
    clock.ahead(minutes=2)
    assert await retention.once() == 1 and (await carer.say("hello")).status == 404, "the web's: 24 hours"
    clock.ahead(days=28, hours=23)
    assert await retention.once() == 0
    await phone.text("still here")
    await until_idle(gateway)
    clock.ahead(days=29, hours=23)
    assert await retention.once() == 0, "30 days after the last message, not the first"
    clock.ahead(hours=2)
    assert await retention.once() == 1
    assert [await count(gateway, table) for table in (Conversation, Contact, NoteKept)] == [0, 0, 1]
    assert not any(secret.encode() in database(gateway) for secret in PLANTED)


async def test_her_data_is_hers_to_take(gateway: Running, carer: Carer, rasa: FakeRasa) -> None:
    rasa.slots[SENTENCE] = {"arrangement": "special_guardianship_order"}
    rasa.script[SENTENCE] = says("Noted.", hand_over="asked")
    await carer.say(SENTENCE)
    async with carer.session.get(f"{carer.path}/export", headers=carer.headers) as response:
        assert response.status == 200 and "attachment" in response.headers["Content-Disposition"]
        told = await response.json()
    assert [line["text"] for line in told["messages"]][1:3] == [SENTENCE, "Noted."]
    assert told["understood"]["arrangement"] == "special_guardianship_order" and told["channel"] == "web"
    assert told["waits_for_a_person"]["why"] == "asked" and told["phones"] == []
    async with carer.session.get(f"{carer.path}/export") as response:
        assert response.status == 401
    other = await gateway.carer()
    async with carer.session.get(f"{carer.path}/export", headers=other.headers) as response:
        assert response.status == 401


async def sealed(gateway: Running) -> str:
    async with gateway.store.session() as session:
        return str(await session.scalar(select(Contact.address)))


async def test_keys_rotate_while_the_service_runs(gateway: Running, phone: Phone) -> None:
    await phone.text("one")
    assert (await phone.next(), await phone.next())[1] == "You said: one"
    settings, keys = gateway.app[web_api.SETTINGS], data_of(gateway) / "address-keys"
    pepper, first = keys.read_text().split()[:2]
    before = await sealed(gateway)
    assert await resealed(settings.database, settings.data, "") == 1
    after = await sealed(gateway)
    assert before != after and phone.number not in after
    with pytest.raises(InvalidToken):
        Fernet(first).decrypt(after)
    await phone.text("two")
    assert await phone.next() == "You said: two", "it found the new key by itself, and knows her again"
    await resealed(settings.database, settings.data, "")
    assert keys.read_text().split()[0] == pepper and first not in keys.read_text(), "the oldest key is gone"
    assert keys.stat().st_mode & 0o077 == 0
    await phone.text("three")
    assert await phone.next() == "You said: three"
