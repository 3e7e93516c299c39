"""The topology of docker-compose.yml as plain processes of this machine: `scripts/cluster`, and the tests on real engines.

nginx, gateways, Rasa servers with an action server each, PostgreSQL, Redis. Their configuration is that of `deploy/`.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import pwd
import re
import secrets
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

from bot.changing import NotChanged
from bot.gateway.settings import ROOT
from bot.supervisor import (
    CannotStart,
    Folders,
    Program,
    Supervisor,
    actions_program,
    free_port,
    gateway_program,
    rasa_program,
    until_listening,
)

DEPLOY = ROOT / "deploy"
POSTGRES_USER = "postgres"  # of this machine and of the database: PostgreSQL refuses to run as root
ROLLED = "rolled"  # a file that says that a rolling restart is done
PACKAGES = {"postgres": "postgresql", "redis-server": "redis-server", "nginx": "nginx"}  # Debian's, by program


class Cluster(Supervisor):
    """`gateways` of them behind nginx on `port`, and `rasas`."""

    def __init__(self, port: int, data: Path, gateways: int = 2, rasas: int = 2) -> None:
        super().__init__("127.0.0.1", port, data, lambda text: print(text, flush=True))
        self._gateways, self._rasas = gateways, rasas

    def _check(self) -> None:
        check_engines()
        super()._check()

    async def run(self) -> None:
        """As a supervisor; SIGUSR1 restarts everything, one after the other, while the others serve. Raises `CannotStart`."""
        roll = asyncio.Event()
        asyncio.get_running_loop().add_signal_handler(signal.SIGUSR1, roll.set)
        rolling = asyncio.create_task(self._roll(roll))
        try:
            await super().run()
        finally:
            rolling.cancel()

    async def _roll(self, wanted: asyncio.Event) -> None:
        """Each is stopped, started again by its watch, and ready before the next; where one does not come back, no more is."""
        while await wanted.wait():
            wanted.clear()
            (self.data / "run" / ROLLED).unlink(missing_ok=True)
            try:
                for program in self.programs:
                    await self._restart(program)
            except CannotStart as error:
                self._say(f"{error} The rest goes on as it was.")
            else:
                (self.data / "run" / ROLLED).touch()
                self._say("Everything was restarted.")

    async def _restart(self, program: Program) -> None:
        """Raises `CannotStart` where it does not come back."""
        if program.name == "nginx":
            program.tell(signal.SIGHUP)  # it takes its configuration anew without losing a request
            return
        program.started.clear()
        await program.stop()
        await program.started.wait()
        await until_listening(program)

    async def _new_model(self, wanted: dict[str, Any]) -> dict[str, Any]:
        raise NotChanged("A cluster takes a new model when its Rasa servers are restarted, one after the other: kill -USR1")

    def _programs(self) -> list[Program]:
        """What others need comes first."""
        self.data.mkdir(parents=True, exist_ok=True)
        folders = Folders.made(self.data)
        token = self._token
        database, database_url = postgres_program(self.data, folders)
        redis, redis_url = redis_program(folders)
        rasa_door = free_port()
        rasa_ports, gateway_ports = _ports(self._rasas), _ports(self._gateways)
        shared = {
            "SIGNPOST_DATA": str(self.data), "SIGNPOST_DATABASE_URL": database_url,
            "SIGNPOST_REDIS_URL": redis_url, "SIGNPOST_PROXIES": "127.0.0.1",
            "SIGNPOST_RASA_URL": f"http://127.0.0.1:{rasa_door}", "SIGNPOST_RASA_TOKEN": token}
        programs = [database, redis]
        for number, port in enumerate(rasa_ports, start=1):
            actions_port = free_port()
            programs += [rasa_program(f"rasa{number}", folders, port, actions_port, token),
                         actions_program(f"actions{number}", folders, actions_port, token)]
        for number, port in enumerate(gateway_ports, start=1):
            own = {"SIGNPOST_HOST": "127.0.0.1", "SIGNPOST_PORT": str(port), "SIGNPOST_METRICS_PORT": str(free_port())}
            programs.append(gateway_program(f"gateway{number}", folders, shared | own))
        filled = {"RUN": str(folders.run), "LISTEN": f"127.0.0.1:{self.port}", "LISTEN_RASA": f"127.0.0.1:{rasa_door}",
                  "GATEWAYS": _servers(gateway_ports), "RASAS": _servers(rasa_ports)}
        return [*programs, nginx_program(folders, filled, self.port)]


def postgres_program(data: Path, folders: Folders) -> tuple[Program, str]:
    """PostgreSQL with a database of its own, made where it is missing, and its address."""
    home, port, tools = data / "postgres", free_port(), _postgres_tools()
    data.chmod(0o711)  # root's data, and PostgreSQL's own folder in it
    secret = data / "postgres-password"
    if not home.exists():
        home.mkdir(mode=0o700)
        secret.touch(mode=0o600)
        secret.write_text(secrets.token_urlsafe(24), encoding="utf-8")
        if os.getuid() == 0:
            owner = pwd.getpwnam(POSTGRES_USER)
            os.chown(home, owner.pw_uid, owner.pw_gid)
            os.chown(secret, owner.pw_uid, owner.pw_gid)
        made = subprocess.run([*_as_owner(), str(tools / "initdb"), "--pgdata", str(home), "--username", POSTGRES_USER,
                               "--pwfile", str(secret), "--auth", "scram-sha-256", "--encoding", "UTF8", "--locale", "C"],
                              check=False, capture_output=True, text=True)
        if made.returncode:
            shutil.rmtree(home)
            raise CannotStart(f"PostgreSQL can't use {home}: {made.stderr.strip()}\n"
                              "Choose a folder that its user can reach: SIGNPOST_DATA=/var/tmp/signpost scripts/cluster")
    shutil.copyfile(DEPLOY / "postgresql.conf", home / "postgresql.conf")
    command = [*_as_owner(), str(tools / "postgres"), "-D", str(home), "-c", f"port={port}", "-c",
               "listen_addresses=127.0.0.1", "-c", "unix_socket_directories="]
    url = f"postgresql+asyncpg://{POSTGRES_USER}:{secret.read_text(encoding='utf-8')}@127.0.0.1:{port}/postgres"
    return Program("postgres", command, {}, folders.log / "postgres.log", listens=port, needed_first=True,
                   ask=signal.SIGINT), url


def redis_program(folders: Folders) -> tuple[Program, str]:
    """Redis, and its address."""
    port = free_port()
    command = [_found("redis-server"), str(DEPLOY / "redis.conf"), "--bind", "127.0.0.1", "--port", str(port), "--dir",
               str(folders.run)]
    return Program("redis", command, {}, folders.log / "redis.log", listens=port,
                   needed_first=True), f"redis://127.0.0.1:{port}/0"


def nginx_program(folders: Folders, filled: dict[str, str], port: int) -> Program:
    """nginx with the template's places `filled`; `port` is the public one of them."""
    template = (DEPLOY / "nginx.conf.template").read_text(encoding="utf-8")
    written = folders.run / "nginx.conf"
    written.write_text(re.sub(r"\$\{([A-Z_]+)\}", lambda found: filled[found[1]], template), encoding="utf-8")
    command = [_found("nginx"), "-p", str(folders.run), "-c", str(written), "-e", "stderr", "-g", "daemon off;"]
    return Program("nginx", command, {}, folders.log / "nginx.log", listens=port)


