"""The development dialogues on every channel: do they pass alike?

    .venv/bin/python bench/dialogues.py DIALOGUES.yml MEASURE.py [only these ids …]

Starts everything, with doubles of Twilio and Telegram, and says each dialogue by web, SMS, WhatsApp and Telegram. What was
understood is read from the store and judged by `check` of MEASURE.py; what was sent has to hold what was said.
"""

from __future__ import annotations

import asyncio
import importlib.util
import json
import os
import socket
import sqlite3
import sys
import tempfile
from pathlib import Path
from typing import Any

import aiohttp
import yaml

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from bot.gateway.settings import ROOT
from tests.doubles.carer import Carer
from tests.doubles.phone import environment
from tests.doubles.telegram import Chat, FakeTelegram
from tests.doubles.twilio import FakeTwilio, Phone, WhatsAppPhone

NOW = "2026-11-24T11:00:00+00:00"
CHANNELS = ("web", "sms", "whatsapp", "telegram")


class Store:
    """What the gateway kept: the reply to a carer's last message."""

    def __init__(self, data: Path) -> None:
        self.path = data / "signpost.db"

    def rows(self, query: str, *given: Any) -> list[Any]:
        with sqlite3.connect(self.path, timeout=10) as connection:
            return connection.execute(query, given).fetchall()

    async def reply(self, channel: str, count: int) -> dict[str, Any]:
        """The reply to the `count`th message on the channel, as the web gives it."""
        async with asyncio.timeout(30):
            while True:
                found = self.rows("SELECT id, conversation_id, status FROM inbound WHERE channel = ? ORDER BY id", channel)
                if len(found) == count and found[-1][2] == "done":
                    break
                await asyncio.sleep(0.05)
        inbound, conversation, _ = found[-1]
        lines = self.rows("SELECT text, body FROM transcript WHERE inbound_id = ? AND sender != 'carer' ORDER BY id", inbound)
        kept = self.rows("SELECT slots, mode FROM conversations WHERE id = ?", conversation)
        slots, mode = kept[0] if kept else ("{}", "assistant")
        known = json.loads(slots)
        return {"messages": [{"text": text, **json.loads(body)} for text, body in lines],
                "state": {"arrangement": known.get("arrangement"), "authority": known.get("authority"), "mode": mode}}


async def main(dialogues: Path, measure: Path, only: list[str]) -> None:
    """Print a line a dialogue, then the figures."""
    spec = importlib.util.spec_from_file_location("measure", measure)
    assert spec and spec.loader
    judge = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(judge)
    written = await asyncio.to_thread(dialogues.read_text, "utf-8")
    rows = [row for row in yaml.safe_load(written) if not row.get("now") and (not only or row["id"] in only)]
    twilio, telegram = FakeTwilio(), FakeTelegram()
    await twilio.start()
    await telegram.start()
    with tempfile.TemporaryDirectory() as data, socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
        probe.close()
        url = f"http://127.0.0.1:{port}"
        twilio.public_url = url
        settings = environment(url, twilio, telegram) | {
            "SIGNPOST_DATA": data, "SIGNPOST_PORT": str(port), "SIGNPOST_NOW": NOW, "SIGNPOST_RATE_LIMITS": "off",
            "SIGNPOST_JOIN_SECONDS": "0"}
        system = await asyncio.create_subprocess_exec(
            sys.executable, "-c", "from bot.cli import main; main(['run'])", cwd=ROOT, env=os.environ | settings,
            stdout=asyncio.subprocess.DEVNULL)
        try:
            await ready(url)
            await said(rows, judge, url, Store(Path(data)), twilio, telegram)
        finally:
            if system.returncode is None:
                system.terminate()
            await system.wait()
    await twilio.stop()
    await telegram.stop()


async def ready(url: str) -> None:
    """Until a message would be answered."""
    async with aiohttp.ClientSession() as session, asyncio.timeout(240):
        while True:
            try:
                async with session.get(f"{url}/readyz") as answer:
                    if answer.status == 200:
                        return
            except aiohttp.ClientError:
                pass
            await asyncio.sleep(0.5)


async def said(rows: list[Any], judge: Any, url: str, store: Store, twilio: FakeTwilio, telegram: FakeTelegram) -> None:
    """Say every dialogue on every channel."""
    passed, counts = dict.fromkeys(CHANNELS, 0), dict.fromkeys(CHANNELS, 0)
    async with aiohttp.ClientSession() as session:
        for number, row in enumerate(rows):
            carers = {"web": await Carer.start(session, url), "sms": Phone(twilio, url, f"+4474001{number:05}"),
                      "whatsapp": WhatsAppPhone(twilio, url, f"whatsapp:+4474001{number:05}"),
                      "telegram": Chat(telegram, url, 10_000 + number)}
            faults = {name: await one(row, judge, carer, name, store, counts) for name, carer in carers.items()}
            for channel, found in faults.items():
                passed[channel] += not any(found)
            alike = all(found == faults["web"] for found in faults.values())
            results = "  ".join(f"{name} {'fails' if any(found) else 'ok'}" for name, found in faults.items())
            print(f"{row['id']}  {'alike' if alike else 'DIFFERENT'}  {results}", flush=True)
            shown = faults if not alike else {"every channel": faults["web"]}
            for name, found in shown.items():
                for place, lacks in enumerate(found, start=1):
                    if lacks:
                        print(f"      {name}, turn {place}: {'; '.join(lacks)}", flush=True)
    print(json.dumps({"n": len(rows), **{channel: round(count / len(rows), 4) for channel, count in passed.items()},
                      "sent": {"twilio": len(twilio.taken), "telegram": len(telegram.sent)}}))


async def one(row: Any, judge: Any, carer: Any, channel: str, store: Store, counts: dict[str, int]) -> list[list[str]]:
    """What each turn's reply lacks."""
    found, previous = [], None
    for step in row["turns"]:
        await (carer.say if channel == "web" else carer.text)(step["carer"])
        counts[channel] += 1
        turn = judge.read_turn(await store.reply(channel, counts[channel]))
        found.append(judge.check(step.get("expect") or {}, turn, previous))
        previous = turn["text"]
    return found


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3:]))
