"""`scripts/cluster`: nginx, two gateways, two Rasa servers, PostgreSQL, Redis. Killed one after the other under load."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.doubles.cluster import BUSY, Cluster, carers
from tests.doubles.cluster import cluster as started
from tests.doubles.waiting import until
from tests.e2e.conftest import alive, environment

KILLED = ["gateway1", "rasa1", "actions2", "postgres", "redis", "gateway2", "rasa2", "actions1", "postgres", "nginx"]


@pytest.fixture(scope="module")
def cluster() -> Iterator[Cluster]:
    with started(environment(Path("unused"), 0)) as running:
        yield running
        pids = running.pids()
    assert not [pid for pid in pids if alive(pid)], "Ctrl-C left something running"


async def test_whatever_is_killed_each_message_has_exactly_one_reply(cluster: Cluster) -> None:
    async with carers(cluster.url, 4) as talks:
        for name in KILLED:
            await asyncio.sleep(1.0)
            cluster.kill(name)
    assert all(talk.said for talk in talks)


async def test_action_servers_that_are_slow_delay_answers_and_lose_none(cluster: Cluster) -> None:
    """As on a machine that is out of breath: both stand still for a while."""
    async with carers(cluster.url, 4) as talks:
        await until(lambda: all(talk.answered for talk in talks), within=BUSY)
        for name in ("actions1", "actions2"):
            cluster.kill(name, signal.SIGSTOP)
        await asyncio.sleep(2.0)
        for name in ("actions1", "actions2"):
            cluster.kill(name, signal.SIGCONT)
        then = sum(len(talk.answered) for talk in talks)
        await until(lambda: sum(len(talk.answered) for talk in talks) > then + len(talks), within=BUSY)
