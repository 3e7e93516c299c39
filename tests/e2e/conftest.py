"""The real thing: `signpost run` with its three processes, on a free port, in a data folder of its own."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp
import pytest

from bot.gateway.settings import ROOT
from bot.knowledge.base import CONTENT, KnowledgeBase
from tests.doubles.carer import Carer

HERE = Path(__file__).parent
NOW = "2026-11-24T11:00:00+00:00"
NAMES = ("rasa", "actions", "gateway")
SIGNPOST = [str(Path(sys.executable).parent / "signpost"), "run"]
LISTEN, ESTABLISHED, SYN_SENT = "0A", "01", "02"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.e2e)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def environment(data: Path, port: int) -> dict[str, str]:
    kept = {k: v for k, v in os.environ.items() if not k.startswith("SIGNPOST_")}
    return kept | {"SIGNPOST_DATA": str(data), "SIGNPOST_PORT": str(port), "SIGNPOST_NOW": NOW,
                   "SIGNPOST_RATE_LIMITS": "off"}


@dataclass(frozen=True)
class Socket:
    """One line of /proc/net/{tcp,udp}{,6}."""

    kind: str
    local: str
    peer: str
    state: str

    @property
    def away(self) -> bool:
        """Does it talk to another machine?"""
        nobody = set(self.peer.rsplit(":", 1)[0]) == {"0"}
        return not nobody and not loopback(self.peer)


def loopback(address: str) -> bool:
    """Of '0100007F:1F90' (127.0.0.1), or ::1, or ::ffff:127.0.0.1 in the kernel's notation."""
    host = address.rsplit(":", 1)[0]
    return host[-2:] == "7F" if len(host) == 8 else host == "0" * 24 + "01000000" or (
        host[:24] == "0" * 16 + "FFFF0000" and host[-2:] == "7F")


def sockets(pid: int) -> list[Socket]:
    """The internet sockets that the process holds now."""
    inodes = set()
    try:
        for fd in Path(f"/proc/{pid}/fd").iterdir():
            try:
                found = re.fullmatch(r"socket:\[(\d+)\]", str(fd.readlink()))
            except OSError:
                continue
            if found:
                inodes.add(found[1])
    except OSError:
        return []
    lines = [(kind, line.split()) for kind in ("tcp", "tcp6", "udp", "udp6")
             for line in Path(f"/proc/net/{kind}").read_text().splitlines()[1:]]
    return [Socket(kind, f[1], f[2], f[3]) for kind, f in lines if f[9] in inodes]


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


def processes_of(data: Path) -> list[int]:
    """Every process that was started with this data folder."""
    wanted, found = f"SIGNPOST_DATA={data}".encode(), []
    for folder in Path("/proc").iterdir():
        if folder.name.isdecimal() and int(folder.name) != os.getpid():
            try:
                given = (folder / "environ").read_bytes().split(b"\0")
            except OSError:
                continue
            if wanted in given and alive(int(folder.name)):
                found.append(int(folder.name))
    return found


@dataclass
class System:
    """`signpost run`; `start`, `stop`, and what a test may look at."""

    data: Path
    port: int = field(default_factory=free_port)
    private_port: int = field(default_factory=free_port)
    process: subprocess.Popen[bytes] | None = None
    took: float = 0.0
    strangers: set[Socket] = field(default_factory=set)  # sockets to other machines, seen at any time
    settings: dict[str, str] = field(default_factory=dict)  # beside those of every test

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def output(self) -> Path:
        return self.data.parent / f"{self.data.name}.out"

    @property
    def running(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def pid(self, name: str) -> int:
        return int((self.data / "run" / f"{name}.pid").read_text())

    def ready(self) -> bool:
        try:
            with urllib.request.urlopen(self.url + "/readyz", timeout=2) as got:  # noqa: S310  (our own address)
                return got.status == 200
        except (OSError, urllib.error.URLError):
            return False

    def wait_ready(self, within: float = 300) -> None:
        until = time.monotonic() + within
        while not self.ready():
            assert self.process and self.process.poll() is None, self.output.read_text()
            assert time.monotonic() < until, self.output.read_text()
            time.sleep(0.2)

    def start(self) -> None:
        begun = time.monotonic()
        with self.output.open("ab") as out:
            private = {"SIGNPOST_METRICS_PORT": str(self.private_port)}
            given = environment(self.data, self.port) | private | self.settings
            self.process = subprocess.Popen(SIGNPOST, env=given, stdin=subprocess.DEVNULL, stdout=out, stderr=out, cwd=ROOT,
                                            start_new_session=True)
        threading.Thread(target=self._watch, args=(self.process,), daemon=True).start()
        self.wait_ready()
        self.took = time.monotonic() - begun

    def _watch(self, process: subprocess.Popen[bytes]) -> None:
        """Note every connection to another machine, as long as the system runs."""
        while process.poll() is None:
            for name in NAMES:
                try:
                    self.strangers.update(s for s in sockets(self.pid(name)) if s.away)
                except (OSError, ValueError):
                    continue  # it is just being started
            time.sleep(0.25)

    def kill(self, *names: str) -> None:
        for name in names:
            os.kill(self.pid(name), signal.SIGKILL)

    def stop(self, what: signal.Signals = signal.SIGINT, within: float = 20) -> int:
        """Ctrl-C; gives the exit status."""
        assert self.process
        self.process.send_signal(what)
        return self.process.wait(within)


@pytest.fixture(scope="session")
def installation(tmp_path_factory: pytest.TempPathFactory) -> Iterator[System]:
    for needed in (ROOT / "models" / "signpost.tar.gz", ROOT / "models" / "danger.npz", ROOT / ".venv-rasa"):
        assert needed.exists(), f"{needed} is missing: run `make train`"
    made = System(tmp_path_factory.mktemp("e2e") / "data")
    yield made
    if made.running:
        made.stop(signal.SIGTERM)


@pytest.fixture
def system(installation: System) -> System:
    """The one system of the session, started again only where a test stopped it."""
    if not installation.running:
        installation.start()
    return installation


@pytest.fixture(scope="session")
def base() -> KnowledgeBase:
    return KnowledgeBase.load(CONTENT)


@pytest.fixture
async def session() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=30)) as opened:
        yield opened


@pytest.fixture
async def carer(system: System, session: aiohttp.ClientSession) -> Carer:
    return await Carer.start(session, system.url)
