"""What libraries may write into logs: nothing of a message, a number, or an address with a token in it."""

from __future__ import annotations

import logging

# at debug or info level they write values of SQL, bodies of requests, or addresses that hold a bot's token
TALKATIVE = ("aiosqlite", "asyncpg", "httpcore", "httpx", "sqlalchemy", "telegram", "twilio")


def hush() -> None:
    """Warnings only, whatever the level is set to."""
    for name in TALKATIVE:
        logging.getLogger(name).setLevel(logging.WARNING)
