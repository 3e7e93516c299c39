"""Without JavaScript the page is a form with the same conversation, nothing on the device, no token in an address."""

from __future__ import annotations

import re
from html import unescape

import pytest
from playwright.async_api import expect

from bot.helpline.cases import Cases
from tests.doubles.gateway import Running
from tests.doubles.rasa import FakeRasa, says
from tests.web.conftest import OpenPage, Seen
from tests.web.looking import PHONE, say, violations
from tests.web.scenes import DANGER, MONEY, PERSON, set_scene


async def test_a_conversation(open_page: OpenPage, rasa: FakeRasa, gateway: Running, seen: Seen) -> None:
    set_scene(rasa)
    page = await open_page(PHONE, java_script_enabled=False)
    log, text = page.locator(".log .message"), page.get_by_label("Your message")
    await expect(page.get_by_text("You can have it deleted at any moment")).to_be_visible()
    await text.fill(MONEY)
    await page.get_by_role("button", name="Send").click()
    await expect(log).to_have_count(2)
    await page.locator(".sources summary").click()
    await expect(page.get_by_role("link", name="Child Benefit: make a claim")).to_be_visible()
    await page.get_by_role("button", name="How do I apply?").click()
    await expect(log).to_have_count(4)
    await page.locator(".known summary").click()
    await page.get_by_label("Council").select_option("Leeds")
    await page.get_by_role("button", name="Change").click()
    await expect(log).to_have_count(6)
    assert rasa.turns[-1]["command"] == '/assistant.correction.change_fact{"authority": "leeds"}'
    await page.get_by_role("button", name="Yes").first.click()
    await expect(page.get_by_text("Thank you for saying so.")).to_be_visible()
    await text.fill(DANGER)
    await page.get_by_role("button", name="Send").click()
    await expect(page.locator(".urgent")).to_be_visible()
    await page.get_by_role("button", name="Talk to a person").first.click()
    await expect(page.locator(".with")).to_contain_text("left this with the helpline")
    assert rasa.turns[-1]["command"] == PERSON
    assert await page.locator("input[name=token]").first.get_attribute("value") not in "".join(seen.urls)
    assert await page.context.cookies() == []
    await page.locator(".more summary").click()
    await page.get_by_role("button", name="Delete everything").click()
    await expect(page.get_by_role("alert")).to_have_text("Everything is deleted.")
    assert await Cases(gateway.store).all() == [] and await log.count() == 0


async def test_it_is_sound(open_page: OpenPage, rasa: FakeRasa) -> None:
    """The same page with axe-core, which is itself JavaScript: the widget is kept from coming."""
    set_scene(rasa)
    page = await open_page(PHONE)
    await page.route("**/widget.js", lambda route: route.abort())
    await page.reload()
    assert await violations(page) == []
    await page.get_by_label("Your message").fill(MONEY)
    await page.get_by_role("button", name="Send").click()
    await page.locator(".known summary").click()
    assert await violations(page) == []
    assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    await page.context.route("https://www.bbc.co.uk/**",
                             lambda route: route.fulfill(content_type="text/html", body="<h1>Weather</h1>"))
    await page.get_by_role("button", name="Exit this page").click()
    await expect(page.locator("h1")).to_have_text("Weather")


async def test_the_widget_takes_the_same_conversation_up(open_page: OpenPage, rasa: FakeRasa) -> None:
    """She may send before the script has come over a slow line."""
    page = await open_page()
    await page.route("**/widget.js", lambda route: route.abort())
    await page.reload()
    await page.get_by_label("Your message").fill("one")
    await page.unroute("**/widget.js")
    await page.get_by_role("button", name="Send").click()
    await expect(page.locator("#log[role=log] .message")).to_have_count(2)
    await say(page, "two")
    assert rasa.heard == ["one", "two"]
    assert await page.locator("input[name=token]").count() == 0


# ---- The form itself, as a client that is no browser sees it -----------------------------------------------------------


def hidden(page: str, name: str) -> str:
    found = re.search(rf'name="{name}" value="([^"]*)"', page)
    assert found
    return unescape(found[1])


async def test_posting_twice_says_it_once(gateway: Running, rasa: FakeRasa) -> None:
    async with gateway.session.get(gateway.url) as got:
        fresh = await got.text()
        assert got.status == 200 and hidden(fresh, "conversation") == ""
    form = {"text": "one", "client_message_id": hidden(fresh, "client_message_id")}
    async with gateway.session.post(gateway.url, data=form) as got:
        first = await got.text()
    form = {"text": "two"} | {name: hidden(first, name) for name in ("conversation", "token", "client_message_id")}
    for _ in range(2):  # as a browser does when she loads the page anew
        async with gateway.session.post(gateway.url, data=form) as got:
            assert (await got.text()).count("You said: two") == 1
    assert rasa.heard == ["one", "two"]


@pytest.mark.parametrize("token", ["", "wrong"])
async def test_an_id_without_its_token_shows_nothing(gateway: Running, rasa: FakeRasa, token: str) -> None:
    carer = await gateway.carer()
    await carer.say("a secret")
    form = {"conversation": carer.id, "token": token, "text": "hello", "look": "yes", "delete": "yes"}
    async with gateway.session.post(gateway.url, data=form) as got:
        assert "a secret" not in await got.text()
    async with gateway.session.post(f"{gateway.url}/exit", data=form, allow_redirects=False) as got:
        assert (got.status, got.headers["Location"]) == (303, "https://www.bbc.co.uk/weather")
    assert len(await carer.transcript()) == 3 and rasa.heard == ["a secret"]


async def test_exit_ends_the_conversation(gateway: Running) -> None:
    carer = await gateway.carer()
    form = {"conversation": carer.id, "token": carer.token}
    async with gateway.session.post(f"{gateway.url}/exit", data=form, allow_redirects=False) as got:
        assert got.status == 303
    assert await gateway.store.conversation(carer.id) is None


async def test_what_is_written_is_never_markup(gateway: Running, rasa: FakeRasa) -> None:
    nasty = '<script>alert(1)</script> [x](javascript:alert(1)) [y](https://a.example/"onclick="alert(1))'
    rasa.script[nasty] = says(nasty, options=[{"label": "<b>", "payload": '/a{"b": "\'><i>"}'}])
    form = {"text": nasty, "council": '"><i>', "client_message_id": '"><i>'}
    async with gateway.session.post(gateway.url, data=form) as got:
        refused = await got.text()
    async with gateway.session.post(gateway.url, data={"text": nasty}) as got:
        page = await got.text()
    assert rasa.heard == [nasty]
    for text in (refused, page):
        assert not re.search(r"<script>|<b>|<i>|href=.javascript|\sonclick=", text)


async def test_a_message_that_is_too_long_comes_back_to_be_shortened(gateway: Running, rasa: FakeRasa) -> None:
    async with gateway.session.post(gateway.url, data={"text": "b" * 4001}) as got:
        page = await got.text()
    assert 'role="alert"' in page and "over 4000 characters" in page and "b" * 4001 in page
    assert rasa.heard == []
