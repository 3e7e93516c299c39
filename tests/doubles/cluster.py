"""`scripts/cluster` as a process, carers who talk to it, and what they must find whatever is killed meanwhile."""

from __future__ import annotations

import asyncio
import contextlib
import os
import random
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp

from bot.gateway.settings import ROOT
from bot.supervisor import free_port
from tests.doubles.carer import Carer, Got
from tests.doubles.tools import need_engines

TEXTS = ["what money can I get", "I want to kill myself", "hello", "is there a support group in Slough"]
BUSY = 400.0  # seconds that anything may take on a machine with other things to do


class Cluster:
    """Two gateways, two Rasa servers, and all the rest."""

    def __init__(self, data: Path, environment: dict[str, str]) -> None:
        self.data, self.port = data / "data", free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.output = data / "out"
        with self.output.open("wb") as out:
            command = [str(ROOT / "scripts" / "cluster"), "--port", str(self.port), "--data", str(self.data)]
            self.process = subprocess.Popen(command, cwd=ROOT, stdout=out, stderr=out, start_new_session=True,
                                            env=environment | {"SIGNPOST_RATE_LIMITS": "off"})

    def wait(self, for_what: str) -> None:
        """Until it says so."""
        until = time.monotonic() + BUSY
        while for_what not in self.output.read_text():
            assert self.process.poll() is None and time.monotonic() < until, self.output.read_text()
            time.sleep(0.2)

    def kill(self, name: str, what: signal.Signals = signal.SIGKILL) -> None:
        """kill -9, or another signal."""
        with contextlib.suppress(ProcessLookupError):  # it is just coming back
            os.kill(int((self.data / "run" / f"{name}.pid").read_text()), what)

    def pids(self) -> list[int]:
        """Of all that run."""
        return [int(path.read_text()) for path in (self.data / "run").glob("*.pid")]


@contextlib.contextmanager
def cluster(environment: dict[str, str]) -> Iterator[Cluster]:
    """In a folder that PostgreSQL's own user can get through."""
    need_engines()
    folder = Path(tempfile.mkdtemp(prefix="signpost-"))
    folder.chmod(0o711)
    running = Cluster(folder, environment)
    try:
        running.wait("is ready")
        yield running
    finally:
        running.process.send_signal(signal.SIGINT)
        running.process.wait(60)
        shutil.rmtree(folder)


@dataclass
class Talk:
    """A conversation, and what was answered; `failed` are requests that had to be sent again."""

    session: aiohttp.ClientSession
    url: str
    failed: list[str] = field(default_factory=list)
    said: list[str] = field(default_factory=list)
    answered: list[Got] = field(default_factory=list)

    async def go_on(self, wanted: asyncio.Event) -> None:
        """As long as it is `wanted`, and then look whether all is well."""
        carer = await self._try(lambda: Carer.start(self.session, self.url))
        chance = random.Random(carer.id)  # noqa: S311
        while wanted.is_set() or not self.said:
            text, key = TEXTS[len(self.said) % len(TEXTS)], f"k{len(self.said)}"
            self.answered.append(await self._try(lambda text=text, key=key: self._say(carer, text, key)))
            self.said.append(text)
            await asyncio.sleep(chance.random() * 0.3)
        self._check(await self._try(carer.transcript))

    async def _say(self, carer: Carer, text: str, key: str) -> Got:
        got = await carer.say(text, key)
        assert got.status == 200, got
        return got

    async def _try(self, do: Any) -> Any:
        async with asyncio.timeout(BUSY):
            while True:
                try:
                    return await do()
                except (aiohttp.ClientError, AssertionError, TimeoutError) as error:
                    self.failed.append(repr(error))
                await asyncio.sleep(0.3)

    def _check(self, lines: list[dict[str, Any]]) -> None:
        """Each message is there once and has one reply, in order; danger was answered as such."""
        assert [line["text"] for line in lines if line["from"] == "carer"] == self.said
        replies = [message["id"] for got in self.answered for message in got.messages]
        assert all(got.messages for got in self.answered)
        assert sorted(replies) == [line["id"] for line in lines if line["from"] == "assistant"][1:]
        assert all(got.urgent for got, text in zip(self.answered, self.said, strict=True) if text == TEXTS[1])


@contextlib.asynccontextmanager
async def carers(url: str, count: int) -> AsyncIterator[list[Talk]]:
    """They talk as long as the block runs."""
    wanted = asyncio.Event()
    wanted.set()
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=60)) as session:
        talks = [Talk(session, url) for _ in range(count)]
        talking = [asyncio.create_task(talk.go_on(wanted)) for talk in talks]
        try:
            yield talks
        finally:
            wanted.clear()
            await asyncio.gather(*talking)
