"""Messages a second and waits, end to end through the web chat API, what SMS and danger wait under that load, and where the
processors' time goes.

    .venv/bin/python bench/load.py [seconds] [--cluster]

Starts `signpost run` (or `scripts/cluster`) in a folder of its own with a double of Twilio, and prints one line a figure.
The client shares the machine's cores with what it measures; others who share them make every figure worse, which the first
line and the last tell.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import itertools
import os
import signal
import statistics
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from pathlib import Path

import aiohttp

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from bot.gateway.settings import ROOT
from bot.supervisor import free_port
from tests.doubles.carer import Carer
from tests.doubles.twilio import ACCOUNT, SMS_NUMBER, TOKEN, FakeTwilio

TEXTS = ["what money can I get for my grandson", "we have an sgo", "how do I apply for child benefit", "I live in Leeds",
         "the school won't take him", "can I get legal aid", "hello", "is there a support group"]
DANGER = "I want to kill myself"
AT_ONCE = 32
TEXTERS = 5  # texts a second while they write


class Bench:
    """One running system."""

    def __init__(self, session: aiohttp.ClientSession, url: str, data: Path, twilio: FakeTwilio) -> None:
        self.session, self.url, self.data, self.twilio = session, url, data, twilio
        self.numbers = itertools.count(1)

    async def first_answer(self) -> float:
        """Seconds until a first message has its answer."""
        begun = time.perf_counter()
        while True:
            try:
                if (await (await Carer.start(self.session, self.url)).say(TEXTS[0])).status == 200:
                    return time.perf_counter() - begun
            except (aiohttp.ClientError, AssertionError):
                pass
            await asyncio.sleep(0.05)

    async def one(self, count: int) -> list[float]:
        """Seconds of each of one carer's messages."""
        carer = await Carer.start(self.session, self.url)
        return [await self.said(carer, TEXTS[n % len(TEXTS)]) for n in range(count)]

    async def many(self, seconds: float) -> tuple[list[float], list[float], float]:
        """(waits of `AT_ONCE` carers, of webhooks meanwhile, messages a second)."""
        until, waits, acknowledged = time.perf_counter() + seconds, list[float](), list[float]()

        async def talk() -> None:
            carer, texts = await Carer.start(self.session, self.url), itertools.cycle(TEXTS)
            while time.perf_counter() < until:
                waits.append(await self.said(carer, next(texts)))

        async def texts() -> None:
            while time.perf_counter() < until:
                acknowledged.append(await self.text())
                await asyncio.sleep(1 / TEXTERS)

        await asyncio.gather(texts(), *(talk() for _ in range(AT_ONCE)))
        return waits, acknowledged, len(waits) / seconds

    async def processors(self, seconds: float) -> tuple[list[float], list[float], float, dict[str, float]]:
        """As `many`, and the milliseconds of a processor that a message took, by process; a text counts as one, too."""
        before = {name: self.used(name) for name in self.names()}
        waits, acknowledged, rate = await self.many(seconds)
        messages = len(waits) + len(acknowledged)
        used = {name: self.used(name) - before[name] for name in before}
        return waits, acknowledged, rate, {name: spent / messages * 1000 for name, spent in used.items()}

    def names(self) -> list[str]:
        """What the processes are, several of a kind as one; `client` is this one."""
        return [*sorted({path.stem.rstrip("0123456789") for path in (self.data / "run").glob("*.pid")}), "client"]

    def used(self, name: str) -> float:
        """Seconds of a processor so far."""
        return time.process_time() if name == "client" else sum(_used(pid) for pid in _with_children(self.pids(name)))

    async def said(self, carer: Carer, text: str) -> float:
        """Seconds to the reply."""
        begun = time.perf_counter()
        got = await carer.say(text)
        assert got.status == 200 and got.messages, got
        return time.perf_counter() - begun

    async def text(self) -> float:
        """Seconds until a text from a new number was acknowledged."""
        fields = self.twilio.fields(f"+4474001{next(self.numbers):05}", TEXTS[0])
        headers = {"X-Twilio-Signature": self.twilio.signature("/channels/sms", fields)}
        begun = time.perf_counter()
        async with self.session.post(f"{self.url}/channels/sms", data=fields, headers=headers) as answer:
            assert answer.status == 200
        return time.perf_counter() - begun

    async def dangers(self, count: int) -> list[float]:
        """Seconds to the reply to a first message about danger."""
        return [await self.said(await Carer.start(self.session, self.url), DANGER) for _ in range(count)]

    async def long_conversation(self) -> tuple[float, float]:
        """Median seconds of messages 2 to 11, and of 191 to 200."""
        times = await self.one(200)
        return statistics.median(times[1:11]), statistics.median(times[190:])

    def pids(self, name: str = "") -> list[int]:
        """The processes whose name begins so."""
        return [int(path.read_text()) for path in (self.data / "run").glob(f"{name}*.pid")]

    def memory(self) -> float:
        """Proportional megabytes of all processes and what they started."""
        return sum(_proportional(pid) for pid in _with_children(self.pids())) / 1024


