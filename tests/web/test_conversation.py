"""A whole conversation on the page: by keyboard, by what a screen reader is told, and with each thing there is to press."""

from __future__ import annotations

import re

from playwright.async_api import Route, expect

from bot.gateway.settings import ROOT
from bot.helpline.cases import Cases
from tests.doubles.gateway import Running, knowledge
from tests.doubles.rasa import FakeRasa, says
from tests.doubles.waiting import until
from tests.web.conftest import OpenPage, Seen
from tests.web.looking import PHONE, focused, say, tab_to
from tests.web.scenes import DANGER, MONEY, PERSON, THERAPY, set_scene
from tests.web.states import joined

# What is added to the log, and whether that is announced.
WATCH_THE_LOG = """
  const attach = Element.prototype.attachShadow;
  window.added = [];
  Element.prototype.attachShadow = function (how) {
    const root = attach.call(this, how);
    new MutationObserver(all => all.forEach(change => change.addedNodes.forEach(node => {
      const text = change.target.id === 'log' && node.querySelector('p:not(.who)').textContent;
      if (text) window.added.push([text, change.target.getAttribute('aria-live')]);
    }))).observe(root, {childList: true, subtree: true});
    return root;
  };"""

SENT = re.compile(r"You\s+Sent \d\d:\d\d")


async def test_by_keyboard_alone(open_page: OpenPage, rasa: FakeRasa, seen: Seen) -> None:
    set_scene(rasa)
    page = await open_page()
    await page.keyboard.press("Tab")
    assert await focused(page) == "Skip to your message"
    await page.keyboard.press("Enter")
    await page.keyboard.type(MONEY)
    await page.keyboard.press("Shift+Enter")
    await page.keyboard.type("Thank you")
    rasa.script[f"{MONEY}\nThank you"] = rasa.script[MONEY]
    await page.keyboard.press("Enter")
    answer = page.locator(".log .assistant")
    await expect(answer).to_have_count(1)
    assert await focused(page) == "text", "she can go on writing"
    assert rasa.heard == [f"{MONEY}\nThank you"]

    await tab_to(page, "How much is it?", back=True)
    await page.keyboard.press("Enter")
    await expect(page.locator(".log .carer")).to_have_count(2)
    assert "How much is it?" in await focused(page), "her own message has the focus that the button had"
    await expect(answer).to_have_count(2)
    await expect(page.locator(".options .option")).to_have_count(0)

    await tab_to(page, "More", back=True)
    await page.keyboard.press("Enter")
    await tab_to(page, "Delete everything")
    await page.keyboard.press("Enter")
    assert (await focused(page)).startswith("Delete everything you wrote")
    await tab_to(page, "No, keep it")
    await page.keyboard.press("Enter")
    assert await focused(page) == "Delete everything", "the focus goes back to where it came from"
    await page.keyboard.press("Enter")
    await tab_to(page, "Yes, delete it all")
    await page.keyboard.press("Enter")
    await expect(page.locator(".log .message")).to_have_count(0)
    await expect(page.locator("#status")).to_have_text("Everything is deleted.")
    assert await page.evaluate("Object.keys(sessionStorage).length + Object.keys(localStorage).length") == 0
    assert seen.complaints == []


async def test_sources_unfold_and_an_opinion_is_thanked(open_page: OpenPage, rasa: FakeRasa, gateway: Running,
                                                        seen: Seen) -> None:
    set_scene(rasa)
    page = await open_page()
    await say(page, MONEY)
    sources = page.locator(".sources")
    assert not await sources.evaluate("d => d.open")
    await expect(sources.locator("summary")).to_have_text("Where this comes from, checked 12 November 2026")
    await sources.locator("summary").press("Enter")
    links = sources.locator("a")
    assert await links.evaluate_all("all => all.map(a => [a.protocol, a.rel, a.target])") == [
        ["https:", "noreferrer noopener", "_blank"]] * 2
    await page.get_by_role("button", name="This is wrong").press("Enter")
    assert (await focused(page)).startswith("Thank you. The people who write the answers")
    kept = await page.evaluate("JSON.parse(sessionStorage['kinship-signpost']).conversation")

    async def rated() -> bool:
        return [line.body.get("feedback") for line in await gateway.store.lines(kept["id"])] == [None, None, "wrong"]

    await until(rated)
    await page.reload()
    await expect(page.locator(".opinion")).to_contain_text("Thank you")
    assert seen.complaints == []


