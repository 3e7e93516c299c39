"""The description is the API: every route is in it, and no request gets an answer that it doesn't name."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import AsyncIterator, Callable
from typing import Any
from urllib.request import Request, urlopen

import pytest
import pytest_asyncio
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis.checks import not_a_server_error
from schemathesis.generation import GenerationMode
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from bot.gateway.openapi import described
from tests.channels.conftest import one_telegram, one_twilio  # noqa: F401  (fixtures)
from tests.channels.conftest import settings as phones
from tests.doubles.danger import FakeDetector
from tests.doubles.gateway import Running, fake_rasa, gateways

CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance,
          response_headers_conformance]
MODES = (GenerationMode.POSITIVE, GenerationMode.NEGATIVE)  # as described, and otherwise
RENEW = 50  # requests, then another conversation: each export and transcript of one that grew forever would take longer
EXAMPLES = 10  # of each operation; `bench/attack.py` makes thousands
module = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def described_gateway(one_twilio: Any, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Running]:  # noqa: F811
    with pytest.MonkeyPatch.context() as patch:
        async with fake_rasa() as rasa, gateways(rasa, tmp_path_factory.mktemp("described"), patch, FakeDetector) as start:
            yield await start(phones(one_twilio, None))


@module
async def test_every_route_is_described_and_no_other(described_gateway: Running) -> None:
    async with described_gateway.session.get(f"{described_gateway.url}/api/v1/openapi.json") as response:
        assert response.status == 200
        spec = await response.json()
    methods = {"get", "post", "put", "delete", "patch"}
    named = {(method.upper(), path) for path, item in spec["paths"].items() for method in item if method in methods}
    served = {(route.method, route.resource.canonical) for route in described_gateway.app.router.routes()
              if route.resource and route.resource.canonical.startswith("/api/") and route.method != "HEAD"}
    assert named == served


@module
async def test_no_request_breaks_it(described_gateway: Running) -> None:
    seen = await asyncio.to_thread(attack, described_gateway.url, EXAMPLES)
    assert seen[200] and seen[400] and seen[404], seen


def a_conversation(url: str) -> dict[str, str]:
    """A new one: its id and token."""
    with urlopen(Request(f"{url}/api/v1/conversations", b"{}", {"Content-Type": "application/json"})) as got:  # noqa: S310
        opened = json.load(got)
    return {"id": opened["conversation_id"], "token": opened["token"]}


def attack(url: str, examples: int, say: Callable[[str], None] = lambda _: None) -> Counter[int]:
    """Requests made from the description, half of them about a conversation that there is; gives the statuses.

    Raises where an answer is not described. `say` is told how far it is.
    """
    seen: Counter[int] = Counter()
    opened = a_conversation(url)
    schema = schemathesis.openapi.from_dict(json.loads(described()))
    for found in schema.get_all_operations():
        operation = found.ok()

        @settings(max_examples=examples, deadline=None, database=None, phases=[Phase.generate],
                  suppress_health_check=list(HealthCheck), derandomize=examples < 100)
        @given(case=st.one_of([operation.as_strategy(generation_mode=mode) for mode in MODES]), hers=st.booleans())
        def one(case: Any, hers: bool) -> None:
            if seen.total() % RENEW == 0:
                opened.update(a_conversation(url))
            streams_or_deletes = case.operation.label.endswith("/events") or case.method == "DELETE"
            headers = {}
            if hers and not streams_or_deletes:
                if "id" in (case.path_parameters or {}):
                    case.path_parameters["id"] = opened["id"]
                headers = {"Authorization": f"Bearer {opened['token']}"}
            response = case.call(base_url=url, headers=headers, timeout=30)
            case.validate_response(response, checks=CHECKS)
            seen[response.status_code] += 1

        one()
        say(f"{operation.label}: {seen.total()} requests so far")
    return seen
