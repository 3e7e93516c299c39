"""What the supervisor does where a change fails half-way, and at its edges; tests/e2e has it with real processes."""

from __future__ import annotations

import asyncio
import hashlib
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from aiohttp import web

from bot import changing
from bot.changing import Door, MaybeChanged, NotChanged
from bot.supervisor import Folders, Program, Supervisor, at_terminal, free_port, gateway_program

OLD, NEW = "http://127.0.0.1:1", "http://127.0.0.1:2"


class Standing(Program):
    """A program that is told to start and to stop, and does nothing else."""

    stops = 0

    async def start(self) -> None:
        self.starts += 1

    async def stop(self) -> None:
        self.stops += 1


def standing(name: str, folder: Path, url: str = "", model: Path | None = None) -> Standing:
    return Standing(name, [], {"SIGNPOST_RASA_URL": OLD}, folder / "log", door=Door(name, url, "token"), model=model)


class Swapping:
    """A supervisor whose programs only stand there, and where its gateway was sent."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch, fails_at: set[str]) -> None:
        (folder / "model.tar.gz").write_bytes(b"copy")
        self.moves: list[str] = []
        self.gateway, self.old = standing("gateway", folder), standing("rasa", folder, OLD)
        self.fresh = standing("rasa", folder, NEW, folder / "model.tar.gz")
        self.supervisor = Supervisor("127.0.0.1", 1, folder)
        self.supervisor.programs = [self.old, standing("actions", folder), self.gateway]
        (folder / "run").mkdir()

        async def answers(*_: object) -> None:
            if "try" in fails_at:
                raise NotChanged("it does not answer")

        async def move_to(_: Door, url: str) -> None:
            assert not self.fresh.stops, "the new Rasa is there until the gateway has left it"
            self.moves.append(url)
            if url in fails_at:
                raise NotChanged("the gateway did not answer in time")

        monkeypatch.setattr(changing, "check_model", lambda _: None)
        monkeypatch.setattr(changing, "until_it_answers", answers)
        monkeypatch.setattr(changing, "move_to", move_to)
        monkeypatch.setattr(self.supervisor, "_rasa", lambda _: self.fresh)

    async def swap(self) -> dict[str, Any]:
        return await self.supervisor._new_model({})


@pytest.mark.parametrize(("fails_at", "moves", "gateway_stops"), [
    ({"try"}, [], 0), ({NEW}, [NEW, OLD], 0), ({NEW, OLD}, [NEW, OLD], 1)],
    ids=["a model that does not answer", "a gateway that is slow", "a gateway that can't be told at all"])
async def test_after_a_swap_that_fails_the_gateway_is_with_the_old_rasa(
        fails_at: set[str], moves: list[str], gateway_stops: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    swapping = Swapping(tmp_path, monkeypatch, fails_at)
    with pytest.raises(NotChanged):
        await swapping.swap()
    assert swapping.moves == moves and swapping.gateway.stops == gateway_stops
    assert swapping.gateway.environment["SIGNPOST_RASA_URL"] == OLD, "for one that is started anew"
    assert swapping.supervisor.programs[0] is swapping.old and not swapping.old.stops
    assert swapping.fresh.stops == 1 and not (tmp_path / "model.tar.gz").exists()


async def test_a_swap_tells_what_was_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    swapping = Swapping(tmp_path, monkeypatch, set())
    assert await swapping.swap() == {"sha256": hashlib.sha256(b"copy").hexdigest()}
    assert swapping.moves == [NEW] and swapping.supervisor.programs[0] is swapping.fresh and swapping.old.stops == 1


async def test_one_change_at_a_time_whoever_asks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    said: list[str] = []
    made, begun, going_on = Supervisor("127.0.0.1", 1, tmp_path, said.append), 0, asyncio.Event()

    async def new_content(_: object) -> None:
        nonlocal begun
        begun += 1
        await going_on.wait()

    monkeypatch.setattr(changing, "new_content", new_content)
    asked = asyncio.create_task(made._new_content({}))
    await asyncio.sleep(0)
    made._hung_up()
    for _ in range(10):
        await asyncio.sleep(0)
    assert begun == 1
    going_on.set()
    await asked
    assert made._telling is not None
    await made._telling
    assert begun == 2 and said == ["The content is loaded anew."]


async def test_content_that_only_some_could_take_is_told() -> None:
    app = web.Application()

    async def load(_: web.Request) -> web.Response:
        return web.json_response({"problems": []})

    async def take(request: web.Request) -> web.Response:
        return web.Response(status=204 if request.match_info["who"] == "one" else 409)

    app.router.add_post("/{who}/content/load", load)
    app.router.add_post("/{who}/content/take", take)
    runner, port = web.AppRunner(app), free_port()
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    one, other = (Door(name, f"http://127.0.0.1:{port}/{name}", "token") for name in ("one", "other"))
    try:
        await changing.new_content([one])
        with pytest.raises(MaybeChanged, match=r"other refused it \(409\)[^|]*once more"):
            await changing.new_content([one, other])
    finally:
        await runner.cleanup()


async def test_what_is_asked_comes_back_and_a_socket_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    said: list[str] = []

    async def new_model(wanted: dict[str, Any]) -> dict[str, Any]:
        if wanted["file"] == "half":
            raise MaybeChanged("only half of it")
        return {"sha256": wanted["file"]}

    for folder in (tmp_path, tmp_path / ("x" * 100)):
        (folder / "run").mkdir(parents=True)
    async with changing.listening(tmp_path / "run" / changing.SOCKET, {"model": new_model}, said.append):
        assert await changing.ask_for("model", tmp_path, file="f") == {"sha256": "f"}
        with pytest.raises(MaybeChanged, match="only half of it"):
            await changing.ask_for("model", tmp_path, file="half")
    assert not said
    async with changing.listening(tmp_path / ("x" * 100) / "run" / changing.SOCKET, {"model": new_model}, said.append):
        assert "shorter path" in said[0]
    with pytest.raises(NotChanged, match="does not run"):
        await changing.ask_for("model", tmp_path, file="f")


def test_a_terminal_that_is_gone_does_not_end_it(tmp_path: Path) -> None:
    def gone(_: str) -> None:
        raise OSError(5, "Input/output error")

    Supervisor("127.0.0.1", 1, tmp_path, gone)._say("rasa stopped")


@pytest.mark.parametrize(("stdin", "stdout", "expected"), [(False, False, False), (True, False, True), (False, True, True)])
def test_it_stops_with_its_terminal_and_reloads_without_one(stdin: bool, stdout: bool, expected: bool,
                                                            monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", SimpleNamespace(isatty=lambda: stdin))
    monkeypatch.setattr("sys.stdout", SimpleNamespace(isatty=lambda: stdout))
    assert at_terminal() is expected


@pytest.mark.parametrize(("host", "door"), [
    ("", "http://127.0.0.1:9090"), ("127.0.0.1", "http://127.0.0.1:9090"),
    ("0.0.0.0", "http://127.0.0.1:9090"),  # noqa: S104
    ("10.1.2.3", "http://10.1.2.3:9090"), ("::", "http://[::1]:9090"), ("fd00::7", "http://[fd00::7]:9090"),
    ("localhost", "http://localhost:9090"), ("metrics.internal", "http://metrics.internal:9090")])
def test_a_gateway_is_asked_where_its_private_address_is(host: str, door: str, tmp_path: Path,
                                                         monkeypatch: pytest.MonkeyPatch) -> None:
    """New content and a new model reach it wherever Prometheus does."""
    monkeypatch.setenv("SIGNPOST_METRICS_HOST", host)
    settings = {"SIGNPOST_METRICS_PORT": "9090", "SIGNPOST_PORT": "8080", "SIGNPOST_RASA_TOKEN": "token"}
    program = gateway_program("gateway", Folders.made(tmp_path), settings)
    assert program.door and program.door.url == door


def test_the_private_address_has_a_port_where_nought_is_given(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SIGNPOST_METRICS_PORT", "0")
    monkeypatch.setattr(Supervisor, "_rasa", lambda *_: standing("rasa", tmp_path, OLD))
    *_, gateway = Supervisor("127.0.0.1", 1, tmp_path)._programs()
    assert int(gateway.environment["SIGNPOST_METRICS_PORT"]) > 0


def test_whoever_reads_an_id_finds_a_whole_one(tmp_path: Path) -> None:
    """The file is put in place, not written in place."""
    made, program = Supervisor("127.0.0.1", 1, tmp_path), standing("gateway", tmp_path)
    made.programs, run = [program], Folders.made(tmp_path).run
    program.process = SimpleNamespace(pid=1234)  # type: ignore[assignment]
    made._write_ids()
    with (run / "gateway.pid").open() as reader:
        program.process = SimpleNamespace(pid=5)  # type: ignore[assignment]
        made._write_ids()
        assert reader.read() == "1234"
    assert (run / "gateway.pid").read_text() == "5" and [path.name for path in run.iterdir()] == ["gateway.pid"]
