"""PostgreSQL and Redis, started as `scripts/cluster` starts them, for as long as tests need them."""

from __future__ import annotations

import contextlib
import itertools
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import asyncpg
from redis import asyncio as redis
from sqlalchemy import make_url

from bot.cluster import postgres_program, redis_program
from bot.gateway.migrate import migrate
from bot.gateway.store import Store
from bot.supervisor import Folders, Program
from tests.doubles.tools import need_engines

TEMPLATE = "template_signpost"
WITHIN = 120.0  # seconds for a process to listen


class Engine:
    """One process, which may be killed and started again."""

    def __init__(self, program: Program, quicker: tuple[str, ...] = ()) -> None:
        self._program, self._command = program, [*program.command, *quicker]
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Until it listens. In the main thread: it ends with the thread that started it."""
        deadline = time.monotonic() + WITHIN
        while True:
            with self._program.log.open("ab") as log:
                self._process = subprocess.Popen(self._command, stdout=log, stderr=log, start_new_session=True)
            while self._process.poll() is None:
                with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self._program.listens), 1):
                    return
                assert time.monotonic() < deadline, self._program.log.read_text()
                time.sleep(0.05)
            assert time.monotonic() < deadline, self._program.log.read_text()
            time.sleep(0.2)  # what a killed one left may be in the way for a moment

    def end(self, what: signal.Signals) -> None:
        """`SIGKILL` or a kind way."""
        if self._process and self._process.poll() is None:
            os.kill(self._process.pid, what)
            self._process.wait()


class Engines:
    """`fresh()` is the address of a migrated, empty database."""

    def __init__(self, data: Path) -> None:
        folders = Folders.made(data)
        postgres, self._url = postgres_program(data, folders)
        redis, self.redis_url = redis_program(folders)
        self.postgres = Engine(postgres, ("-c", "fsync=off"))  # no test cuts the power
        self.redis = Engine(redis)
        self._numbers = itertools.count(1)
        self._migrated = False

    async def empty(self) -> str:
        """A database without tables."""
        name = f"empty{next(self._numbers)}"
        await self.run(f"CREATE DATABASE {name}")
        return self._of(name)

    async def fresh(self) -> str:
        """Migrating takes longer than most tests, so it is done once."""
        if not self._migrated:
            await self.run(f"CREATE DATABASE {TEMPLATE}")
            store = Store(self._of(TEMPLATE))
            await migrate(store.engine)
            await store.close()
            self._migrated = True
        name = f"test{next(self._numbers)}"
        await self.run(f"CREATE DATABASE {name} TEMPLATE {TEMPLATE}")
        return self._of(name)

    async def run(self, statement: str) -> None:
        """In the database that is there from the start."""
        connection = await asyncpg.connect(self._url.replace("+asyncpg", ""))
        try:
            await connection.execute(statement)
        finally:
            await connection.close()

    async def forget_limits(self) -> None:
        """What earlier tests counted."""
        async with redis.from_url(self.redis_url) as client:
            await client.flushall()

    def _of(self, name: str) -> str:
        return make_url(self._url).set(database=name).render_as_string(hide_password=False)


@contextlib.contextmanager
def engines() -> Iterator[Engines]:
    """In a folder that PostgreSQL's own user can reach."""
    need_engines()
    data = Path(tempfile.mkdtemp(prefix="signpost-"))
    made = Engines(data)
    try:
        made.postgres.start()
        made.redis.start()
        yield made
    finally:
        made.postgres.end(signal.SIGINT)
        made.redis.end(signal.SIGTERM)
        shutil.rmtree(data)
