"""What commands do with the store of this installation, whether the service runs or not."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

from bot.gateway.acts import Acts, act, operator
from bot.gateway.clock import Clock
from bot.gateway.migrate import migrate
from bot.gateway.settings import Settings
from bot.gateway.store import Store

T = TypeVar("T")


def on_store(do: Callable[[Store], Awaitable[T]], *, as_it_is: bool = False) -> T:
    """Run it on the installation's store, whose tables are brought up to date first unless it is taken `as_it_is`."""
    settings = Settings()
    settings.data.mkdir(parents=True, exist_ok=True)

    async def done() -> T:
        store = Store(settings.database)
        try:
            if not as_it_is:
                await migrate(store.engine)
            return await do(store)
        finally:
            await store.close()

    return asyncio.run(done())


def noted(what: str, about: str = "", note: str = "", *, as_it_is: bool = False) -> None:
    """Keep in the log of acts what whoever runs this command did."""
    done = act(operator(), what, Clock(Settings().now).now(), about, note)
    on_store(lambda store: Acts(store).keep(done), as_it_is=as_it_is)
