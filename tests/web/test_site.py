"""The widget on somebody else's site: neither changes the other, and what the site's reader is at is never covered."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable

import pytest
import pytest_asyncio
from aiohttp import web
from aiohttp.test_utils import TestServer
from playwright.async_api import Page, expect

from bot.gateway import pages
from tests.doubles.gateway import Running
from tests.doubles.rasa import FakeRasa
from tests.web.conftest import OpenPage, Seen
from tests.web.looking import DESK, PHONE, focused, no_sideways_scrolling, say, tab_to, violations
from tests.web.scenes import MONEY, set_scene

HOSTILE = """
html { font-size: 62.5%; letter-spacing: 4px; line-height: 3; direction: ltr; text-transform: uppercase; color: hotpink; }
* { margin: 9px !important; padding: 3px !important; font-family: fantasy !important; color: #eee !important; float: right;
    background: #ff0 !important; border: 5px dotted red !important; box-sizing: content-box !important;
    display: inline !important; }
div { display: none !important; transform: rotate(9deg); opacity: .1 !important; position: static !important; }
button, a, dialog, textarea { visibility: hidden !important; font-size: 4px !important; outline: none !important; }
"""
CALM = "html { font-family: serif; } .last { position: fixed; bottom: 20px; right: 20px; width: 160px; }"
SITE = """<!doctype html><html lang="en-GB"><head><title>A council</title><link rel="stylesheet" href="/site.css"></head><body>
<main><h1>Kinship care</h1><p>Text. <a href="#x">A link</a></p><button class="last">The site's own button</button></main>{body}
<script src="{gateway}/widget.js" integrity="{integrity}" crossorigin="anonymous" {data}></script></body></html>"""
GLOBALS = "() => Object.keys(window).filter(name => isNaN(name))"

OpenSite = Callable[..., Awaitable[Page]]


@pytest_asyncio.fixture(loop_scope="session")
async def open_site(gateway: Running, open_page: OpenPage) -> AsyncIterator[OpenSite]:
    """`await open_site(size, css=…, data='data-…')`: a council's page with the widget and a content policy that trusts it."""
    servers: list[TestServer] = []

    async def make(size: tuple[int, int] = DESK, css: str = CALM, data: str = "", body: str = "", **options: object) -> Page:
        made = pages.made_script(gateway.app[pages.BASE], gateway.app[pages.CLOCK].now().date())
        text = SITE.format(gateway=gateway.url, data=data, body=body, integrity=made.integrity)
        policy = f"default-src 'none'; script-src {gateway.url}; connect-src {gateway.url}; style-src 'self'"

        async def page(_: web.Request) -> web.Response:
            return web.Response(text=text, content_type="text/html", headers={"Content-Security-Policy": policy})

        async def style(_: web.Request) -> web.Response:
            return web.Response(text=css, content_type="text/css")

        app = web.Application()
        app.router.add_get("/", page)
        app.router.add_get("/site.css", style)
        servers.append(TestServer(app))
        await servers[-1].start_server()
        return await open_page(size, url=f"http://site.test:{servers[-1].port}/", **options)

    yield make
    for server in servers:
        await server.close()


async def test_a_conversation_on_a_hostile_site(open_site: OpenSite, rasa: FakeRasa, gateway: Running, seen: Seen) -> None:
    set_scene(rasa)
    page = await open_site(css=HOSTILE)
    button = page.get_by_role("button", name="Ask Kinship Signpost")
    box = await button.bounding_box()
    assert box and box["height"] >= 44 and box["x"] + box["width"] <= 1440 and box["y"] + box["height"] <= 900
    style = "e => { const s = getComputedStyle(e); return [s.fontSize, s.letterSpacing, s.textTransform, s.visibility]; }"
    assert await button.evaluate(style) == ["16px", "normal", "none", "visible"]
    await button.click()
    await say(page, MONEY)
    panel = await page.locator("dialog").bounding_box()
    assert panel and 350 < panel["width"] < 450 and panel["height"] > 500
    assert await page.locator(".log .assistant").evaluate(style) == ["16px", "normal", "none", "visible"]
    assert await no_sideways_scrolling(page)
    assert [v for v in await violations(page) if "kinship-signpost" in v] == []
    assert seen.complaints == [], "and the site's content policy forbids nothing of it"
    hosts = {url.split("/")[2] for url in seen.urls}
    assert hosts == {page.url.split("/")[2], gateway.url.split("/")[2]}


async def test_it_opens_when_asked_and_only_then(open_site: OpenSite, rasa: FakeRasa, gateway: Running, seen: Seen) -> None:
    page = await open_site()
    await page.wait_for_timeout(300)
    await expect(page.locator("dialog")).to_be_hidden()
    assert "/api/" not in "".join(seen.urls), "nothing is asked of the service before that"
    await tab_to(page, "Ask Kinship Signpost")
    await page.keyboard.press("Enter")
    assert await focused(page) == "Kinship Signpost"
    await say(page, "hello")
    await page.keyboard.press("Escape")
    await expect(page.locator("dialog")).to_be_hidden()
    assert await focused(page) == "Ask Kinship Signpost"
    await page.reload()
    await expect(page.locator("dialog")).to_be_hidden()
    await page.get_by_role("button", name="Ask Kinship Signpost").click()
    await expect(page.locator(".log .message")).to_have_count(2)
    await page.get_by_role("button", name="Close").click()
    assert await focused(page) == "Ask Kinship Signpost"
    assert seen.complaints == []


