"""What one gateway tells the others, over Redis: that something happened, and to whom; never what.

Nothing hangs on it: what is told is in the store, and where Redis is away every listener looks there once a second.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import secrets
from collections.abc import AsyncIterator, Callable

import structlog
from redis import asyncio as redis

log = structlog.get_logger()

CHANNEL = "signpost"
MOST = 10_000  # things to tell while Redis is slow; what is over that is not told
AGAIN = 1.0  # seconds
ALIVE = 10.0  # seconds without a word, then Redis is asked whether it is there
Heard = Callable[[str, str], None]


class Relay:
    """`tell(kind, whose)` to the other gateways; what they tell goes to `heard` as long as `running` lasts."""

    def __init__(self, url: str) -> None:
        self._redis = redis.Redis.from_url(url, socket_connect_timeout=1.0)
        self._me = secrets.token_hex(8)
        self._told: asyncio.Queue[str] = asyncio.Queue(MOST)
        self._open = True  # the client may take a cancellation for a lost connection

    def tell(self, kind: str, whose: str) -> None:
        """Returns at once."""
        with contextlib.suppress(asyncio.QueueFull):
            self._told.put_nowait(json.dumps([self._me, kind, whose]))

    @contextlib.asynccontextmanager
    async def running(self, heard: Heard, missed: Callable[[], None]) -> AsyncIterator[None]:
        """Tell and hear. `missed`: something may have been told that was not heard."""
        tasks = [asyncio.create_task(self._tell()), asyncio.create_task(self._hear(heard, missed))]
        try:
            yield
        finally:
            self._open = False
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            await self._redis.aclose()

    async def _tell(self) -> None:
        while self._open:
            told = [await self._told.get()]
            while not self._told.empty():
                told.append(self._told.get_nowait())
            try:
                async with asyncio.timeout(AGAIN), self._redis.pipeline(transaction=False) as pipe:
                    for one in told:
                        pipe.publish(CHANNEL, one)
                    await pipe.execute()
            except Exception as error:  # whatever it is, the next is told
                log.warning("others_not_told", error=type(error).__name__)

    async def _hear(self, heard: Heard, missed: Callable[[], None]) -> None:
        while self._open:
            try:
                async with self._redis.pubsub() as line:
                    await line.subscribe(CHANNEL)
                    await self._listen(line, heard, missed)
            except Exception as error:  # whatever it is, we go on hearing
                log.warning("others_not_heard", error=type(error).__name__)
            missed()
            if self._open:
                await asyncio.sleep(AGAIN)

    async def _listen(self, line: redis.client.PubSub, heard: Heard, missed: Callable[[], None]) -> None:
        asked = False
        while True:
            message = await line.get_message(timeout=ALIVE)
            if message is None:
                if asked:
                    raise TimeoutError
                await line.ping()
            asked = message is None
            if message and message["type"] == "subscribe":
                missed()  # whatever was told before this
            elif message and message["type"] == "message":
                self._take(message["data"], heard)

    def _take(self, told: bytes, heard: Heard) -> None:
        """Anything may be said on the line: what no gateway says is passed over, and none of it is logged."""
        try:
            match json.loads(told):
                case [str(sender), str(kind), str(whose)]:
                    if sender != self._me:
                        heard(kind, whose)
                case _:
                    log.warning("others_not_understood")
        except Exception as error:
            log.warning("others_not_understood", error=type(error).__name__)
