"""Reads a stream of server-sent events as a test hears it."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Any

import aiohttp


async def events_of(got: aiohttp.ClientResponse) -> AsyncIterator[dict[str, Any]]:
    """Each event as its fields, `data` read as JSON."""
    event: dict[str, Any] = {}
    async for raw in got.content:
        line = raw.decode().rstrip("\r\n")
        if not line:
            if "data" in event:
                yield event | {"data": json.loads(event["data"])}
            event = {}
        elif not line.startswith(":"):
            name, _, value = line.partition(": ")
            event[name] = value
