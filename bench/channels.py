"""How soon a webhook is acknowledged.

    .venv/bin/python bench/channels.py [messages a second] [seconds]

The gateway in a process of its own, over doubles of Twilio and Rasa; texts from many numbers, signed as Twilio signs
them. Target: p99 under 100 ms at 15 messages a second.
"""

from __future__ import annotations

import asyncio
import os
import statistics
import sys
import tempfile
import time
from pathlib import Path

import aiohttp

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from bot.gateway.settings import ROOT
from tests.doubles.rasa import TOKEN as RASA_TOKEN
from tests.doubles.rasa import FakeRasa
from tests.doubles.twilio import ACCOUNT, SMS_NUMBER, TOKEN, FakeTwilio

PORT = 8797
TEXT = "what money can I get for my grandson, we have an sgo and live in Leeds"


async def main(rate: float, seconds: float) -> None:
    """Print the figures."""
    twilio, rasa = FakeTwilio(), FakeRasa()
    await twilio.start()
    await rasa.start()
    with tempfile.TemporaryDirectory() as data:
        environment = os.environ | {
            "SIGNPOST_DATA": data, "SIGNPOST_PORT": str(PORT), "SIGNPOST_RASA_URL": rasa.url,
            "SIGNPOST_RASA_TOKEN": RASA_TOKEN,
            "SIGNPOST_PUBLIC_URL": twilio.public_url, "SIGNPOST_TWILIO_ACCOUNT_SID": ACCOUNT,
            "SIGNPOST_TWILIO_AUTH_TOKEN": TOKEN, "SIGNPOST_TWILIO_SMS_FROM": SMS_NUMBER, "SIGNPOST_TWILIO_API": twilio.url,
            "SIGNPOST_JOIN_SECONDS": "0.5", "OMP_NUM_THREADS": "1"}
        gateway = await asyncio.create_subprocess_exec(sys.executable, "-m", "bot.serve", cwd=ROOT, env=environment,
                                                       stdout=asyncio.subprocess.DEVNULL)
        try:
            times = await measured(twilio, rate, int(rate * seconds))
            await asyncio.sleep(4)
        finally:
            gateway.terminate()
            await gateway.wait()
    times.sort()
    print(f"{len(times)} texts at {rate:.0f}/s: acknowledged p50 {statistics.median(times) * 1000:.0f} ms, "
          f"p99 {times[int(len(times) * 0.99)] * 1000:.0f} ms, slowest {times[-1] * 1000:.0f} ms; "
          f"{len(twilio.taken)} replies sent")
    await rasa.stop()
    await twilio.stop()


async def measured(twilio: FakeTwilio, rate: float, count: int) -> list[float]:
    """Seconds until each webhook was acknowledged."""
    url = f"http://127.0.0.1:{PORT}"
    async with aiohttp.ClientSession() as session:

        async def text(number: int) -> float:
            fields = twilio.fields(f"+4474001{number % 60000:05}", f"{TEXT} {number}")
            headers = {"X-Twilio-Signature": twilio.signature("/channels/sms", fields)}
            begun = time.perf_counter()
            async with session.post(f"{url}/channels/sms", data=fields, headers=headers) as answer:
                assert answer.status == 200
            return time.perf_counter() - begun

        for _ in range(300):
            try:
                await text(59999)
                break
            except aiohttp.ClientError:
                await asyncio.sleep(0.2)
        tasks = []
        for number in range(count):
            tasks.append(asyncio.create_task(text(number)))
            await asyncio.sleep(1 / rate)
        return list(await asyncio.gather(*tasks))


if __name__ == "__main__":
    asyncio.run(main(*[float(given) for given in sys.argv[1:]] or (15.0, 20.0)))
