"""The console's door: nothing under /helpline opens without a session, and nothing is changed without its CSRF token."""

from __future__ import annotations

import hmac
from collections.abc import Awaitable, Callable
from typing import Any

from aiohttp import web

from bot.gateway import web_api
from bot.gateway.problems import problem
from bot.helpline.accounts import Role
from bot.helpline.keys import ACCOUNTS, DESK_SETTINGS, SIGNED_IN

ROOT, SIGN_IN = "/helpline", "/helpline/sign-in"
COOKIE = "signpost_desk"
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
TALKING: tuple[Role, ...] = ("adviser", "supervisor")
EVERYBODY: tuple[Role, ...] = ("adviser", "supervisor", "editor")
_ROLES = "signpost_roles"


def only(*roles: Role) -> Callable[[Handler], Handler]:
    """Say who may use a route. One that says nothing is for nobody."""

    def mark(handler: Handler) -> Handler:
        setattr(handler, _ROLES, roles)
        return handler

    return mark


@web.middleware
async def door(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Let staff in, by their session, to what their role may use."""
    if not (request.path == ROOT or request.path.startswith(f"{ROOT}/")):
        return await handler(request)
    if request.headers.get("Sec-Fetch-Site", "same-origin") not in ("same-origin", "none") and request.method != "GET":
        raise problem(403, "That came from another site.")
    if request.path == SIGN_IN:
        return await handler(request)
    events = request.path.endswith("/events")  # an open page is no sign of somebody at it
    now = request.app[web_api.CLOCK].now()
    signed_in = await request.app[ACCOUNTS].session(request.cookies.get(COOKIE, ""), now, acts=not events)
    if signed_in is None:
        if request.method == "GET" and "text/html" in request.headers.get("Accept", ""):
            raise web.HTTPSeeOther(SIGN_IN)
        raise problem(401, "Sign in first.")
    roles = getattr(request.match_info.handler, _ROLES, ())
    if signed_in.staff.role not in roles:
        raise problem(403, "Your account may not use this.")
    if request.method != "GET":
        given = request.headers.get("X-CSRF-Token") or str((await request.post()).get("csrf", ""))
        if not hmac.compare_digest(given.encode(), signed_in.session.csrf.encode()):
            raise problem(403, "This page is too old. Load it anew.")
    request[SIGNED_IN] = signed_in
    return await handler(request)


def set_cookie(request: web.Request, response: web.StreamResponse, secret: str) -> None:
    """For this path, this site and this browser session alone; by https where staff come by https."""
    settings = request.app[DESK_SETTINGS]
    response.set_cookie(COOKIE, secret, path=ROOT, httponly=True, samesite="Strict", secure=_https(request),
                        max_age=int(settings.desk_session_hours * 3600))


def drop_cookie(response: web.StreamResponse) -> None:
    """It opens nothing any more."""
    response.del_cookie(COOKIE, path=ROOT, httponly=True, samesite="Strict")


def _https(request: web.Request) -> bool:
    forwarded = request.headers.get("X-Forwarded-Proto", "")
    return request.app[DESK_SETTINGS].secure or request.secure or forwarded == "https"


def me(request: web.Request) -> Any:
    """The account whose session it is."""
    return request[SIGNED_IN].staff
