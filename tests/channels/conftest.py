"""Fixtures: the gateway with its phone channels, over doubles of Twilio and Rasa."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest

from bot.channels import post
from bot.channels.settings import PhoneSettings
from bot.channels.telegram import Telegram
from bot.gateway.clock import Clock
from tests.doubles import telegram as telegram_double
from tests.doubles.gateway import NOON, Running, StartGateway, base, carer, rasa, start_gateway  # noqa: F401  (fixtures)
from tests.doubles.telegram import Chat, FakeTelegram
from tests.doubles.twilio import ACCOUNT, SMS_NUMBER, TEMPLATE, TOKEN, WHATSAPP_NUMBER, FakeTwilio, Phone, WhatsAppPhone

StartPhones = Callable[..., Awaitable[Running]]


@pytest.fixture
async def twilio() -> AsyncIterator[FakeTwilio]:
    fake = FakeTwilio()
    fake.now = Clock(NOON).now
    await fake.start()
    yield fake
    await fake.stop()


@pytest.fixture
async def telegram() -> AsyncIterator[FakeTelegram]:
    fake = FakeTelegram()
    await fake.start()
    yield fake
    await fake.stop()


@pytest.fixture
async def start_phones(start_gateway: StartGateway, twilio: FakeTwilio, telegram: FakeTelegram,  # noqa: F811
                       monkeypatch: pytest.MonkeyPatch) -> StartPhones:
    """`await start_phones(join_seconds=2, rate_limits='on')`: settings of the phones and of the gateway alike."""
    monkeypatch.setattr(post, "PAUSES", (0.02,) * 5)
    monkeypatch.setattr(Telegram, "pause", 0.0)

    async def start(**given: Any) -> Running:
        phones = {"public_url": twilio.public_url, "twilio_account_sid": ACCOUNT, "twilio_auth_token": TOKEN,
                  "twilio_sms_from": SMS_NUMBER, "twilio_whatsapp_from": WHATSAPP_NUMBER, "twilio_api": twilio.url,
                  "whatsapp_template": TEMPLATE, "telegram_token": telegram_double.TOKEN,
                  "telegram_secret": telegram_double.SECRET, "telegram_api": telegram.url, "join_seconds": 0.0}
        phones |= {key: given.pop(key) for key in list(given) if key in PhoneSettings.model_fields}
        return await start_gateway(PhoneSettings(**phones), **given)

    return start


@pytest.fixture
async def gateway(start_phones: StartPhones) -> Running:
    return await start_phones()


@pytest.fixture
def phone(gateway: Running, twilio: FakeTwilio) -> Phone:
    return Phone(twilio, gateway.url)


@pytest.fixture
def whatsapp(gateway: Running, twilio: FakeTwilio) -> WhatsAppPhone:
    return WhatsAppPhone(twilio, gateway.url)


@pytest.fixture
def chat(gateway: Running, telegram: FakeTelegram) -> Chat:
    return Chat(telegram, gateway.url)
