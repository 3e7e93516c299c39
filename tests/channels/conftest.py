"""Fixtures: the gateway with its phone channels, over doubles of Twilio, Telegram, Rasa and the danger detector.

One gateway serves a module's tests, each of which finds it idle and empty; `start_phones` starts another where a test
needs one of its own.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest
import pytest_asyncio
from sqlalchemy import delete

from bot.channels import post
from bot.channels.settings import PhoneSettings
from bot.channels.telegram import Telegram
from bot.gateway import web_api
from bot.gateway.tables import Base
from tests.channels.quiet import until_idle
from tests.doubles import telegram as telegram_double
from tests.doubles.carer import Carer
from tests.doubles.danger import FakeDetector
from tests.doubles.gateway import Running, base, fake_rasa, gateways  # noqa: F401  (base is a fixture)
from tests.doubles.rasa import FakeRasa
from tests.doubles.telegram import Chat, FakeTelegram
from tests.doubles.twilio import ACCOUNT, SMS_NUMBER, TEMPLATE, TOKEN, WHATSAPP_NUMBER, FakeTwilio, Phone, WhatsAppPhone

StartPhones = Callable[..., Awaitable[Running]]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """One event loop a module, since the gateway is one a module."""
    for item in items:
        if item.path.parent.name == "channels" and pytest_asyncio.is_async_test(item):
            item.add_marker(pytest.mark.asyncio(loop_scope="module"), append=False)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def one_twilio() -> AsyncIterator[FakeTwilio]:
    fake = FakeTwilio()
    await fake.start()
    yield fake
    await fake.stop()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def one_telegram() -> AsyncIterator[FakeTelegram]:
    fake = FakeTelegram()
    await fake.start()
    yield fake
    await fake.stop()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def one_rasa() -> AsyncIterator[FakeRasa]:
    async with fake_rasa() as fake:
        yield fake


@pytest.fixture
def twilio(one_twilio: FakeTwilio) -> FakeTwilio:
    one_twilio.reset()
    return one_twilio


@pytest.fixture
def telegram(one_telegram: FakeTelegram) -> FakeTelegram:
    one_telegram.reset()
    return one_telegram


@pytest_asyncio.fixture(loop_scope="module")
async def rasa(one_rasa: FakeRasa) -> FakeRasa:
    one_rasa.reset()
    await one_rasa.back()
    return one_rasa


def settings(twilio: FakeTwilio, telegram: FakeTelegram | None, **given: Any) -> PhoneSettings:
    """All channels, at the doubles; without joining of fragments."""
    both = {"public_url": twilio.public_url, "twilio_account_sid": ACCOUNT, "twilio_auth_token": TOKEN,
            "twilio_sms_from": SMS_NUMBER, "twilio_whatsapp_from": WHATSAPP_NUMBER, "twilio_api": twilio.url,
            "whatsapp_template": TEMPLATE, "join_seconds": 0.0}
    if telegram:
        both |= {"telegram_token": telegram_double.TOKEN, "telegram_secret": telegram_double.SECRET,
                 "telegram_api": telegram.url}
    return PhoneSettings(**both | given)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def one_gateway(one_rasa: FakeRasa, one_twilio: FakeTwilio, one_telegram: FakeTelegram,
                      tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Running]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(post, "PAUSES", (0.02,) * 5)
        patch.setattr(Telegram, "pause", 0.0)
        async with gateways(one_rasa, tmp_path_factory.mktemp("gateway"), patch, FakeDetector) as start:
            yield await start(settings(one_twilio, one_telegram))


@pytest_asyncio.fixture(loop_scope="module")
async def gateway(one_gateway: Running, rasa: FakeRasa, twilio: FakeTwilio,
                  telegram: FakeTelegram) -> AsyncIterator[Running]:
    """The module's gateway, without a memory of earlier tests."""
    twilio.now = one_gateway.app[web_api.CLOCK].now
    yield one_gateway
    await until_idle(one_gateway)  # so that no late message comes up in the next test
    async with one_gateway.store.session() as session:
        for table in reversed(Base.metadata.sorted_tables):
            if table.name != "acts":  # none can be deleted
                await session.execute(delete(table))


@pytest_asyncio.fixture(loop_scope="module")
async def start_phones(rasa: FakeRasa, twilio: FakeTwilio, telegram: FakeTelegram, tmp_path: Any,
                       monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[StartPhones]:
    """`await start_phones(join_seconds=2, rate_limits='on')`: settings of the phones and of the gateway alike."""
    monkeypatch.setattr(post, "PAUSES", (0.02,) * 5)
    monkeypatch.setattr(Telegram, "pause", 0.0)
    async with gateways(rasa, tmp_path, monkeypatch, FakeDetector) as start_gateway:

        async def start(with_telegram: bool = False, **given: Any) -> Running:
            phones = {key: given.pop(key) for key in list(given) if key in PhoneSettings.model_fields}
            gateway = await start_gateway(settings(twilio, telegram if with_telegram else None, **phones), **given)
            twilio.now = gateway.app[web_api.CLOCK].now
            return gateway

        yield start


@pytest_asyncio.fixture(loop_scope="module")
async def carer(gateway: Running) -> Carer:
    return await gateway.carer()


@pytest.fixture
def phone(gateway: Running, twilio: FakeTwilio) -> Phone:
    return Phone(twilio, gateway.url)


@pytest.fixture
def whatsapp(gateway: Running, twilio: FakeTwilio) -> WhatsAppPhone:
    return WhatsAppPhone(twilio, gateway.url)


@pytest.fixture
def chat(gateway: Running, telegram: FakeTelegram) -> Chat:
    return Chat(telegram, gateway.url)