def _servers(ports: list[int]) -> str:
    """None is ever taken for away: one that is refuses at once, and is asked again as soon as it is back."""
    return " ".join(f"server 127.0.0.1:{port} max_fails=0;" for port in ports)


def _ports(count: int) -> list[int]:
    return [free_port() for _ in range(count)]


def _as_owner() -> list[str]:
    """What runs a command as PostgreSQL's user where we are root, and ends it when we are killed."""
    if os.getuid() != 0:
        return []
    return [_found("setpriv"), f"--reuid={POSTGRES_USER}", f"--regid={POSTGRES_USER}", "--clear-groups", "--pdeathsig", "INT"]


def check_engines() -> None:
    """Raises `CannotStart`, which names every program that is missing, and how to get it."""
    missing = {program: package for program, package in PACKAGES.items() if _where(program) is None}
    if missing:
        raise CannotStart(f"{' and '.join(missing)} missing on this machine. "
                          f"On Debian: apt-get install {' '.join(missing.values())}")


def _postgres_tools() -> Path:
    """The folder of `initdb` and `postgres`."""
    return Path(_found("postgres")).parent


def _found(program: str) -> str:
    found = _where(program)
    if found is None:
        raise CannotStart(f"{program} is missing on this machine.")
    return found


def _where(program: str) -> str | None:
    """Debian keeps some off the path; of several versions of PostgreSQL the newest is taken."""
    versions = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: int(path.parts[-2]), reverse=True)
    inner = [str(folder) for folder in versions] if program == "postgres" else []
    return shutil.which(program, path=os.pathsep.join([*inner, os.environ.get("PATH", os.defpath), "/usr/sbin", "/sbin"]))


def main() -> None:
    """Start everything, until Ctrl-C."""
    parser = argparse.ArgumentParser(prog="scripts/cluster", description=__doc__)
    parser.add_argument("--port", type=int, default=int(os.environ.get("SIGNPOST_PORT", "8080")))
    parser.add_argument("--data", type=Path, default=Path(os.environ.get("SIGNPOST_DATA", ROOT / "var" / "cluster")))
    parser.add_argument("--gateways", type=int, default=2)
    parser.add_argument("--rasas", type=int, default=2)
    given = parser.parse_args()
    try:
        asyncio.run(Cluster(given.port, given.data.resolve(), given.gateways, given.rasas).run())
    except CannotStart as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
