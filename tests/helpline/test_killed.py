"""kill -9 of the gateway, a process of its own, in the middle of an adviser's replies: nothing is lost, nothing doubled."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Awaitable, Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast

import aiohttp
import pytest

from bot.gateway.addresses import addresses_of
from bot.gateway.settings import ROOT
from bot.gateway.store import Store
from bot.helpline.mount import accounts_of
from bot.helpline.settings import DeskSettings
from tests.doubles.adviser import PASSWORD, Adviser, Authenticator
from tests.doubles.carer import Carer
from tests.doubles.gateway import Running
from tests.doubles.phone import environment
from tests.doubles.rasa import TOKEN, FakeRasa
from tests.doubles.telegram import FakeTelegram
from tests.doubles.twilio import FakeTwilio, Phone
from tests.doubles.waiting import until
from tests.helpline.conftest import PLEASE

BUSY = 120.0  # seconds that anything may take on a machine with other things to do


class Process:
    """`python -m bot.serve`, started as often as wanted on one port and one data folder."""

    def __init__(self, data: Path, rasa: FakeRasa) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.data, self.url, self._rasa = data, f"http://127.0.0.1:{self.port}", rasa
        self.process: subprocess.Popen[bytes] | None = None

    def launch(self, twilio: FakeTwilio) -> None:
        kept = {name: value for name, value in os.environ.items() if not name.startswith("SIGNPOST_")}
        phones = environment(self.url, twilio, FakeTelegram())
        phones = {name: value for name, value in phones.items() if "TELEGRAM" not in name}
        given = {"SIGNPOST_DATA": str(self.data), "SIGNPOST_PORT": str(self.port), "SIGNPOST_RATE_LIMITS": "off",
                 "SIGNPOST_RASA_URL": self._rasa.url, "SIGNPOST_RASA_TOKEN": TOKEN, "SIGNPOST_JOIN_SECONDS": "0",
                 "SIGNPOST_DESK_SEEN_MINUTES": "60", "SIGNPOST_DESK_ANSWER_MINUTES": "60"}
        with (self.data / "gateway.out").open("ab") as out:
            self.process = subprocess.Popen([sys.executable, "-m", "bot.serve"], env=kept | phones | given, stdout=out,
                                            stderr=out, cwd=ROOT)

    async def start(self, session: aiohttp.ClientSession, twilio: FakeTwilio) -> None:
        self.launch(twilio)

        async def ready() -> bool:
            assert self.process and self.process.poll() is None, (self.data / "gateway.out").read_text()
            try:
                async with session.get(self.url + "/readyz") as got:
                    return got.status == 200
            except aiohttp.ClientError:
                return False

        await until(ready, within=BUSY)

    def kill(self) -> None:
        if self.process and self.process.poll() is None:
            self.process.send_signal(signal.SIGKILL)
            self.process.wait()


@pytest.fixture
def process(tmp_path: Path, rasa: FakeRasa) -> Iterator[Process]:
    made = Process(tmp_path, rasa)
    yield made
    made.kill()


async def signed_in(process: Process) -> Adviser:
    """Sam, whose account is made in the same data folder as `signpost staff add` does."""
    store = Store(f"sqlite+aiosqlite:///{process.data / 'signpost.db'}")
    accounts = accounts_of(store, addresses_of(process.data, ""), DeskSettings())
    uri = await accounts.add("sam", "Sam", "adviser", PASSWORD, "operator:test", datetime.now(UTC))
    await store.close()
    sam = Adviser(cast(Running, process), "sam")
    assert await sam.sign_in(Authenticator(lambda: datetime.now(UTC), uri).code()) == 303
    assert (await sam.post("/here", here=True))[0] == 200
    return sam


async def until_taken(send: Callable[[], Awaitable[Any]]) -> None:
    """As both pages do: the same again, under the same key, until there is an answer."""
    async with asyncio.timeout(BUSY):
        while True:
            try:
                if await send() in (200, 202):
                    return
            except (aiohttp.ClientError, TimeoutError):
                pass
            await asyncio.sleep(0.05)


async def waiting(sam: Adviser, channel: str, count: int) -> list[str]:
    """The ids of so many conversations on a channel that wait, once they do."""
    async with asyncio.timeout(BUSY), sam.stream() as events:
        async for event in events:
            found = [item["id"] for item in event["data"].get("items", []) if item["channel"] == channel]
            if len(found) == count:
                return found
            break
    await asyncio.sleep(0.2)
    return await waiting(sam, channel, count)


async def test_a_gateway_killed_in_the_middle_of_replies_says_each_once(process: Process, twilio: FakeTwilio) -> None:
    twilio.public_url = process.url
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=10)) as session:
        await process.start(session, twilio)
        sam, carer = await signed_in(process), await Carer.start(session, process.url)
        phones = [Phone(twilio, process.url, number) for number in ("+447911123456", "+447911123457")]
        await carer.say(PLEASE)
        for phone in phones:
            await phone.text(PLEASE)
        texting = await waiting(sam, "sms", len(phones))
        for one in (carer.id, *texting):
            assert await sam.claim(one) == 204
        await until(lambda: len(twilio.taken) >= 6, within=BUSY)  # to each: the greeting, the number, who is there

        async def advise() -> None:
            for n in range(12):
                await until_taken(lambda n=n: sam.reply(carer.id, f"Advice {n}.", f"key-of-advice-{n}"))

        async def ask() -> None:
            for n in range(12):
                await until_taken(lambda n=n: _status(carer, n))

        async def _status(one: Carer, n: int) -> int:
            return (await one.say(f"Question {n}?", f"question-{n}")).status

        # One text is taken, and its receipt never comes; the other is on its way and never arrives.
        twilio.faults = ["held", "timeout"]
        talking = asyncio.gather(advise(), ask())
        for number, one in enumerate(texting):
            assert await sam.reply(one, f"Text {number}.", f"key-of-text-{number}") == 200
            await until(lambda number=number: len(twilio.faults) <= 1 - number, within=BUSY)
        await until(lambda: len([one for one in twilio.taken if one.body.startswith("Text")]) >= 1, within=BUSY)
        process.kill()
        await process.start(session, twilio)
        await talking
        for number, one in enumerate(texting):
            assert await sam.reply(one, f"Text {number}.", f"key-of-text-{number}") == 200, "the page's second try"
            assert await sam.reply(one, f"After {number}.", f"key-of-after-{number}") == 200
        await until(lambda: len([one for one in twilio.taken if one.body.startswith("After")]) >= 2, within=BUSY)

        said = [(m["from"], m["text"]) for m in await carer.transcript()]
        assert [text for sender, text in said if sender == "helpline"] == [f"Advice {n}." for n in range(12)]
        assert [text for sender, text in said if sender == "carer"][1:] == [f"Question {n}?" for n in range(12)]
        assert not [text for _, text in said if text.startswith("You said: Question")], "the assistant kept silent"
        bodies = sorted(one.body for one in twilio.taken if one.body.startswith(("Text", "After")))
        assert bodies == ["After 0.", "After 1.", "Text 0.", "Text 1."]
        await sam.session.close()
