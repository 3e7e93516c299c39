"""`signpost doctor` says what to mend, and nothing where all is well."""

from __future__ import annotations

from typing import Any

import pytest

from bot.channels.doctor import examine
from bot.channels.settings import PhoneSettings
from tests.doubles import telegram as telegram_double
from tests.doubles.telegram import FakeTelegram
from tests.doubles.twilio import ACCOUNT, SERVICE, SMS_NUMBER, TEMPLATE, TOKEN, WHATSAPP_NUMBER, FakeTwilio

KEYS = "p" * 32 + " " + "A" * 43 + "="
NOWHERE = "http://127.0.0.1:1"
# name, what is different from a right set-up, the check that finds it, a word of what it says
ILLS: list[tuple[str, dict[str, Any], str, str]] = [
    ("a wrong token", {"twilio_auth_token": "wrong"}, "Twilio's account", "20003"),
    ("a number of somebody else", {"twilio_sms_from": "+447700900999"}, "+447700900999 calls", "not this account's"),
    ("another webhook", {"public_url": "http://127.0.0.1:2"}, f"{SMS_NUMBER} calls", "A message comes in"),
    ("a service that isn't ours", {"twilio_sms_from": "MG" + "c" * 32}, "Messaging Service", "no such service"),
    ("a service that calls elsewhere", {"twilio_sms_from": SERVICE, "public_url": "http://127.0.0.1:2"},
     "Messaging Service", "Send a webhook"),
    ("no sender of WhatsApp's", {"twilio_whatsapp_from": "+447700900999"}, "WhatsApp's +447700900999", "sandbox"),
    ("WhatsApp calls elsewhere", {"public_url": "http://127.0.0.1:2"}, f"WhatsApp's {WHATSAPP_NUMBER}", "incoming messages"),
    ("no template", {"whatsapp_template": ""}, "WhatsApp's template", "SIGNPOST_WHATSAPP_TEMPLATE"),
    ("a wrong token of Telegram's", {"telegram_token": "1:wrong"}, "Telegram's bot", "BotFather"),
    ("Telegram calls elsewhere", {}, "Telegram's webhook", "nothing"),
    ("the gateway is away", {}, "leads to the gateway", "Does the gateway run?"),
    ("http", {}, "is private on the way", "TLS"),
]


async def findings(twilio: FakeTwilio, telegram: FakeTelegram, **different: Any) -> dict[str, str]:
    twilio.numbers[0]["sms_url"] = twilio.service["inbound_request_url"] = f"{NOWHERE}/channels/sms"
    twilio.senders[0]["webhook"]["callback_url"] = f"{NOWHERE}/channels/whatsapp"
    right = {"public_url": NOWHERE, "twilio_account_sid": ACCOUNT, "twilio_auth_token": TOKEN, "twilio_sms_from": SMS_NUMBER,
             "twilio_whatsapp_from": WHATSAPP_NUMBER, "whatsapp_template": TEMPLATE, "twilio_api": twilio.url,
             "telegram_token": telegram_double.TOKEN, "telegram_secret": "s", "telegram_api": telegram.url}
    return {finding.what: finding.mend async for finding in examine(PhoneSettings(**right | different), KEYS)}


@pytest.mark.parametrize(("different", "what", "says"), [ill[1:] for ill in ILLS], ids=[ill[0] for ill in ILLS])
async def test_what_is_wrong_is_named(twilio: FakeTwilio, telegram: FakeTelegram, different: dict[str, Any], what: str,
                                      says: str) -> None:
    found = await findings(twilio, telegram, **different)
    assert [mend for name, mend in found.items() if what in name and says in mend], found


@pytest.mark.parametrize("sms", [SMS_NUMBER, SERVICE])
async def test_what_is_right_is_not_complained_of(twilio: FakeTwilio, telegram: FakeTelegram, sms: str) -> None:
    telegram.webhook["url"] = f"{NOWHERE}/channels/telegram"
    found = await findings(twilio, telegram, twilio_sms_from=sms)
    ill = {name for name, mend in found.items() if mend}
    assert ill == {f"{NOWHERE} is private on the way", f"{NOWHERE} leads to the gateway"}


async def test_nothing_is_set_up() -> None:
    (finding,) = [finding async for finding in examine(PhoneSettings(), KEYS)]
    assert "docs/operating.md" in finding.mend


@pytest.mark.parametrize("given", [
    {"twilio_account_sid": ACCOUNT, "twilio_auth_token": TOKEN, "twilio_sms_from": SMS_NUMBER},
    {"telegram_token": "1:x"}, {"telegram_token": "1:x", "public_url": "https://x.example"}],
    ids=["Twilio without an address", "Telegram without either", "Telegram without a secret"])
def test_half_a_set_up_does_not_start(given: dict[str, str]) -> None:
    with pytest.raises(ValueError, match="SIGNPOST_"):
        PhoneSettings(**given)
