"""WCAG 2.2 AA: axe-core on every state, and what it can't see: reflow, text spacing, size of targets, what covers what."""

from __future__ import annotations

import pytest

from tests.doubles.gateway import Running
from tests.doubles.rasa import FakeRasa
from tests.web.conftest import OpenPage, Seen
from tests.web.looking import DESK, PHONE, STOP, TABLET, focused, no_sideways_scrolling, say, violations
from tests.web.scenes import MONEY, set_scene
from tests.web.states import STATES, State

# 1.4.12: what a reader may set without losing anything.
SPACING = """() => {
  const sheet = new CSSStyleSheet();
  sheet.replaceSync('* { line-height: 1.5 !important; letter-spacing: .12em !important; word-spacing: .16em !important; }'
    + ' p { margin-block-end: 2em !important; }');
  document.querySelector('#chat').shadowRoot.adoptedStyleSheets.push(sheet);
}"""
CLIPPED = """() => [...document.querySelector('#chat').shadowRoot.querySelectorAll('button, a, summary, p, dt, dd, label, h1')]
  .filter(e => e.checkVisibility() && !e.closest('.hidden, .skip'))
  .filter(e => e.scrollWidth > e.clientWidth + 1 && getComputedStyle(e).display !== 'inline')
  .map(e => e.outerHTML.slice(0, 90))"""
PRESSED = "button, summary, select, textarea, input, .exit"
TARGETS = f"""() => [...document.querySelector('#chat').shadowRoot.querySelectorAll('{PRESSED}')]
  .filter(e => e.checkVisibility() && !e.closest('.skip') && e.type !== 'checkbox')
  .filter(e => e.getBoundingClientRect().height < 44 || e.getBoundingClientRect().width < 44).map(e => e.outerHTML)"""


@pytest.mark.parametrize("state", STATES, ids=lambda state: state.__name__)
async def test_every_state(open_page: OpenPage, rasa: FakeRasa, gateway: Running, seen: Seen, state: State) -> None:
    """Each state on a small phone; light, dark, forced colours, a tablet and a desk with the same page."""
    set_scene(rasa)
    page = await open_page(PHONE)
    await state(page, gateway)
    for size, options in ((PHONE, {}), (TABLET, {"color_scheme": "dark"}), (DESK, {"forced_colors": "active"})):
        await page.set_viewport_size({"width": size[0], "height": size[1]})
        await page.emulate_media(**{"color_scheme": "light", "forced_colors": "none"} | options)
        assert await violations(page) == [], (size, options)
        assert await no_sideways_scrolling(page), (size, options)
        assert await page.evaluate(TARGETS) == [], "44 px at least"
    await page.set_viewport_size({"width": PHONE[0], "height": PHONE[1]})
    await page.evaluate(SPACING)
    assert await page.evaluate(CLIPPED) == [] and await no_sideways_scrolling(page), "with a reader's own text spacing"
    assert seen.of("ERR_FAILED") == []


@pytest.mark.parametrize("size", [(320, 256), (640, 512), PHONE], ids=["400%", "200%", "phone"])
async def test_reflow_and_nothing_covered(open_page: OpenPage, rasa: FakeRasa, size: tuple[int, int]) -> None:
    """1.4.10 and 2.4.11: 1280 by 1024 at 400 % is 320 by 256. Every stop of the Tab key is in sight and uncovered."""
    set_scene(rasa)
    page = await open_page(size)
    await say(page, MONEY)
    await page.locator(".more summary").click()
    await page.locator("#known summary").click()
    assert await no_sideways_scrolling(page)
    await page.locator("#text").focus()
    stops = set()
    for key in ("Shift+Tab", "Tab"):
        for _ in range(30):
            await page.keyboard.press(key)
            problem = await page.evaluate(STOP)
            assert problem is None, f"{await focused(page)}: {problem}"
            stops.add(await focused(page))
    wanted = {"Emergency Exit this page", "How much is it?", "What Rotherham offers", "text", "This is wrong", "remember"}
    assert wanted <= stops


async def test_text_at_twice_its_size(open_page: OpenPage, rasa: FakeRasa) -> None:
    """1.4.4, by the reader's own size of letters rather than by zoom."""
    set_scene(rasa)
    page = await open_page((640, 900))
    await say(page, MONEY)
    await page.evaluate("document.querySelector('#chat').shadowRoot.querySelector('.chat').style.fontSize = '32px'")
    assert await no_sideways_scrolling(page) and await page.evaluate(CLIPPED) == []


async def test_words_and_languages(open_page: OpenPage, rasa: FakeRasa, gateway: Running) -> None:
    page = await open_page()
    assert await page.evaluate("document.documentElement.lang") == "en-GB"
    assert await page.locator("#text").get_attribute("dir") == "auto"
    names = await page.locator("button:visible, a:visible").evaluate_all(
        "all => all.filter(e => e.ariaLabel && !e.ariaLabel.includes(e.innerText.trim())).map(e => e.outerHTML)")
    assert names == [], "what is seen is what is called, for who steers by voice"
    await page.evaluate("document.documentElement.dir = 'rtl'")
    await say(page, "hello")
    assert await no_sideways_scrolling(page)


async def test_without_motion(open_page: OpenPage, rasa: FakeRasa) -> None:
    page = await open_page()
    await say(page, "hello")
    assert await page.evaluate("document.querySelector('#chat').shadowRoot.getAnimations().length") == 0
