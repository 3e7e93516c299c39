"""The page in a real browser, by keyboard alone."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Page, Response, async_playwright, expect

from bot.gateway.settings import ROOT
from tests.doubles.tools import CHROMIUM, NO_CHROMIUM
from tests.e2e.conftest import System
from tests.e2e.test_1_conversations import MALTBY
from tests.web.looking import focused, no_sideways_scrolling, tab_to

ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
IMAGES = ROOT / "docs" / "images"
SIZES = {"chat": (1280, 900), "chat-phone": (390, 844)}

expect.set_options(timeout=30_000)  # a machine may be busy

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason=NO_CHROMIUM)


class Seen:
    """What the browser complained of, and where it went."""

    def __init__(self) -> None:
        self.complaints: list[str] = []
        self.hosts: set[str] = set()


@pytest.fixture
async def seen() -> Seen:
    return Seen()


@pytest.fixture(params=list(SIZES))
async def page(request: pytest.FixtureRequest, system: System, seen: Seen) -> AsyncIterator[Page]:
    width, height = SIZES[request.param]
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        page = await browser.new_page(viewport={"width": width, "height": height}, color_scheme="light",
                                      reduced_motion="reduce", has_touch=width < 500)
        page.on("console", lambda m: seen.complaints.append(m.text) if m.type in ("error", "warning") else None)
        page.on("pageerror", lambda e: seen.complaints.append(str(e)))
        page.on("request", lambda r: seen.hosts.add(r.url.split("/")[2]))
        await page.add_init_script("document.addEventListener('securitypolicyviolation',"
                                   " e => console.error('CSP ' + e.violatedDirective))")
        page.shot = IMAGES / f"{request.param}.png"  # type: ignore[attr-defined]
        await page.goto(system.url)
        yield page
        await browser.close()


async def test_the_maltby_conversation_by_keyboard(page: Page, seen: Seen, system: System) -> None:
    await expect(page.locator(".greeting")).to_be_visible()
    await tab_to(page, "text")
    await page.keyboard.type(MALTBY)
    await page.keyboard.press("Enter")
    answer = page.locator(".log .assistant").last  # one message a need
    await expect(answer).to_be_visible(timeout=15_000)
    await expect(page.locator(".log .carer")).to_contain_text([MALTBY])
    await expect(page.locator("#known")).to_contain_text("Rotherham")
    assert await focused(page) == "text", "she can go on writing"

    details = answer.locator("details.sources")
    assert not await details.evaluate("d => d.open")
    await tab_to(page, await details.locator("summary").inner_text(), back=True)
    await page.keyboard.press("Enter")
    assert await details.evaluate("d => d.open"), "sources unfold by keyboard"
    links = details.locator("a")
    assert await links.count() >= 1
    for link in await links.all():
        assert (await link.get_attribute("href") or "").startswith("http")
        assert "noopener" in (await link.get_attribute("rel") or "")
    await expect(details).to_contain_text("checked")
    assert await no_sideways_scrolling(page)
    await page.keyboard.press("Enter")
    await take_picture(page, page.shot)  # type: ignore[attr-defined]

    count = await page.locator(".log .message").count()
    label = await page.locator(".option").last.inner_text()
    await tab_to(page, label, back=True)
    await page.keyboard.press("Enter")
    await expect(page.locator(".log .carer").last).to_contain_text(label)
    await expect(page.locator(".log .message")).not_to_have_count(count + 1)
    await expect(page.locator("#status")).to_have_text("")

    await tab_to(page, "More", back=True)
    await page.keyboard.press("Enter")
    await tab_to(page, "Delete everything")
    await page.keyboard.press("Enter")
    await tab_to(page, "Yes, delete it all")
    await page.keyboard.press("Enter")
    await expect(page.locator(".log .message")).to_have_count(0)
    await expect(page.locator("#known")).to_be_hidden()
    assert seen.complaints == []
    assert seen.hosts == {f"127.0.0.1:{system.port}"}


@pytest.mark.parametrize("page", ["chat-phone"], indirect=True)
async def test_what_is_understood_is_put_right(page: Page, seen: Seen) -> None:
    """What she changes in the panel reaches the assistant: its next answer is for that arrangement and that council."""
    answered: list[dict[str, Any]] = []

    async def note(response: Response) -> None:
        if response.url.endswith("/messages"):
            answered.append(await response.json())

    page.on("response", note)
    await page.fill("#text", MALTBY)
    await page.keyboard.press("Enter")
    answers, known = page.locator(".log .assistant"), page.locator("#known")
    await expect(answers.first).to_be_visible()
    await known.locator("summary").click()
    for name, value, told in (("Arrangement", "an informal family arrangement", "an informal family arrangement"),
                              ("Council", "Leeds", "Leeds"), ("Age of the child or children", "5 and 9", "5, 9")):
        before = await answers.count()
        await known.get_by_role("button", name=f"Change {name}").click()
        field = known.get_by_label(name)
        if name.startswith("Age"):
            await field.fill(value)
        else:
            await field.select_option(value)
        await known.get_by_role("button", name="Save").click()
        await expect(known.locator("dd").filter(has_text=told)).to_be_visible(timeout=30_000)
        await expect(answers).not_to_have_count(before)
    before = await answers.count()
    await page.fill("#text", "What money help is there?")
    await page.keyboard.press("Enter")
    await expect(answers).not_to_have_count(before)
    last = answered[-1]
    assert (last["state"]["arrangement"], last["state"]["authority"]) == ("informal", "leeds")
    assert last["state"]["facts"]["child_age"] == [5, 9]
    assert {answer["authority"] for message in last["messages"] for answer in message["answers"]} <= {"leeds", None}
    assert seen.complaints == []


async def take_picture(page: Page, path: Path) -> None:
    assert len(await page.screenshot(path=path)) > 10_000


@pytest.mark.parametrize("page", ["chat-phone"], indirect=True)
async def test_danger_stands_out_and_numbers_fit_a_small_phone(page: Page, seen: Seen) -> None:
    await page.set_viewport_size({"width": 320, "height": 568})
    await page.fill("#text", "he's going to come round and hurt the kids")
    await page.keyboard.press("Enter")
    urgent = page.locator(".log > .urgent")
    await expect(urgent).to_be_visible(timeout=15_000)
    assert await no_sideways_scrolling(page)
    for button in await page.locator("button:visible:not(.skip)").all():
        box = await button.bounding_box()
        assert box and box["height"] >= 44
    assert seen.complaints == []


@pytest.mark.parametrize("page", ["chat"], indirect=True)
async def test_what_a_carer_writes_is_never_markup(page: Page, seen: Seen) -> None:
    await page.fill("#text", "<img src=x onerror=alert(1)> [x](javascript:alert(2)) <b>bold</b>")
    await page.keyboard.press("Enter")
    mine = page.locator(".log > .carer")
    await expect(mine).to_contain_text("<b>bold</b>")
    assert await page.locator(".log img, .log b, .log a[href^=javascript]").count() == 0
    assert seen.complaints == []
