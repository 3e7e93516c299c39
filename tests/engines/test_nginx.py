"""nginx as the cluster has it: who is away is passed over, what is large gets through, and no client is named in its log."""

from __future__ import annotations

import json
import signal
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web

from bot.cluster import nginx_program
from bot.gateway.turns import MOST_UNHEARD
from bot.supervisor import Folders, free_port
from tests.doubles.engines import Engine
from tests.doubles.tools import need_engines

CARER = "203.0.113.77"
A_MINUTE, LONGEST = 30, "😀" * 4096  # messages by phone that may join; the longest of any channel


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
    servers = f"server 127.0.0.1:{away} max_fails=0; server 127.0.0.1:{there} max_fails=0;"
    made = Doors(Folders.made(tmp_path), f"http://127.0.0.1:{public}", f"http://127.0.0.1:{private}")

    async def take(request: web.Request) -> web.Response:
        made.got.append(len(await request.read()))
        return web.Response()

    app = web.Application(client_max_size=2**30)
    app.router.add_post("/", take)
    runner = web.AppRunner(app, shutdown_timeout=1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", there).start()
    filled = {"RUN": str(made.folders.run), "LISTEN": f"127.0.0.1:{public}", "LISTEN_RASA": f"127.0.0.1:{private}",
              "GATEWAYS": servers, "RASAS": servers}
    nginx = Engine(nginx_program(made.folders, filled, public))
    nginx.start()
    try:
        yield made
    finally:
        nginx.end(signal.SIGTERM)
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
