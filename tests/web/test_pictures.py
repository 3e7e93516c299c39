"""What the page looks like: pictures of the main states at three widths, light and dark, against those in snapshots/.

Letters are drawn in DejaVu Sans, which Debian's chromium depends on (by libfontconfig1 and fontconfig-config), and times of
day are left out. Pictures are compared at a quarter of their size, so that how a version of the browser smooths letters
makes no difference, and a button that moved does. `SNAPSHOTS=make` in the environment makes them anew.
"""

from __future__ import annotations

import base64
import os
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from playwright.async_api import BrowserContext, Page

from tests.doubles.gateway import Running
from tests.doubles.rasa import FakeRasa
from tests.web.conftest import OpenPage
from tests.web.looking import DESK, PHONE, TABLET
from tests.web.scenes import set_scene
from tests.web.states import State, danger, empty, helpline, long_chat, offline, understood

SNAPSHOTS = Path(__file__).parent / "snapshots"
MAKE = os.environ.get("SNAPSHOTS") == "make"
MAIN: list[State] = [empty, long_chat, understood, offline, danger, helpline]
SIZES = {"320": PHONE, "768": TABLET, "1440": DESK}
ALIKE = 0.004  # of all cells of 4 by 4 pixels, how many may be of another colour

SAME_LETTERS = """() => {
  const probe = document.createElement('canvas').getContext('2d');
  const width = font => (probe.font = font, probe.measureText('What I understood').width);
  const sheet = new CSSStyleSheet();
  sheet.replaceSync('* { font-family: "DejaVu Sans" !important; } time { visibility: hidden; }');
  document.querySelector('#chat').shadowRoot.adoptedStyleSheets.push(sheet);
  return width('40px "DejaVu Sans", monospace') !== width('40px monospace');
}"""
UNALIKE = """async pictures => {
  const [one, other] = await Promise.all(pictures.map(async data => {
    const image = await createImageBitmap(await (await fetch(data)).blob());
    const [width, height] = [image.width, image.height].map(n => Math.ceil(n / 4));
    const canvas = new OffscreenCanvas(width, height).getContext('2d');
    canvas.imageSmoothingQuality = 'high';
    canvas.drawImage(image, 0, 0, width, height);
    return {size: image.width + ' by ' + image.height, cells: canvas.getImageData(0, 0, width, height).data};
  }));
  if (one.size !== other.size) return 1;
  let unalike = 0;
  for (let at = 0; at < one.cells.length; at += 4)
    unalike += [0, 1, 2].some(part => Math.abs(one.cells[at + part] - other.cells[at + part]) > 40);
  return unalike / (one.cells.length / 4);
}"""
AS_WEBP = """async data => {
  const image = await createImageBitmap(await (await fetch(data)).blob());
  const canvas = new OffscreenCanvas(image.width, image.height);
  canvas.getContext('2d').drawImage(image, 0, 0);
  const bytes = new Uint8Array(await (await canvas.convertToBlob({type: 'image/webp', quality: .6})).arrayBuffer());
  return btoa(Array.from(bytes, byte => String.fromCharCode(byte)).join(''));
}"""
OpenContext = Callable[..., Awaitable[BrowserContext]]


async def unalike(judge: Page, one: bytes, other: bytes) -> float:
    """How much of two pictures differs, from 0 to 1."""
    return float(await judge.evaluate(UNALIKE, [as_address(one), as_address(other)]))


def as_address(image: bytes) -> str:
    """A PNG or WebP that a page can fetch."""
    kind = "png" if image.startswith(b"\x89PNG") else "webp"
    return f"data:image/{kind};base64,{base64.b64encode(image).decode()}"


async def picture(page: Page, size: tuple[int, int], scheme: str) -> bytes:
    """The page as it is, at that size, in 'light' or 'dark'."""
    await page.set_viewport_size({"width": size[0], "height": size[1]})
    await page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
    await page.evaluate("""() => {
      document.querySelector('#chat').shadowRoot.activeElement?.blur();
      const root = document.querySelector('#chat').shadowRoot;
      (root.querySelector('.known[open]') ?? root.querySelector('.log').lastElementChild)?.scrollIntoView({block: 'start'});
    }""")
    return await page.screenshot(caret="hide", animations="disabled")


@pytest.mark.parametrize("state", MAIN, ids=lambda state: state.__name__)
async def test_it_looks_as_it_did(open_page: OpenPage, open_context: OpenContext, rasa: FakeRasa, gateway: Running,
                                  tmp_path: Path, state: State) -> None:
    set_scene(rasa)
    judge = await (await open_context()).new_page()
    page = await open_page(PHONE)
    await state(page, gateway)
    if not await page.evaluate(SAME_LETTERS):
        pytest.skip("DejaVu Sans is not installed: apt-get install fonts-dejavu-core")
    wrong: list[Path] = []
    for name, size in SIZES.items():
        for scheme in ("light", "dark"):
            kept, now = SNAPSHOTS / f"{state.__name__}-{name}-{scheme}.webp", await picture(page, size, scheme)
            if MAKE:
                kept.write_bytes(base64.b64decode(await judge.evaluate(AS_WEBP, as_address(now))))
            if await unalike(judge, kept.read_bytes(), now) > ALIKE:
                wrong.append(tmp_path / f"{kept.stem}.png")
                wrong[-1].write_bytes(now)
    assert wrong == [], "they look otherwise; if they should, make the snapshots anew (docs/widget.md)"


async def test_a_button_that_is_gone_is_seen(open_page: OpenPage, open_context: OpenContext, rasa: FakeRasa,
                                             gateway: Running) -> None:
    """The comparison can fail: one button less on the widest page, or another colour of it."""
    judge = await (await open_context()).new_page()
    page = await open_page(DESK)
    before = await picture(page, DESK, "light")
    assert await unalike(judge, before, await picture(page, DESK, "light")) == 0
    for change in ("e.style.visibility = 'hidden'", "e.style.cssText = 'background: red'"):
        await page.locator(".exit").evaluate(f"e => {{ {change} }}")
        assert await unalike(judge, before, await picture(page, DESK, "light")) > ALIKE
