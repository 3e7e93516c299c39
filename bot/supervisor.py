"""Starts Rasa, the action server and the gateway, keeps them running, and stops them together.

For one machine and no other service. Each process can be killed at any moment: it is started again, and
nothing is lost, because the gateway keeps every message before it answers.
"""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import hashlib
import os
import secrets
import shutil
import signal
import socket
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import aiohttp

from bot import changing
from bot.changing import MODEL, Door, NotChanged

ROOT = Path(__file__).resolve().parents[1]
DANGER_MODEL = ROOT / "models" / "danger.npz"
RASA_PYTHON = ROOT / ".venv-rasa" / "bin" / "python"
READY_WITHIN = 300.0  # seconds, on a slow machine
GRACE = 8.0  # seconds to stop before a process is killed
PAUSES = (0.2, 1.0, 3.0, 10.0)  # between a process's restarts
PHONES = ("SIGNPOST_TWILIO", "SIGNPOST_TELEGRAM", "SIGNPOST_WHATSAPP", "SIGNPOST_ADDRESS", "SIGNPOST_SMTP",
          "SIGNPOST_CHATWOOT")
PR_SET_PDEATHSIG = 1


class CannotStart(RuntimeError):
    """Something is missing or taken; the message says what to do."""


@dataclass(frozen=True)
class Folders:
    """Where processes keep their run files and their logs."""

    run: Path
    log: Path

    @classmethod
    def made(cls, data: Path) -> Folders:
        """In the data folder."""
        folders = cls(data / "run", data / "log")
        for folder in (folders.run, folders.log):
            folder.mkdir(parents=True, exist_ok=True)
        return folders


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
    door: Door | None = None  # where it is asked
    model: Path | None = None  # a Rasa's own copy
    started: asyncio.Event = field(default_factory=asyncio.Event, repr=False)
    knows_numbers: bool = False  # the gateway alone is given the secrets of the phone channels
    listens: int = 0  # on this port of loopback
    needed_first: bool = False  # by those that are started after it
    ask: signal.Signals = signal.SIGTERM  # to stop
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
        self.started.set()

    def tell(self, what: signal.Signals) -> None:
        """Send it a signal."""
        if self.process and self.process.returncode is None:
            self.process.send_signal(what)

    @property
    def running(self) -> bool:
        """Is it, as far as is known?"""
        return self.process is not None and self.process.returncode is None

    async def stop(self) -> None:
        """Ask it to stop, with all it started; kill it after a while."""
        process = self.process
        if process is None or process.returncode is not None:
            return
        _signal_group(process.pid, self.ask)
        try:
            await asyncio.wait_for(process.wait(), GRACE)
        except TimeoutError:
            _signal_group(process.pid, signal.SIGKILL)
            await process.wait()


async def until_listening(program: Program) -> None:
    """Wait for its port. Raises `CannotStart`."""
    deadline = time.monotonic() + READY_WITHIN
    while program.listens:
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", program.listens)
            writer.close()
            return
        except OSError:
            ended = program.process is None or program.process.returncode is not None
            if ended or time.monotonic() > deadline:
                raise CannotStart(f"{program.name} does not start. Its last words are in {program.log}.") from None
        await asyncio.sleep(0.05)


