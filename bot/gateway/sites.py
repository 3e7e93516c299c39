"""Other sites that embed the widget may call the API and load the script. There are no cookies, so any site may."""

from __future__ import annotations

from typing import Any

from aiohttp import web

OPEN = ("/api/", "/widget.js", "/chat.css")
HEADERS = {"Access-Control-Allow-Origin": "*", "Access-Control-Expose-Headers": "Retry-After",
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
    """Say on each open response that other sites may read it."""
    if request.path.startswith(OPEN):
        response.headers.update(HEADERS)
