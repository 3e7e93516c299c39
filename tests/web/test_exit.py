"""'Exit this page': at once, by link or by Shift three times, and without a trace."""

from __future__ import annotations

import asyncio
import json

import pytest
from playwright.async_api import Page, Route, expect
from sqlalchemy import select

from bot.gateway.tables import Conversation
from bot.helpline.cases import Cases
from tests.doubles.gateway import Running
from tests.doubles.rasa import FakeRasa
from tests.doubles.waiting import until
from tests.web.conftest import OpenPage
from tests.web.looking import say
from tests.web.scenes import set_scene

WEATHER = "https://www.bbc.co.uk/weather"


# What stands on the screen and in the browser's memory as the page is left, before the other page is even asked for.
AT_THE_LAST_MOMENT = """addEventListener('beforeunload', () => {
  const cover = document.querySelector('#chat').shadowRoot.querySelector('.cover'), box = cover.getBoundingClientRect();
  console.info('LEFT ' + JSON.stringify({modal: cover.matches(':modal'), box: [box.x, box.y, box.width, box.height],
    text: cover.innerText, title: document.title, background: getComputedStyle(cover).backgroundColor,
    kept: [sessionStorage.length, localStorage.length, document.cookie]}));
})"""


async def with_weather(page: Page) -> list[str]:
    """BBC Weather, on this machine: gives what is asked of it."""
    asked: list[str] = []

    async def answer(route: Route) -> None:
        asked.append(route.request.url)
        await route.fulfill(content_type="text/html", body="<title>BBC Weather</title><h1>Weather</h1>")

    await page.context.route("https://www.bbc.co.uk/**", answer)
    return asked


@pytest.mark.parametrize("how", ["Shift", "link", "enter"])
async def test_it_leaves_no_trace(open_page: OpenPage, rasa: FakeRasa, gateway: Running, how: str) -> None:
    set_scene(rasa)
    page = await open_page(url=f"{gateway.url}/healthz")
    left: list[str] = []
    page.on("console", lambda m: left.append(m.text) if m.text.startswith("LEFT") else None)
    await page.add_init_script(AT_THE_LAST_MOMENT)
    asked = await with_weather(page)
    await page.goto(gateway.url)
    await say(page, "my ex must not see this")
    await page.locator(".more summary").click()
    await page.get_by_label("Remember me on this device").check()
    held = await page.evaluate("JSON.parse(sessionStorage['kinship-signpost']).conversation.id")
    link = page.get_by_role("link", name="Emergency Exit this page")
    assert await link.get_attribute("href") == WEATHER and await link.get_attribute("rel") == "nofollow noreferrer"
    if how == "Shift":
        for _ in range(3):
            await page.keyboard.press("Shift")
    elif how == "link":
        await link.click()
    else:
        await link.focus()
        await page.keyboard.press("Enter")

    await expect(page.locator("h1")).to_have_text("Weather")
    assert asked == [WEATHER]
    size = page.viewport_size or {"width": 0, "height": 0}
    assert json.loads(left[0].removeprefix("LEFT ")) == {
        "modal": True, "box": [0, 0, size["width"], size["height"]], "text": "Loading.", "title": "Loading.",
        "background": "rgb(255, 255, 255)", "kept": [0, 0, ""]}

    async def gone() -> bool:
        return await gateway.store.conversation(held) is None

    await until(gone)
    await page.go_back()
    assert page.url == f"{gateway.url}/healthz", "the chat is not among the pages to go back to"


async def test_what_is_on_its_way_leaves_no_trace_either(open_page: OpenPage, rasa: FakeRasa, gateway: Running) -> None:
    """The first message is just being sent and the next half-written as she leaves, and the other page is slow to come."""
    page = await open_page()
    opened, left = asyncio.Event(), asyncio.Event()

    async def slowly(route: Route) -> None:
        await opened.wait()
        await route.continue_()

    async def weather(route: Route) -> None:
        await left.wait()
        await route.fulfill(content_type="text/html", body="<h1>Weather</h1>")

    await page.route("**/api/v1/conversations", slowly)
    await page.context.route("https://www.bbc.co.uk/**", weather)
    async with page.expect_request("**/api/v1/conversations"):
        await page.locator("#text").fill("my ex must not see this")
        await page.keyboard.press("Enter")
    await page.locator("#text").fill("nor this")
    async with page.expect_request(WEATHER):
        for _ in range(3):
            await page.keyboard.press("Shift")
    async with page.expect_response(lambda response: response.request.method == "DELETE"):
        opened.set()
    left.set()
    await expect(page.locator("h1")).to_have_text("Weather")
    await page.goto(f"{gateway.url}/healthz")
    assert await page.evaluate("[sessionStorage.length, localStorage.length]") == [0, 0]
    async with gateway.store.session() as session:
        assert list(await session.scalars(select(Conversation))) == []
    assert rasa.heard == []


async def test_shift_as_part_of_typing_does_not_count(open_page: OpenPage) -> None:
    page = await open_page()
    asked = await with_weather(page)
    lights, said = page.locator(".lights .on"), page.locator("header [role=status]")
    await page.locator("#text").focus()
    for keys in ("Shift+A", "Shift+B", "Shift+C", "Shift+D"):
        await page.keyboard.press(keys)
    await expect(lights).to_have_count(0)
    await page.keyboard.press("Shift")
    await expect(said).to_have_text("Shift, press 2 more times to exit.")
    await page.keyboard.press("Shift")
    await expect(said).to_have_text("Shift, press 1 more time to exit.")
    await expect(lights).to_have_count(2)
    await page.keyboard.press("x")
    await expect(said).to_have_text("Exit this page expired.")
    await page.keyboard.press("Shift")
    await expect(lights).to_have_count(1)
    assert asked == []


async def test_shift_expires_after_five_seconds(open_page: OpenPage) -> None:
    page = await open_page()
    await page.clock.install()
    await page.keyboard.press("Shift")
    await page.keyboard.press("Shift")
    await page.clock.fast_forward(5_100)
    await expect(page.locator("header [role=status]")).to_have_text("Exit this page expired.")
    await page.keyboard.press("Shift")
    await expect(page.locator(".lights .on")).to_have_count(1)
    assert await page.locator(".cover").count() == 0


async def test_who_asked_for_a_person_keeps_her_place(open_page: OpenPage, rasa: FakeRasa, gateway: Running) -> None:
    set_scene(rasa)
    page = await open_page()
    await with_weather(page)
    await page.get_by_role("button", name="Talk to a person").click()
    await expect(page.locator(".with")).to_contain_text("left this with the helpline")
    for _ in range(3):
        await page.keyboard.press("Shift")
    await expect(page.locator("h1")).to_have_text("Weather")
    assert len(await Cases(gateway.store).all()) == 1
