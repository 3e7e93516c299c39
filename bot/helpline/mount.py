"""Puts the desk onto the gateway."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta

from aiohttp import web

from bot.channels.settings import PhoneSettings
from bot.gateway import private, web_api
from bot.gateway.acts import Acts
from bot.gateway.addresses import Addresses, addresses_of
from bot.gateway.store import Store
from bot.helpline import console, replies, service, talking
from bot.helpline.accounts import Accounts
from bot.helpline.backends import Console, Mailbox
from bot.helpline.board import Board
from bot.helpline.cases import Cases
from bot.helpline.chatwoot import Chatwoot
from bot.helpline.desk import HelplineDesk
from bot.helpline.door import door
from bot.helpline.keys import ACCOUNTS, ACTS, ADDRESSES, BOARD, DESK, DESK_SETTINGS, REPLIES, ROUNDS
from bot.helpline.replies import SavedReply
from bot.helpline.rounds import Rounds
from bot.helpline.settings import DeskSettings
from bot.knowledge.base import CONTENT
from bot.knowledge.reloading import Take


def add_desk(app: web.Application, settings: DeskSettings, phones: PhoneSettings) -> None:
    """Mount the console, and see to cases. Raises `ContentError` and `AddressKeysWrong`."""
    store, base, clock, wakeups = app[web_api.STORE], app[web_api.BASE], app[web_api.CLOCK], app[web_api.WAKEUPS]
    addresses = addresses_of(app[web_api.SETTINGS].data, phones.address_keys.get_secret_value())
    seen_within = timedelta(minutes=settings.desk_seen_minutes)
    texts_to = phones.countries if phones.twilio and phones.twilio_sms_from else []
    accounts = accounts_of(store, addresses, settings)
    cases = Cases(store)
    desk = HelplineDesk(store, cases, app[web_api.TURNS], base, clock, addresses, texts_to, seen_within)
    desk.backends.append(Console(accounts, seen_within))
    if settings.desk == "chatwoot":
        chatwoot = Chatwoot(settings.chatwoot_url, settings.chatwoot_inbox, settings.chatwoot_account,
                            settings.chatwoot_token.get_secret_value(), settings.chatwoot_secret.get_secret_value(),
                            store, desk)
        desk.backends.append(chatwoot)
        app.add_routes(chatwoot.routes())
        app.on_startup.append(lambda _: chatwoot.open())
        app.on_cleanup.append(lambda _: chatwoot.close())
    if settings.smtp_url:
        desk.backends.append(Mailbox(settings.smtp_url, settings.desk_mail_from, settings.desk_mail_to, settings.public_url,
                                     desk.telling))
    app[web_api.TURNS].desk = desk
    app[ACTS], app[ADDRESSES] = Acts(store), addresses
    app[ACCOUNTS], app[DESK], app[DESK_SETTINGS] = accounts, desk, settings
    app[BOARD] = Board(store, cases, accounts, desk, base, clock, wakeups, seen_within, settings.desk_round_seconds)
    app[ROUNDS] = Rounds(desk, accounts, store, clock, wakeups, timedelta(minutes=settings.desk_answer_minutes), seen_within,
                         settings.desk_round_seconds)
    saved = app[REPLIES] = replies.load(CONTENT / "saved_replies.yml")
    app[private.CONTENT].add(lambda: [_swapped(saved, replies.load(CONTENT / "saved_replies.yml"))])
    console.set_up(app)
    app.middlewares.append(door)
    app.add_routes(console.routes)
    app.add_routes(talking.routes)
    app.add_routes(service.routes)
    app.cleanup_ctx.append(_running)


def _swapped(saved: list[SavedReply], fresh: list[SavedReply]) -> Take:
    def take() -> None:
        saved[:] = fresh

    return take


def accounts_of(store: Store, addresses: Addresses, settings: DeskSettings) -> Accounts:
    """Accounts with the sessions' lengths."""
    return Accounts(store, addresses, timedelta(minutes=settings.desk_idle_minutes),
                    timedelta(hours=settings.desk_session_hours))


async def _running(app: web.Application) -> AsyncIterator[None]:
    await app[ACCOUNTS].forget_sessions(app[web_api.CLOCK].now())
    tasks = [asyncio.create_task(app[BOARD].run()), asyncio.create_task(app[ROUNDS].run())]
    yield
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
