"""Fixtures: advisers at the desk, carers on the web and by text message, over doubles of Rasa and Twilio."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable

import pytest

from bot.channels import post
from tests.channels.conftest import settings
from tests.doubles.adviser import Adviser
from tests.doubles.gateway import Running, StartGateway, base, carer, gateway, rasa, start_gateway  # noqa: F401  (fixtures)
from tests.doubles.rasa import FakeRasa, says
from tests.doubles.twilio import FakeTwilio, twilio  # noqa: F401  (fixture)

StartPhones = Callable[..., Awaitable[Running]]
Arrive = Callable[..., Awaitable[Adviser]]
PLEASE = "a person please"


@pytest.fixture(autouse=True)
def _asking(rasa: FakeRasa) -> None:  # noqa: F811
    """What the real assistant does when it is asked for a person."""
    rasa.script[PLEASE] = says("Ring the helpline.", hand_over="asked")


@pytest.fixture
def start_phones(start_gateway: StartGateway, twilio: FakeTwilio,  # noqa: F811
                 monkeypatch: pytest.MonkeyPatch) -> StartPhones:
    """A gateway with text messages and WhatsApp."""
    monkeypatch.setattr(post, "PAUSES", (0.02,) * 5)

    async def start(**given: object) -> Running:
        return await start_gateway(settings(twilio, None), **given)

    return start


@pytest.fixture
async def arrive(gateway: Running) -> AsyncIterator[Arrive]:  # noqa: F811
    """`await arrive('sam', role='supervisor', at=gateway)`."""
    there: list[Adviser] = []

    async def make(staff_id: str = "sam", at: Running | None = None, **more: object) -> Adviser:
        there.append(await Adviser.arrive(at or gateway, staff_id, **more))  # type: ignore[arg-type]
        return there[-1]

    yield make
    for one in there:
        await one.close()


@pytest.fixture
async def sam(arrive: Arrive) -> Adviser:
    return await arrive("sam")


@pytest.fixture
async def pat(arrive: Arrive) -> Adviser:
    return await arrive("pat")
