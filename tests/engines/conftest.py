"""Fixtures: the gateway's and the desk's tests once more, on PostgreSQL and Redis, over two gateways that take turns."""

from __future__ import annotations

import itertools
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path

import pytest

from bot.gateway.store import Store
from tests.doubles.carer import Carer
from tests.doubles.engines import Engines
from tests.doubles.engines import engines as started
from tests.doubles.gateway import Running, StartGateway, base, gateways, rasa  # noqa: F401  (fixtures)
from tests.doubles.rasa import FakeRasa
from tests.doubles.twilio import twilio  # noqa: F401  (fixture)
from tests.helpline.conftest import _asking, arrive, pat, sam, start_phones  # noqa: F401  (fixtures)


class RovingCarer(Carer):
    """Each of her requests goes to the other gateway than the one before."""

    def __init__(self, carer: Carer, urls: list[str]) -> None:
        super().__init__(carer.session, carer.url, carer.opened)
        self._urls = itertools.cycle(urls)

    @property
    def path(self) -> str:
        self.url = next(self._urls)
        return super().path


class Pair(Running):
    """Two gateways on one store; advisers and phones talk to the first, carers to both in turns."""

    def __init__(self, one: Running, other: Running) -> None:
        super().__init__(one.server, one.app, one.session)
        self.one, self.other = one, other

    async def carer(self) -> RovingCarer:
        return RovingCarer(await self.one.carer(), [self.other.url, self.one.url])

    async def again(self, carer: Carer) -> RovingCarer:
        return RovingCarer(carer, [self.other.url, self.one.url])

    async def close(self) -> None:
        await self.one.close()
        await self.other.close()


@pytest.fixture(scope="session")
def engines() -> Iterator[Engines]:
    with started() as running:
        yield running


@pytest.fixture
async def store(engines: Engines) -> AsyncIterator[Store]:
    made = Store(await engines.fresh())
    yield made
    await made.close()


@pytest.fixture
async def start_one(rasa: FakeRasa, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,  # noqa: F811
                    engines: Engines) -> AsyncIterator[StartGateway]:
    """A gateway; all of one test's on the same store."""
    database = await engines.fresh()
    await engines.forget_limits()
    async with gateways(rasa, tmp_path, monkeypatch, database_url=database, redis_url=engines.redis_url) as start:
        yield start


@pytest.fixture
def start_gateway(start_one: StartGateway) -> Callable[..., Awaitable[Pair]]:
    async def start(*given: object, **more: object) -> Pair:
        return Pair(await start_one(*given, **more), await start_one(*given, **more))

    return start


@pytest.fixture
async def gateway(start_gateway: Callable[..., Awaitable[Pair]]) -> Pair:
    return await start_gateway()


@pytest.fixture
async def carer(gateway: Pair) -> Carer:
    return await gateway.carer()
