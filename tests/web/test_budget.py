"""Small enough for an old phone on a slow line, and what the docs say of it is so."""

from __future__ import annotations

import asyncio
import re
from urllib.parse import urlsplit

from playwright.async_api import Route, expect

from bot.gateway import pages
from bot.gateway.settings import ROOT
from tests.doubles.gateway import Running
from tests.web.conftest import OpenPage
from tests.web.looking import PHONE

KILOBYTE = 1024
# Lighthouse's and WebPageTest's 'slow 3G': bytes a second, seconds a round trip.
SPEED, ROUND_TRIP = 50_000, 0.4
LEFT_FOR_THE_PHONE = 0.3  # seconds of the one in which something is to be seen


async def test_script_and_style_together(gateway: Running) -> None:
    sizes, headers = {}, {"Accept-Encoding": "gzip"}
    for path, kind in (("/widget.js", "text/javascript"), ("/chat.css", "text/css")):
        async with gateway.session.get(gateway.url + path, headers=headers, auto_decompress=False) as got:
            assert got.headers["Content-Encoding"] == "gzip" and got.content_type == kind
            sizes[path] = len(await got.read())
            tag = got.headers["ETag"]
        async with gateway.session.get(gateway.url + path, headers={"If-None-Match": tag}) as got:
            assert got.status == 304
    assert sum(sizes.values()) <= 30 * KILOBYTE, sizes


async def test_the_first_picture_on_slow_3g(open_page: OpenPage) -> None:
    """The signpost is seen once the page is there, the page as it stays once its style is; neither waits for the script,
    which shares the line meanwhile. So the line's part of the time can be reckoned from what was sent, whatever else
    this machine is doing."""
    page = await open_page(PHONE)
    paths = ("/chat.css", "/widget.js")
    held = {path: asyncio.Event() for path in paths}

    async def hold(route: Route) -> None:
        await held[urlsplit(route.request.url).path].wait()
        await route.continue_()

    for path in paths:
        await page.route(f"**{path}", hold)
    await page.reload(wait_until="commit")
    await page.wait_for_function("() => performance.getEntriesByName('first-contentful-paint').length")
    box = await page.locator("svg.icon").bounding_box()
    assert box and box["width"] == box["height"] == 38
    held["/chat.css"].set()
    await page.wait_for_function("() => getComputedStyle(document.querySelector('.chat')).display === 'flex'")
    await expect(page.get_by_label("Your message")).to_be_visible()
    held["/widget.js"].set()
    await expect(page.locator(".log[role=log]")).to_be_attached()
    sent = dict(await page.evaluate("['navigation', 'resource'].flatMap(type => performance.getEntriesByType(type))"
                                    ".map(e => [new URL(e.name).pathname, e.transferSize])"))
    first = ROUND_TRIP + sent["/"] / SPEED
    styled = first + ROUND_TRIP + 2 * sent["/chat.css"] / SPEED  # half the line is the script's
    assert first + LEFT_FOR_THE_PHONE < 1 and styled < 1, (first, styled)


async def test_other_sites_may_call(gateway: Running) -> None:
    asking = {"Origin": "https://council.example", "Access-Control-Request-Method": "PUT",
              "Access-Control-Request-Headers": "authorization,content-type"}
    async with gateway.session.options(f"{gateway.url}/api/v1/conversations/c_1/messages/1/feedback", headers=asking) as got:
        assert got.status == 204 and got.headers["Access-Control-Allow-Origin"] == "*"
        assert {"PUT", "DELETE"} <= set(got.headers["Access-Control-Allow-Methods"].split(", "))
        assert "Access-Control-Allow-Credentials" not in got.headers
    for path, open_to_all in (("/api/v1/names", True), ("/widget.js", True), ("/", False), ("/helpline", False)):
        async with gateway.session.get(gateway.url + path) as got:
            assert ("Access-Control-Allow-Origin" in got.headers) == open_to_all, path


async def test_the_tag_in_the_docs_names_what_there_is(gateway: Running) -> None:
    """docs/widget.md lists each data attribute that the script reads, and no other."""
    told = set(re.findall(r"`data-([a-z-]+)`", (ROOT / "docs" / "widget.md").read_text()))
    read = {re.sub("[A-Z]", lambda c: f"-{c[0].lower()}", name)
            for path in (ROOT / "web" / "widget").glob("*.js") for name in re.findall(r"\bgiven\.(\w+)", path.read_text())}
    assert told == read
    made = pages.made_script(gateway.app[pages.BASE], gateway.app[pages.CLOCK].now().date())
    assert re.fullmatch(r"sha384-[A-Za-z0-9+/]{64}", made.integrity)
