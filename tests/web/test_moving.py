"""From the page to the phone and back by a code, and nobody's number is seen on the way."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from datetime import date

import pytest_asyncio
from playwright.async_api import Locator, Page, expect

from bot.channels.settings import PhoneSettings
from bot.knowledge.base import KnowledgeBase
from tests.doubles.gateway import Running, StartGateway, knowledge
from tests.doubles.rasa import FakeRasa
from tests.doubles.twilio import ACCOUNT, SMS_NUMBER, TOKEN, WHATSAPP_NUMBER, FakeTwilio, Phone
from tests.web.conftest import OpenPage, Seen
from tests.web.looking import DESK, PHONE, focused, no_sideways_scrolling, say, violations

ON = date(2026, 11, 24)
CODE = re.compile(r"[2-9A-Z]{4}-[2-9A-Z]{4}")


@pytest_asyncio.fixture(loop_scope="session")
async def twilio() -> AsyncIterator[FakeTwilio]:
    fake = FakeTwilio()
    await fake.start()
    yield fake
    await fake.stop()


@pytest_asyncio.fixture(loop_scope="session")
async def gateway(start_gateway: StartGateway, twilio: FakeTwilio) -> Running:
    """As in the other tests of the page, but with phones."""
    return await start_gateway(PhoneSettings(
        public_url=twilio.public_url, twilio_account_sid=ACCOUNT, twilio_auth_token=TOKEN, twilio_sms_from=SMS_NUMBER,
        twilio_whatsapp_from=WHATSAPP_NUMBER, twilio_api=twilio.url, join_seconds=0.0))


async def more(page: Page, name: str) -> Locator:
    """The button under 'More'."""
    if not await page.locator("#print").is_visible():
        await page.locator(".more summary").click()
    return page.get_by_role("button", name=name)


async def sound(page: Page) -> None:
    """Nothing to complain of on a small phone nor on a desk."""
    for size in (PHONE, DESK):
        await page.set_viewport_size({"width": size[0], "height": size[1]})
        assert await violations(page) == [] and await no_sideways_scrolling(page), size


async def test_there_and_back(open_page: OpenPage, rasa: FakeRasa, twilio: FakeTwilio, gateway: Running, seen: Seen) -> None:
    base: KnowledgeBase = knowledge()
    page, phone = await open_page(PHONE, timezone_id="Europe/London"), Phone(twilio, gateway.url)
    await say(page, "we have an sgo")
    await (await more(page, "Go on by text")).click()
    box = page.locator(".moving")
    await expect(box).to_contain_text(re.compile(r"before 11:1[5-9]"))  # the clock runs on from 11:00
    assert (await focused(page)).startswith("Send this text")
    shown = await box.inner_text()
    code = CODE.search(shown)
    assert code and "07700 900001" in shown
    link = await box.get_by_role("link", name="07700 900000").get_attribute("href")
    assert link == f"sms:{SMS_NUMBER}?&body=CODE%20{code[0]}"
    await sound(page)
    await box.get_by_role("button", name="Close").click()
    assert await focused(page) == "Go on by text"

    await phone.text(f"CODE {code[0]}")
    assert await phone.next() == base.say("phone.moved", ON)
    await phone.text("what money")
    assert await phone.next() == "You said: what money"
    await expect(page.locator(".log .assistant").last).to_contain_text("You said: what money")

    await phone.text("WEB")
    back = CODE.search(await phone.next())
    assert back
    other = await open_page(PHONE)
    await say(other, "something else")
    await (await more(other, "I have a code")).click()
    assert await focused(other) == "code"
    await other.keyboard.type("ABCD-EFGH")
    await other.keyboard.press("Enter")
    await expect(other.locator("#code-wrong")).to_have_text(base.say("phone.code_wrong", ON))
    await sound(other)
    await other.locator("#code").fill(back[0].lower())
    await other.keyboard.press("Enter")
    await expect(other.locator(".log .message").first).to_contain_text("we have an sgo")
    await expect(other.locator(".log .assistant").filter(has_text="You said: what money")).to_have_count(1)
    await expect(other.locator(".log")).not_to_contain_text("something else")
    assert await focused(other) == "I have a code"
    await say(other, "and now here")
    await expect(other.locator(".log .assistant").last).to_contain_text("You said: and now here")
    assert phone.number not in await other.content() + await page.content()
    assert seen.of("404", "401") == [], "but for the code that opened nothing, and the page whose token went"
