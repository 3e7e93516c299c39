"""The page in a real browser, by keyboard alone."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from playwright.async_api import Page, async_playwright, expect

from bot.gateway.settings import ROOT
from tests.e2e.conftest import System
from tests.e2e.test_1_conversations import MALTBY

CHROMIUM = shutil.which("chromium")
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
IMAGES = ROOT / "docs" / "images"
SIZES = {"chat": (1280, 900), "chat-phone": (390, 844)}

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed: apt-get install chromium")


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


async def tab_to(page: Page, selector: str) -> None:
    """Press Tab until the element that fits has the focus."""
    for _ in range(40):
        await page.keyboard.press("Tab")
        if await page.evaluate("s => document.activeElement.matches(s)", selector):
            outline = await page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
            assert outline != "none", f"{selector} shows no focus"
            return
    pytest.fail(f"{selector} cannot be reached by keyboard")


async def test_the_maltby_conversation_by_keyboard(page: Page, seen: Seen, system: System) -> None:
    lines = page.locator("#log > li")
    await expect(lines).to_have_count(1)
    await tab_to(page, "#text")
    await page.keyboard.type(MALTBY)
    await page.keyboard.press("Enter")
    answer = page.locator("#log > li.assistant").nth(1)
    await expect(answer).to_be_visible(timeout=15_000)
    await expect(page.locator("#log > li.carer")).to_have_text([f"You{MALTBY}"])
    order = await lines.evaluate_all("all => all.map(li => [Number(li.dataset.id), li.className])")
    assert [name for _, name in order][:3] == ["assistant", "carer", "assistant"] and order == sorted(order)
    await expect(page.locator("#known")).to_contain_text("rotherham")
    assert await page.evaluate("document.activeElement.id") == "text", "she can go on writing"

    details = answer.locator("details")
    assert not await details.evaluate("d => d.open")
    await page.keyboard.press("Shift+Tab")
    for _ in range(30):
        if await page.evaluate("document.activeElement.matches('summary')"):
            break
        await page.keyboard.press("Shift+Tab")
    await page.keyboard.press("Enter")
    assert await details.last.evaluate("d => d.open"), "sources unfold by keyboard"
    links = details.last.locator("a")
    assert await links.count() >= 1
    for link in await links.all():
        assert (await link.get_attribute("href") or "").startswith("http")
        assert "noopener" in (await link.get_attribute("rel") or "")
    await expect(details.last).to_contain_text("checked")
    assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth"), "no sideways scrolling"
    await page.keyboard.press("Enter")
    await take_picture(page, page.shot)  # type: ignore[attr-defined]

    count = await lines.count()
    await tab_to(page, ".options button")
    label = await page.evaluate("document.activeElement.textContent")
    await page.keyboard.press("Enter")
    await expect(lines).not_to_have_count(count)
    await expect(page.locator("#log > li.carer").last).to_contain_text(label)
    await expect(page.locator("#status")).to_have_text("")

    await tab_to(page, "#forget")
    await page.keyboard.press("Enter")
    await expect(lines).to_have_count(1)
    await expect(page.locator("#known")).to_be_hidden()
    assert seen.complaints == []
    assert seen.hosts == {f"127.0.0.1:{system.port}"}


async def take_picture(page: Page, path: Path) -> None:
    await page.evaluate("document.activeElement.blur()")
    assert len(await page.screenshot(path=path)) > 10_000


@pytest.mark.parametrize("page", ["chat-phone"], indirect=True)
async def test_danger_stands_out_and_numbers_fit_a_small_phone(page: Page, seen: Seen) -> None:
    await page.set_viewport_size({"width": 320, "height": 568})
    await page.fill("#text", "he's going to come round and hurt the kids")
    await page.keyboard.press("Enter")
    urgent = page.locator("#log > li.urgent")
    await expect(urgent).to_be_visible(timeout=15_000)
    assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    for button in await page.locator("button").all():
        box = await button.bounding_box()
        assert box and box["height"] >= 44
    assert seen.complaints == []


@pytest.mark.parametrize("page", ["chat"], indirect=True)
async def test_what_a_carer_writes_is_never_markup(page: Page, seen: Seen) -> None:
    await page.fill("#text", "<img src=x onerror=alert(1)> [x](javascript:alert(2)) <b>bold</b>")
    await page.keyboard.press("Enter")
    mine = page.locator("#log > li.carer")
    await expect(mine).to_contain_text("<b>bold</b>")
    assert await page.locator("#log img, #log b, #log a[href^=javascript]").count() == 0
    assert seen.complaints == []
