"""New content and a new model while carers write: nobody's message fails, and what is bad changes nothing."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import aiohttp
import pytest

from bot.gateway.settings import ROOT
from bot.knowledge.base import CONTENT
from tests.doubles.carer import Carer
from tests.doubles.waiting import until
from tests.e2e.conftest import SIGNPOST, System, alive, environment

ABOUT, ASKED = "I'm a computer program for kinship carers in England.", "/assistant.about"
HELLO = "Hello. I'm Kinship Signpost, a computer program."
PATIENCE = 600.0  # seconds, on a busy machine


@pytest.fixture(scope="module")
def changing(tmp_path_factory: pytest.TempPathFactory) -> Iterator[System]:
    """A system of its own, whose content may be changed."""
    folder = tmp_path_factory.mktemp("changes")
    shutil.copytree(CONTENT, folder / "content")
    made = System(folder / "data", settings={"SIGNPOST_CONTENT": str(folder / "content")})
    made.start()
    yield made
    made.stop(signal.SIGTERM)


def content_of(system: System) -> Path:
    return Path(system.settings["SIGNPOST_CONTENT"])


async def command(system: System, *words: str) -> tuple[int, str]:
    """`signpost …` on that system; gives its exit status and what it printed."""
    given = environment(system.data, system.port) | system.settings | {"PYTHONPATH": str(ROOT)}
    process = await asyncio.create_subprocess_exec(SIGNPOST[0], *words, env=given, cwd=ROOT, stdout=subprocess.PIPE,
                                                   stderr=subprocess.STDOUT)
    out, _ = await asyncio.wait_for(process.communicate(), PATIENCE)
    return process.returncode or 0, out.decode()


def reword(system: System, old: str, new: str) -> None:
    path = content_of(system) / "words.yml"
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


class Writing:
    """A carer who asks one thing after another until told to stop; every answer has to come."""

    def __init__(self, carer: Carer) -> None:
        self.carer, self.answers, self.stopping = carer, list[str](), False
        self.task = asyncio.create_task(self._run())

    async def _run(self) -> None:
        while not self.stopping:
            key = f"asked-{len(self.answers)}"
            async with asyncio.timeout(PATIENCE):
                while (got := await self.carer.say("are you a real person or a robot", key)).status == 503:
                    pass  # kept, and answered late on a busy machine: asked again, which waits for the answer
            assert got.status == 200, got.body
            self.answers.append(got.text)
            await asyncio.sleep(0.1)  # a few a second are enough to see one that fails

    async def stop(self) -> list[str]:
        self.stopping = True
        await self.task
        return self.answers


async def test_new_content_is_answered_from_and_bad_content_changes_nothing(changing: System,
                                                                           session: aiohttp.ClientSession) -> None:
    reword(changing, ABOUT, "I'm a quite new program for kinship carers in England.")
    reword(changing, HELLO, "Good day. I'm Kinship Signpost, a computer program.")
    writing = Writing(await Carer.start(session, changing.url))
    await until(lambda: writing.answers, PATIENCE)
    status, said = await command(changing, "content", "reload")
    assert status == 0, said
    fresh = await Carer.start(session, changing.url)
    assert "Good day." in fresh.opened["messages"][0]["text"], "the gateway's"
    answered = len(writing.answers)
    await until(lambda: len(writing.answers) > answered + 1, PATIENCE)
    answers = await writing.stop()
    assert ABOUT in answers[0] and "quite new program" in answers[-1], "the action server's"

    reword(changing, "Good day. I'm Kinship Signpost", "Good night. I'm Kinship Signpost")
    path = content_of(changing) / "national" / "money.child_benefit.yml"
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace("topic: money.child_benefit", "topic: [money", 1), encoding="utf-8")
    status, said = await command(changing, "content", "reload")
    assert status == 1 and "Nothing was changed" in said, said
    assert any(line.startswith(f"{path}:") and line.count(":") >= 3 for line in said.splitlines()), said
    os.kill(changing.process.pid, signal.SIGHUP)  # type: ignore[union-attr]
    await until(lambda: changing.output.read_text().count("money.child_benefit.yml") > 0, PATIENCE)
    fresh = await Carer.start(session, changing.url)
    assert "Good day." in fresh.opened["messages"][0]["text"], "the old content stays"
    path.write_text(text, encoding="utf-8")
    os.kill(changing.process.pid, signal.SIGHUP)  # type: ignore[union-attr]
    await until(lambda: "The content is loaded anew." in changing.output.read_text(), PATIENCE)
    assert "Good night." in (await Carer.start(session, changing.url)).opened["messages"][0]["text"]


async def test_a_new_model_takes_over_while_carers_write_and_a_bad_one_does_not(
        changing: System, session: aiohttp.ClientSession, tmp_path: Path) -> None:
    before = changing.pid("rasa")
    writing = [Writing(await Carer.start(session, changing.url)) for _ in range(3)]
    status, said = await command(changing, "model", "swap")
    assert status == 0, said
    assert changing.pid("rasa") != before and not alive(before), "the old one is gone"
    answered = [len(one.answers) for one in writing]
    await until(lambda: all(len(one.answers) > count for one, count in zip(writing, answered, strict=True)), PATIENCE)
    for one in writing:
        assert len(await one.stop()) > 1

    now = changing.pid("rasa")
    (tmp_path / "junk.tar.gz").write_bytes(b"junk")
    status, said = await command(changing, "model", "swap", str(tmp_path / "junk.tar.gz"))
    assert status == 1 and "can't be read as a model" in said and "Nothing was changed" in said
    assert changing.pid("rasa") == now and (await (await Carer.start(session, changing.url)).say("hello")).status == 200

    changing.kill("rasa")  # one that is started again has the model that was taken, and the gateway finds it
    await until(lambda: changing.pid("rasa") != now and changing.ready(), PATIENCE)
    assert (await (await Carer.start(session, changing.url)).say("hello")).status == 200
    status, said = await command(changing, "acts")
    assert "model swapped" in said.splitlines()[0]
