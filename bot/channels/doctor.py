"""`signpost doctor`: are the phone channels set up so that a message comes in and an answer goes out? What to mend if not."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import dataclass

import aiohttp
from telegram import Bot
from telegram.error import TelegramError
from twilio.request_validator import RequestValidator

from bot.channels import telegram
from bot.channels.channel import NotSent
from bot.channels.settings import PhoneSettings
from bot.channels.twilio import Twilio, asked
from bot.gateway.addresses import Addresses, AddressKeysWrong

TIMEOUT = aiohttp.ClientTimeout(total=8)


@dataclass(frozen=True)
class Finding:
    """One check. `mend` says what to do; empty where all is well."""

    what: str
    mend: str = ""


async def examine(settings: PhoneSettings, keys: str) -> AsyncIterator[Finding]:
    """Every check that applies to what is set up."""
    if not (settings.twilio or settings.telegram):
        yield Finding("phone channels", "Nothing is set up. docs/operating.md, 'Phones', names the settings.")
        return
    try:
        Addresses(keys)
        yield Finding("numbers are sealed")
    except AddressKeysWrong as error:
        yield Finding("numbers are sealed", str(error))
    if settings.public_url:
        async for finding in _reachable(settings):
            yield finding
    if settings.twilio:
        async for finding in _twilio(settings):
            yield finding
    if settings.telegram:
        async for finding in _telegram(settings):
            yield finding


async def _reachable(settings: PhoneSettings) -> AsyncIterator[Finding]:
    url = settings.public_url
    if not url.startswith("https://"):
        yield Finding(f"{url} is private on the way", "Providers should call https. Put a proxy with TLS before the gateway.")
    async with aiohttp.ClientSession(timeout=TIMEOUT) as session:
        status = await _status(session, "GET", f"{url}/healthz")
        yield Finding(f"{url} leads to the gateway", "" if status == 200 else
                      f"{url}/healthz answered {status or 'nothing'}. Does the gateway run? Does the proxy pass it on?")
        if status != 200 or not settings.twilio:
            return
        path = f"{url}/channels/{'sms' if settings.twilio_sms_from else 'whatsapp'}/status/0"
        fields = {"AccountSid": settings.twilio_account_sid}
        signature = RequestValidator(settings.twilio_auth_token.get_secret_value()).compute_signature(path, fields)
        right = await _status(session, "POST", path, fields, {"X-Twilio-Signature": signature})
        wrong = await _status(session, "POST", path, fields, {"X-Twilio-Signature": "wrong"})
        yield Finding("what Twilio signs is taken, what is forged is not", "" if (right, wrong) == (200, 403) else
                      f"The gateway answered {right} to a signed request and {wrong} to a forged one. Start it with the same "
                      "SIGNPOST_PUBLIC_URL, SIGNPOST_TWILIO_ACCOUNT_SID and SIGNPOST_TWILIO_AUTH_TOKEN as this command.")


async def _status(session: aiohttp.ClientSession, method: str, url: str, fields: dict[str, str] | None = None,
                  headers: dict[str, str] | None = None) -> int:
    """The answer's status; 0 where there is none."""
    with suppress(aiohttp.ClientError, TimeoutError):
        async with session.request(method, url, data=fields, headers=headers) as answer:
            return answer.status
    return 0


async def _twilio(settings: PhoneSettings) -> AsyncIterator[Finding]:
    twilio = Twilio(settings.twilio_account_sid, settings.twilio_auth_token.get_secret_value(), settings.public_url,
                    settings.twilio_api)
    await twilio.open()
    try:
        try:
            account = await asked(twilio.client.api.v2010.accounts(settings.twilio_account_sid).fetch_async())
        except NotSent as error:
            yield Finding("Twilio's account", f"Twilio refused it ({error.code}). Copy SID and Auth Token from its console.")
            return
        active = account.status == "active"
        yield Finding("Twilio's account", "" if active else f"It is {account.status}. Twilio's console says why.")
        if settings.twilio_sms_from:
            yield await (_number if settings.twilio_sms_from.startswith("+") else _service)(twilio, settings)
        if settings.twilio_whatsapp_from:
            yield await _sender(twilio, settings)
            yield await _template(twilio, settings.whatsapp_template)
    finally:
        await twilio.close()


