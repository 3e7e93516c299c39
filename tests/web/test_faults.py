"""What goes wrong on the way: nothing is lost, nothing is said twice, and the carer is told."""

from __future__ import annotations

import asyncio

from playwright.async_api import Page, Route, expect

from bot.gateway.web_api import WAKEUPS
from tests.doubles.carer import Carer
from tests.doubles.gateway import Running, StartGateway
from tests.doubles.rasa import FakeRasa
from tests.web.conftest import OpenPage, Seen
from tests.web.looking import FAST, say

MESSAGES = "**/messages"


async def send(page: Page, text: str) -> None:
    await page.locator("#text").fill(text)
    await page.keyboard.press("Enter")


async def said(page: Page) -> list[str]:
    """The texts in the log, in order."""
    return await page.locator(".log .message > p[dir]").all_inner_texts()


async def conversation(page: Page) -> dict[str, str]:
    return await page.evaluate("JSON.parse(sessionStorage['kinship-signpost']).conversation")


async def test_without_a_network_a_message_waits_and_is_sent_again(open_page: OpenPage, rasa: FakeRasa) -> None:
    page = await open_page()
    await page.evaluate(FAST)
    await say(page, "one")
    await page.context.set_offline(True)
    await page.route("**/api/**", lambda route: route.abort("internetdisconnected"))
    await send(page, "two")
    note = page.locator(".log .note")
    await expect(note).to_contain_text("Not sent yet")
    await note.get_by_role("button", name="Try again").click()
    await expect(note).to_contain_text("Not sent yet")
    await page.unroute("**/api/**")
    await page.context.set_offline(False)  # the browser says so, and the page tries by itself
    await expect(page.locator(".log .assistant")).to_have_count(2)
    assert await said(page) == ["one", "You said: one", "two", "You said: two"]
    assert rasa.heard == ["one", "two"]
    await expect(note).to_have_count(0)


async def test_an_answer_lost_on_its_way_back_is_not_asked_for_twice(open_page: OpenPage, rasa: FakeRasa) -> None:
    page = await open_page()
    await page.evaluate(FAST)
    lost: list[Route] = []

    async def lose_the_first(route: Route) -> None:
        lost.append(route)
        if len(lost) == 1:
            await route.fetch()  # the gateway has it; the page never hears so
            await route.abort("connectionreset")
        else:
            await route.continue_()

    await page.route(MESSAGES, lose_the_first)
    await send(page, "hello")
    await expect(page.locator(".log .assistant")).to_have_count(1)
    await asyncio.sleep(0.3)
    assert await said(page) == ["hello", "You said: hello"] and rasa.heard == ["hello"]


async def test_a_stream_that_breaks_is_taken_up_where_it_was(open_page: OpenPage, rasa: FakeRasa, gateway: Running) -> None:
    page = await open_page()
    await page.evaluate(FAST)
    await say(page, "one")
    held = await conversation(page)
    gateway.app[WAKEUPS].close()  # every stream ends
    await page.route(MESSAGES, lambda route: route.abort())  # and what follows can come by the stream alone
    gateway.app[WAKEUPS].closed = False
    elsewhere = Carer(gateway.session, gateway.url, {"conversation_id": held["id"], "token": held["token"]})
    assert (await elsewhere.say("from elsewhere")).status == 200
    await expect(page.locator(".log .assistant")).to_have_count(2)
    assert await said(page) == ["one", "You said: one", "from elsewhere", "You said: from elsewhere"]


async def test_a_gateway_that_is_started_anew(start_gateway: StartGateway, gateway: Running, open_page: OpenPage,
                                              rasa: FakeRasa, seen: Seen) -> None:
    page = await open_page()
    await page.evaluate(FAST)
    await say(page, "one")
    port = gateway.server.port
    await gateway.close()
    await send(page, "two")
    await expect(page.locator(".connection")).to_contain_text("You seem to be offline")
    again = await start_gateway(listen_on=port)
    await page.evaluate("dispatchEvent(new Event('online'))")
    await expect(page.locator(".log .assistant")).to_have_count(2)
    await expect(page.locator(".connection")).to_have_text("")
    assert await said(page) == ["one", "You said: one", "two", "You said: two"]
    lines = await again.store.lines((await conversation(page))["id"])
    assert [line.text for line in lines][1:] == ["one", "You said: one", "two", "You said: two"]
    assert seen.of("ERR_CONNECTION|ERR_EMPTY|ERR_INCOMPLETE|Failed to fetch") == []


