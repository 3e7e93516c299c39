"""Errors as RFC 9457 problem details, for every route under /api."""

from __future__ import annotations

import json
from http import HTTPStatus
from typing import Any

import structlog
from aiohttp import web

log = structlog.get_logger()


def problem(status: int, detail: str, headers: dict[str, str] | None = None, **more: Any) -> web.HTTPException:
    """An exception to raise: aiohttp answers with it. `detail` is a sentence for the person who reads it."""
    body = {"type": "about:blank", "title": HTTPStatus(status).phrase, "status": status, "detail": detail, **more}
    kind: type[web.HTTPException] = type("Problem", (web.HTTPException,), {"status_code": status})
    return kind(text=json.dumps(body, ensure_ascii=False), content_type="application/problem+json", headers=headers)


@web.middleware
async def problems(request: web.Request, handler: Any) -> web.StreamResponse:
    """Turn what goes wrong in a handler into a problem document; log its kind, never its text."""
    try:
        response: web.StreamResponse = await handler(request)
        return response
    except web.HTTPException as error:
        if error.status < 400 or error.content_type == "application/problem+json" or not _api(request):
            raise
        raise problem(error.status, error.reason, _kept(error)) from error
    except ConnectionError:  # the client went away; there is nobody to tell
        raise
    except Exception as error:
        log.error("request_failed", route=_route(request), error=type(error).__name__)
        raise problem(500, "Something went wrong here. Please try again.") from error


def _kept(error: web.HTTPException) -> dict[str, str] | None:
    return {"Allow": error.headers["Allow"]} if "Allow" in error.headers else None


def _api(request: web.Request) -> bool:
    return request.path.startswith("/api/")


def _route(request: web.Request) -> str:
    resource = request.match_info.route.resource
    return resource.canonical if resource else "?"
