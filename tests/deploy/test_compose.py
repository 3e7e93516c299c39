"""docker-compose.yml: sound by the Compose specification's own schema, and the same topology as `scripts/cluster`."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
import yaml

from bot import cluster
from bot.cluster import DEPLOY, Cluster
from bot.gateway.settings import ROOT, Settings
from bot.supervisor import CannotStart, Program
from tests.doubles import tools
from tests.doubles.tools import need_engines

SCHEMA = Path(__file__).parent / "compose-spec.json"  # github.com/compose-spec/compose-spec, Apache-2.0
ALONE = {"SIGNPOST_METRICS_PORT"}  # a container has its loopback to itself; these share one
OURS = ("gateway", "rasa", "actions")
BY_ROLE = re.compile(r"\d+$")


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    return yaml.safe_load((ROOT / "docker-compose.yml").read_text())


@pytest.fixture(scope="module")
def programs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Program]:
    """What `scripts/cluster` would start."""
    need_engines()
    data = tmp_path_factory.mktemp("cluster")
    (data / "postgres").mkdir()  # as if it were made already
    (data / "postgres-password").write_text("a-password")
    return {program.name: program for program in Cluster(8080, data)._programs()}


def test_it_is_sound(compose: dict[str, Any]) -> None:
    validator = jsonschema_rs.validator_for(json.loads(SCHEMA.read_text()))
    assert [f"{list(error.instance_path)}: {error.message}" for error in validator.iter_errors(compose)] == []
    broken = compose | {"services": compose["services"] | {"nginx": {"image": 1, "prots": []}}}
    assert not validator.is_valid(broken)


def test_the_cluster_starts_the_same_services(compose: dict[str, Any], programs: dict[str, Program]) -> None:
    assert set(programs) == set(compose["services"])
    for name in programs:
        role, service = BY_ROLE.sub("", name), compose["services"][name]
        if role not in OURS:
            continue
        settings = {key for key in programs[name].environment if key.startswith("SIGNPOST_")} - ALONE
        assert settings == set(service.get("environment", {})), f"{name} has other settings in the cluster"
    known = {f"SIGNPOST_{name.upper()}" for name in Settings.model_fields}
    assert set(compose["services"]["gateway1"]["environment"]) <= known


def test_both_use_the_same_files(compose: dict[str, Any], programs: dict[str, Program]) -> None:
    mounted = {volume.split(":")[0] for service in compose["services"].values() for volume in service.get("volumes", [])
               if volume.startswith("./")}
    assert mounted == {f"./deploy/{name}" for name in ("nginx.conf.template", "postgresql.conf", "redis.conf")}
    assert str(DEPLOY / "redis.conf") in programs["redis"].command
    home = Path(programs["postgres"].command[programs["postgres"].command.index("-D") + 1])
    assert (home / "postgresql.conf").read_text() == (DEPLOY / "postgresql.conf").read_text()
    template = (DEPLOY / "nginx.conf.template").read_text()
    filled_in = set(re.findall(r"\$\{(\w+)\}", template))
    given = set(compose["services"]["nginx"]["environment"]) - {"NGINX_ENVSUBST_OUTPUT_DIR"}
    assert given == filled_in
    written = Path(programs["nginx"].command[programs["nginx"].command.index("-c") + 1]).read_text()
    assert "${" not in written


def test_nothing_but_nginx_is_reachable_from_outside(compose: dict[str, Any]) -> None:
    services = compose["services"]
    assert [name for name, service in services.items() if service.get("ports")] == ["nginx"]
    assert services["nginx"]["ports"] == ["127.0.0.1:8080:8080"], "TLS ends before it, and 5005 is private"
    inner = [name for name in compose["networks"] if name != "outside"]
    assert all(compose["networks"][name]["internal"] is True for name in inner)
    for name, service in services.items():
        if BY_ROLE.sub("", name) in ("rasa", "actions", "postgres", "redis"):
            assert set(service["networks"]) <= set(inner)


def test_an_action_server_is_reached_by_its_rasa_alone_and_outlives_it(compose: dict[str, Any],
                                                                       programs: dict[str, Program]) -> None:
    services = compose["services"]
    on = {network: [name for name, service in services.items() if network in service["networks"]]
          for network in compose["networks"]}
    for number in (1, 2):
        rasa, actions = services[f"rasa{number}"], services[f"actions{number}"]
        assert on[f"turns{number}"] == [f"rasa{number}", f"actions{number}"]
        assert actions["networks"] == [f"turns{number}"] and "network_mode" not in actions
        assert rasa["environment"]["SIGNPOST_ACTIONS_URL"] == f"http://actions{number}:{actions['command'][-1]}"
        token = {service["environment"]["SIGNPOST_ACTIONS_TOKEN"] for service in (rasa, actions)}
        assert token == {rasa["environment"]["SIGNPOST_RASA_TOKEN"]} and "${SIGNPOST_RASA_TOKEN:?" in token.pop()
    endpoints, dockerfile = "deploy/endpoints.yml", (DEPLOY / "rasa.Dockerfile").read_text()
    assert f'"--endpoints", "{endpoints}"' in dockerfile and str(ROOT / endpoints) in programs["rasa1"].command
    wanted = set(re.findall(r"\$\{(\w+)\}", (ROOT / endpoints).read_text()))
    assert wanted and wanted <= set(rasa["environment"]) & set(programs["rasa1"].environment)


def test_what_this_machine_lacks_is_named_with_the_way_to_get_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """By `scripts/cluster`, and by `make test`, which then leaves tests out."""
    monkeypatch.setattr(cluster, "PACKAGES", {"no-such-server": "a-server", "nor-this": "another"})
    says = "no-such-server and nor-this missing on this machine. On Debian: apt-get install a-server another"
    with pytest.raises(CannotStart, match=says):
        Cluster(8080, tmp_path)._check()
    with pytest.raises(pytest.skip.Exception, match=says):
        need_engines()
    monkeypatch.setattr(tools, "CHROMIUM", None)
    lacking = "\n".join(tools.lacking())
    assert says in lacking and "apt-get install chromium" in lacking and "tests/engines" in lacking and "tests/web" in lacking
