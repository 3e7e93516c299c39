"""Puts the phone channels that are set up onto the gateway."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

from aiohttp import web

from bot.channels import moving
from bot.channels.arrivals import Arrivals
from bot.channels.channel import Channel
from bot.channels.post import Post
from bot.channels.settings import PhoneSettings
from bot.channels.sms import Sms
from bot.channels.telegram import Telegram
from bot.channels.twilio import Twilio
from bot.channels.whatsapp import WhatsApp
from bot.channels.words import Obeyed
from bot.gateway import web_api
from bot.gateway.addresses import addresses_of
from bot.gateway.clock import Clock
from bot.gateway.contacts import Contacts
from bot.gateway.outgoing import Outgoing
from bot.gateway.private import METRICS

ARRIVALS = web.AppKey("arrivals", Arrivals)
POST = web.AppKey("post", Post)


def add_channels(app: web.Application, settings: PhoneSettings) -> None:
    """Mount webhooks and the post. Raises `AddressKeysWrong` where numbers could not be sealed."""
    store, turns, clock = app[web_api.STORE], app[web_api.TURNS], app[web_api.CLOCK]
    limits, base = app[web_api.LIMITS], app[web_api.BASE]
    addresses = addresses_of(app[web_api.SETTINGS].data, settings.address_keys.get_secret_value())
    contacts, outgoing = Contacts(store), Outgoing(store)
    obeyed = Obeyed(contacts, outgoing, base, clock, limits, settings.public_url)
    channels = {channel.name: channel for channel in _channels(settings, clock, obeyed)}
    app[POST] = turns.post = Post(channels, store, contacts, outgoing, addresses, clock, obeyed,
                                         app[web_api.WAKEUPS], app[METRICS])
    app[ARRIVALS] = Arrivals(store, turns, contacts, outgoing, addresses, clock, limits, obeyed, settings.join_seconds,
                             app[METRICS])
    for channel in channels.values():
        app.add_routes(channel.routes(app[ARRIVALS].take, app[POST].report))
    app[moving.CONTACTS], app[moving.PHONES] = contacts, settings
    app.add_routes(moving.routes)
    app.cleanup_ctx.append(_running)


def _channels(settings: PhoneSettings, clock: Clock, obeyed: Obeyed) -> list[Channel]:
    found: list[Channel] = []
    if settings.twilio:
        twilio = Twilio(settings.twilio_account_sid, settings.twilio_auth_token.get_secret_value(), settings.public_url,
                        settings.twilio_api)
        if settings.twilio_sms_from:
            found.append(Sms(twilio, settings.twilio_sms_from, settings.countries, obeyed.say))
        if settings.twilio_whatsapp_from:
            found.append(WhatsApp(twilio, settings.twilio_whatsapp_from, settings.whatsapp_template, settings.countries,
                                  clock, obeyed.say))
    if settings.telegram:
        found.append(Telegram(settings.telegram_token.get_secret_value(), settings.telegram_secret.get_secret_value(),
                              settings.public_url, settings.telegram_updates == "polling", obeyed.say,
                              settings.telegram_api))
    return found


async def _running(app: web.Application) -> AsyncIterator[None]:
    await app[POST].open()
    watching = asyncio.create_task(app[POST].watch())
    yield
    watching.cancel()
    await asyncio.gather(watching, return_exceptions=True)
    await app[ARRIVALS].stop()
    await app[POST].close()
