"""Slow clients: a request's body has to be here in time, before anybody works on it.

How long the head of a request may take is the proxy's matter (`client_header_timeout`): aiohttp has no limit for it.
"""

from __future__ import annotations

import asyncio
from typing import Any

from aiohttp import web

from bot.gateway.problems import problem

BODY_WITHIN = 10.0  # seconds


@web.middleware
async def bodies_in_time(request: web.Request, handler: Any) -> web.StreamResponse:
    """Read the body, up to the application's limit; 408 for who takes too long."""
    if request.can_read_body:
        try:
            async with asyncio.timeout(BODY_WITHIN):
                await request.read()
        except TimeoutError as error:
            raise problem(408, "That took too long to arrive. Please send it again.", {"Connection": "close"}) from error
    response: web.StreamResponse = await handler(request)
    return response
