"""A database that restarts, or chose one of two transactions, fails no request: it is taken again, with the same name.

A message is kept under its id, once; so is an adviser's. Whatever else a request does may be done twice.
"""

from __future__ import annotations

import asyncio
import re
import secrets
from collections.abc import Awaitable, Callable
from typing import Any

import structlog
from aiohttp import web
from asyncpg.exceptions import PostgresError
from sqlalchemy.exc import DataError, DBAPIError, IntegrityError, ProgrammingError
from sqlalchemy.exc import TimeoutError as NoAnswer

from bot.gateway.problems import problem
from bot.gateway.proxies import PROXIED

log = structlog.get_logger()

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
WITHIN = 10.0  # seconds
PAUSE = 0.2  # seconds
RESTARTS = 1.0  # seconds; a database that restarts takes no longer
PASSING = ("08", "40", "53", "57")  # SQLSTATEs: the connection, a deadlock, too many connections, stop, start, a time limit
PROXYS_NAME = re.compile(r"[0-9A-Za-z-]{16,64}")
NAME = web.RequestKey("name", str)  # the same at each try
BEGAN = web.RequestKey("began", float)  # on the loop's clock


def patient(sorry: Callable[[], str]) -> Any:
    """A middleware that takes a request again where the database was away.

    Raises a problem, 503, which says `sorry`, where the database is away for long, or full, or locked.
    """

    @web.middleware
    async def retry(request: web.Request, handler: Handler) -> web.StreamResponse:
        request[NAME], request[BEGAN] = name_of(request), asyncio.get_running_loop().time()
        deadline = request[BEGAN] + WITHIN
        while True:
            try:
                return await handler(request)
            except Exception as error:
                if not is_of_the_database(error) or _begun(request):
                    raise
                log.warning("database_away", error=type(error.__cause__ or error).__name__)
                if not passes(error) or asyncio.get_running_loop().time() > deadline:
                    raise problem(503, sorry(), {"Retry-After": "3"}) from error
            await asyncio.sleep(PAUSE)

    return retry


def name_of(request: web.Request) -> str:
    """What our own proxy calls the request at each of its tries; anybody else's would let one message pass for another."""
    given = request.headers.get("X-Request-ID", "") if request.get(PROXIED) else ""
    return f"request:{given}" if PROXYS_NAME.fullmatch(given) else secrets.token_hex(16)


def is_of_the_database(error: Exception) -> bool:
    """Does the store fail, and not what is asked of it?"""
    ours = isinstance(error, (IntegrityError, ProgrammingError, DataError))
    return (isinstance(error, DBAPIError) and not ours) or passes(error)


def may_restart(request: web.Request, error: Exception) -> bool:
    """Is it gone for so short a time that even what can be said without it had better wait, and be kept?"""
    return passes(error) and asyncio.get_running_loop().time() < request[BEGAN] + RESTARTS


def passes(error: Exception) -> bool:
    """Will it be gone soon, by what PostgreSQL says of it? What SQLite says has been waited for."""
    if isinstance(error, DBAPIError):
        state = getattr(error.orig, "sqlstate", None) or ""
        return error.connection_invalidated or state.startswith(PASSING)
    if isinstance(error, PostgresError):  # on the way to a connection
        return (error.sqlstate or "").startswith(PASSING)
    return isinstance(error, NoAnswer)


def _begun(request: web.Request) -> bool:
    """Has the client had a part of the answer?"""
    return bool(request.writer.output_size)
