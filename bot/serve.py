"""The gateway with the desk on it: `python -m bot.serve`. Settings come from the environment."""

from __future__ import annotations

import gc
import logging
import os
import sys

import structlog
from aiohttp import web

from bot.channels.mount import add_channels
from bot.channels.settings import PhoneSettings
from bot.embedding.model import ModelFileError
from bot.gateway import private
from bot.gateway.addresses import AddressKeysWrong
from bot.gateway.app import make_app
from bot.gateway.settings import Settings
from bot.gateway.weak import WeakSecret, refuse_weak
from bot.helpline.mount import add_desk
from bot.helpline.settings import DeskSettings
from bot.knowledge.base import CONTENT
from bot.knowledge.source_lines import ContentError

HANDS_OVER = 0.0005  # seconds; the usual 5 ms, some fifty times a message, would hold the danger detector's thread up


def main() -> None:
    """Serve until told to stop."""
    sys.setswitchinterval(HANDS_OVER)
    structlog.configure(
        processors=[structlog.processors.add_log_level, structlog.processors.TimeStamper(fmt="iso", utc=True),
                    structlog.processors.JSONRenderer()],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=structlog.PrintLoggerFactory(sys.stdout),
    )
    os.umask(0o077)  # what carers write is for this user alone
    settings = Settings()
    settings.data.mkdir(parents=True, exist_ok=True)
    try:
        refuse_weak("SIGNPOST_RASA_TOKEN", settings.rasa_token.get_secret_value())
        private.check(settings)
        app = make_app(settings, CONTENT)
        phones = PhoneSettings()
        if phones.telegram and phones.telegram_updates == "webhook":
            refuse_weak("SIGNPOST_TELEGRAM_SECRET", phones.telegram_secret.get_secret_value())
        add_channels(app, phones)
        add_desk(app, DeskSettings(), phones)
    except (ContentError, ModelFileError, AddressKeysWrong, WeakSecret) as error:
        sys.exit(str(error))
    gc.collect()
    gc.freeze()  # what is loaded stays: to look through all of it for garbage takes up to 0.2 s, in which nobody is served
    web.run_app(app, host=settings.host, port=settings.port, access_log=None, print=None, shutdown_timeout=5)


if __name__ == "__main__":
    main()
