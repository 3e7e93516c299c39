"""Everything of `scripts/cluster` is restarted, one after the other, while carers write: what failed, was lost or doubled.

    .venv/bin/python bench/rolling.py [carers]

It ends with 1 where a request had to be sent again. Each carer looks at the end whether every message is there once, in order,
with one reply.
"""

from __future__ import annotations

import asyncio
import signal
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from bot.cluster import ROLLED
from tests.doubles.cluster import BUSY, Cluster, carers
from tests.doubles.cluster import cluster as started
from tests.doubles.waiting import until
from tests.e2e.conftest import environment


async def roll(cluster: Cluster, count: int) -> int:
    """Print the figures; gives how many requests failed."""
    before, began = set(cluster.pids()), time.monotonic()
    async with carers(cluster.url, count) as talks:
        cluster.process.send_signal(signal.SIGUSR1)
        await until((cluster.data / "run" / ROLLED).exists, within=10 * BUSY)
        took = time.monotonic() - began
    failed = [one for talk in talks for one in talk.failed]
    fresh = len(set(cluster.pids()) - before)
    print(f"{fresh} processes restarted in {took:.0f} s, nginx with its configuration taken anew\n"
          f"{count} carers, {sum(len(talk.said) for talk in talks)} messages: none lost, none doubled\n"
          f"{len(failed)} requests failed", *failed, sep="\n")
    return len(failed)


if __name__ == "__main__":
    with started(environment(Path("unused"), 0)) as running:
        failures = asyncio.run(roll(running, int(sys.argv[1]) if len(sys.argv) > 1 else 8))
    sys.exit(1 if failures else 0)