async def test_the_tree_a_screen_reader_reads(open_page: OpenPage, rasa: FakeRasa) -> None:
    set_scene(rasa)
    page = await open_page(PHONE)
    await page.add_init_script(WATCH_THE_LOG)
    await page.reload()
    await say(page, MONEY)
    await page.wait_for_timeout(100)
    tree = await page.locator("body").aria_snapshot()
    for expected in ('- heading "Kinship Signpost" [level=1]', '- link "Emergency Exit this page"', '- log "Conversation"',
                     '- button "Talk to a person"', '- textbox "Your message"', '- button "Send"', '- link "0300 200 3100"',
                     '- group "Choose one, or write your own words"', '- button "How much is it?"',
                     '- link "claim Child Benefit on GOV.UK (opens in a new tab)"', '- group "Was this helpful?"'):
        assert expected in tree, f"{expected} is not in\n{tree}"
    parts = ("Skip to your message", "Exit this page", "log", "How much is it?", "Was this helpful?", "textbox")
    order = [tree.index(part) for part in parts]
    assert order == sorted(order)
    await say(page, THERAPY)
    await page.wait_for_timeout(100)
    added = await page.evaluate("window.added")
    assert [text for text, _ in added][::2] == [MONEY, THERAPY] and len(added) == 4, "each message is added once"
    assert {live for _, live in added} == {"polite"}
    await page.reload()
    await expect(page.locator(".log .message")).to_have_count(4)
    added = await page.evaluate("window.added")
    assert {live for _, live in added} == {"off"} and len(added) == 4, "what was said before is not read out again"
    await expect(page.locator("#log")).to_have_attribute("aria-live", "polite")


async def test_what_is_understood_is_put_right(open_page: OpenPage, rasa: FakeRasa, seen: Seen) -> None:
    set_scene(rasa)
    page = await open_page(PHONE)
    known = page.locator("#known")
    await expect(known).to_be_hidden()
    await say(page, MONEY)
    await known.locator("summary").click()
    await expect(known.locator("dd:not(.change)")).to_have_text(
        ["a Special Guardianship Order (SGO)", "Rotherham", "4, 7", "grandparent", "Yes"])
    await known.get_by_role("button", name="Change Age of the child or children").click()
    assert await focused(page) == "correction"
    await page.keyboard.press("Control+A")
    await page.keyboard.type("four")
    await page.keyboard.press("Enter")
    await expect(known.locator(".wrong")).to_have_text("Write each age as a number of years, such as 4 and 7.")
    assert await page.locator("#correction").get_attribute("aria-invalid") == "true"
    await known.get_by_role("button", name="Cancel").click()
    assert (await focused(page)).startswith("Change")
    await known.get_by_role("button", name="Change Council").click()
    await known.get_by_label("Council").select_option("Leeds")
    command = '/assistant.correction.change_fact{"authority": "leeds"}'
    rasa.slots[command] = {"authority": "leeds"}
    await known.get_by_role("button", name="Save").click()
    await expect(known.locator("dd:not(.change)").nth(1)).to_have_text("Leeds")
    assert rasa.turns[-1]["command"] == command
    await known.get_by_role("button", name="Change Age").click()
    await page.keyboard.press("Control+A")
    await page.keyboard.type("5 and 8")
    await page.keyboard.press("Enter")
    await expect(page.locator(".log .assistant")).to_have_count(3)
    assert rasa.turns[-1]["command"] == '/assistant.correction.change_fact{"fact": {"name": "child_age", "value": [5, 8]}}'
    assert seen.complaints == []


async def test_talk_to_a_person(open_page: OpenPage, rasa: FakeRasa, gateway: Running) -> None:
    set_scene(rasa)
    page = await open_page()
    await page.get_by_role("button", name="Talk to a person").click()
    await expect(page.locator(".with")).to_have_text("I've left this with the helpline. You can go on writing.")
    assert rasa.turns[-1]["command"] == PERSON
    assert len(await Cases(gateway.store).all()) == 1


