"""Starting and stopping as an operator sees it."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import aiohttp
import pytest

from bot.gateway.settings import ROOT
from tests.doubles.carer import Carer
from tests.e2e.conftest import NAMES, SIGNPOST, Socket, System, alive, environment, free_port, processes_of, sockets


def run(data: Path, port: int, command: list[str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, env=environment(data, port), cwd=ROOT, capture_output=True, text=True,
                          timeout=30, check=False)


def test_a_taken_port_is_said_plainly(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        ended = run(tmp_path / "data", port, SIGNPOST)
    said = ended.stdout + ended.stderr
    assert ended.returncode != 0 and str(port) in said and f"SIGNPOST_PORT={port + 1}" in said
    assert "Traceback" not in said and len(said.splitlines()) <= 3
    assert processes_of(tmp_path / "data") == []


@pytest.mark.parametrize("missing", ["MODEL", "DANGER_MODEL", "RASA_PYTHON"])
def test_a_missing_model_or_environment_is_said_plainly(tmp_path: Path, missing: str) -> None:
    code = (f"from pathlib import Path; from bot import supervisor; supervisor.{missing} = Path('/nowhere/x');"
            "from bot.cli import main; main(['run'])")
    ended = run(tmp_path / "data", free_port(), [sys.executable, "-c", code])
    said = ended.stdout + ended.stderr
    assert ended.returncode != 0 and ("make train" in said or "make setup" in said)
    assert "Traceback" not in said and len(said.splitlines()) <= 3


def test_a_program_that_never_comes_up_is_given_up_with_a_word(tmp_path: Path) -> None:
    code = ("from bot import supervisor; supervisor.PAUSES = (0.01, 0.01, 0.01, 0.05);"
            "make = supervisor.Supervisor._programs\n"
            "def broken(self):\n"
            "    programs = make(self)[1:2]\n"
            "    programs[0].command = ['/bin/false']\n"
            "    return programs\n"
            "supervisor.Supervisor._programs = broken\n"
            "from bot.cli import main; main(['run'])")
    ended = run(tmp_path / "data", free_port(), [sys.executable, "-c", code])
    said = ended.stdout + ended.stderr
    assert ended.returncode != 0 and "actions keeps stopping" in said and "Traceback" not in said


def test_the_watch_for_other_machines_can_see() -> None:
    """Else 'no other machine was talked to' would prove nothing."""
    with socket.socket() as server, socket.socket() as client:
        server.bind(("127.0.0.1", 0))
        server.listen()
        client.connect(server.getsockname())
        mine = [s for s in sockets(os.getpid()) if s.state == "01"]
        assert mine and not any(s.away for s in mine)
    assert Socket("tcp", "0100007F:1F90", "08080808:01BB", "02").away
    assert Socket("tcp6", "0" * 32 + ":1F90", "20010DB8" + "0" * 23 + "1:01BB", "01").away
    assert not Socket("tcp6", "x:1", "0" * 16 + "FFFF0000" + "0100007F:01BB", "01").away


async def test_ctrl_c_leaves_nothing_and_the_next_start_remembers(system: System, session: aiohttp.ClientSession) -> None:
    carer = await Carer.start(session, system.url)
    await carer.say("I have an SGO for my grandson and we live in Maltby")
    pids = [system.pid(name) for name in NAMES]
    async with carer.stream() as events:  # an open page must not hold it up
        await anext(events)
        begun = time.monotonic()
        assert system.stop() == 0
    assert time.monotonic() - begun < 15
    assert not [p for p in pids if alive(p)] and processes_of(system.data) == []
    assert not list((system.data / "run").glob("*.pid"))
    assert "Traceback" not in system.output.read_text()

    system.start()
    print(f"ready after {system.took:.0f} s")  # 20 s is the promise; here others may share the cores
    got = await carer.say("what money can I get")
    assert (got.state["arrangement"], got.state["authority"]) == ("special_guardianship_order", "rotherham")
    assert len(await carer.transcript()) >= 5


def test_killing_the_supervisor_outright_leaves_nothing_either(system: System) -> None:
    assert system.ready()
    system.stop(signal.SIGKILL)
    until = time.monotonic() + 20
    while processes_of(system.data) and time.monotonic() < until:
        time.sleep(0.2)
    assert processes_of(system.data) == []