async def test_it_leaves_the_site_as_it_was(open_site: OpenSite, open_page: OpenPage, rasa: FakeRasa) -> None:
    page = await open_site()
    await page.get_by_role("button", name="Ask Kinship Signpost").click()
    await say(page, "hello")
    mine = await page.evaluate(GLOBALS)
    bare = await open_page(url=page.url)
    await bare.route("**/widget.js", lambda route: route.abort())
    await bare.reload()
    assert set(mine) == set(await bare.evaluate(GLOBALS)), "no global leaks"
    assert await page.evaluate("[document.body.children.length, document.title, document.documentElement.style.cssText]") == [
        3, "A council", ""]
    assert await page.locator("style, body link").count() == 0


async def test_what_has_the_focus_is_never_covered(open_site: OpenSite, rasa: FakeRasa) -> None:
    page = await open_site()
    own = page.get_by_role("button", name="The site's own button")
    button = page.get_by_role("button", name="Ask Kinship Signpost")
    await tab_to(page, "The site's own button")
    await expect(button).to_have_class("launcher main aside")
    await tab_to(page, "A link", back=True)
    await expect(button).to_have_class("launcher main")
    await button.click()
    await own.focus()
    await expect(page.locator("dialog")).to_be_hidden()
    assert await focused(page) == "The site's own button"


async def test_on_a_phone_it_takes_the_whole_screen(open_site: OpenSite, rasa: FakeRasa, seen: Seen) -> None:
    set_scene(rasa)
    page = await open_site(PHONE)
    await page.get_by_role("button", name="Ask Kinship Signpost").click()
    assert await page.locator("dialog").evaluate("d => d.matches(':modal')")
    assert await page.locator("dialog").bounding_box() == {"x": 0, "y": 0, "width": 320, "height": 640}
    await say(page, MONEY)
    assert await no_sideways_scrolling(page)
    assert [v for v in await violations(page) if "kinship-signpost" in v] == []
    title, leave = await page.locator("#title").bounding_box(), await page.locator(".leave").bounding_box()
    assert title and leave and (title["y"] + title["height"] <= leave["y"] or title["x"] + title["width"] <= leave["x"])
    stops = set()
    for _ in range(30):
        await page.keyboard.press("Tab")
        stops.add(await focused(page))
    assert "The site's own button" not in stops, "what is under it can't be reached"
    assert seen.complaints == []


@pytest.mark.parametrize(("data", "fill", "warned"), [
    ('data-colour="#005eb8"', "rgb(0, 94, 184)", 0),
    ('data-colour="#ffeb3b"', "rgb(11, 90, 90)", 1),  # yellow on white: nobody would see it
    ('data-colour="url(x)"', "rgb(11, 90, 90)", 1),
])
async def test_a_sites_colour_is_taken_where_it_can_be_seen(open_site: OpenSite, seen: Seen, data: str, fill: str,
                                                            warned: int) -> None:
    page = await open_site(data=data)
    button = page.get_by_role("button", name="Ask Kinship Signpost")
    assert await button.evaluate("e => getComputedStyle(e).backgroundColor") == fill
    assert [c.startswith("widget.js: data-colour") for c in seen.complaints] == [True] * warned
    await button.click()
    assert [v for v in await violations(page) if "kinship-signpost" in v] == []


async def test_settings(open_site: OpenSite, rasa: FakeRasa) -> None:
    page = await open_site(data='data-council="rotherham" data-position="left" data-label="Questions?"'
                                ' data-greeting="Hello from Rotherham."')
    button = page.get_by_role("button", name="Questions?")
    box = await button.bounding_box()
    assert box and box["x"] < 100
    await button.click()
    await expect(page.locator(".greeting")).to_contain_text("Hello from Rotherham.")
    await say(page, "hello")
    await page.locator("#known summary").click()
    await expect(page.locator("#known dl")).to_contain_text("Rotherham")
    assert rasa.turns[0]["slots"] == {"authority": "rotherham"}


async def test_in_an_element_of_the_site(open_site: OpenSite, rasa: FakeRasa, seen: Seen) -> None:
    """With data-in it fills the element that the site gave it, and adds no main part and no first heading of its own."""
    css = "#help { width: 500px; height: 600px; margin: 20px; }"
    page = await open_site(css=css, data='data-in="help"', body='<div id="help"></div>')
    await say(page, "hello")
    assert await page.locator("#help").bounding_box() == await page.locator("#help .chat").bounding_box()
    assert await page.locator("main").count() == 1 and await page.locator("h1").count() == 1
    assert [v for v in await violations(page) if "#help" in v] == [] and seen.complaints == []


async def test_shift_leaves_the_site_only_while_the_panel_is_open(open_site: OpenSite) -> None:
    page = await open_site()
    await page.context.route("https://www.bbc.co.uk/**",
                             lambda route: route.fulfill(content_type="text/html", body="<h1>Weather</h1>"))
    for _ in range(4):
        await page.keyboard.press("Shift")
    assert await page.title() == "A council"
    await page.get_by_role("button", name="Ask Kinship Signpost").click()
    for _ in range(3):
        await page.keyboard.press("Shift")
    await expect(page.locator("h1")).to_have_text("Weather")

