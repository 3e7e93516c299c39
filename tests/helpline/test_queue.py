"""The desk's list page: behind a password, danger first, everything a helper needs, nothing a carer can inject."""

from __future__ import annotations

import asyncio
import base64
import html
import re

import pytest

from bot.knowledge.base import KnowledgeBase
from tests.doubles.carer import Carer
from tests.doubles.gateway import PASSWORD, Running, StartGateway
from tests.doubles.rasa import FakeRasa, says


def basic(user: str, password: str) -> str:
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


STAFF = basic("helpline", PASSWORD)


async def page(gateway: Running, authorization: str | None = STAFF) -> tuple[int, str, dict[str, str]]:
    headers = {"Authorization": authorization} if authorization is not None else {}
    async with gateway.session.get(gateway.url + "/helpline", headers=headers) as got:
        return got.status, await got.text(), dict(got.headers)


@pytest.fixture
async def waiting(carer: Carer, rasa: FakeRasa) -> Carer:
    rasa.script["a person please"] = says("Ring the helpline.", hand_over="asked")
    await carer.say("a person please")
    return carer


WRONG = {"none": None, "empty": "", "not basic": "Bearer " + PASSWORD, "no base64": "Basic %%%", "no colon": "Basic YWJj",
         "wrong password": basic("helpline", "wrong"), "no password": basic("helpline", ""),
         "another user": basic("admin", PASSWORD), "not UTF-8": "Basic aGVscGxpbmU6//79"}


@pytest.mark.parametrize("authorization", WRONG.values(), ids=WRONG)
async def test_only_staff_may_look(gateway: Running, waiting: Carer, authorization: str | None) -> None:
    status, text, headers = await page(gateway, authorization)
    assert status == 401 and headers["WWW-Authenticate"].startswith("Basic ")
    assert "a person please" not in text and waiting.id not in text


@pytest.mark.parametrize("given", ["", "wrong"])
async def test_without_a_password_set_nobody_may_look(start_gateway: StartGateway, given: str) -> None:
    gateway = await start_gateway(helpline_password="")
    assert (await page(gateway, basic("helpline", given)))[0] == 401


async def test_an_empty_queue_says_so_and_nothing_may_keep_the_page(gateway: Running, carer: Carer) -> None:
    await carer.say("just asking")
    status, text, headers = await page(gateway)
    assert status == 200 and "Nobody" in text and carer.id not in text
    assert headers["Cache-Control"] == "no-store" and "default-src 'none'" in headers["Content-Security-Policy"]


async def test_danger_first_then_the_longest_wait(gateway: Running, rasa: FakeRasa) -> None:
    rasa.script["a person please"] = says("Ring the helpline.", hand_over="asked")
    carers = [await gateway.carer() for _ in range(4)]
    for one, text in zip(carers, ["a person please", "a person please", "I want to kill myself", "he has hit me again now"],
                         strict=True):
        await one.say(text)
        await asyncio.sleep(0.01)
    await carers[1].say("I want to kill myself")  # asked second, in danger last: waits longest of those in danger
    _, text, _ = await page(gateway)
    order = re.findall(r'<h2 id="(c_\w+)">(.*?)</h2>', text)
    assert [found for found, _ in order] == [carers[n].id for n in (1, 2, 3, 0)]
    assert ["Danger" in title for _, title in order] == [True, True, True, False]
    assert text.count('class="case urgent"') == 3


async def test_it_shows_the_transcript_what_is_known_and_the_entries(gateway: Running, carer: Carer, rasa: FakeRasa,
                                                                     base: KnowledgeBase) -> None:
    rasa.slots["my story"] = {"arrangement": "special_guardianship_order", "authority": "rotherham", "child_age": [4, 9],
                              "relationship": "grandparent", "previously_looked_after": False, "topic": "money.overview",
                              "asked": ["hidden"]}
    reply = says("Here you are.", hand_over="asked")
    reply["messages"][0]["answers"] = [{"entry": "money.overview.sg", "topic": "money.overview", "facet": "answer",
                                        "sources": [], "checked_on": "2026-11-01"}]
    rasa.script["my story"] = reply
    await carer.say("my story")
    _, text, _ = await page(gateway)
    known = dict(re.findall(r"<dt>(.*?)</dt><dd>(.*?)</dd>", text))
    assert {"special_guardianship_order", base.authorities["rotherham"].name, "grandparent", "4, 9",
            "no", "money.overview"} <= set(map(html.unescape, known.values()))
    assert "hidden" not in text
    assert text.index("my story") < text.index("Here you are.") < text.index("money.overview.sg")


async def test_what_a_carer_writes_is_text_and_never_markup(gateway: Running, carer: Carer, rasa: FakeRasa) -> None:
    evil = "<script>alert(1)</script><img src=x onerror=alert(2)>\"'&{{ 7*7 }}"
    rasa.script[evil] = says(evil, hand_over="asked")
    rasa.slots[evil] = {"relationship": evil, "topic": evil}
    await carer.say(evil)
    _, text, _ = await page(gateway)
    assert "<script" not in text and "<img" not in text and "49" not in text
    assert html.unescape(text).count(evil) == 4


async def test_a_deleted_conversation_leaves_the_queue(gateway: Running, waiting: Carer) -> None:
    assert waiting.id in (await page(gateway))[1]
    await waiting.delete()
    assert waiting.id not in (await page(gateway))[1]


async def test_times_are_uk_times(start_gateway: StartGateway, rasa: FakeRasa) -> None:
    gateway = await start_gateway(now="2026-07-06T13:05:00+00:00")
    rasa.script["a person please"] = says("Ring the helpline.", hand_over="asked")
    await (await gateway.carer()).say("a person please")
    _, text, _ = await page(gateway)
    assert "14:05 on 06 July" in text and 'class="when">14:05<' in text and "13:05" not in text
