"""One carer, several channels: a code moves a conversation, and no number goes with it."""

from __future__ import annotations

import re
from datetime import date
from typing import Any

import aiohttp
import pytest

from bot.gateway import web_api
from bot.gateway.contacts import CODE_LASTS
from bot.knowledge.base import KnowledgeBase
from tests.channels.quiet import Stopped, quiet
from tests.doubles.carer import API, Carer
from tests.doubles.gateway import Running
from tests.doubles.rasa import FakeRasa
from tests.doubles.twilio import SMS_NUMBER, Phone

ON = date(2026, 11, 24)


async def post(gateway: Running, path: str, body: Any, token: str = "") -> tuple[int, Any]:
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    async with aiohttp.ClientSession() as session, session.post(gateway.url + API + path, json=body, headers=headers) as got:
        return got.status, await got.json()


async def test_from_the_web_to_the_phone_and_all_comes_along(gateway: Running, carer: Carer, phone: Phone, rasa: FakeRasa,
                                                             base: KnowledgeBase) -> None:
    rasa.slots["we have an sgo"] = {"arrangement": "special_guardianship_order"}
    await carer.say("we have an sgo")
    status, got = await post(gateway, f"/{carer.id}/code", {}, carer.token)
    assert status == 201 and got["sms"] == SMS_NUMBER and re.fullmatch(r"[2-9A-Z]{4}-[2-9A-Z]{4}", got["code"])
    await phone.text(f"code {got['code'].lower()}")
    assert await phone.next() == base.say("phone.moved", ON)
    await phone.text("what money")
    assert await phone.next() == "You said: what money"
    assert rasa.turns[-1]["slots"]["arrangement"] == "special_guardianship_order"
    assert [m["text"] for m in await carer.transcript()][-1] == "You said: what money", "and the page follows"
    assert phone.number not in str(await carer.transcript())
    await gateway.app[web_api.TURNS].say(carer.id, "helpline", [base_message("Hello, I am Sam.")])
    assert await phone.next() == "Hello, I am Sam.", "the helpline answers where she wrote last"


def base_message(text: str) -> Any:
    from bot.knowledge.reply import Message

    return Message(text=text, topics=["helpline.details"])


@pytest.mark.parametrize("word", ["WEB", "Copy please"])
async def test_from_the_phone_to_the_web(gateway: Running, phone: Phone, rasa: FakeRasa, word: str) -> None:
    """To go on there, or for a copy of it all: the page prints it."""
    await phone.text("hello")
    await phone.next(), await phone.next()
    await phone.text(word)
    code = re.search(r"[2-9A-Z]{4}-[2-9A-Z]{4}", await phone.next())
    assert code
    status, got = await post(gateway, "/resume", {"code": code[0]})
    assert status == 200 and "You said: hello" in [m["text"] for m in got["messages"]]
    assert phone.number not in str(got)
    carer = Carer(gateway.session, gateway.url, got)
    assert (await carer.say("and now?")).text == "You said: and now?"
    assert await quiet(gateway, phone), "what is said on the web is not texted"
    assert (await post(gateway, "/resume", {"code": code[0]}))[0] == 404, "a code works once"
    await phone.text("back on the phone")
    assert await phone.next() == "You said: back on the phone"


@pytest.mark.parametrize(("body", "status"), [({"code": "ABCD-EFGH"}, 404), ({"code": 5}, 400), ({}, 400), ([], 400)])
async def test_codes_that_open_nothing(gateway: Running, body: Any, status: int) -> None:
    assert (await post(gateway, "/resume", body))[0] == status


async def test_a_code_ends_and_a_new_one_ends_it(gateway: Running, carer: Carer, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Stopped(gateway, monkeypatch)
    first = (await post(gateway, f"/{carer.id}/code", {}, carer.token))[1]["code"]
    second = (await post(gateway, f"/{carer.id}/code", {}, carer.token))[1]["code"]
    assert (await post(gateway, "/resume", {"code": first}))[0] == 404
    clock.moment += CODE_LASTS * 2
    assert (await post(gateway, "/resume", {"code": second}))[0] == 404


async def test_a_code_needs_the_conversations_token(gateway: Running, carer: Carer) -> None:
    other = await gateway.carer()
    assert (await post(gateway, f"/{carer.id}/code", {}))[0] == 401
    assert (await post(gateway, f"/{carer.id}/code", {}, other.token))[0] == 401


async def test_deleting_on_the_web_forgets_the_phone(gateway: Running, carer: Carer, phone: Phone) -> None:
    code = (await post(gateway, f"/{carer.id}/code", {}, carer.token))[1]["code"]
    await phone.text(f"CODE {code}")
    await phone.next()
    assert await carer.delete() == 204
    async with gateway.store.engine.connect() as connection:
        found = [await connection.exec_driver_sql(f"SELECT count(*) FROM {name}") for name in ("contacts", "outbound")]  # noqa: S608
        assert [one.scalar_one() for one in found] == [0, 0]
