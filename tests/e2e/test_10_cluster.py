"""`scripts/cluster`: nginx, two gateways, two Rasa servers, PostgreSQL, Redis. Killed one after the other under load."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.doubles.cluster import Cluster, carers
from tests.doubles.cluster import cluster as started
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
