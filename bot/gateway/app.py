"""The gateway's application: the one public door."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from functools import partial
from pathlib import Path
from zipfile import BadZipFile

from aiohttp import web

from bot.embedding.model import ModelFileError
from bot.gateway import export, openapi, pages, private, proxies, sites, web_api
from bot.gateway.clock import Clock
from bot.gateway.events import Wakeups
from bot.gateway.limits import Limits
from bot.gateway.logs import hush
from bot.gateway.metrics import Metrics
from bot.gateway.migrate import migrate
from bot.gateway.patience import patient
from bot.gateway.private import CONTENT, METRICS, RASA
from bot.gateway.problems import problems
from bot.gateway.rasa import Rasa
from bot.gateway.relay import Relay
from bot.gateway.retention import Retention
from bot.gateway.settings import Settings
from bot.gateway.slow import bodies_in_time
from bot.gateway.store import Store
from bot.gateway.switches import Switches
from bot.gateway.turns import Turns
from bot.gateway.typing import Typing
from bot.knowledge.base import KnowledgeBase
from bot.knowledge.places import PlaceFinder
from bot.knowledge.reloading import Content, Take, becomes
from bot.safeguarding.detector import DangerDetector, Phrases
from bot.safeguarding.watch import DangerWatch

RETENTION = web.AppKey("retention", Retention)
CLEAN_EVERY = 600  # seconds
HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
                               "img-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Permissions-Policy": "geolocation=(), camera=(), microphone=()",
    "Cross-Origin-Opener-Policy": "same-origin",
}


def make_app(settings: Settings, content: Path) -> web.Application:
    """The application with its routes.

    Raises before anything listens: `ContentError`, also where danger could not be answered, or `ModelFileError`.
    """
    hush()
    base, places, clock = KnowledgeBase.load(content), PlaceFinder.load(content), Clock(settings.now)
    detector = _detector(settings.danger_model, content / "danger.yml")
    watch = DangerWatch(detector, base, places)
    watch.can_answer(detector.topics, content, clock.now().date())
    patience = patient(lambda: base.say("failure.store_away", clock.now().date()))
    middlewares = [proxies.peeled(settings.proxies), sites.preflights, problems, bodies_in_time, patience]
    app = web.Application(middlewares=middlewares, client_max_size=64 * 1024)
    app[web_api.SETTINGS], app[web_api.BASE] = settings, base
    relay = Relay(settings.redis_url) if settings.redis_url else None
    app[web_api.CLOCK], app[web_api.WAKEUPS] = clock, Wakeups(relay)
    app[web_api.STORE] = Store(settings.database)
    app[web_api.LIMITS] = Limits(settings.rate_limits == "on", settings.redis_url)
    app[web_api.TYPING] = Typing(app[web_api.WAKEUPS])
    metrics = app[METRICS] = Metrics()
    app[RASA] = Rasa(settings.rasa_url, settings.rasa_token.get_secret_value(), settings.rasa_timeout, metrics)
    app[web_api.SWITCHES] = Switches(app[web_api.STORE])
    app[web_api.TURNS] = Turns(app[web_api.STORE], app[RASA], base, watch, app[web_api.CLOCK], app[web_api.WAKEUPS],
                               app[web_api.SWITCHES], metrics)
    app[CONTENT] = Content(metrics.content.set)
    app[CONTENT].add(partial(_load, content, base, places, detector, clock))
    app[RETENTION] = Retention(app[web_api.STORE], app[web_api.CLOCK], timedelta(hours=settings.keep_web_hours),
                               timedelta(days=settings.keep_phone_days))
    app.cleanup_ctx.append(_running)
    app.cleanup_ctx.append(private.listening)
    app.on_response_prepare.append(_headers)
    app.on_response_prepare.append(_count)
    app.on_shutdown.append(_hang_up)
    app.on_response_prepare.append(sites.admit)
    app.add_routes(web_api.routes)
    app.add_routes(export.routes)
    app.add_routes(openapi.routes)
    app.add_routes(pages.routes)
    app.router.add_get("/healthz", health)
    app.router.add_get("/readyz", ready)
    app.router.add_static("/static", pages.WEB)
    return app


def _load(content: Path, base: KnowledgeBase, places: PlaceFinder, detector: DangerDetector, clock: Clock) -> list[Take]:
    """Read what the gateway answers from anew. Raises `ContentError`, also where danger could not be answered from it."""
    fresh, found = KnowledgeBase.load(content), PlaceFinder.load(content)
    phrases = Phrases.load(content / "danger.yml")
    DangerWatch(detector, fresh, found).can_answer(detector.topics | phrases.topics, content, clock.now().date())

    def take() -> None:
        detector.phrases = phrases
        pages.made_script.cache_clear()

    return [becomes(base, fresh), becomes(places, found), take]


def _detector(model: Path, phrases: Path) -> DangerDetector:
    """Raises `ModelFileError` where the model's file is missing or damaged."""
    try:
        return DangerDetector.load(model, phrases)
    except (OSError, ValueError, KeyError, EOFError, BadZipFile) as error:
        raise ModelFileError(f"{model} is missing or damaged. Run `make train`.") from error


async def _running(app: web.Application) -> AsyncIterator[None]:
    """Everything that lives as long as the application."""
    store, turns = app[web_api.STORE], app[web_api.TURNS]
    await migrate(store.engine)
    async with app[RASA], app[web_api.WAKEUPS].running():
        await turns.resume()
        stopping = asyncio.Event()
        cleaning = asyncio.create_task(app[RETENTION].run(stopping, CLEAN_EVERY))
        measuring = asyncio.create_task(app[METRICS].measure_lag())
        watching = asyncio.create_task(turns.watch())
        app[CONTENT].on_hangup()
        yield
        measuring.cancel()
        watching.cancel()
        stopping.set()  # whatever uses the database ends before it is closed
        await asyncio.gather(cleaning, watching, return_exceptions=True)
        await turns.stop()
    await store.close()


async def _hang_up(app: web.Application) -> None:
    """End the event streams, which would hold up a stop."""
    app[web_api.WAKEUPS].close()


async def _count(request: web.Request, response: web.StreamResponse) -> None:
    request.app[METRICS].responses.labels(str(response.status)).inc()


async def _headers(_: web.Request, response: web.StreamResponse) -> None:
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)
    response.headers.setdefault("Cache-Control", "no-store")


async def health(_: web.Request) -> web.Response:
    """The gateway runs."""
    return web.json_response({"status": "ok"})


async def ready(request: web.Request) -> web.Response:
    """A message would be answered: the database and Rasa answer. `off`: the channels on which nothing is."""
    await request.app[web_api.STORE].ping()
    off = sorted(await request.app[web_api.SWITCHES].all_off())
    if not await request.app[RASA].ready():
        return web.json_response({"status": "starting", "off": off}, status=503, headers={"Retry-After": "2"})
    return web.json_response({"status": "ok", "off": off})
