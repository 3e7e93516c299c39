"""What Prometheus is told: the names that docs/operating.md has and no other, nothing of a carer, and to nobody outside."""

from __future__ import annotations

import asyncio
import re
import socket
from pathlib import Path
from typing import Any

import pytest
import yaml
from prometheus_client.parser import text_string_to_metric_families

from bot.gateway import private, web_api
from bot.gateway.metrics import Metrics
from bot.gateway.settings import ROOT, Settings
from bot.gateway.weak import WeakSecret
from tests.channels.conftest import settings as phones
from tests.doubles.gateway import Running, StartGateway
from tests.doubles.rasa import TOKEN, FakeRasa, says
from tests.doubles.twilio import FakeTwilio, Phone, twilio  # noqa: F401  (fixture)
from tests.doubles.waiting import until

SENTENCE, DANGER = "how do I register him with a dentist", "I want to kill myself"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def exposed() -> dict[str, set[str]]:
    """Every name that can be asked for, with its labels."""
    suffix = {"counter": ["_total"], "gauge": [""], "histogram": ["_bucket", "_sum", "_count"]}
    found = {}
    registry = Metrics().registry
    for family in registry.collect():
        labels = set(getattr(registry._names_to_collectors.get(family.name), "_labelnames", ()))
        for ending in suffix[family.type]:
            found[family.name + ending] = labels | ({"le"} if ending == "_bucket" else set())
    return found


def test_the_names_are_those_that_are_documented() -> None:
    rows = re.findall(r"^\| (`(?:signpost|process)_.*?) \|", (ROOT / "docs" / "operating.md").read_text(), re.MULTILINE)
    documented = {name for row in rows for name in re.findall(r"`([a-z_]+)`", row)}
    assert documented == {re.sub(r"_(bucket|sum|count)$", "", name) for name in exposed()}


def test_alerts_ask_for_metrics_and_labels_that_there_are() -> None:
    known, rules = exposed(), []
    for group in yaml.safe_load((ROOT / "deploy" / "alerts.yml").read_text())["groups"]:
        rules += group["rules"]
    assert len(rules) > 10
    for rule in rules:
        assert {"alert", "expr", "for", "labels", "annotations"} == set(rule), rule
        used = re.findall(r"\b((?:signpost|process)_[a-z_]+)(?:\{([^}]*)\})?", rule["expr"])
        assert used or rule["expr"].startswith("up{"), rule
        for name, selector in used:
            assert name in known, f"{rule['alert']}: {name}"
            assert set(re.findall(r"(\w+)=", selector)) - {"job"} <= known[name], f"{rule['alert']}: {selector}"


async def scraped(gateway: Running, port: int, **headers: str) -> tuple[int, str]:
    async with gateway.session.get(f"http://127.0.0.1:{port}/metrics", headers=headers) as got:
        return got.status, await got.text()


def values(text: str) -> dict[tuple[str, ...], float]:
    """By name and the values of its labels."""
    return {(sample.name, *sample.labels.values()): sample.value
            for family in text_string_to_metric_families(text) for sample in family.samples}


async def test_what_happens_is_counted_and_nothing_of_a_carer_is_told(
        start_gateway: StartGateway, rasa: FakeRasa, twilio: FakeTwilio) -> None:  # noqa: F811
    port = free_port()
    gateway = await start_gateway(phones(twilio, None), metrics_port=port)
    carer, phone = await gateway.carer(), Phone(twilio, gateway.url)
    rasa.script[SENTENCE] = says("Ring them.", hand_over="asked")
    rasa.moods = ["502"]
    await carer.say(SENTENCE)
    await carer.say(DANGER)
    await phone.text("what do you know about me")
    await phone.next(), await phone.next()
    async with gateway.session.post(gateway.url + "/channels/sms", data={"Body": "x"}) as got:
        assert got.status == 403
    await gateway.app[web_api.SWITCHES].set("whatsapp", True, "boss", "test", gateway.app[web_api.CLOCK].now())

    async def counted() -> bool:
        return values((await scraped(gateway, port))[1]).get(("signpost_deliveries_total", "sms", "sent"), 0) == 2

    await until(counted)
    status, text = await scraped(gateway, port)
    now = values(text)
    expected: dict[tuple[str, ...], float] = {
        ("signpost_messages_total", "web"): 2, ("signpost_messages_total", "sms"): 1,
        ("signpost_answers_total", "answered"): 2, ("signpost_answers_total", "danger"): 1,
        ("signpost_danger_total", "urgent.suicide_or_self_harm"): 1, ("signpost_danger_seconds_count",): 1,
        ("signpost_answer_seconds_count",): 3, ("signpost_rasa_failures_total", "failed"): 1,
        ("signpost_rasa_seconds_count",): 2,
        ("signpost_webhook_kept_seconds_count", "sms"): 1, ("signpost_refused_total", "forged"): 1,
        ("signpost_unanswered_messages",): 0, ("signpost_waiting_carers", "yes"): 1, ("signpost_waiting_carers", "no"): 0,
        ("signpost_channel_off", "whatsapp"): 1, ("signpost_channel_off", "web"): 0,
        ("signpost_outbound_messages", "waiting"): 0,
        ("signpost_http_responses_total", "403"): 1}
    assert status == 200 and {key: now.get(key) for key in expected} == expected
    assert now["process_resident_memory_bytes",] > 1e6 and now["signpost_content_loaded_seconds",] > 1e9
    for secret in ("dentist", "07911", "7911", carer.id, carer.token):
        assert secret not in text
    async with gateway.session.get(gateway.url + "/metrics") as got:
        assert got.status == 404, "not at the public address"