async def main(seconds: float, cluster: bool) -> None:
    """Print the figures."""
    print(machine("before"))
    twilio = FakeTwilio()
    await twilio.start()
    with reachable_folder() as data:
        port = free_port()
        command = ["-m", "bot.cluster", "--port", str(port), "--data", str(data)] if cluster else [
            "-c", "from bot.cli import main; main()", "run"]
        environment = os.environ | {
            "SIGNPOST_DATA": str(data), "SIGNPOST_PORT": str(port), "SIGNPOST_RATE_LIMITS": "off",
            "SIGNPOST_PUBLIC_URL": twilio.public_url, "SIGNPOST_TWILIO_ACCOUNT_SID": ACCOUNT,
            "SIGNPOST_TWILIO_AUTH_TOKEN": TOKEN, "SIGNPOST_TWILIO_SMS_FROM": SMS_NUMBER, "SIGNPOST_TWILIO_API": twilio.url}
        system = await asyncio.create_subprocess_exec(sys.executable, *command, cwd=ROOT, env=environment,
                                                      stdout=asyncio.subprocess.DEVNULL)
        try:
            async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session:
                await measure(Bench(session, f"http://127.0.0.1:{port}", data, twilio), seconds)
        finally:
            system.send_signal(signal.SIGINT)
            await system.wait()
            await twilio.stop()
    print(machine("after"))


def machine(when: str) -> str:
    """How busy and how quick it is."""
    began = time.process_time()
    for _ in range(1000):
        sum(range(1000))
    sums = (time.process_time() - began) * 1000
    return f"{when}: load {os.getloadavg()[0]:.1f}, {os.cpu_count()} cores, {sums:.1f} µs for the sum of a thousand numbers"


@contextlib.contextmanager
def reachable_folder() -> Iterator[Path]:
    """A new folder that PostgreSQL's own user can get through to its part of."""
    with tempfile.TemporaryDirectory(prefix="signpost-") as folder:
        Path(folder).chmod(0o711)
        yield Path(folder) / "data"


async def measure(bench: Bench, seconds: float) -> None:
    """Everything, one after the other."""
    print(f"cold start to the first answer: {await bench.first_answer():.1f} s")
    await bench.one(20)
    print(f"one carer: {told(await bench.one(100))}")
    waits, acknowledged, rate, used = await bench.processors(seconds)
    print(f"{AT_ONCE} carers for {seconds:.0f} s: {rate:.0f} messages a second; {told(waits)}")
    print("a processor's time for a message: " + ", ".join(f"{name} {spent:.1f} ms" for name, spent in used.items()))
    print(f"webhooks acknowledged meanwhile: {told(acknowledged)}")
    print(f"danger: {told(await bench.dangers(100))}")
    stopped = await while_stopped(bench.pids("rasa"), lambda: bench.dangers(100))
    print(f"danger with Rasa stopped: {told(stopped)}")
    second, last = await bench.long_conversation()
    print(f"message 200 against message 2: {last * 1000:.0f} ms against {second * 1000:.0f} ms, {last / second:.2f}")
    print(f"memory: {bench.memory():.0f} MB")


async def while_stopped(pids: Sequence[int], do: Callable[[], Awaitable[list[float]]]) -> list[float]:
    """What `do` gives while these processes stand still."""
    for pid in pids:
        os.kill(pid, signal.SIGSTOP)
    try:
        return await do()
    finally:
        for pid in pids:
            os.kill(pid, signal.SIGCONT)


def told(seconds: Sequence[float]) -> str:
    """Median, 95th and 99th percentile in ms."""
    ordered = sorted(seconds)
    at = {share: ordered[min(int(len(ordered) * share), len(ordered) - 1)] * 1000 for share in (0.5, 0.95, 0.99)}
    return ", ".join(f"p{share * 100:.0f} {wait:.0f} ms" for share, wait in at.items())


def _with_children(pids: Sequence[int]) -> set[int]:
    found = set(pids)
    for pid in pids:
        for task in Path(f"/proc/{pid}/task").glob("*/children"):
            found |= _with_children([int(child) for child in task.read_text().split()])
    return found


def _used(pid: int) -> float:
    """Seconds, also of its threads and of the children that have ended."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return sum(map(int, fields[11:15])) / os.sysconf("SC_CLK_TCK")


def _proportional(pid: int) -> int:
    """Kilobytes."""
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("Pss:"))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("seconds", type=float, nargs="?", default=20.0)
    parser.add_argument("--cluster", action="store_true")
    asyncio.run(main(**vars(parser.parse_args())))
