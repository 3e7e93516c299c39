"""Weak secrets stop the start; other sites are admitted by a list where there is one."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from bot.gateway.settings import ROOT
from bot.gateway.weak import WeakSecret, refuse_weak
from tests.doubles.gateway import StartGateway


@pytest.mark.parametrize("secret", ["", "short", "a" * 40, "abababababababababab", "ChangeMe-ChangeMe-Now",
                                    "my-password-is-long", "1234567890abcdefgh"])
def test_a_secret_that_could_be_guessed_is_refused_and_not_repeated(secret: str) -> None:
    with pytest.raises(WeakSecret, match="SIGNPOST_X") as refused:
        refuse_weak("SIGNPOST_X", secret)
    assert not secret or secret not in str(refused.value)


def test_what_openssl_makes_is_taken() -> None:
    refuse_weak("SIGNPOST_X", "9f1c4b7ae2d80356c1f7a94be8d20c635a7e41b9d8f0c263")


def test_the_gateway_does_not_start_with_one(tmp_path: Path) -> None:
    given = os.environ | {"SIGNPOST_RASA_TOKEN": "changeme", "SIGNPOST_DATA": str(tmp_path), "PYTHONPATH": str(ROOT)}
    done = subprocess.run([sys.executable, "-m", "bot.serve"], cwd=ROOT, env=given, capture_output=True, text=True,
                          check=False, timeout=120)
    assert done.returncode == 1 and "SIGNPOST_RASA_TOKEN" in done.stderr and "changeme" not in done.stderr + done.stdout


@pytest.mark.parametrize(("sites", "origin", "admitted"), [
    ("*", "https://anybody.example", "*"),
    ("https://council.example https://charity.example", "https://charity.example", "https://charity.example"),
    ("https://council.example", "https://council.example.evil.example", None),
    ("https://council.example", "http://council.example", None),
    ("https://council.example", "null", None),
    ("https://council.example", None, None),
])
async def test_sites_are_admitted_by_list(start_gateway: StartGateway, sites: str, origin: str | None,
                                          admitted: str | None) -> None:
    gateway = await start_gateway(sites=sites)
    headers = {"Origin": origin} if origin else {}
    for method, path in (("OPTIONS", "/api/v1/conversations"), ("GET", "/api/v1/names"), ("GET", "/widget.js")):
        async with gateway.session.request(method, gateway.url + path, headers=headers) as response:
            assert response.headers.get("Access-Control-Allow-Origin") == admitted, path
            assert sites == "*" or "Origin" in response.headers["Vary"], "a cache must not give one site's answer to another"
            assert "Access-Control-Allow-Credentials" not in response.headers
