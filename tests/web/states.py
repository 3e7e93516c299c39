"""The states in which the page is looked at, by axe-core and as pictures."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from playwright.async_api import Page, expect

from bot.gateway.tables import Conversation, Line
from bot.gateway.web_api import CLOCK, WAKEUPS
from tests.doubles.gateway import Running
from tests.web.looking import FAST, say
from tests.web.scenes import DANGER, MONEY, THERAPY


async def written(page: Page, gateway: Running, mode: str, sender: str, text: str, **body: object) -> None:
    """A line of the conversation, written by somebody else than this page, and who has the conversation now."""
    held = await page.evaluate("JSON.parse(sessionStorage['kinship-signpost']).conversation.id")
    async with gateway.store.session() as session:
        conversation = await session.get_one(Conversation, held)
        conversation.mode = mode
        session.add(Line(conversation_id=held, inbound_id=None, sender=sender, text=text, body=body,
                         at=gateway.app[CLOCK].now()))
    gateway.app[WAKEUPS].wake(held)


async def joined(page: Page, gateway: Running, text: str, by: str) -> None:
    """Somebody at the helpline takes the conversation of the page, and writes."""
    await written(page, gateway, "helpline", "helpline", text, by=by)


async def empty(page: Page, gateway: Running) -> None:
    await expect(page.locator(".greeting")).to_be_visible()


async def long_chat(page: Page, gateway: Running) -> None:
    for text in (MONEY, THERAPY, MONEY):
        await say(page, text)
    await page.locator(".sources summary").last.click()


async def understood(page: Page, gateway: Running) -> None:
    await say(page, MONEY)
    await page.locator("#known summary").click()
    await page.get_by_role("button", name="Change Age").click()
    await page.locator("#correction").fill("x")
    await page.get_by_role("button", name="Save").click()


async def error(page: Page, gateway: Running) -> None:
    await page.locator("#text").fill("a" * 4001)
    await page.keyboard.press("Enter")
    await expect(page.locator("#count.wrong")).to_be_visible()


async def offline(page: Page, gateway: Running) -> None:
    await page.evaluate(FAST)
    await page.route("**/api/**", lambda route: route.abort())
    await page.locator("#text").fill("hello")
    await page.keyboard.press("Enter")
    await expect(page.locator(".note button")).to_be_visible()


async def handover(page: Page, gateway: Running) -> None:
    await say(page, DANGER)
    await expect(page.locator(".with")).to_be_visible()


async def danger(page: Page, gateway: Running) -> None:
    """As `handover`, in words that no editor changes, for the pictures."""
    await say(page, THERAPY)
    await written(page, gateway, "waiting", "assistant", "- If anyone is in danger now, ring 999 and ask for the police.\n"
                  "- Someone violent at the door? Keep it shut, move the child to a safe room and ring 999.\n\n"
                  "You don't have to be sure. A person can talk it through too, on 0808 801 0366.", urgent=True)
    await expect(page.locator(".log .urgent")).to_be_visible()
    await expect(page.locator(".with.here")).to_be_visible()


async def helpline(page: Page, gateway: Running) -> None:
    await say(page, MONEY)
    await joined(page, gateway, "Good morning, I'm Sam. I've read what you wrote. Is he at school yet?", by="Sam")
    await expect(page.locator("#end-person")).to_be_visible()


async def deleting(page: Page, gateway: Running) -> None:
    await say(page, MONEY)
    await page.locator(".more summary").click()
    await page.locator("#forget").click()


async def leaving(page: Page, gateway: Running) -> None:
    await page.keyboard.press("Shift")
    await page.keyboard.press("Shift")


State = Callable[[Page, Running], Awaitable[None]]
STATES: list[State] = [empty, long_chat, understood, error, offline, handover, helpline, deleting, leaving]
