"""What tests do on the page, and what they look at."""

from __future__ import annotations

from importlib.resources import files

from playwright.async_api import Page, expect

AXE = files("axe_playwright_python").joinpath("axe.min.js").read_text(encoding="utf-8")
WCAG = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
PHONE, TABLET, DESK = (320, 640), (768, 1024), (1440, 900)

# Pauses of the page pass twenty times as fast.
FAST = """() => {
  const slow = setTimeout;
  window.setTimeout = (call, time, ...more) => slow(call, time > 500 ? time / 20 : time, ...more);
}"""


async def say(page: Page, text: str) -> None:
    """Type a message and send it; returns once it is answered."""
    answers = page.locator(".log .message:not(.carer)")
    before = await answers.count()
    await page.locator("#text").fill(text)
    await page.keyboard.press("Enter")
    await expect(answers).not_to_have_count(before)


async def violations(page: Page) -> list[str]:
    """What axe-core finds against WCAG 2.2 A and AA, and against its good practice."""
    if not await page.evaluate("'axe' in window"):
        await page.evaluate(AXE)
    found = await page.evaluate("tags => axe.run(document, {runOnly: {type: 'tag', values: tags}, resultTypes: ['violations'],"
                                " preload: false}).then(({violations}) => ({violations}))", WCAG)
    return [f"{v['id']}: {node['target']} {node['failureSummary']}" for v in found["violations"] for node in v["nodes"]]


async def no_sideways_scrolling(page: Page) -> bool:
    """Does the page fit its width, in the document and in the part of the chat that scrolls?"""
    return await page.evaluate("""() => {
      const chat = document.querySelector('#chat, #kinship-signpost')?.shadowRoot ?? document;
      const parts = [document.documentElement, ...chat.querySelectorAll('.chat, .scroll')];
      return parts.every(part => part.scrollWidth <= part.clientWidth);
    }""")



async def focused(page: Page) -> str:
    """What has the focus, also inside a shadow root: its text, else its id."""
    return await page.evaluate("""() => {
      let at = document.activeElement;
      while (at?.shadowRoot?.activeElement) at = at.shadowRoot.activeElement;
      return ['TEXTAREA', 'SELECT', 'INPUT'].includes(at.tagName) ? at.id : at.innerText.replace(/\\s+/g, ' ').trim() || at.id;
    }""")


async def tab_to(page: Page, wanted: str, back: bool = False) -> None:
    """Press Tab until the focus is on what is called that; each stop shows the focus, and nothing covers it."""
    for _ in range(40):
        await page.keyboard.press("Shift+Tab" if back else "Tab")
        await page.evaluate("() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")
        problem = await page.evaluate(STOP)
        assert problem is None, f"{await focused(page)}: {problem}"
        if await focused(page) == wanted:
            return
    raise AssertionError(f"{wanted} cannot be reached by keyboard")


# Is the element with the focus marked, in sight, and uncovered (WCAG 2.2, 2.4.7 and 2.4.11)?
STOP = """() => {
  let at = document.activeElement, root = document;
  while (at?.shadowRoot?.activeElement) { root = at.shadowRoot; at = root.activeElement; }
  if (!at || at === document.body) return null;
  if (getComputedStyle(at).outlineStyle === 'none') return 'no outline';
  const box = at.getBoundingClientRect();
  const seen = [[.5, .5], [.1, .1], [.9, .9], [.1, .9], [.9, .1]].some(([x, y]) => {
    const top = root.elementFromPoint(box.left + box.width * x, box.top + box.height * y);
    return top && (at.contains(top) || top.contains(at));
  });
  return seen ? null : 'covered, or out of sight: ' + JSON.stringify(box);
}"""
