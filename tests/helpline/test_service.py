"""Channels off and on, the log of administrative acts, and 'delete my data' by staff."""

from __future__ import annotations

import asyncio
import os
import pwd
import sqlite3
from contextlib import closing
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from phonenumbers import parse

from bot.cli import main
from bot.gateway import switches, web_api
from bot.gateway.acts import Acts, act, operator
from bot.gateway.app import RETENTION
from bot.gateway.migrate import migrate
from bot.gateway.store import Store
from bot.gateway.switches import CHANNELS, Switches
from bot.helpline import forgetting
from bot.helpline.forgetting import NoNumber, read, written
from bot.knowledge.base import KnowledgeBase
from bot.knowledge.reply import Message, Option
from tests.channels.quiet import until_idle
from tests.doubles.adviser import PASSWORD, Adviser
from tests.doubles.carer import Carer
from tests.doubles.gateway import Running
from tests.doubles.rasa import FakeRasa, says
from tests.doubles.twilio import FakeTwilio, Phone, WhatsAppPhone
from tests.doubles.waiting import until
from tests.helpline.conftest import PLEASE, Arrive, StartPhones

ON = date(2026, 11, 24)
DANGER = "he's outside the door with a knife, he says he'll kill us"
DELETE = "/assistant.privacy.delete"


async def form(adviser: Adviser, path: str, **fields: str) -> str:
    """Post one of the console's forms; gives the page that follows."""
    async with adviser.session.post(f"{adviser.gateway.url}/helpline{path}", data={"csrf": adviser.csrf} | fields) as got:
        assert got.status == 200, await got.text()
        return await got.text()


async def acts(gateway: Running) -> list[tuple[str, str, str, str]]:
    """(who, what, of what, note), oldest first; without those that make the tests' accounts."""
    found = reversed(await Acts(gateway.store).newest())
    return [(one.who, one.what, one.about, one.note) for one in found if one.what != "account_made"]


