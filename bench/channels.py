"""How soon a webhook is acknowledged, how soon danger is answered, and what a text costs.

    .venv/bin/python bench/channels.py [messages a second] [seconds]

The gateway in a process of its own, over doubles of Twilio and Rasa; each text from a number that never wrote before, signed
as Twilio signs it; one in `DANGER_EACH` speaks of danger. Target: p99 under 100 ms at 15 messages a second.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
import statistics
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import aiohttp

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from bot.gateway.settings import ROOT
from tests.doubles.rasa import TOKEN as RASA_TOKEN
from tests.doubles.rasa import FakeRasa
from tests.doubles.twilio import ACCOUNT, SMS_NUMBER, TOKEN, FakeTwilio
from tests.doubles.waiting import until

TEXT = "what money can I get for my grandson, we have an sgo and live in Leeds"
DANGER, DANGER_EACH = "I want to kill myself", 20
PATIENCE = 120  # seconds for what is left to be answered


async def main(rate: float, seconds: float) -> None:
    """Print the figures."""
    twilio, rasa = FakeTwilio(), FakeRasa()
    await twilio.start()
    await rasa.start()
    with tempfile.TemporaryDirectory() as data:
        url = f"http://127.0.0.1:{free_port()}"
        environment = os.environ | {
            "SIGNPOST_DATA": data, "SIGNPOST_PORT": url.rsplit(":", 1)[1], "SIGNPOST_RASA_URL": rasa.url,
            "SIGNPOST_RASA_TOKEN": RASA_TOKEN,
            "SIGNPOST_PUBLIC_URL": twilio.public_url, "SIGNPOST_TWILIO_ACCOUNT_SID": ACCOUNT,
            "SIGNPOST_TWILIO_AUTH_TOKEN": TOKEN, "SIGNPOST_TWILIO_SMS_FROM": SMS_NUMBER, "SIGNPOST_TWILIO_API": twilio.url,
            "SIGNPOST_JOIN_SECONDS": "0.5", "OMP_NUM_THREADS": "1"}
        gateway = await asyncio.create_subprocess_exec(sys.executable, "-m", "bot.serve", cwd=ROOT, env=environment,
                                                       stdout=asyncio.subprocess.DEVNULL)
        try:
            async with aiohttp.ClientSession() as session:
                bench = Bench(session, url, twilio)
                await bench.ready()
                idle = cpu(gateway.pid)
                sent, behind = await bench.texts(rate, int(rate * seconds))
                busy = cpu(gateway.pid) - idle
        finally:
            gateway.terminate()
            await gateway.wait()
    print(f"{len(sent)} texts at {rate:.0f}/s: acknowledged {figures(sent)}; danger answered {figures(bench.dangers())}; "
          f"the last reply {behind:.1f} s after the last text; {busy / len(sent) * 1000:.0f} ms of CPU a text")
    await rasa.stop()
    await twilio.stop()


class Bench:
    """Texts, and what came of them."""

    def __init__(self, session: aiohttp.ClientSession, url: str, twilio: FakeTwilio) -> None:
        self.session, self.url, self.twilio = session, url, twilio
        self.begun: dict[str, float] = {}  # by number
        self.arrived: dict[str, float] = {}  # the first answer about danger, by number

    async def ready(self) -> None:
        """Until the gateway answers, and has answered a first text."""
        async with asyncio.timeout(PATIENCE):
            while True:
                try:
                    await self.text("+447400199999", TEXT)
                    break
                except aiohttp.ClientError:
                    await asyncio.sleep(0.2)
            await self.until_answered()

    async def text(self, number: str, body: str) -> float:
        """Seconds until the webhook was acknowledged."""
        fields = self.twilio.fields(number, body)
        headers = {"X-Twilio-Signature": self.twilio.signature("/channels/sms", fields)}
        begun = time.perf_counter()
        async with self.session.post(f"{self.url}/channels/sms", data=fields, headers=headers) as answer:
            assert answer.status == 200
        self.begun[number] = begun
        return time.perf_counter() - begun

    async def texts(self, rate: float, count: int) -> tuple[list[float], float]:
        """Send them evenly; gives the seconds of each, and those from the last one to the last answer."""
        watching = asyncio.create_task(self.watch())
        tasks = []
        for number in range(count):
            body = f"{TEXT} {number}" if (number + 1) % DANGER_EACH else f"{DANGER} {number}"
            tasks.append(asyncio.create_task(self.text(f"+4474001{number:05}", body)))
            await asyncio.sleep(1 / rate)
        times = list(await asyncio.gather(*tasks))
        behind = await self.until_answered()
        watching.cancel()
        return times, behind

    async def watch(self) -> None:
        """Note when each answer about danger arrives."""
        seen = 0
        while True:
            for message in self.twilio.taken[seen:]:
                if "999" in message.body:
                    self.arrived.setdefault(message.to, time.perf_counter())
            seen = len(self.twilio.taken)
            await asyncio.sleep(0.005)

    def dangers(self) -> list[float]:
        """Seconds from each text about danger to its answer on the phone."""
        return [at - self.begun[number] for number, at in self.arrived.items()]

    async def until_answered(self) -> float:
        """Seconds until everybody had an answer."""
        begun = time.perf_counter()
        with contextlib.suppress(TimeoutError):
            await until(lambda: self.begun.keys() <= self.answered(), PATIENCE)
        return time.perf_counter() - begun

    def answered(self) -> set[str]:
        """The numbers that had their answer."""
        return {message.to for message in self.twilio.taken if "You said" in message.body or "999" in message.body}


def free_port() -> int:
    """One that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def cpu(pid: int) -> float:
    """Seconds of CPU that the process used."""
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def figures(seconds: Sequence[float]) -> str:
    """Median, 99th percentile and worst, in ms."""
    if not seconds:
        return "never"
    ordered = sorted(seconds)
    return (f"p50 {statistics.median(ordered) * 1000:.0f} ms, p99 {ordered[int(len(ordered) * 0.99)] * 1000:.0f} ms, "
            f"slowest {ordered[-1] * 1000:.0f} ms")


if __name__ == "__main__":
    asyncio.run(main(*[float(given) for given in sys.argv[1:]] or (15.0, 20.0)))
