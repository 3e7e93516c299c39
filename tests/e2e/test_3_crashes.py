"""kill -9 at any moment: no message without exactly one reply, and all fine again."""

from __future__ import annotations

import asyncio
import random
import secrets
from datetime import date

import aiohttp
import pytest

from bot.gateway.masking import masked
from bot.knowledge.base import KnowledgeBase
from tests.doubles.carer import Carer, Got, say_until_answered
from tests.doubles.waiting import until
from tests.e2e.conftest import NAMES, System
from tests.e2e.test_4_privacy import PHONE, PLANT

ON = date(2026, 11, 24)
TEXTS = ["what money can I get", f"my number is {PHONE} and {PLANT}", "I want to kill myself", "hello",
         "is there a support group in Slough"]


async def talk(carer: Carer) -> dict[str, Got]:
    chance = random.Random(carer.id)  # noqa: S311
    got = {}
    for n in range(10):
        text = TEXTS[n % len(TEXTS)]
        got[f"k{n}"] = await say_until_answered(carer, text, f"k{n}")
        await asyncio.sleep(chance.random() * 0.2)
    return got


@pytest.mark.parametrize("victims", [("actions",), ("gateway",), ("rasa",), NAMES], ids="+".join)
async def test_each_message_has_exactly_one_reply(system: System, session: aiohttp.ClientSession, base: KnowledgeBase,
                                                  victims: tuple[str, ...]) -> None:
    before = {name: system.pid(name) for name in victims}
    carers = [await Carer.start(session, system.url) for _ in range(3)]
    talking = [asyncio.create_task(talk(carer)) for carer in carers]
    await asyncio.sleep(0.6)
    system.kill(*victims)
    if victims == ("rasa",):
        async with asyncio.timeout(3):
            danger = await (await Carer.start(session, system.url)).say("he's going to come round and hurt the kids")
        assert danger.status == 200 and danger.urgent, "danger needs no Rasa"
    answered = await asyncio.gather(*talking)

    for carer, got in zip(carers, answered, strict=True):
        lines = await carer.transcript()
        assert len({m["id"] for m in lines}) == len(lines)
        kept = [masked(TEXTS[n % len(TEXTS)], keeps_phone=n > 2) for n in range(10)]  # danger fetched somebody who may ring
        assert [m["text"] for m in lines if m["from"] == "carer"] == kept
        replies = [m["id"] for g in got.values() for m in g.messages]
        assert all(g.messages for g in got.values()), "no message without a reply"
        spoken = [m["id"] for m in lines if m["from"] == "assistant"][1:]
        assert sorted(replies) == spoken, "each line was said for one message, and none beside"
        for n in (2, 7):
            assert got[f"k{n}"].urgent

    await asyncio.to_thread(system.wait_ready)
    for name, pid in before.items():
        assert system.pid(name) != pid, f"{name} was not started again"
    carer = await Carer.start(session, system.url)
    apology = base.say("failure.action", ON)

    async def fine_again() -> bool:
        got = await say_until_answered(carer, "what money can I get", secrets.token_hex(8))
        return got.text != apology and bool(got.answers)

    await until(fine_again, within=60)  # the action server may need a moment longer than Rasa
