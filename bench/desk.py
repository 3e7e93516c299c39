"""Ten advisers look at 200 waiting conversations: how long until a change of the list has reached them all?

    .venv/bin/python bench/desk.py [changes]
"""

from __future__ import annotations

import asyncio
import statistics
import sys
import tempfile
import time
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from bot.gateway import web_api
from tests.doubles.adviser import Adviser
from tests.doubles.gateway import fake_rasa, gateways

ADVISERS, WAITING = 10, 200


async def main(changes: int) -> None:
    """One carer after another asks for a person; each adviser's stream says when it shows."""
    with pytest.MonkeyPatch.context() as patch, tempfile.TemporaryDirectory() as folder:
        async with fake_rasa() as rasa, gateways(rasa, Path(folder), patch) as start:
            gateway = await start()
            store, clock = gateway.store, gateway.app[web_api.CLOCK]

            async def waits() -> str:
                conversation, _ = await store.open_conversation("web", clock.now(), [])
                await store.tell_desk(conversation.id, "asked", clock.now())
                return conversation.id

            for _ in range(WAITING):
                await waits()
            advisers = [await Adviser.arrive(gateway, f"adviser{n}") for n in range(ADVISERS)]
            shown: dict[str, list[float]] = {}
            ready = asyncio.Semaphore(0)

            async def watch(adviser: Adviser) -> None:
                async with adviser.stream() as events:
                    ready.release()
                    async for event in events:
                        for item in event["data"]["items"] if event["event"] == "list" else ():
                            shown.setdefault(item["id"], []).append(time.perf_counter())

            watching = [asyncio.create_task(watch(adviser)) for adviser in advisers]
            for _ in advisers:
                await ready.acquire()
            await asyncio.sleep(2)
            took: list[float] = []
            for _ in range(changes):
                begun = time.perf_counter()
                conversation_id = await waits()
                gateway.app[web_api.WAKEUPS].wake(conversation_id)
                while len(shown.get(conversation_id, ())) < ADVISERS:  # noqa: ASYNC110  (ten readers fill it)
                    await asyncio.sleep(0.005)
                took += [at - begun for at in shown[conversation_id]]
                await asyncio.sleep(0.05)
            for task in watching:
                task.cancel()
            await asyncio.gather(*watching, return_exceptions=True)
            for adviser in advisers:
                await adviser.close()
    slow = statistics.quantiles(took, n=20)[-1]
    print(f"{ADVISERS} advisers, {WAITING} waiting, {changes} changes: median {statistics.median(took) * 1000:.0f} ms, "
          f"p95 {slow * 1000:.0f} ms, worst {max(took) * 1000:.0f} ms")


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]) if len(sys.argv) > 1 else 40))