def _die_with_parent() -> None:
    """Linux: the child gets SIGTERM when whoever started it is killed outright. For `preexec_fn`."""
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
        self.host, self.port, self.data, self._told = host, port, data, say
        self.address = f"http://{host}:{port}"
        self.programs: list[Program] = []
        self._stopping = asyncio.Event()
        self._gave_up: str | None = None
        self._token, self._actions_port = secrets.token_urlsafe(24), 0
        self._telling: asyncio.Task[None] | None = None
        self._alone = asyncio.Lock()  # one change at a time

    async def run(self) -> None:
        """Start everything, wait until it is ready, keep it up until SIGINT or SIGTERM. Raises `CannotStart`."""
        self._check()
        os.umask(0o077)  # what carers write is for this user alone
        for what in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(what, self._stopping.set)
        hung_up = self._stopping.set if at_terminal() else self._hung_up  # a terminal that is closed stops it, like Ctrl-C
        asyncio.get_running_loop().add_signal_handler(signal.SIGHUP, hung_up)
        for left in (self.data / "run").glob("model-*.tar.gz"):  # by one that was killed outright
            left.unlink()
        self.programs = self._programs()
        changes: dict[str, changing.Change] = {"content": self._new_content, "model": self._new_model}
        try:
            for program in self.programs:
                await program.start()
                if program.needed_first:
                    await until_listening(program)
                program._watch = asyncio.create_task(self._keep_up(program))
            self._write_ids()
            await self._until_ready()
            async with changing.listening(self.data / "run" / changing.SOCKET, changes, self._say):
                await self._stopping.wait()
        finally:
            await self._stop()
        if self._gave_up:
            raise CannotStart(self._gave_up)

    def _say(self, text: str) -> None:
        """Tell whoever started it, where that can still be told."""
        with contextlib.suppress(OSError):  # the terminal or the pipe is gone
            self._told(text)

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
        """What is started, in this order."""
        folders, self._actions_port = Folders.made(self.data), free_port()
        private_port = int(os.environ.get("SIGNPOST_METRICS_PORT") or 0) or free_port()
        rasa = self._rasa(MODEL)
        settings = {"SIGNPOST_HOST": self.host, "SIGNPOST_PORT": str(self.port), "SIGNPOST_DATA": str(self.data),
                    "SIGNPOST_RASA_URL": _door(rasa).url, "SIGNPOST_RASA_TOKEN": self._token,
                    "SIGNPOST_METRICS_PORT": str(private_port)}
        return [rasa, actions_program("actions", folders, self._actions_port, self._token),
                gateway_program("gateway", folders, settings)]

    def _rasa(self, model: Path) -> Program:
        """A Rasa on a port of its own."""
        return rasa_program("rasa", Folders.made(self.data), free_port(), self._actions_port, self._token, model)

    # Changes while it runs

    def _hung_up(self) -> None:
        """SIGHUP: new content."""

        async def tell() -> None:
            try:
                await self._new_content({})
                self._say("The content is loaded anew.")
            except NotChanged as error:
                self._say(str(error))

        self._telling = asyncio.create_task(tell())

    async def _new_content(self, _: dict[str, Any]) -> dict[str, Any]:
        async with self._alone:
            await changing.new_content([program.door for program in self.programs if program.door and program.model is None])
        return {}

    async def _new_model(self, wanted: dict[str, Any]) -> dict[str, Any]:
        """A new Rasa beside the old one, tried with a message; then it takes over, and the old one ends.

        Gives the `sha256` of the model that it has taken.
        """
        model = Path(wanted.get("file") or MODEL)
        async with self._alone:
            await asyncio.to_thread(changing.check_model, model)
            fresh, (old, _, gateway) = await asyncio.to_thread(self._rasa, model), self.programs
            digest = await asyncio.to_thread(lambda: hashlib.sha256(_copy(fresh).read_bytes()).hexdigest())
            before = gateway.environment["SIGNPOST_RASA_URL"]
            await fresh.start()
            try:
                await changing.until_it_answers(_door(fresh), lambda: not fresh.running)
                gateway.environment["SIGNPOST_RASA_URL"] = _door(fresh).url  # for one that is started anew
                await changing.move_to(_door(gateway), _door(fresh).url)
            except BaseException:
                await self._move_back(gateway, before)
                await self._end(fresh)
                raise
            fresh._watch = asyncio.create_task(self._keep_up(fresh))
            self.programs[0] = fresh
            self._write_ids()
            await self._end(old)
        return {"sha256": digest}

    async def _move_back(self, gateway: Program, url: str) -> None:
        """Have the gateway send turns to the old Rasa, whether it had moved or not; one that can't be told starts anew."""
        if gateway.environment["SIGNPOST_RASA_URL"] == url or self._stopping.is_set():
            return
        gateway.environment["SIGNPOST_RASA_URL"] = url
        try:
            await changing.move_to(_door(gateway), url)
        except NotChanged:
            await gateway.stop()

    async def _end(self, rasa: Program) -> None:
        if rasa._watch:
            rasa._watch.cancel()
        await rasa.stop()
        if rasa.model:
            rasa.model.unlink(missing_ok=True)

    async def _keep_up(self, program: Program) -> None:
        """Start the program again whenever it ends; give up on one that never comes up."""
        while not self._stopping.is_set():
            if program.process is None:
                return
            code = await program.process.wait()
            _signal_group(program.process.pid, signal.SIGKILL)  # what it had started, and left behind
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
                path = self.data / "run" / f"{program.name}.pid"
                written = path.with_suffix(".new")
                written.write_text(str(program.process.pid), encoding="utf-8")
                written.replace(path)  # whoever reads it finds the old or the new, never a half

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
            if program.model:
                program.model.unlink(missing_ok=True)


