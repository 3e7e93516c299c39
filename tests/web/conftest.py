"""Fixtures: the real page in Debian's Chromium, over the gateway in this process with a fake Rasa. No network is used."""

from __future__ import annotations

import re
import shutil
import subprocess
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Browser, BrowserContext, Page, async_playwright, expect

from tests.doubles.gateway import Running, base, gateway, rasa, start_gateway  # noqa: F401  (fixtures)
from tests.web.looking import DESK

CHROMIUM = shutil.which("chromium")
ARGUMENTS = ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-background-networking",
             "--disable-component-update", "--no-first-run", "--disable-dev-shm-usage", "--remote-debugging-port=0",
             # Names of sites that tests use are this machine; everything else leads nowhere.
             "--host-resolver-rules=MAP *.test 127.0.0.1, MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"]

expect.set_options(timeout=15_000)  # a machine may be busy


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents and CHROMIUM is None:
            item.add_marker(pytest.mark.skip("chromium is not installed: apt-get install chromium"))


@pytest.fixture(scope="session")
def chromium(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """One Chromium for all tests; each has a context of its own in it. Gives its address."""
    profile = tmp_path_factory.mktemp("chromium")
    process = subprocess.Popen([str(CHROMIUM), *ARGUMENTS, f"--user-data-dir={profile}", "about:blank"],
                               stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    port = profile / "DevToolsActivePort"
    deadline = time.monotonic() + 30
    while not (port.exists() and port.read_text().count("\n")):
        assert process.poll() is None and time.monotonic() < deadline, "chromium does not start"
        time.sleep(0.05)
    yield f"http://127.0.0.1:{port.read_text().splitlines()[0]}"
    process.terminate()
    process.wait(10)


@pytest.fixture
async def browser(chromium: str) -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        yield await playwright.chromium.connect_over_cdp(chromium)


@dataclass
class Seen:
    """What the browser complained of, and where it went."""

    complaints: list[str] = field(default_factory=list)
    urls: list[str] = field(default_factory=list)

    def of(self, *wanted: str) -> list[str]:
        """The complaints but those that a test brings about itself."""
        return [c for c in self.complaints if not any(re.search(w, c) for w in wanted)]


OpenPage = Callable[..., Awaitable[Page]]


@pytest.fixture
def seen() -> Seen:
    return Seen()


@pytest.fixture
async def open_context(browser: Browser) -> AsyncIterator[Callable[..., Awaitable[BrowserContext]]]:
    opened: list[BrowserContext] = []

    async def make(size: tuple[int, int] = DESK, **options: Any) -> BrowserContext:
        chosen = {"viewport": {"width": size[0], "height": size[1]}, "locale": "en-GB", "reduced_motion": "reduce",
                  "color_scheme": "light"} | options
        opened.append(await browser.new_context(**chosen))
        return opened[-1]

    yield make
    for context in opened:
        await context.close()


@pytest.fixture
async def open_page(gateway: Running, seen: Seen, open_context: Callable[..., Awaitable[BrowserContext]]) -> OpenPage:  # noqa: F811
    """`await open_page(size, url=…, context=…, **options of the context)`: the page, watched for complaints."""

    async def make(size: tuple[int, int] = DESK, url: str = "", context: BrowserContext | None = None,
                   **options: Any) -> Page:
        page = await (context or await open_context(size, **options)).new_page()
        page.on("console", lambda m: seen.complaints.append(m.text) if m.type in ("error", "warning") else None)
        page.on("pageerror", lambda e: seen.complaints.append(str(e)))
        page.on("request", lambda r: seen.urls.append(r.url))
        await page.add_init_script("addEventListener('securitypolicyviolation',"
                                   " e => console.error('CSP ' + e.violatedDirective))")
        await page.goto(url or gateway.url)
        return page

    return make