async def test_the_private_address_wants_tokens(start_gateway: StartGateway) -> None:
    port = free_port()
    gateway = await start_gateway(metrics_port=port, metrics_token="9f1c4b7ae2d80356c1f7a94b")
    assert (await scraped(gateway, port))[0] == 401
    assert (await scraped(gateway, port, Authorization="Bearer wrong"))[0] == 401
    assert (await scraped(gateway, port, Authorization="Bearer 9f1c4b7ae2d80356c1f7a94b"))[0] == 200
    for path in ("/content/load", "/content/take", "/rasa"):
        for token in ("", "wrong", "9f1c4b7ae2d80356c1f7a94b"):
            async with gateway.session.post(f"http://127.0.0.1:{port}{path}", json={"url": "http://evil.example"},
                                            headers={"Authorization": f"Bearer {token}"}) as got:
                assert got.status == 401, path


async def test_a_port_that_is_taken_keeps_no_carer_from_an_answer(start_gateway: StartGateway) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        gateway = await start_gateway(metrics_port=other.getsockname()[1])
        assert (await (await gateway.carer()).say("hello")).text == "You said: hello"


@pytest.mark.parametrize(("given", "refused"), [
    ({"metrics_host": "192.0.2.1", "metrics_port": 9}, True), ({"metrics_host": "gateway", "metrics_port": 9}, True),
    ({"metrics_host": "192.0.2.1", "metrics_port": 9, "metrics_token": "changeme"}, True),
    ({"metrics_host": "192.0.2.1", "metrics_port": 9, "metrics_token": "9f1c4b7ae2d80356c1f7a94b"}, False),
    ({"metrics_host": "::1", "metrics_port": 9}, False), ({"metrics_host": "192.0.2.1"}, False), ({"metrics_port": 9}, False)])
def test_elsewhere_than_on_loopback_it_wants_a_good_token(given: dict[str, Any], refused: bool) -> None:
    if refused:
        with pytest.raises(WeakSecret, match="SIGNPOST_METRICS_TOKEN"):
            private.check(Settings(**given))
    else:
        private.check(Settings(**given))


# What the supervisor asks there


async def asked(gateway: Running, port: int, path: str, **body: str) -> tuple[int, Any]:
    headers = {"Authorization": f"Bearer {TOKEN}"}
    async with gateway.session.post(f"http://127.0.0.1:{port}{path}", json=body, headers=headers) as got:
        return got.status, await got.json() if got.content_type == "application/json" else None


async def test_turns_go_to_another_rasa_when_told_and_those_under_way_end_where_they_began(
        start_gateway: StartGateway, rasa: FakeRasa) -> None:
    port, other = free_port(), FakeRasa()
    await other.start()
    try:
        gateway = await start_gateway(metrics_port=port, rasa_timeout=60)
        slow, quick = await gateway.carer(), await gateway.carer()
        rasa.going_on.clear()
        under_way = asyncio.create_task(slow.say("one"))
        await until(lambda: rasa.busy == 1)
        moving = asyncio.create_task(asked(gateway, port, "/rasa", url=other.url))
        await until(lambda: gateway.app[private.RASA]._url == other.url)
        assert (await quick.say("two")).text == "You said: two" and not moving.done()
        rasa.going_on.set()
        assert (await under_way).text == "You said: one" and (await moving)[0] == 204
        assert (rasa.heard, other.heard) == (["one"], ["two"])
    finally:
        await other.stop()


async def test_new_content_is_taken_when_all_of_it_is_loaded(start_gateway: StartGateway, tmp_path: Path,
                                                             monkeypatch: pytest.MonkeyPatch) -> None:
    port = free_port()
    gateway = await start_gateway(metrics_port=port)
    content = gateway.app[private.CONTENT]
    taken: list[str] = []
    monkeypatch.setattr(content, "_parts", [lambda: [lambda: taken.append("a")], lambda: [lambda: taken.append("b")]])
    assert (await asked(gateway, port, "/content/take"))[0] == 409, "nothing was loaded"
    assert await asked(gateway, port, "/content/load") == (200, {"problems": []}) and taken == []
    assert (await asked(gateway, port, "/content/take"))[0] == 204 and taken == ["a", "b"]

    def broken() -> list[Any]:
        raise KeyError("a carer's secret")

    content.add(broken)
    status, told = await asked(gateway, port, "/content/load")
    assert status == 422 and "KeyError" in told["problems"][0] and "secret" not in str(told)
    assert (await asked(gateway, port, "/content/take"))[0] == 409 and taken == ["a", "b"]
