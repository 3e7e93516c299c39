"""Changing a service that runs: new content and a new model, without a restart. `signpost run` listens for it on a socket."""

from __future__ import annotations

import asyncio
import tarfile
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
from aiohttp import web

MODEL = Path(__file__).resolve().parents[1] / "models" / "signpost.tar.gz"
SOCKET = "control.sock"  # in the run folder, which is for this user alone
LOADS_WITHIN = aiohttp.ClientTimeout(total=60)  # seconds
ANSWERS_WITHIN = 300.0  # seconds for a new Rasa
TRY = "Hello, what can I get as a kinship carer?"  # what a new model is tried with


class NotChanged(RuntimeError):
    """The old goes on; the message says why, a line for each mistake."""


class MaybeChanged(NotChanged):
    """It is not certain what goes on, or not the same in all processes; the message says what to do."""


@dataclass(frozen=True)
class Door:
    """Where a process takes such requests."""

    name: str
    url: str
    token: str


async def new_content(doors: Sequence[Door]) -> None:
    """Have every process load the content, and take it once all could.

    Raises `NotChanged`, or `MaybeChanged` where one of them could not take what all had loaded.
    """
    told = await asyncio.gather(*(_asked(door, "/content/load") for door in doors))
    problems = list(dict.fromkeys(problem for body in told for problem in body.get("problems", [])))
    if problems:
        raise NotChanged("\n".join(problems))
    taken = await asyncio.gather(*(_asked(door, "/content/take") for door in doors), return_exceptions=True)
    if failed := [str(error) for error in taken if isinstance(error, NotChanged)]:
        raise MaybeChanged("\n".join([*failed, "The others have the new content. Reload it once more."]))


async def move_to(gateway: Door, rasa_url: str) -> None:
    """Have the gateway send turns there; returns when no turn is anywhere else. Raises `NotChanged`."""
    await _asked(gateway, "/rasa", {"url": rasa_url})


async def _asked(door: Door, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
    headers = {"Authorization": f"Bearer {door.token}"}
    try:
        async with aiohttp.ClientSession(timeout=LOADS_WITHIN, headers=headers) as session, \
                session.post(door.url + path, json=body or {}) as response:
            if response.status in (200, 422):
                return dict(await response.json())
            if response.status == 204:
                return {}
            raise NotChanged(f"{door.name} refused it ({response.status}). Its log says more.")
    except (aiohttp.ClientError, TimeoutError) as error:
        raise NotChanged(f"{door.name} did not answer ({type(error).__name__}). Is it being restarted? Try again.") from error


def check_model(path: Path) -> None:
    """Is it a model of Rasa's? Raises `NotChanged`."""
    try:
        with tarfile.open(path) as archive:
            names = {Path(name).name for name in archive.getnames()}
    except (tarfile.TarError, OSError, EOFError) as error:
        raise NotChanged(f"{path} can't be read as a model. Train one with: make train") from error
    if "metadata.json" not in names:
        raise NotChanged(f"{path} is no model of Rasa's. Train one with: make train")


async def until_it_answers(rasa: Door, ended: Callable[[], bool]) -> None:
    """Wait until a new Rasa is ready, and have it take a message. Raises `NotChanged`."""
    deadline = asyncio.get_running_loop().time() + ANSWERS_WITHIN
    headers = {"Authorization": f"Bearer {rasa.token}"}
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=60), headers=headers) as session:
        while await _status(session, f"{rasa.url}/webhooks/signpost/ready", {}) != 200:
            if ended() or asyncio.get_running_loop().time() > deadline:
                raise NotChanged("The new model could not be loaded. The last lines of rasa.log say why.")
            await asyncio.sleep(0.2)
        turn: dict[str, Any] = {"turn": "try", "text": TRY, "command": None, "slots": {}, "metadata": {"earlier": []}}
        if await _status(session, f"{rasa.url}/webhooks/signpost/turn", turn) != 200:
            raise NotChanged("The new model was loaded but does not answer a message. The last lines of rasa.log say why.")


async def _status(session: aiohttp.ClientSession, url: str, body: dict[str, Any]) -> int | None:
    try:
        async with session.post(url, json=body) as response:
            return response.status
    except (aiohttp.ClientError, TimeoutError):
        return None


# The socket, and who asks there

Change = Callable[[dict[str, Any]], Awaitable[dict[str, Any]]]  # gives what to tell; raises `NotChanged`


@asynccontextmanager
async def listening(path: Path, changes: Mapping[str, Change], say: Callable[[str], None]) -> AsyncIterator[None]:
    """Take requests for `changes` by name; where the socket can't be made, `say` so and go on without."""

    async def change(request: web.Request) -> web.Response:
        wanted = changes.get(request.match_info["what"])
        if wanted is None:
            raise web.HTTPNotFound
        try:
            return web.json_response(await wanted(await request.json()))
        except NotChanged as error:
            return web.json_response({"why": str(error), "maybe": isinstance(error, MaybeChanged)}, status=409)

    app = web.Application()
    app.router.add_post("/{what}", change)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=1)
    await runner.setup()
    await asyncio.to_thread(path.unlink, missing_ok=True)
    try:
        await web.UnixSite(runner, str(path)).start()
    except OSError as error:  # a path of more than 107 bytes, say
        say(f"{path} can't be listened on ({error.strerror or error}): `signpost content reload` and `signpost model swap` "
            "find nobody. A data folder with a shorter path mends it.")
    try:
        yield
    finally:
        await runner.cleanup()
        await asyncio.to_thread(path.unlink, missing_ok=True)


async def ask_for(what: str, data: Path, **body: Any) -> dict[str, Any]:
    """Ask the service of this data folder for a change; gives what it tells. Raises `NotChanged`, `MaybeChanged`."""
    path = data / "run" / SOCKET
    try:
        async with aiohttp.ClientSession(connector=aiohttp.UnixConnector(str(path)),
                                         timeout=aiohttp.ClientTimeout(total=600)) as session, \
                session.post(f"http://signpost/{what}", json=body) as response:
            told = dict(await response.json())
    except TimeoutError as error:
        raise MaybeChanged("`signpost run` has not answered yet. `signpost acts` and the log say what became.") from error
    except (aiohttp.ClientConnectionError, OSError) as error:
        raise NotChanged(f"`signpost run` does not run on {data}. Processes that were started one by one take new content on "
                         "SIGHUP.") from error
    if response.status != 200:
        raise (MaybeChanged if told["maybe"] else NotChanged)(told["why"])
    return told
