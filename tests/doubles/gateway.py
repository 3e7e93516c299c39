"""Fixtures: the gateway with the helpline's desk in this process, over the real content, with a fake Rasa."""

from __future__ import annotations

import functools
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from bot.channels.mount import add_channels
from bot.channels.settings import PhoneSettings
from bot.gateway import app as gateway_app
from bot.gateway import turns, web_api
from bot.gateway.migrate import migrate
from bot.gateway.settings import ROOT, Settings
from bot.gateway.store import Store
from bot.helpline.mount import add_desk
from bot.helpline.settings import DeskSettings
from bot.knowledge.base import CONTENT, KnowledgeBase
from bot.knowledge.places import PlaceFinder
from bot.safeguarding.detector import DangerDetector
from bot.safeguarding.watch import DangerWatch
from tests.doubles.carer import Carer
from tests.doubles.rasa import TOKEN, FakeRasa

NOON = "2026-11-24T11:00:00+00:00"
DANGER_MODEL = ROOT / "models" / "danger.npz"


@functools.cache
def knowledge() -> KnowledgeBase:
    return KnowledgeBase.load(CONTENT)


@functools.cache
def places() -> PlaceFinder:
    return PlaceFinder.load(CONTENT)


@functools.cache
def detector() -> DangerDetector:
    assert DANGER_MODEL.is_file(), "models/danger.npz is missing: run `make train`"
    loaded = DangerDetector.load(DANGER_MODEL, CONTENT / "danger.yml")
    loaded.find("The first look takes longer than all others.")
    return loaded


_empty: list[bytes] = []


async def empty_database(folder: Path) -> bytes:
    """A migrated database without rows, made once: migrating takes longer than most tests."""
    if not _empty:
        store = Store(f"sqlite+aiosqlite:///{folder / 'template.db'}")
        await migrate(store.engine)
        await store.close()
        _empty.append((folder / "template.db").read_bytes())
    return _empty[0]


class Running:
    """One running gateway. `close()` stops it; another may be started on the same database."""

    def __init__(self, server: TestServer, app: web.Application, session: aiohttp.ClientSession) -> None:
        self.server, self.app, self.session = server, app, session
        self.url = str(server.make_url("/")).rstrip("/")

    @property
    def store(self) -> Store:
        return self.app[web_api.STORE]

    async def carer(self) -> Carer:
        return await Carer.start(self.session, self.url)

    async def again(self, carer: Carer) -> Carer:
        """The same conversation, over this gateway."""
        return Carer(self.session, self.url, carer.opened)

    async def close(self) -> None:
        await self.server.close()


StartGateway = Callable[..., Awaitable[Running]]


@pytest.fixture
def base() -> KnowledgeBase:
    return knowledge()


@asynccontextmanager
async def fake_rasa() -> AsyncIterator[FakeRasa]:
    """One that listens."""
    fake = FakeRasa()
    await fake.start()
    yield fake
    await fake.stop()


@asynccontextmanager
async def gateways(rasa: FakeRasa, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
                   danger: Callable[[], Any] = detector, **engines: str) -> AsyncIterator[StartGateway]:
    """`await start_gateway(phones, rate_limits='on', …)`; content and model are loaded once for all tests.

    `listen_on`: the port, where it has to be a certain one. `danger`: what is asked whether a message speaks of danger.
    `engines`: settings of the store and of Redis; SQLite alone without.
    """
    loaded = {KnowledgeBase: knowledge(), PlaceFinder: places(), DangerDetector: danger()}
    for kind, one in loaded.items():
        monkeypatch.setattr(kind, "load", functools.partial(lambda one, *_: one, one))
    monkeypatch.setattr(DangerWatch, "can_answer", lambda *_: None)  # with this content, as tests/safeguarding sees
    monkeypatch.setattr(turns, "FIRST_PAUSE", 0.02)
    monkeypatch.setattr(turns, "LONGEST_PAUSE", 0.1)
    running: list[Running] = []
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=120)) as session:

        async def start(phones: PhoneSettings | None = None, listen_on: int | None = None, **given: Any) -> Running:
            desk = {key: given.pop(key) for key in list(given) if key in DeskSettings.model_fields}
            chosen = {"data": tmp_path, "now": NOON, "rate_limits": "off", "rasa_url": rasa.url, "rasa_token": TOKEN,
                      "rasa_timeout": 1.5, "answer_within": 60.0} | engines | given
            database = tmp_path / "signpost.db"
            if not (engines or database.exists()):
                database.write_bytes(await empty_database(tmp_path))
            app = gateway_app.make_app(Settings(**chosen), CONTENT)
            if phones:
                add_channels(app, phones)
            add_desk(app, DeskSettings(**desk), phones or PhoneSettings())
            server = TestServer(app, port=listen_on)
            await server.start_server(shutdown_timeout=1)
            running.append(Running(server, app, session))
            return running[-1]

        yield start
        for one in running:
            await one.close()


@pytest.fixture
async def rasa() -> AsyncIterator[FakeRasa]:
    async with fake_rasa() as fake:
        yield fake


@pytest.fixture
async def start_gateway(rasa: FakeRasa, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[StartGateway]:
    async with gateways(rasa, tmp_path, monkeypatch) as start:
        yield start


@pytest.fixture
async def gateway(start_gateway: StartGateway) -> Running:
    return await start_gateway()


@pytest.fixture
async def carer(gateway: Running) -> Carer:
    return await gateway.carer()
