"""Fixtures: the real page in Debian's Chromium, over the gateway in this process with a fake Rasa. No network is used."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import Browser, BrowserContext, Page, async_playwright, expect

from bot.channels.settings import PhoneSettings
from tests.doubles.gateway import Running, StartGateway, fake_rasa, gateways
from tests.doubles.rasa import FakeRasa
from tests.doubles.tools import CHROMIUM, NO_CHROMIUM
from tests.web.looking import DESK

ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking",
             "--disable-component-update", "--no-first-run", "--disable-dev-shm-usage",
             # Names of sites that tests use are this machine; everything else leads nowhere.
             "--host-resolver-rules=MAP *.test 127.0.0.1, MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"]

expect.set_options(timeout=15_000)  # a machine may be busy


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.asyncio(loop_scope="session"), append=False)  # one loop, so that they share a browser
            if CHROMIUM is None:
                item.add_marker(pytest.mark.skip(NO_CHROMIUM))


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def browser() -> AsyncIterator[Browser]:
    """One Chromium for all tests; each has a context of its own in it."""
    async with async_playwright() as playwright:
        launched = await playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield launched
        await launched.close()


@pytest_asyncio.fixture(loop_scope="session")
async def rasa() -> AsyncIterator[FakeRasa]:
    async with fake_rasa() as fake:
        yield fake


@pytest_asyncio.fixture(loop_scope="session")
async def start_gateway(rasa: FakeRasa, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[StartGateway]:
    async with gateways(rasa, tmp_path, monkeypatch) as start:
        yield start


@pytest_asyncio.fixture(loop_scope="session")
async def gateway(start_gateway: StartGateway) -> Running:
    return await start_gateway(PhoneSettings(), answer_within=3.0)


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


@pytest_asyncio.fixture(loop_scope="session")
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


@pytest_asyncio.fixture(loop_scope="session")
async def open_page(gateway: Running, seen: Seen, open_context: Callable[..., Awaitable[BrowserContext]]) -> OpenPage:
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