def _door(program: Program) -> Door:
    if program.door is None:
        raise ValueError(f"{program.name} has no door")
    return program.door


def _copy(program: Program) -> Path:
    if program.model is None:
        raise ValueError(f"{program.name} has no model")
    return program.model


def at_terminal() -> bool:
    """Was it started from a terminal that can be closed?"""
    return any(stream is not None and stream.isatty() for stream in (sys.stdin, sys.stdout))


def rasa_program(name: str, folders: Folders, port: int, actions_port: int, token: str, model: Path = MODEL) -> Program:
    """A Rasa server that asks for `token`, and sends actions to `actions_port` with it.

    It has a copy of the model: one trained meanwhile is taken when that is asked for.
    """
    copy = folders.run / f"model-{port}.tar.gz"
    shutil.copyfile(model, copy)
    command = [str(RASA_PYTHON), "-m", "rasa", "run", "--interface", "127.0.0.1", "--port", str(port), "--model", str(copy),
               "--endpoints", str(ROOT / "deploy" / "endpoints.yml"), "--credentials", str(ROOT / "credentials.yml"),
               "--log-file", str(folders.log / f"{name}-detail.log")]
    return Program(name, command, {
        "SIGNPOST_RASA_TOKEN": token, "SIGNPOST_ACTIONS_TOKEN": token,
        "SIGNPOST_ACTIONS_URL": f"http://127.0.0.1:{actions_port}", "RASA_TELEMETRY_ENABLED": "false", "PYTHONPATH": str(ROOT),
        "TF_CPP_MIN_LOG_LEVEL": "3", "SQLALCHEMY_SILENCE_UBER_WARNING": "1", "PYTHONWARNINGS": "ignore",
        "OMP_NUM_THREADS": "1", "CUDA_VISIBLE_DEVICES": ""}, folders.log / f"{name}.log", listens=port, model=copy,
        door=Door(name, f"http://127.0.0.1:{port}", token))


def actions_program(name: str, folders: Folders, port: int, token: str) -> Program:
    """An action server that asks for `token`."""
    return Program(name, [sys.executable, "-m", "bot.actions", "--port", str(port)],
                   {"OMP_NUM_THREADS": "1", "SIGNPOST_ACTIONS_TOKEN": token}, folders.log / f"{name}.log", listens=port,
                   door=Door(name, f"http://127.0.0.1:{port}", token))


def gateway_program(name: str, folders: Folders, settings: dict[str, str]) -> Program:
    """A gateway with these settings."""
    private = reached_at(os.environ.get("SIGNPOST_METRICS_HOST", ""), int(settings["SIGNPOST_METRICS_PORT"]))
    return Program(name, [sys.executable, "-m", "bot.serve"], settings | {"OMP_NUM_THREADS": "1"},
                   folders.log / f"{name}.log", knows_numbers=True, listens=int(settings["SIGNPOST_PORT"]),
                   door=Door("gateway", private, settings["SIGNPOST_RASA_TOKEN"]))


def reached_at(host: str, port: int) -> str:
    """Where this machine reaches what listens on `host`: on loopback where that is all interfaces, or none is given."""
    try:
        address = ip_address(host or "127.0.0.1")
    except ValueError:
        return f"http://{host}:{port}"  # a name
    if address.is_unspecified:
        address = ip_address("127.0.0.1" if address.version == 4 else "::1")
    return f"http://[{address}]:{port}" if address.version == 6 else f"http://{address}:{port}"


def free_port() -> int:
    """A port on loopback that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