async def test_a_person_is_here(open_page: OpenPage, rasa: FakeRasa, gateway: Running, seen: Seen) -> None:
    """Who it is, that they type, how far her own words came, and the way back to the assistant."""
    page = await open_page(PHONE)
    await say(page, "hello")
    told: list[str] = []

    async def typing(route: Route) -> None:
        told.append(route.request.method)
        await route.fulfill(status=204)

    async def a_sign(route: Route) -> None:
        await page.unroute("**/events**")
        await route.fulfill(content_type="text/event-stream", body="event: typing\ndata: {}\n\n")

    await page.route("**/typing", typing)
    await page.route("**/events**", a_sign)
    await page.reload()
    await expect(page.locator(".typing")).to_have_text("The helpline is typing")
    await joined(page, gateway, "Good morning. Is he at school?", by="Sam")
    await expect(page.locator(".typing")).to_have_text("")
    await expect(page.locator(".with p")).to_have_text(
        "You're now chatting with Sam from the helpline. The assistant keeps quiet.")
    await expect(page.locator(".log .helpline .who")).to_contain_text("Sam, Helpline")
    await page.get_by_label("Your message to the helpline").press_sequentially("he is")
    await page.keyboard.press("Enter")
    mine = page.locator(".log .carer").last
    await expect(mine.locator(".who")).to_contain_text(SENT)
    assert told == ["POST"] and rasa.heard == ["hello"], "the assistant keeps quiet"
    await expect(page.locator("#status")).to_have_text("")
    await page.get_by_role("button", name="End, and go back to the assistant").click()
    await expect(page.locator(".log .carer").last).to_contain_text("End, and go back to the assistant")
    assert seen.of("422") == []


async def test_a_message_that_is_heard_before_its_answer(open_page: OpenPage, rasa: FakeRasa) -> None:
    """The stream may be quicker than the answer to what was sent: when it was sent stays told."""
    page = await open_page(PHONE)
    mine = page.locator(".log .carer").last.locator(".who")

    async def late(route: Route) -> None:
        answer = await route.fetch()
        await expect(mine).to_contain_text(SENT)
        await route.fulfill(response=answer)

    await page.route("**/messages", late)
    async with page.expect_response("**/messages") as heard:
        await say(page, "hello")
    await (await heard.value).finished()
    await expect(page.locator("#status")).to_have_text("")
    await expect(mine).to_contain_text(SENT)


async def test_options_of_an_answer_go_with_the_next_message(open_page: OpenPage, rasa: FakeRasa) -> None:
    set_scene(rasa)
    page = await open_page()
    await say(page, MONEY)
    await say(page, THERAPY)
    for _ in range(2):
        await expect(page.locator(".log .options")).to_have_count(1)
        await expect(page.get_by_role("button", name="Who do I ring?")).to_be_visible()
        await page.reload()
        await expect(page.locator(".log .message")).to_have_count(4)


async def test_start_again_and_danger(open_page: OpenPage, rasa: FakeRasa) -> None:
    page = await open_page()
    await page.locator(".more summary").click()
    await page.get_by_role("button", name="Start again").click()
    await expect(page.locator(".log .assistant")).to_have_count(1)
    assert rasa.turns[-1]["command"] == "/assistant.correction.start_again"
    await say(page, DANGER)
    await expect(page.locator(".log .urgent")).to_be_visible()
    assert await page.locator(".urgent .phone").first.get_attribute("href") == "tel:999"


async def test_the_count_of_characters(open_page: OpenPage, rasa: FakeRasa) -> None:
    page = await open_page()
    count = page.locator("#count")
    await page.locator("#text").fill("a" * 3199)
    await expect(count).to_have_text("")
    await page.locator("#text").fill("a" * 3990)
    await expect(count).to_have_text("Characters left: 10")
    await page.locator("#text").fill("a" * 4003)
    await expect(count).to_have_text("Characters too many: 3. Please send it in parts.")
    await page.keyboard.press("Enter")
    assert rasa.turns == [] and await page.locator("#text").get_attribute("aria-invalid") == "true"
    await page.locator("#text").fill("😀" * 4000)
    await page.keyboard.press("Enter")
    await expect(page.locator(".log .assistant")).to_have_count(1)
    await page.get_by_role("button", name="Send").click()
    await expect(count).to_have_text("Write your message first.")


async def test_what_is_written_is_never_markup(open_page: OpenPage, rasa: FakeRasa, seen: Seen) -> None:
    page = await open_page()
    for sent in ("<img src=x onerror=alert(1)> <b>bold</b>", "[x](javascript:alert(2))",
                 "[a](https://a.example/ onclick=alert(3))", "\u202eright to left", "مرحبا"):
        await say(page, sent)
        await expect(page.locator(".log .carer").last).to_contain_text(sent)
    assert await page.locator(".log img, .log b, .log a[href^=javascript], .log [onclick]").count() == 0
    assert await page.locator(".log .carer p[dir=auto]").count() == 5
    assert seen.complaints == []


