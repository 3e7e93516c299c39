"""Whose a request is where proxies stand before the gateway."""

from __future__ import annotations

import pytest
from aiohttp import web
from aiohttp.test_utils import make_mocked_request
from hypothesis import given, settings
from hypothesis import strategies as st
from multidict import CIMultiDict

from bot.gateway.proxies import PROXIED, peeled

OURS = "10.0.0.0/8, 192.0.2.7 2001:db8:aaaa::/48"


async def client(remote: str, *forwarded: str) -> tuple[str | None, bool]:
    """(whose the gateway takes the request for, did it come by a proxy of ours?)"""
    headers = CIMultiDict([("X-Forwarded-For", one) for one in forwarded])
    seen: list[web.Request] = []

    async def handler(request: web.Request) -> web.Response:
        seen.append(request)
        return web.Response()

    await peeled(OURS)(make_mocked_request("GET", "/", headers=headers).clone(remote=remote), handler)
    return seen[0].remote, seen[0].get(PROXIED, False)


@pytest.mark.parametrize(("remote", "forwarded", "who"), [
    ("198.51.100.1", [], "198.51.100.1"),
    ("198.51.100.1", ["203.0.113.9"], "198.51.100.1"),  # anybody may say anything
    ("10.0.0.1", [], "10.0.0.1"),
    ("10.0.0.1", ["198.51.100.1"], "198.51.100.1"),
    ("10.0.0.1", ["203.0.113.9, 198.51.100.1"], "198.51.100.1"),  # the first is what the client says of itself
    ("10.0.0.1", ["203.0.113.9, 198.51.100.1, 10.0.0.2 ,192.0.2.7"], "198.51.100.1"),
    ("10.0.0.1", ["203.0.113.9", "198.51.100.1", "10.0.0.2"], "198.51.100.1"),  # as lines of their own
    ("10.0.0.1", ["10.0.0.3, 10.0.0.2"], "10.0.0.3"),
    ("10.0.0.1", ["198.51.100.1:49152"], "198.51.100.1"),
    ("10.0.0.1", ["::ffff:198.51.100.1"], "198.51.100.1"),
    ("10.0.0.1", ["[::ffff:198.51.100.1]:443"], "198.51.100.1"),
    ("::ffff:10.0.0.1", ["198.51.100.1, ::ffff:10.0.0.2, 192.0.2.7:8080"], "198.51.100.1"),
    ("::ffff:198.51.100.1", [], "198.51.100.1"),
    ("10.0.0.1", ["2001:db8::1"], "2001:db8::1"),
    ("10.0.0.1", ["2001:DB8:0::0:1"], "2001:db8::1"),
    ("10.0.0.1", ["[2001:db8::1]:49152, [2001:db8:aaaa::2]"], "2001:db8::1"),
    ("10.0.0.1", ['"[2001:db8::1]:49152"'], "2001:db8::1"),
    ("10.0.0.1", ["unknown"], "10.0.0.1"),  # a proxy of ours that says nothing of use is the client
    ("10.0.0.1", ["198.51.100.1, , 10.0.0.2"], "10.0.0.2"),
    ("10.0.0.1", ["', drop table, 198.51.100.1"], "198.51.100.1"),
    ("10.0.0.1", ["198.51.100.999"], "10.0.0.1"),
    ("10.0.0.1", ["1" * 5000 + ":1"], "10.0.0.1"), ("10.0.0.1", [" " * 8000 + "a b, 198.51.100.1"], "198.51.100.1"),
    ("", ["198.51.100.1"], ""),  # a socket of this machine
])
async def test_the_last_address_that_is_not_of_ours_however_it_is_written(remote: str, forwarded: list[str], who: str) -> None:
    assert await client(remote, *forwarded) == (who, remote.removeprefix("::ffff:").startswith("10."))


@settings(deadline=None)
@given(st.lists(st.text(st.characters(max_codepoint=255, exclude_characters="\r\n")), max_size=4))
async def test_nothing_in_the_header_fails_a_request(forwarded: list[str]) -> None:
    who, proxied = await client("10.0.0.1", *forwarded)
    assert proxied and who and "," not in who
