"""Starts Rasa, the action server and the gateway, keeps them running, and stops them together.

For one machine and no other service. Each process can be killed at any moment: it is started again, and
nothing is lost, because the gateway keeps every message before it answers.
"""

from __future__ import annotations

import asyncio
import ctypes
import os
import secrets
import signal
import socket
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp
import yaml

ROOT = Path(__file__).resolve().parents[1]
MODEL = ROOT / "models" / "signpost.tar.gz"
DANGER_MODEL = ROOT / "models" / "danger.npz"
RASA_PYTHON = ROOT / ".venv-rasa" / "bin" / "python"
READY_WITHIN = 120.0  # seconds, on a slow machine
GRACE = 8.0  # seconds to stop before a process is killed
PAUSES = (0.2, 1.0, 3.0, 10.0)  # between a process's restarts
PHONES = ("SIGNPOST_TWILIO", "SIGNPOST_TELEGRAM", "SIGNPOST_WHATSAPP", "SIGNPOST_ADDRESS", "SIGNPOST_SMTP",
          "SIGNPOST_CHATWOOT")
PR_SET_PDEATHSIG = 1


class CannotStart(RuntimeError):
    """Something is missing or taken; the message says what to do."""


@dataclass
class Program:
    """One process: how it is started, where it logs, how often it came back."""

    name: str
    command: list[str]
    environment: dict[str, str]
    log: Path
    process: asyncio.subprocess.Process | None = None
    starts: int = 0
    started_at: float = 0.0
    knows_numbers: bool = False  # the gateway alone is given the secrets of the phone channels
    _watch: asyncio.Task[None] | None = field(default=None, repr=False)

    async def start(self) -> None:
        """Start it; its output goes to its log."""
        given = {name: value for name, value in os.environ.items() if self.knows_numbers or not name.startswith(PHONES)}
        with self.log.open("ab") as log:
            self.process = await asyncio.create_subprocess_exec(
                *self.command, cwd=ROOT, env=given | self.environment, stdout=log, stderr=log,
                stdin=asyncio.subprocess.DEVNULL, start_new_session=True, preexec_fn=_die_with_parent)
        self.starts += 1
        self.started_at = time.monotonic()

    async def stop(self) -> None:
        """Ask it to stop, with all it started; kill it after a while."""
        process = self.process
        if process is None or process.returncode is not None:
            return
        _signal_group(process.pid, signal.SIGTERM)
        try:
            await asyncio.wait_for(process.wait(), GRACE)
        except TimeoutError:
            _signal_group(process.pid, signal.SIGKILL)
            await process.wait()


