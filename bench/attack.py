"""20,000 requests made from the API's description, right and wrong ones: no 5xx, no answer that isn't described.

`.venv/bin/python bench/attack.py [requests]`: a gateway on a free port with a double of Rasa.
"""

from __future__ import annotations

import asyncio
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import pytest

from tests.channels.conftest import settings as phones
from tests.doubles.danger import FakeDetector
from tests.doubles.gateway import fake_rasa, gateways
from tests.doubles.twilio import FakeTwilio
from tests.gateway.test_openapi import attack

OPERATIONS = 12


async def main(requests: int) -> None:
    """Attack, and print the statuses."""
    twilio = FakeTwilio()
    await twilio.start()
    with pytest.MonkeyPatch.context() as patch, tempfile.TemporaryDirectory() as folder:
        async with fake_rasa() as rasa, gateways(rasa, Path(folder), patch, FakeDetector) as start:
            gateway = await start(phones(twilio, None))
            begun = time.monotonic()
            seen = await asyncio.to_thread(attack, gateway.url, -(-requests // OPERATIONS), print)
            took = time.monotonic() - begun
    await twilio.stop()
    print(f"{seen.total()} requests in {took:.0f} s, every answer described, no 5xx but 503: {dict(sorted(seen.items()))}")


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]) if len(sys.argv) > 1 else 20_000))
