"""Other sites that embed the widget may call the API and load the script: any, or those of `SIGNPOST_SITES`.

Any may by default because nothing hangs on a cookie: who has no token of a conversation reads none.
"""

from __future__ import annotations

from typing import Any

from aiohttp import web

from bot.gateway.web_api import SETTINGS

OPEN = ("/api/", "/widget.js", "/chat.css")
HEADERS = {"Access-Control-Expose-Headers": "Retry-After",
           "Cross-Origin-Resource-Policy": "cross-origin"}
PREFLIGHT = {"Access-Control-Allow-Methods": "GET, POST, PUT, DELETE",
             "Access-Control-Allow-Headers": "Authorization, Content-Type, Last-Event-ID", "Access-Control-Max-Age": "7200"}


@web.middleware
async def preflights(request: web.Request, handler: Any) -> web.StreamResponse:
    """Answer a browser that asks whether it may; every other request goes on."""
    if request.method == "OPTIONS" and request.path.startswith("/api/"):
        return web.Response(status=204, headers=PREFLIGHT)
    response: web.StreamResponse = await handler(request)
    return response


async def admit(request: web.Request, response: web.StreamResponse) -> None:
    """Say on each open response who else may read it."""
    if not request.path.startswith(OPEN):
        return
    admitted, origin = request.app[SETTINGS].sites.split(), request.headers.get("Origin", "")
    if admitted != ["*"]:
        response.headers["Vary"] = ", ".join(filter(None, [response.headers.get("Vary"), "Origin"]))
        if origin not in admitted:
            return
    response.headers.update(HEADERS)
    response.headers["Access-Control-Allow-Origin"] = "*" if admitted == ["*"] else origin
