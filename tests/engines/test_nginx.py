"""nginx as the cluster has it: who is away is passed over, what is large gets through, and no client is named in its log."""

from __future__ import annotations

import contextlib
import json
import signal
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web

from bot.cluster import nginx_program
from bot.gateway.turns import MOST_UNHEARD
from bot.supervisor import Folders, free_port
from tests.doubles.cluster import BUSY, carers
from tests.doubles.engines import Engine
from tests.doubles.gateway import StartGateway
from tests.doubles.rasa import FakeRasa
from tests.doubles.tools import need_engines
from tests.doubles.waiting import until

CARER = "203.0.113.77"
A_MINUTE, LONGEST = 30, "😀" * 4096  # messages by phone that may join; the longest of any channel


@contextlib.contextmanager
def nginx(folders: Folders, public: int, private: int, servers: str) -> Iterator[None]:
    """Before `servers`, as gateways and as Rasa servers."""
    filled = {"RUN": str(folders.run), "LISTEN": f"127.0.0.1:{public}", "LISTEN_RASA": f"127.0.0.1:{private}",
              "GATEWAYS": servers, "RASAS": servers}
    running = Engine(nginx_program(folders, filled, public))
    running.start()
    try:
        yield
    finally:
        running.end(signal.SIGTERM)


def at(*ports: int) -> str:
    return " ".join(f"server 127.0.0.1:{port} max_fails=0;" for port in ports)


@dataclass
class Doors:
    """nginx before one server, and one that is away; `got` are the bodies that came."""

    folders: Folders
    public: str
    private: str
    got: list[int] = field(default_factory=list)


@pytest.fixture
async def doors(tmp_path: Path) -> AsyncIterator[Doors]:
    need_engines()
    there, away, public, private = (free_port() for _ in range(4))
    made = Doors(Folders.made(tmp_path), f"http://127.0.0.1:{public}", f"http://127.0.0.1:{private}")

    async def take(request: web.Request) -> web.Response:
        made.got.append(len(await request.read()))
        return web.Response()

    app = web.Application(client_max_size=2**30)
    app.router.add_post("/", take)
    runner = web.AppRunner(app, shutdown_timeout=1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", there).start()
    with nginx(made.folders, public, private, at(away, there)):
        yield made
    await runner.cleanup()


async def test_the_largest_turn_gets_through_and_nothing_is_written_down(doors: Doors) -> None:
    turn = {"text": LONGEST * A_MINUTE, "metadata": {"earlier": [LONGEST] * MOST_UNHEARD}}
    body = json.dumps(turn).encode()
    log = doors.folders.log / "nginx.log"
    async with aiohttp.ClientSession(headers={"X-Forwarded-For": CARER}) as session:
        for _ in range(4):  # whichever of the two is asked first
            async with session.post(doors.private, data=body) as answer:
                assert answer.status == 200
            async with session.post(doors.public, data=b"x" * 60_000) as answer:
                assert answer.status == 200
        async with session.post(doors.public, data=b"x" * 70_000) as answer:
            assert answer.status == 413
        async with session.get(doors.public + "/\x01'%00") as answer:
            assert answer.status == 400
    assert doors.got == [len(body), 60_000] * 4
    assert "client" not in log.read_text() and CARER not in log.read_text()
    assert not [path for path in doors.folders.run.rglob("*") if path.is_file() and path.stat().st_size > 10_000]


async def test_gateways_are_restarted_one_after_the_other_and_no_request_fails(start_one: StartGateway, rasa: FakeRasa,
                                                                              tmp_path: Path) -> None:
    """A gateway that stops takes no more, and ends what is under way; what takes longer than that is taken by the other."""
    need_engines()
    public, private, *ports = (free_port() for _ in range(4))
    running = [await start_one(listen_on=port, proxies="127.0.0.1", rasa_timeout=8) for port in ports]
    with nginx(Folders.made(tmp_path), public, private, at(*ports)):
        async with carers(f"http://127.0.0.1:{public}", 6) as talks:
            for rasa.delay in (0.05, 1.3):  # the second is longer than a test's gateway waits for what is under way
                for place, port in enumerate(ports):
                    before = [len(talk.said) for talk in talks]
                    await until(lambda before=before: all(len(t.said) > n for t, n in zip(talks, before, strict=True)), BUSY)
                    await running[place].close()
                    running[place] = await start_one(listen_on=port, proxies="127.0.0.1", rasa_timeout=8)
    assert [one for talk in talks for one in talk.failed] == []
