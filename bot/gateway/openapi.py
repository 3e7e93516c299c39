"""The API's description for machines, as written in openapi.yml."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path

import yaml
from aiohttp import web

PATH = Path(__file__).with_name("openapi.yml")
routes = web.RouteTableDef()


@cache
def described() -> str:
    """The description as JSON."""
    return json.dumps(yaml.safe_load(PATH.read_text(encoding="utf-8")), ensure_ascii=False)


@routes.get("/api/v1/openapi.json")
async def description(_: web.Request) -> web.Response:
    """The same for everybody."""
    return web.json_response(text=described(), headers={"Cache-Control": "public, max-age=3600"})