async def test_a_channel_that_is_off_says_so_in_every_gateway_and_danger_is_answered_as_ever(
        start_phones: StartPhones, twilio: FakeTwilio, rasa: FakeRasa, arrive: Arrive, base: KnowledgeBase,
        monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(switches, "LOOK_AGAIN", 0.05)
    one, two = await start_phones(), await start_phones()
    off = base.say("switched_off.text", ON)
    boss = await arrive("boss", role="supervisor", at=one)
    assert "Write why" in await form(boss, "/service/switch", channel="web", to="off", note=" ")
    page = await form(boss, "/service/switch", channel="web", to="off", note="wrong amounts, ring 07911 123457")
    assert "Web: off" in page and "wrong amounts, ring [phone number]" in page and "switched off" in page

    odd = await form(boss, "/service/switch", channel="telegram", to="on", note="<b>{{7*7}}</b>{figures.x}")
    assert "&lt;b&gt;{{7*7}}&lt;/b&gt;{figures.x}" in odd, "shown as it was written"
    carer = await one.carer()
    assert (await carer.transcript())[0]["text"] == off, "new conversations are told at once"
    elsewhere = await two.again(carer)
    await until(lambda: two.app[web_api.SWITCHES].off("web"))
    for talk in (carer, elsewhere):
        got = await talk.say("how much is child benefit?")
        assert got.status == 200 and got.text == off, "one short true answer"
    assert rasa.heard == []
    async with one.session.get(one.url + "/") as got:
        assert off in (await got.text()).replace("&#39;", "'")
    async with two.session.get(two.url + "/readyz") as got:
        assert (await got.json())["off"] == ["web"]

    alarm = await elsewhere.say(DANGER)
    assert alarm.urgent and off not in alarm.text and alarm.state["mode"] == "waiting"
    assert [item["reason"] for item in await boss.items() if item["id"] == carer.id] == ["danger"]
    phone = Phone(twilio, one.url)
    await phone.text("hello")
    assert "You said: hello" in [await phone.next(), await phone.next()], "the others go on"

    await form(boss, "/service/switch", channel="web", to="on", note="mended")
    fresh = await two.carer()
    await until(lambda: _answers(fresh))
    assert await acts(one) == [("boss", "switched_off", "web", "wrong amounts, ring [phone number]"),
                               ("boss", "switched_on", "telegram", "<b>{{7*7}}</b>{figures.x}"),
                               ("boss", "switched_on", "web", "mended")]


async def _answers(carer: Carer) -> bool:
    return (await carer.say("hello again")).text == "You said: hello again"


async def test_on_a_phone_channel_that_is_off_stop_and_delete_are_done_and_an_adviser_goes_on(
        start_phones: StartPhones, twilio: FakeTwilio, rasa: FakeRasa, arrive: Arrive, base: KnowledgeBase) -> None:
    gateway = await start_phones()
    rasa.script[DELETE] = says("All of it goes now.", forget=True)
    boss = await arrive("boss", role="supervisor", at=gateway)
    talking, other = Phone(twilio, gateway.url, "+447911123457"), Phone(twilio, gateway.url)
    await talking.text(PLEASE)
    await until(lambda: _one(boss))
    (item,) = await boss.items()
    assert await boss.claim(item["id"]) == 204
    await until_idle(gateway)
    await gateway.app[web_api.SWITCHES].set("sms", True, "boss", "test", gateway.app[web_api.CLOCK].now())
    assert await boss.reply(item["id"], "I'm here.") == 200
    await until(lambda: "I'm here." in talking.screen)
    await talking.text("thank you")
    await other.text("how much is it?")
    await until(lambda: len(other.screen) == 2)
    assert other.screen[1] == base.say("switched_off.text", ON)
    await other.text("DELETE")
    await until(lambda: "All of it goes now." in other.screen)
    await until_idle(gateway)
    assert base.say("switched_off.text", ON) not in talking.screen, "a person has her"


async def _one(adviser: Adviser) -> bool:
    return len(await adviser.items()) == 1


async def test_nothing_changes_or_deletes_an_act(start_phones: StartPhones) -> None:
    gateway = await start_phones()
    now = gateway.app[web_api.CLOCK].now()
    await Acts(gateway.store).keep(act("operator:root", "backup_made", now, note="ring 07911 123457 " + "x" * 600))

    def tried() -> None:
        with sqlite3.connect(gateway.app[web_api.SETTINGS].data / "signpost.db", timeout=60) as database:
            for statement in ("UPDATE acts SET who = 'nobody'", "DELETE FROM acts", "INSERT OR REPLACE INTO acts "
                              "SELECT id, at, 'nobody', what, about, note FROM acts"):
                with pytest.raises(sqlite3.IntegrityError, match="only ever added"):
                    database.execute(statement)

    await asyncio.to_thread(tried)  # the gateway may be writing, and goes on
    (kept,) = await Acts(gateway.store).newest()
    assert kept.note.startswith("ring [phone number] x") and len(kept.note) == 500


def test_who_ran_a_command_is_not_what_the_environment_says(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOGNAME", "somebody-else")
    monkeypatch.delenv("SUDO_USER", raising=False)
    name = pwd.getpwuid(os.getuid()).pw_name
    assert operator() == f"operator:{name}"
    monkeypatch.setenv("SUDO_USER", "anna")
    assert operator() == f"operator:{name}(sudo:anna)"


def test_who_looks_or_copies_changes_no_table(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    data, run = tmp_path / "data", CliRunner()
    store, copy = data / "signpost.db", tmp_path / "copy.db"
    monkeypatch.setenv("SIGNPOST_DATA", str(data))
    fresh = run.invoke(main, ["doctor"])
    assert "docs/operating.md" in fresh.output and not store.exists(), (fresh.output, fresh.exception)
    asyncio.run(older(store))
    before = tables(store)
    assert "note  The store can't be read" in run.invoke(main, ["doctor"]).output
    made = run.invoke(main, ["backup", str(copy)])
    assert made.exit_code == 0 and "not in the log of acts" in made.output and copy.exists(), made.output
    assert tables(store) == before and "acts" not in before
    sampled = run.invoke(main, ["transcripts", "sample", "1", "--print-only"])
    assert sampled.exit_code == 0 and "acts" in tables(store), "what is kept in the log of acts needs the log"
    monkeypatch.setenv("SIGNPOST_DATABASE_URL", "postgresql+asyncpg://nobody:x@127.0.0.1:1/none")
    assert "note  The store can't be read" in run.invoke(main, ["doctor"]).output


async def older(database: Path) -> None:
    """A store as it was before there was a log of acts."""
    store = Store(f"sqlite+aiosqlite:///{database}")
    await migrate(store.engine, "0006")
    await store.close()


def tables(database: Path) -> set[str]:
    with closing(sqlite3.connect(database, timeout=60)) as connection:
        return {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}


def test_every_command_that_changes_something_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SIGNPOST_DATA", str(tmp_path))
    run = CliRunner()
    copy = str(tmp_path / "copy.db")
    for command in (["staff", "add", "sam", "--name", "Sam", "--password", PASSWORD],
                    ["staff", "reset", "sam", "--password", PASSWORD], ["keys", "rotate"],
                    ["switch", "sms", "off", "--note", "the provider is down"], ["backup", copy],
                    ["transcripts", "sample", "1", "--print-only"], ["switch", "sms", "on", "--note", "it is back"],
                    ["restore", copy], ["staff", "remove", "sam"]):
        done = run.invoke(main, command)
        assert done.exit_code == 0, (command, done.output)
        if command[0] == "switch":
            assert ("sms is switched off" in run.invoke(main, ["doctor"]).output) == (command[2] == "off")
    lines = run.invoke(main, ["acts"]).output.splitlines()
    assert [line.split("operator:")[1].split(maxsplit=1)[1] for line in lines] == [
        "account removed      sam", "backup restored", "switched off         sms  the provider is down", "keys rotated",
        "account reset        sam", "account made         sam  adviser"], "what came after the backup went with the restore"


def test_unknown_channels_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SIGNPOST_DATA", str(tmp_path))
    done = CliRunner().invoke(main, ["switch", "fax", "off", "--note", "x"])
    assert done.exit_code != 0 and all(channel in done.output for channel in CHANNELS)


PAIRS = "hers\u201307911\u00a012 34 56"  # the dash and the space are written as numbers in JSON
NAME, SENTENCE, NUMBER = "Philomena Ackroyd", "the heron nested behind our shed", "07911 123456"
WRITINGS = ("07911 123456", "07911123456", "+447911123456", "+44 7911 123 456", "0044 7911 123456", "(07911) 123-456",
            "+44 (0)7911 123456", "07911 12 34 56", "0791112345 6", "07911\u00a0123\u2013456")


async def test_staff_delete_everything_of_a_number(start_phones: StartPhones, twilio: FakeTwilio, rasa: FakeRasa,
                                                   arrive: Arrive, monkeypatch: pytest.MonkeyPatch,
                                                   caplog: pytest.LogCaptureFixture,
                                                   capfd: pytest.CaptureFixture[str]) -> None:
    caplog.set_level("DEBUG")
    gateway = await start_phones(now="2026-11-24T11:00:00+00:00")
    sam = await arrive("sam", role="supervisor", at=gateway)
    phone, whatsapp = Phone(twilio, gateway.url), WhatsAppPhone(twilio, gateway.url)
    for one in (phone, whatsapp):
        await one.text(f"I'm {NAME}, {SENTENCE}")
    ringing, bystander = await gateway.carer(), await gateway.carer()
    await ringing.say(PLEASE)
    await sam.claim(ringing.id)
    await ringing.say(f"ring me on {NUMBER}, {NAME}")
    await bystander.say(PLEASE)
    await sam.claim(bystander.id)
    await bystander.say("my sister is on +44 7911 123 456, ask her")
    odd = Message(text=PAIRS, topics=["x.y"], options=[Option(label=PAIRS, payload="/x", topic=None)])
    await gateway.store.say(bystander.id, "helpline", [odd], gateway.app[web_api.CLOCK].now())
    assert (await sam.post(f"/conversations/{bystander.id}/note", text="sister: (07911) 123-456"))[0] == 204
    await until_idle(gateway)
    cases = gateway.app[web_api.TURNS].desk.cases  # type: ignore[union-attr]
    sealed = gateway.app[web_api.TURNS].desk.sealed("+447911123456")  # type: ignore[union-attr]
    assert await cases.ask_call_back(ringing.id, {"number": sealed, "times": "noon"})
    mine = {"number": gateway.app[web_api.TURNS].desk.sealed("+447911123999"),  # type: ignore[union-attr]
            "times": "noon, or my sister: 07911 12 34 56"}
    assert await cases.ask_call_back(bystander.id, mine)
    beside: list[bool] = []
    session = gateway.store.session

    def noted(**given: bool) -> Any:
        beside.append(given.get("lengthy", False))
        return session(**given)

    monkeypatch.setattr(gateway.store, "session", noted)
    monkeypatch.setattr(forgetting, "BATCH", 1)
    assert "isn&#39;t a phone number" in await form(sam, "/forget", number="the red one", sure="yes")
    assert "Tick the box" in await form(sam, "/forget", number=NUMBER)
    assert "3 conversations were deleted" in await form(sam, "/forget", number=NUMBER, sure="yes")
    await gateway.app[RETENTION].once()
    assert (await ringing.say("hello")).status == 404 and (await bystander.say("hello")).status == 202
    heard = await bystander.transcript()
    assert "my sister is on [phone number], ask her" in [m["text"] for m in heard]
    assert PAIRS not in str(heard) and "hers\u2013[phone number]" in str(heard)
    assert ((await cases.get(bystander.id)).call_back or {})["times"] == "noon, or my sister: [phone number]"
    assert beside.count(True) > len(forgetting.WRITTEN) + 1, "read beside the others, and masked a batch at a time"
    out = capfd.readouterr()
    held = b"".join(path.read_bytes() for path in gateway.app[web_api.SETTINGS].data.rglob("*") if path.is_file())
    places = {"files": held.decode("utf-8", "replace"), "log": caplog.text, "output": out.out + out.err}
    for secret in (NAME, SENTENCE, *WRITINGS, "7911123456", "7911 123456"):
        for place, what in places.items():
            assert secret.lower() not in what.lower(), f"the {place} holds {secret!r}"
    assert await acts(gateway) == [("sam", "deleted_by_number", "", "")]


async def test_staff_delete_the_conversation_that_they_have(gateway: Running, carer: Carer, arrive: Arrive) -> None:
    sam, pat, boss = await arrive("sam"), await arrive("pat"), await arrive("boss", role="supervisor")
    await carer.say(f"{SENTENCE} {PLEASE}")
    await carer.say(PLEASE)
    await sam.claim(carer.id)
    assert (await pat.post(f"/conversations/{carer.id}/forget"))[0] == 409
    async with boss.session.get(f"{gateway.url}/helpline/report.csv") as got:
        assert got.status == 200
    assert (await sam.post(f"/conversations/{carer.id}/forget"))[0] == 204
    assert (await boss.post(f"/conversations/{carer.id}/forget"))[0] == 404
    assert (await carer.say("hello")).status == 404
    held = b"".join(path.read_bytes() for path in gateway.app[web_api.SETTINGS].data.glob("signpost.db*"))
    assert SENTENCE.encode() not in held and carer.id.encode() not in held
    assert await acts(gateway) == [("boss", "report_downloaded", "2026-Q4", ""), ("sam", "deleted_conversation", "", "")]
    page = await boss.page("/service")
    assert "deleted conversation" in page and carer.id not in page


@pytest.mark.parametrize("writing", WRITINGS)
def test_a_number_is_found_however_it_is_written(writing: str) -> None:
    number = read(writing)
    for other in WRITINGS:
        assert written(number).sub("*", f"ring {other}, or 01632 960001") == "ring *, or 01632 960001", other
    assert written(number).sub("*", "1079111234567") == "1079111234567", "a part of another number is none"


@pytest.mark.parametrize("typed", ["", "abc", "999999999999999999", "12"])
def test_what_is_no_number_is_refused(typed: str) -> None:
    with pytest.raises(NoNumber):
        read(typed)


def test_a_foreign_number_is_read_too() -> None:
    assert written(read("+1 202 555 0143")).search("call +12025550143") and parse("+12025550143") == read("+1 202 555 0143")


async def test_a_switch_that_was_never_touched_is_on(gateway: Running) -> None:
    assert [(one.channel, one.off) for one in await Switches(gateway.store).all()] == [(one, False) for one in CHANNELS]