async def _number(twilio: Twilio, settings: PhoneSettings) -> Finding:
    number, wanted = settings.twilio_sms_from, f"{settings.public_url}/channels/sms"
    what = f"{number} calls {wanted}"
    try:
        found = await asked(twilio.client.incoming_phone_numbers.list_async(phone_number=number, limit=1))
    except NotSent as error:
        return Finding(what, f"Twilio doesn't list its numbers ({error.code}).")
    if not found:
        return Finding(what, f"{number} is not this account's. Buy one, or mend SIGNPOST_TWILIO_SMS_FROM.")
    if (found[0].sms_url, found[0].sms_method) != (wanted, "POST"):
        return Finding(what, f"It calls {found[0].sms_url or 'nothing'} by {found[0].sms_method}. In Twilio's console, under "
                             f"the number's Messaging configuration, set 'A message comes in' to {wanted}, HTTP POST.")
    return Finding(what)


async def _service(twilio: Twilio, settings: PhoneSettings) -> Finding:
    sid, wanted = settings.twilio_sms_from, f"{settings.public_url}/channels/sms"
    what = f"Messaging Service {sid} calls {wanted}"
    try:
        found = await asked(twilio.client.messaging.v1.services(sid).fetch_async())
    except NotSent as error:
        return Finding(what, f"Twilio has no such service ({error.code}). Copy its sid, MG…, from the console.")
    if (found.inbound_request_url, found.inbound_method) != (wanted, "POST") or found.use_inbound_webhook_on_number:
        return Finding(what, "In Twilio's console, under the service's Integration, choose 'Send a webhook' and set its "
                             f"Request URL to {wanted}, HTTP POST.")
    return Finding(what)


async def _sender(twilio: Twilio, settings: PhoneSettings) -> Finding:
    number, wanted = settings.twilio_whatsapp_from, f"{settings.public_url}/channels/whatsapp"
    what = f"WhatsApp's {number} calls {wanted}"
    try:
        senders = await asked(twilio.client.messaging.v2.channels_senders.list_async(channel="whatsapp"))
    except NotSent as error:
        return Finding(what, f"Twilio doesn't list its WhatsApp senders ({error.code}).")
    found = next((sender for sender in senders if sender.sender_id == f"whatsapp:{number}"), None)
    if found is None:
        return Finding(what, f"{number} is not among this account's WhatsApp senders. (The sandbox is never listed: write to "
                             "it.)")
    if not str(found.status).startswith("ONLINE"):
        return Finding(what, f"The sender is {found.status}. Twilio's console says why.")
    webhook = found.webhook or {}
    if (webhook.get("callback_url"), webhook.get("callback_method")) != (wanted, "POST"):
        return Finding(what, f"It calls {webhook.get('callback_url') or 'nothing'}. In Twilio's console, under WhatsApp "
                             f"senders, set 'Webhook URL for incoming messages' to {wanted}, HTTP POST.")
    return Finding(what)


async def _template(twilio: Twilio, template: str) -> Finding:
    what = "WhatsApp's template for late answers"
    if not template:
        return Finding(what, "SIGNPOST_WHATSAPP_TEMPLATE is empty, so an answer after 24 hours waits until the carer writes.")
    try:
        approval = await asked(twilio.contents(template).approval_fetch().fetch_async())
    except NotSent as error:
        return Finding(what, f"Twilio has no content {template} ({error.code}). Copy its sid, HX…, from the template builder.")
    status = (approval.whatsapp or {}).get("status", "unknown")
    return Finding(what, "" if status == "approved" else f"WhatsApp's approval is '{status}'. Until then it can't be sent.")


async def _telegram(settings: PhoneSettings) -> AsyncIterator[Finding]:
    base = f"{(settings.telegram_api or telegram.TELEGRAM).rstrip('/')}/bot"
    try:
        async with Bot(settings.telegram_token.get_secret_value(), base) as bot:
            yield Finding(f"Telegram's bot @{bot.username}")
            if settings.telegram_updates == "webhook":
                hook, wanted = await bot.get_webhook_info(), settings.public_url + telegram.PATH
                mend = "" if hook.url == wanted else f"It calls {hook.url or 'nothing'}. Start the gateway: it sets {wanted}."
                yield Finding("Telegram's webhook", mend or (hook.last_error_message or ""))
    except TelegramError as error:
        yield Finding("Telegram's bot", f"Telegram refused it ({type(error).__name__}). Copy the token anew from @BotFather.")
