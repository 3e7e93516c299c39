"""'Nothing was sent', without waiting for so long that it probably would have been: the gateway has nothing left to do."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import func, select

from bot.gateway import web_api
from bot.gateway.outgoing import SENDING, WAITING
from bot.gateway.tables import Inbound, Outbound
from tests.doubles.gateway import Running
from tests.doubles.waiting import until


async def idle(gateway: Running) -> bool:
    """Is everything that came in answered, and has everything that is to go out gone?"""
    waiting = select(func.count()).select_from(Inbound).where(Inbound.status == "waiting")
    leaving = select(func.count()).select_from(Outbound).where(Outbound.status.in_((WAITING, SENDING)))
    async with gateway.store.session() as session:
        return not (await session.scalar(waiting) or await session.scalar(leaving))


async def until_idle(gateway: Running) -> None:
    """Return once nothing will happen any more."""
    await until(lambda: idle(gateway))


async def quiet(gateway: Running, phone: Any) -> bool:
    """Does nothing more come than the phone has seen? `phone`: one of the doubles."""
    await until_idle(gateway)
    return len(phone.screen) == phone.seen


class Stopped:
    """The gateway's clock, stopped; `ahead` moves it."""

    def __init__(self, gateway: Running, patch: pytest.MonkeyPatch) -> None:
        self.moment: datetime = gateway.app[web_api.CLOCK].now()
        patch.setattr(gateway.app[web_api.CLOCK], "now", lambda: self.moment)

    def ahead(self, **by: float) -> None:
        self.moment += timedelta(**by)