async def test_rasa_away_is_said_and_the_answer_comes_later(open_page: OpenPage, rasa: FakeRasa) -> None:
    page = await open_page()
    await rasa.stop()
    await send(page, "hello")
    await expect(page.locator("#status")).to_contain_text("Your message is safe")
    await rasa.start()
    await expect(page.locator(".log .assistant")).to_have_count(1)
    await expect(page.locator("#status")).to_have_text("")
    assert await said(page) == ["hello", "You said: hello"]


async def test_too_much_at_once_is_said(open_page: OpenPage, rasa: FakeRasa) -> None:
    page = await open_page()

    async def refuse(route: Route) -> None:
        await route.fulfill(status=429, content_type="application/problem+json", headers={"Retry-After": "9"},
                            body='{"status": 429, "detail": "That was a lot at once. Please wait a moment."}')

    await page.route(MESSAGES, refuse)
    await send(page, "hello")
    await expect(page.locator(".note")).to_contain_text("That was a lot at once")
    await page.unroute(MESSAGES)
    await page.get_by_role("button", name="Try again").click()
    await expect(page.locator(".log .assistant")).to_have_count(1)
    assert rasa.heard == ["hello"]


async def test_a_tab_that_is_thrown_out_and_loaded_anew(open_page: OpenPage, rasa: FakeRasa) -> None:
    page = await open_page()
    await say(page, "one")
    await page.route(MESSAGES, lambda route: route.abort())
    await send(page, "two")
    await page.unroute(MESSAGES)
    await page.reload()
    await expect(page.locator(".log .assistant")).to_have_count(2)
    assert await said(page) == ["one", "You said: one", "two", "You said: two"]
    assert rasa.heard == ["one", "two"]


async def test_back_and_forth(open_page: OpenPage, rasa: FakeRasa, gateway: Running) -> None:
    page = await open_page()
    await say(page, "one")
    await page.goto(f"{gateway.url}/healthz")
    await page.go_back()
    await expect(page.locator(".log .message")).to_have_count(2)
    await say(page, "two")
    assert rasa.heard == ["one", "two"]


async def test_two_tabs_are_two_conversations_and_a_remembered_one_is_one(open_page: OpenPage, rasa: FakeRasa) -> None:
    first = await open_page()
    await say(first, "one")
    other = await open_page(context=first.context)
    await say(other, "mine alone")
    assert await said(first) == ["one", "You said: one"]
    await first.locator(".more summary").click()
    await first.get_by_label("Remember me on this device").check()
    second = await open_page(context=first.context)
    await expect(second.locator(".log .message")).to_have_count(2)
    await say(second, "two")
    await expect(first.locator(".log .message")).to_have_count(4)
    assert await said(first) == await said(second) == ["one", "You said: one", "two", "You said: two"]

    await second.locator(".more summary").click()
    await second.locator("#forget").click()
    await second.locator("#delete-yes").click()
    await expect(second.locator(".log .message")).to_have_count(0)
    await expect(first.locator("#status")).to_have_text("This conversation was deleted. Write again to start a new one.")
    assert await first.evaluate("[sessionStorage.length, localStorage.length]") == [0, 0]
    await say(first, "afresh")
    assert await said(first) == ["afresh", "You said: afresh"]


async def test_a_conversation_id_alone_opens_nothing(open_page: OpenPage, rasa: FakeRasa, gateway: Running) -> None:
    first = await open_page()
    await say(first, "a secret")
    stolen = await conversation(first)
    thief = await open_page()
    await thief.evaluate("id => sessionStorage['kinship-signpost'] = JSON.stringify({conversation: {id, token: 'x'}})",
                         stolen["id"])
    await thief.reload()
    await expect(thief.locator("#status")).to_contain_text("Write again to start a new one")
    assert "a secret" not in await thief.content() and await thief.locator(".log .message").count() == 0