LINKS = {
    "See [the guide (2026)](https://a.example/x_(y)) now.": ["https://a.example/x_(y)"],
    "(see [a page](https://a.example/a)), or [another](https://a.example/b).": ["https://a.example/a", "https://a.example/b"],
    "Ring 0808 801 0366 or 116 123, or 999.": ["tel:08088010366", "tel:116123", "tel:999"],
    "It is £999 a year, or 999.50; paid 2026-09-01.": [],
    "Up to £1,999.50 for 0161 496 0000.": ["tel:01614960000"],
    "[no](ftp://x) and [also no](javascript:x)": [],
}


async def test_links_and_numbers(open_page: OpenPage, rasa: FakeRasa) -> None:
    page = await open_page()
    for at, (text, links) in enumerate(LINKS.items()):
        rasa.script[f"number {at}"] = says(text)  # a number in her own words would be masked
        await say(page, f"number {at}")
        found = page.locator(".log .assistant").last.locator("a")
        assert await found.evaluate_all("all => all.map(a => a.getAttribute('href'))") == links


async def test_save_or_print(open_page: OpenPage, rasa: FakeRasa, seen: Seen) -> None:
    set_scene(rasa)
    page = await open_page()
    await page.add_init_script("window.print = () => { top.printed = [document.title, document.body.innerText]; }")
    await page.reload()
    await say(page, MONEY)
    await page.locator(".more summary").click()
    await page.get_by_role("button", name="Save or print this").click()
    await page.wait_for_function("window.printed")
    title, text = await page.evaluate("window.printed")
    assert title.startswith("Kinship Signpost, ")
    for part in ("Printed on", MONEY, "Child Benefit is paid for each child", "Child Benefit: make a claim",
                 "https://www.rotherham.gov.uk/kinship-care/local-offer", "checked 12 November 2026", "0808 801 0366"):
        assert part in text
    assert not re.search("Was this helpful|How much is it|Exit this page", text)
    assert seen.complaints == []


async def test_what_is_kept_is_said_first_in_the_words_of_the_privacy_page(open_page: OpenPage) -> None:
    told = (ROOT / "docs" / "privacy.md").read_text(encoding="utf-8").split("## In two sentences, before the first message")[1]
    sentences = " ".join(told.split("##")[0].split())
    assert sentences.count(".") == 2
    assert {knowledge().words.ways(name)[0] for name in ("page.kept", "start.kept")} == {sentences}
    page = await open_page(PHONE)
    await expect(page.locator(".greeting .kept")).to_contain_text(sentences)


async def test_what_is_kept_on_the_device(open_page: OpenPage, rasa: FakeRasa) -> None:
    page = await open_page()
    held = "[Object.keys(sessionStorage), Object.keys(localStorage), document.cookie]"
    assert await page.evaluate(held) == [[], [], ""], "nothing before she writes"
    await say(page, "hello")
    assert await page.evaluate(held) == [["kinship-signpost"], [], ""], "only the tab's own"
    await page.locator("#text").fill("a half-written")
    await page.wait_for_timeout(400)
    await page.reload()
    await expect(page.locator("#text")).to_have_value("a half-written")
    await page.locator(".more summary").click()
    await page.get_by_label("Remember me on this device").check()
    other = await open_page(context=page.context)
    await expect(other.locator(".log .carer")).to_contain_text("hello")
    assert "half-written" not in await other.evaluate("localStorage['kinship-signpost']")
    await page.get_by_label("Remember me on this device").uncheck()
    assert await page.evaluate(held) == [["kinship-signpost"], [], ""]


async def test_nothing_goes_elsewhere_and_no_token_in_an_address(open_page: OpenPage, rasa: FakeRasa, gateway: Running,
                                                                 seen: Seen) -> None:
    set_scene(rasa)
    page = await open_page()
    await say(page, MONEY)
    await page.reload()
    await expect(page.locator(".log .message")).to_have_count(2)
    token = await page.evaluate("JSON.parse(sessionStorage['kinship-signpost']).conversation.token")
    assert all(url.startswith(f"{gateway.url}/") and token not in url for url in seen.urls)