def _die_with_parent() -> None:
    """Linux: the child gets SIGTERM when the supervisor is killed outright."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


def _signal_group(pid: int, what: signal.Signals) -> None:
    try:
        os.killpg(pid, what)
    except ProcessLookupError:
        return


class Supervisor:
    """The three programs of one installation."""

    def __init__(self, host: str, port: int, data: Path, say: Callable[[str], None] = print) -> None:
        self.host, self.port, self.data, self._say = host, port, data, say
        self.address = f"http://{host}:{port}"
        self.programs: list[Program] = []
        self._stopping = asyncio.Event()
        self._gave_up: str | None = None

    async def run(self) -> None:
        """Start everything, wait until it is ready, keep it up until SIGINT or SIGTERM. Raises `CannotStart`."""
        self._check()
        os.umask(0o077)  # what carers write is for this user alone
        for what in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(what, self._stopping.set)
        self.programs = self._programs()
        try:
            for program in self.programs:
                await program.start()
                program._watch = asyncio.create_task(self._keep_up(program))
            self._write_ids()
            await self._until_ready()
            await self._stopping.wait()
        finally:
            await self._stop()
        if self._gave_up:
            raise CannotStart(self._gave_up)

    def _check(self) -> None:
        if not (MODEL.is_file() and DANGER_MODEL.is_file()):
            raise CannotStart("The model is not trained yet. Run `make train`.")
        if not RASA_PYTHON.is_file():
            raise CannotStart("Rasa's environment is missing. Run `make setup`.")
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((self.host, self.port))
            except OSError as error:
                raise CannotStart(f"Port {self.port} on {self.host} can't be used: {error.strerror}. Stop what uses it, "
                                  f"or choose another: SIGNPOST_PORT={self.port + 1} make run") from error

    def _programs(self) -> list[Program]:
        run, logs = self.data / "run", self.data / "log"
        for folder in (run, logs):
            folder.mkdir(parents=True, exist_ok=True)
        rasa_port, actions_port = _free_port(), _free_port()
        token = secrets.token_urlsafe(24)
        endpoints = yaml.safe_load((ROOT / "endpoints.yml").read_text(encoding="utf-8"))
        endpoints["action_endpoint"]["url"] = f"http://127.0.0.1:{actions_port}/webhook"
        (run / "endpoints.yml").write_text(yaml.safe_dump(endpoints), encoding="utf-8")
        rasa_environment = {
            "SIGNPOST_RASA_TOKEN": token, "RASA_TELEMETRY_ENABLED": "false", "PYTHONPATH": str(ROOT),
            "TF_CPP_MIN_LOG_LEVEL": "3", "SQLALCHEMY_SILENCE_UBER_WARNING": "1", "PYTHONWARNINGS": "ignore",
            "OMP_NUM_THREADS": "1", "CUDA_VISIBLE_DEVICES": "",
        }
        gateway_environment = {
            "SIGNPOST_HOST": self.host, "SIGNPOST_PORT": str(self.port), "SIGNPOST_DATA": str(self.data),
            "SIGNPOST_RASA_URL": f"http://127.0.0.1:{rasa_port}", "SIGNPOST_RASA_TOKEN": token,
            "OMP_NUM_THREADS": "1",
        }
        rasa = [str(RASA_PYTHON), "-m", "rasa", "run", "--interface", "127.0.0.1", "--port", str(rasa_port), "--model",
                str(MODEL), "--endpoints", str(run / "endpoints.yml"), "--credentials", str(ROOT / "credentials.yml"),
                "--log-file", str(logs / "rasa-detail.log")]
        return [
            Program("rasa", rasa, rasa_environment, logs / "rasa.log"),
            Program("actions", [sys.executable, "-m", "bot.actions", "--port", str(actions_port)],
                    {"OMP_NUM_THREADS": "1"}, logs / "actions.log"),
            Program("gateway", [sys.executable, "-m", "bot.serve"], gateway_environment, logs / "gateway.log",
                    knows_numbers=True),
        ]

    async def _keep_up(self, program: Program) -> None:
        """Start the program again whenever it ends; give up on one that never comes up."""
        while not self._stopping.is_set():
            if program.process is None:
                return
            code = await program.process.wait()
            if self._stopping.is_set():
                return
            lived = time.monotonic() - program.started_at
            if lived > PAUSES[-1]:
                program.starts = 0
            if program.starts > len(PAUSES):
                self._gave_up = f"{program.name} keeps stopping (exit {code}). Its last words are in {program.log}."
                self._stopping.set()
                return
            pause = PAUSES[max(program.starts, 1) - 1]
            self._say(f"{program.name} stopped (exit {code}); starting it again.")
            await asyncio.sleep(pause)
            await program.start()
            self._write_ids()

    def _write_ids(self) -> None:
        """`run/<name>.pid` for each program: for operators, and for tests that kill one."""
        for program in self.programs:
            if program.process:
                (self.data / "run" / f"{program.name}.pid").write_text(str(program.process.pid), encoding="utf-8")

    async def _until_ready(self) -> None:
        begun = time.monotonic()
        async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=2)) as session:
            while not self._stopping.is_set():
                try:
                    async with session.get(f"{self.address}/readyz") as response:
                        if response.status == 200:
                            break
                except (aiohttp.ClientError, TimeoutError):
                    pass
                if time.monotonic() - begun > READY_WITHIN:
                    raise CannotStart(f"Not ready after {READY_WITHIN:.0f} s. Look into {self.data / 'log'}.")
                await asyncio.sleep(0.2)
            else:
                return
        self._say(f"\n  Kinship Signpost is ready after {time.monotonic() - begun:.0f} s:  {self.address}\n"
                  f"  Helpline desk: {self.address}/helpline  (make an account: signpost staff add NAME)\n"
                  f"  Ctrl-C stops everything.\n")

    async def _stop(self) -> None:
        self._stopping.set()
        watches = [p._watch for p in self.programs if p._watch]
        await asyncio.gather(*(p.stop() for p in reversed(self.programs)))
        for watch in watches:
            watch.cancel()
        await asyncio.gather(*watches, return_exceptions=True)
        for program in self.programs:
            (self.data / "run" / f"{program.name}.pid").unlink(missing_ok=True)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
