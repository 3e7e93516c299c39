"""Who can reach what, who is talked to, and what is written down."""

from __future__ import annotations

import asyncio
import stat

import aiohttp

from tests.doubles.carer import Carer
from tests.e2e.conftest import LISTEN, System, loopback, sockets

PLANT = "the heron nested behind our shed in Bramley"
PHONE = "07700 900461"


def test_rasa_and_the_action_server_listen_on_loopback_only(system: System) -> None:
    for name in ("rasa", "actions", "gateway"):
        listening = [s for s in sockets(system.pid(name)) if s.state == LISTEN and s.kind.startswith("tcp")]
        assert listening, f"{name} listens nowhere"
        assert all(loopback(s.local) for s in listening), f"{name} listens on {listening}"
    ports = {int(s.local.rsplit(":", 1)[1], 16) for s in sockets(system.pid("gateway")) if s.state == LISTEN}
    assert ports == {system.port, system.private_port}


async def test_the_action_server_answers_nobody_without_its_token(system: System, session: aiohttp.ClientSession) -> None:
    (port,) = {int(s.local.rsplit(":", 1)[1], 16) for s in sockets(system.pid("actions")) if s.state == LISTEN}
    for path in ("/webhook", "/content/load", "/content/take"):
        async with session.post(f"http://127.0.0.1:{port}{path}", json={"next_action": "action_privacy"}) as got:
            assert got.status == 401, path


async def test_nothing_a_carer_writes_is_logged(system: System, carer: Carer) -> None:
    for text in (f"{PLANT}, ring me on {PHONE}", f"I want to kill myself, {PLANT}", f"/restart {PHONE}", PHONE,
                 f"{PLANT} " * 40, f'{PLANT}"}}{{\n{PHONE}'):
        assert (await carer.say(text)).status == 200
    await carer.send(text=PLANT, option=PHONE)  # a refused one
    await asyncio.sleep(0.5)
    logs = [p for p in [*system.data.rglob("*"), system.output] if p.is_file() and not p.name.startswith("signpost.db")]
    assert {"rasa.log", "actions.log", "gateway.log"} <= {p.name for p in logs}
    for path in logs:
        written = path.read_bytes().lower()
        for secret in (PLANT, "heron nested", PHONE, PHONE.replace(" ", ""), "900461", carer.token):
            assert secret.lower().encode() not in written, f"{path} holds {secret!r}"


def test_other_users_of_the_machine_cannot_read_it(system: System) -> None:
    for path in [system.data, *system.data.rglob("*")]:
        assert not path.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO), f"{path} is open to others"


def test_no_other_machine_was_ever_talked_to(system: System) -> None:
    """Sampled four times a second from the start; test_5_stopping.py shows that the sampling can see."""
    assert system.strangers == set()
