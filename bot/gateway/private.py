"""The gateway's private address: metrics for Prometheus, and what the supervisor asks of a gateway that runs.

On loopback by default. Elsewhere it wants a token, and what changes something wants Rasa's token anywhere.
"""

from __future__ import annotations

import hmac
from collections.abc import AsyncIterator
from ipaddress import ip_address

import structlog
from aiohttp import web

from bot.gateway import web_api
from bot.gateway.metrics import Metrics, look
from bot.gateway.rasa import Rasa
from bot.gateway.settings import Settings
from bot.gateway.weak import refuse_weak
from bot.knowledge.reloading import Content

log = structlog.get_logger()

METRICS = web.AppKey("metrics", Metrics)
CONTENT = web.AppKey("content", Content)
RASA = web.AppKey("rasa", Rasa)
PUBLIC = web.AppKey("public", web.Application)
TEXT = "text/plain; version=0.0.4; charset=utf-8"
routes = web.RouteTableDef()


def check(settings: Settings) -> None:
    """Raises `WeakSecret` where the private address can be reached from elsewhere without a good token."""
    if settings.metrics_port and not _loopback(settings.metrics_host):
        refuse_weak("SIGNPOST_METRICS_TOKEN", settings.metrics_token.get_secret_value())


def _loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


async def listening(app: web.Application) -> AsyncIterator[None]:
    """Serve it as long as `app` runs, where it has a port."""
    settings = app[web_api.SETTINGS]
    if not settings.metrics_port:
        yield
        return
    private = web.Application()
    private[PUBLIC] = app
    private.add_routes(routes)
    runner = web.AppRunner(private, access_log=None, shutdown_timeout=1)
    await runner.setup()
    try:
        await web.TCPSite(runner, settings.metrics_host, settings.metrics_port).start()
    except OSError as error:  # taken, say: carers are served all the same
        log.error("private_address_not_served", host=settings.metrics_host, port=settings.metrics_port, why=error.strerror)
    yield
    await runner.cleanup()


@routes.get("/metrics")
async def metrics(request: web.Request) -> web.Response:
    """All of them, queues counted now."""
    app = request.app[PUBLIC]
    wanted = app[web_api.SETTINGS].metrics_token.get_secret_value()
    if wanted and not _has(request, wanted):
        raise web.HTTPUnauthorized
    now = app[web_api.CLOCK].now().timestamp()
    await look(app[METRICS], app[web_api.STORE], app[web_api.SWITCHES], now)
    return web.Response(body=app[METRICS].text(), headers={"Content-Type": TEXT})


@routes.post("/content/load")
async def load_content(request: web.Request) -> web.Response:
    """Read the content anew; 422 with what is wrong, a line each."""
    problems = await _asked(request)[CONTENT].load()
    return web.json_response({"problems": problems}, status=422 if problems else 200)


@routes.post("/content/take")
async def take_content(request: web.Request) -> web.Response:
    """Answer from what was read."""
    return web.Response(status=204 if _asked(request)[CONTENT].take() else 409)


@routes.post("/rasa")
async def move_to_rasa(request: web.Request) -> web.Response:
    """{url}: send turns there from now on; answered when the last one that went elsewhere is back."""
    app, url = _asked(request), str((await request.json()).get("url"))
    await app[RASA].move(url)
    return web.Response(status=204)


def _asked(request: web.Request) -> web.Application:
    app = request.app[PUBLIC]
    if not _has(request, app[web_api.SETTINGS].rasa_token.get_secret_value()):
        raise web.HTTPUnauthorized
    return app


def _has(request: web.Request, token: str) -> bool:
    return hmac.compare_digest(request.headers.get("Authorization", "").encode(), f"Bearer {token}".encode())
