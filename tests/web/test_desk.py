"""The helpline's console in a browser: an adviser and a carer, each in her own, from the queue to the goodbye."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import date

import pytest
from playwright.async_api import BrowserContext, Page, expect

from bot.knowledge.base import KnowledgeBase
from tests.channels.conftest import settings
from tests.doubles.adviser import PASSWORD, Adviser, enrol
from tests.doubles.gateway import Running, StartGateway, knowledge
from tests.doubles.rasa import FakeRasa, says
from tests.doubles.twilio import FakeTwilio, Phone, WhatsAppPhone
from tests.doubles.waiting import until
from tests.web.conftest import OpenPage, Seen
from tests.web.looking import say, tab_to, violations

ON = date(2026, 11, 24)
PLEASE = "a person please"
OpenContext = Callable[..., Awaitable[BrowserContext]]


@pytest.fixture
def base() -> KnowledgeBase:
    return knowledge()


@pytest.fixture(autouse=True)
def _asking(rasa: FakeRasa) -> None:
    rasa.script[PLEASE] = says("Ring the helpline.", hand_over="asked")
    rasa.slots[PLEASE] = {"arrangement": "special_guardianship_order", "authority": "rotherham", "child_age": [4, 9],
                          "recent": ["money.council_allowance", "education.school_place", "money.child_benefit"],
                          "topic": "money.council_allowance", "child": "niece", "children": {"nephew": {}}}


async def sign_in(gateway: Running, open_page: OpenPage, staff_id: str = "sam", role: str = "adviser",
                  **options: object) -> Page:
    """A browser of her own, signed in by keyboard, and taking conversations."""
    authenticator = await enrol(gateway, staff_id, role=role)  # type: ignore[arg-type]
    page = await open_page((1440, 900), url=gateway.url + "/helpline", **options)
    await page.get_by_label("Name").fill(staff_id)
    await page.keyboard.press("Tab")
    await page.keyboard.type(PASSWORD)
    await page.keyboard.press("Tab")
    await page.keyboard.type(authenticator.code())
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("button", name="Sign out")).to_be_visible()
    if role != "editor":
        await page.get_by_role("button", name="I take conversations").click()
        await expect(page.locator("#here")).to_have_attribute("aria-pressed", "true")
    return page


async def test_an_adviser_and_a_carer_talk_on_the_web(gateway: Running, open_page: OpenPage, seen: Seen, base: KnowledgeBase,
                                                      ) -> None:
    adviser = await sign_in(gateway, open_page)
    await adviser.get_by_role("button", name="Sound").click()
    await expect(adviser.locator("body")).to_have_attribute("data-rang", "1")
    carer = await open_page()
    await carer.add_init_script("window.print = () => { top.printed = document.body.innerText; }")
    await carer.reload()
    await say(carer, PLEASE)
    item = adviser.locator("#list .waiting a")
    await expect(item).to_have_count(1)
    await expect(adviser).to_have_title("(1) Conversations – Kinship Signpost")
    await expect(adviser.locator("body")).to_have_attribute("data-rang", "2")
    await item.click()
    await adviser.get_by_role("button", name="Take this conversation").click()
    await expect(carer.locator(".with")).to_contain_text(base.say("page.with_person", ON))
    await expect(carer.locator("#log")).to_contain_text(base.say("desk.joined", ON, name="Sam"))
    await adviser.get_by_label("Your message to the carer").fill("Hello, I'm Sam. Which school is it?")
    await expect(carer.locator(".typing")).to_have_text(base.say("page.typing", ON))
    await adviser.get_by_role("button", name="Send").click()
    await expect(carer.locator("#log .helpline")).to_contain_text("Which school is it?")
    await expect(carer.locator(".typing")).to_have_text("")
    await carer.locator("#text").fill("The one in Maltby")
    await expect(adviser.locator("#typing")).to_have_text("The carer is typing")
    await carer.keyboard.press("Enter")
    await expect(adviser.locator("#log .carer").last).to_contain_text("The one in Maltby")
    await expect(adviser.locator("#typing")).to_have_text("")
    await adviser.context.set_offline(True)
    await adviser.locator("#text").fill("Ring the school first.")
    await adviser.keyboard.press("Control+Enter")
    await expect(adviser.locator("#wrong")).to_contain_text("The connection is lost. Your words are kept")
    await adviser.context.set_offline(False)
    await adviser.keyboard.press("Control+Enter")
    await expect(carer.locator("#log .helpline").last).to_contain_text("Ring the school first.")
    await expect(adviser.locator("#log .helpline", has_text="Ring the school first.")).to_have_count(1)
    await carer.locator(".with").get_by_role("button", name=base.say("page.print", ON)).click()
    await carer.wait_for_function("window.printed")
    printed = await carer.evaluate("window.printed")
    assert "Which school is it?" in printed and "The one in Maltby" in printed, "the transcript is hers to keep"
    await adviser.get_by_role("button", name="End", exact=True).click()
    await adviser.get_by_role("button", name="End and give back").click()
    await expect(carer.locator("#log")).to_contain_text(base.say("desk.closed", ON, name="Sam"))
    await say(carer, "thank you")
    await expect(carer.locator("#log")).to_contain_text("You said: thank you")
    assert seen.of("409", "ERR_INTERNET_DISCONNECTED") == []
    assert not [url for url in seen.urls if not url.startswith((gateway.url, "data:"))]


async def test_an_adviser_and_a_carer_who_texts(open_page: OpenPage, rasa: FakeRasa, start_gateway: StartGateway,
                                                base: KnowledgeBase) -> None:
    twilio = FakeTwilio()
    await twilio.start()
    gateway = await start_gateway(settings(twilio, None))
    adviser, phone = await sign_in(gateway, open_page), Phone(twilio, gateway.url)
    await phone.text(PLEASE)
    await adviser.locator("#list .waiting a").click()
    await expect(adviser.locator("#about")).to_contain_text("by text message")
    await adviser.keyboard.press("Alt+t")
    await expect(adviser.locator("#text")).to_be_focused()
    await adviser.keyboard.type("Hello, I'm Sam. " * 12)
    await expect(adviser.locator("#count")).to_have_text("192 characters, 2 texts")
    await adviser.keyboard.press("Control+Enter")
    await until(lambda: [t for t in twilio.taken if t.body.startswith("Hello, I'm Sam.")], within=15)
    await phone.text("thank you Sam")
    await expect(adviser.locator("#log .carer").last).to_contain_text("thank you Sam")
    whatsapp = WhatsAppPhone(twilio, gateway.url, "whatsapp:+447911123457")
    await whatsapp.text(PLEASE)
    await adviser.locator("#list .waiting a").click()
    await expect(adviser.locator("#about")).to_contain_text("WhatsApp lets you write for 23 h")
    await twilio.stop()


async def test_the_whole_console_by_keyboard(gateway: Running, open_page: OpenPage) -> None:
    """Every page and every form of a conversation without a mouse; nothing that has the focus is hidden."""
    pat = await Adviser.arrive(gateway, "pat")
    page, carer = await sign_in(gateway, open_page, role="supervisor"), await open_page()
    await say(carer, PLEASE)
    async with pat.stream():  # somebody to hand over to
        await expect(page.locator("#list .waiting a")).to_have_count(1)
        await page.keyboard.press("Alt+n")
        await expect(page.locator("#claim")).to_be_visible()
        await page.keyboard.press("Alt+t")
        await expect(page.locator("#text")).to_be_focused()
        await page.keyboard.type("One moment.")
        await page.keyboard.press("Control+Enter")
        await expect(page.locator("#log .helpline")).to_contain_text("One moment.")
        await tab_to(page, "saved")
        await page.keyboard.press("ArrowDown")
        await expect(page.locator("#text")).not_to_have_value("")
        await page.keyboard.press("Control+Enter")
        await expect(page.locator("#log .helpline")).to_have_count(2)
        await tab_to(page, "child_age")
        await page.keyboard.type("7")
        await tab_to(page, "q")
        await expect(page.locator("#saved-fact")).to_contain_text("Kept")
        await page.keyboard.type("child benefit")
        await page.keyboard.press("Enter")
        await expect(page.locator("#entries button").first).to_be_visible()
        await tab_to(page, "Send")
        await page.keyboard.press("Enter")
        await expect(page.locator("#log .helpline")).to_have_count(3)
        await tab_to(page, "note-text")
        await page.keyboard.type("has a letter from the council")
        await tab_to(page, "Keep the note")
        await page.keyboard.press("Enter")
        await expect(page.locator("#notes")).to_contain_text("has a letter from the council")
        await page.keyboard.press("Alt+m")
        await tab_to(page, "Hand over", back=True)
        await page.keyboard.press("Enter")
        await expect(page.locator("#to")).to_be_focused()
        await page.keyboard.type("Pat")
        await page.keyboard.press("Tab")
        await page.keyboard.press("Enter")
        await expect(page.locator("#about")).to_contain_text("with Pat")
        assert (await pat.post(f"/conversations/{(await pat.items())[0]['id']}/transfer", to="sam"))[0] == 204
    await expect(page.locator("#about")).to_contain_text("with you")
    await page.keyboard.press("Alt+m")
    await tab_to(page, "End", back=True)
    await page.keyboard.press("Enter")
    await expect(page.locator("#outcome")).to_be_focused()
    await page.keyboard.press("Tab")
    await page.keyboard.type("told her about the allowance")
    await page.keyboard.press("Enter")
    await expect(page.locator("#notes")).to_contain_text("told her about the allowance")
    await expect(page.locator("#about")).to_contain_text("with the assistant")
    for title, heading in (("Calls to make", "Calls to make"), ("Waiting times", "Waiting times"), ("Figures", "Figures"),
                           ("Log", "Log"), ("Entries to mend", "Entries to mend")):
        await page.locator("body").press("Home")
        await tab_to(page, title)
        await page.keyboard.press("Enter")
        await expect(page.get_by_role("heading", level=1, name=heading)).to_be_visible()
        if title == "Figures":
            await tab_to(page, "of")
            await page.keyboard.type("Leeds")
            await tab_to(page, "Show")
            await page.keyboard.press("Enter")
            await expect(page.get_by_role("heading", level=1)).to_contain_text("Leeds")
    await tab_to(page, "Sign out")
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    await pat.close()


async def test_an_entry_and_a_fact_in_one_click_each(gateway: Running, open_page: OpenPage, rasa: FakeRasa) -> None:
    page, carer = await sign_in(gateway, open_page), await open_page()
    await say(carer, PLEASE)
    await page.locator("#list .waiting a").click()
    await page.get_by_role("button", name="Take this conversation").click()
    await expect(page.locator("#authority")).to_have_value("rotherham")
    await page.get_by_label("Ages in years").fill("5, 9")
    await page.keyboard.press("Tab")
    await expect(page.locator("#saved-fact")).to_contain_text("Kept")
    await expect(page.locator("#card-title")).to_have_text("What we know of “your niece”")
    await page.route("**/facts", lambda route: route.abort())
    await page.get_by_label("Danger").click()
    await expect(page.locator("#wrong")).to_contain_text("The connection is lost")
    await expect(page.get_by_label("Danger")).not_to_be_checked()
    await page.unroute("**/facts")
    await page.get_by_label("Danger").check()
    await expect(page.locator("#about")).to_contain_text("Danger")
    await page.get_by_label("Danger").uncheck()
    await expect(page.locator("#about")).not_to_contain_text("Danger")
    away = page.locator("#needs button")
    await away.nth(1).focus()
    await away.evaluate_all("(all) => all.slice(1).forEach((one) => one.click())")  # one right after the other
    await expect(page.locator("#needs li")).to_have_count(1)
    await expect(away).to_be_focused()
    pat, talk = await Adviser.arrive(gateway, "pat"), page.url.rpartition("/")[2]
    assert (await pat.post(f"/conversations/{talk}/note", text="rings back at four"))[0] == 204
    await pat.close()
    await expect(page.locator("#notes")).to_contain_text("rings back at four")
    await expect(page.locator("#needs li")).to_have_count(1)
    await expect(away).to_be_focused()
    await page.get_by_label("Add a topic to what was asked about").select_option("health.gp_dentist")
    await expect(page.locator("#needs li")).to_have_count(2)
    await page.locator("#q").fill("child benefit")
    await page.keyboard.press("Enter")
    await page.locator("#entries button").first.click()
    await expect(carer.locator("#log .helpline")).to_contain_text("Child Benefit")
    await expect(page.locator("#log .helpline .entries")).to_contain_text("money.child_benefit")
    await carer.get_by_role("button", name="Back to the assistant").last.click()
    await say(carer, "and now?")
    await expect(carer.locator("#log")).to_contain_text("You said: and now?")
    known = rasa.turns[-1]["slots"]
    assert known["child_age"] == [5, 9] and known["recent"] == ["health.gp_dentist", "money.council_allowance"]


PAGES = ["", "/calls", "/supervisor", "/log", "/figures", "/report"]


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_axe_finds_nothing_on_any_page(gateway: Running, open_page: OpenPage, scheme: str) -> None:
    page = await sign_in(gateway, open_page, role="supervisor", color_scheme=scheme)
    carer, other = await gateway.carer(), await gateway.carer()
    await carer.say(PLEASE)
    await other.say("I want to kill myself")
    for path in PAGES:
        await page.goto(f"{gateway.url}/helpline{path}")
        assert await violations(page) == [], path
    await page.goto(f"{gateway.url}/helpline/conversations/{carer.id}")
    take = page.get_by_role("button", name="Take this conversation")
    await expect(take).to_be_visible()
    await expect(page.locator("#open-forget")).to_be_visible()  # a supervisor's, in any conversation
    await take.click()
    for form in ("#open-transfer", "#open-close"):
        await page.locator(form).click()
    await page.locator("#q").fill("school place")
    await page.keyboard.press("Enter")
    await expect(page.locator("#entries summary").first).to_be_visible()
    assert await violations(page) == [], "a conversation"
    await page.get_by_role("button", name="Sign out").click()
    assert await violations(page) == [], "sign in"
