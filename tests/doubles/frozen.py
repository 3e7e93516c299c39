"""A way to a server that can freeze: it takes connections and what is sent, and nothing comes back."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator


class Way:
    """To `port` of this machine, by a port of its own."""

    def __init__(self, port: int) -> None:
        self._to, self.port = port, 0
        self._open = asyncio.Event()
        self._open.set()
        self._going: set[asyncio.Task[None]] = set()

    def freeze(self) -> None:
        """Nothing gets through, either way; connections stay."""
        self._open.clear()

    def thaw(self) -> None:
        """As before; what was held up goes on."""
        self._open.set()

    async def take(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection."""
        self._going.add(asyncio.current_task())  # type: ignore[arg-type]
        with contextlib.closing(writer):
            await self._open.wait()
            there, back = await asyncio.open_connection("127.0.0.1", self._to)
            with contextlib.closing(back):
                await asyncio.gather(self._pass_on(reader, back), self._pass_on(there, writer))

    async def _pass_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            while some := await reader.read(65536):
                await self._open.wait()
                writer.write(some)
                await writer.drain()
        writer.close()

    async def close(self) -> None:
        """With every connection."""
        for task in self._going:
            task.cancel()
        await asyncio.gather(*self._going, return_exceptions=True)


@contextlib.asynccontextmanager
async def way_to(port: int) -> AsyncIterator[Way]:
    """It is open at first."""
    way = Way(port)
    server = await asyncio.start_server(way.take, "127.0.0.1", 0)
    way.port = server.sockets[0].getsockname()[1]
    try:
        yield way
    finally:
        server.close()
        await way.close()
