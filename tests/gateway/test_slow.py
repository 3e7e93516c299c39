"""Clients that send slowly, too much, or what is no HTTP."""

from __future__ import annotations

import asyncio

import pytest

from bot.gateway import slow
from tests.doubles.gateway import Running


async def said(gateway: Running, sent: bytes, within: float = 60.0) -> str:
    """What the gateway answers to raw bytes, after which nothing more is sent."""
    host, _, port = gateway.url.removeprefix("http://").partition(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    writer.write(sent)
    await writer.drain()
    try:
        return (await asyncio.wait_for(reader.read(4096), within)).decode()
    finally:
        writer.close()


START = b"POST /api/v1/conversations HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"


async def test_a_body_that_does_not_come_is_not_waited_for_and_others_are_served(
        gateway: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(slow, "BODY_WITHIN", 5.0)  # long enough for the carer whose body does come, on a busy machine
    many = [asyncio.create_task(said(gateway, START + b"Content-Length: 20\r\n\r\n{")) for _ in range(50)]
    await asyncio.sleep(0)
    assert (await (await gateway.carer()).say("hello")).text == "You said: hello"
    assert all(answer.startswith("HTTP/1.1 408 ") for answer in await asyncio.gather(*many))


@pytest.mark.parametrize(("sent", "status"), [
    (START + b"Content-Length: 70000\r\n\r\n" + b"x" * 70000, "413"),
    (START + b"X-Long: " + b"x" * 9000 + b"\r\n\r\n", "400"),
    (b"GET /" + b"x" * 9000 + b" HTTP/1.1\r\nHost: x\r\n\r\n", "400"),
    (START + b"Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}", "400"),
    (START + b"Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n{}", "400"),
    (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", "400"),
], ids=["body", "header", "path", "two lengths", "length and chunks", "not HTTP"])
async def test_what_is_too_long_or_no_http_is_refused(gateway: Running, sent: bytes, status: str) -> None:
    assert (await said(gateway, sent)).startswith((f"HTTP/1.1 {status} ", f"HTTP/1.0 {status} "))


async def test_a_body_in_pieces_is_read_to_its_end(gateway: Running) -> None:
    assert (await said(gateway, START + b"Transfer-Encoding: chunked\r\n\r\n1\r\n{\r\n1\r\n}\r\n0\r\n\r\n")).startswith(
        "HTTP/1.1 201 ")
