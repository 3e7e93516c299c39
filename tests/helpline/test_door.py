"""Who gets in: passwords, second factor, lockout, sessions that end, CSRF, roles, and what goes into the log."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from aiohttp import CookieJar, web
from click.testing import CliRunner

from bot.cli import main
from bot.gateway import web_api
from bot.helpline.accounts import TRIES
from bot.helpline.keys import ACCOUNTS
from tests.doubles.adviser import PASSWORD, Adviser, enrol
from tests.doubles.carer import Carer
from tests.doubles.gateway import Running, StartGateway
from tests.helpline.conftest import PLEASE, Arrive

SIGN_IN = "/helpline/sign-in"


def console(app: web.Application) -> Iterator[tuple[str, str]]:
    """Every route of the console, as the router has it, with an id where one is wanted."""
    for route in app.router.routes():
        path = route.resource.canonical if route.resource else ""
        if path.startswith("/helpline") and route.method != "HEAD":
            yield route.method, path.replace("{id}", "c_0123456789")


async def test_every_route_refuses_without_a_session(gateway: Running) -> None:
    routes = [route for route in console(gateway.app) if route[1] != SIGN_IN]
    assert len(routes) > 18
    for method, path in routes:
        for cookie in (None, "", "signpost_desk=forged"):
            headers = {"Cookie": cookie} if cookie is not None else {}
            async with gateway.session.request(method, gateway.url + path, headers=headers, allow_redirects=False,
                                               json={} if method == "POST" else None) as got:
                assert got.status == 401, f"{method} {path} {cookie}"


async def test_every_route_that_changes_something_wants_its_token(gateway: Running, arrive: Arrive) -> None:
    boss = await arrive("boss", role="supervisor")
    boss.csrf = "forged"
    for method, path in console(gateway.app):
        if method == "POST" and path != SIGN_IN:
            assert (await boss.post(path.removeprefix("/helpline")))[0] == 403, path


async def test_another_site_changes_nothing(gateway: Running) -> None:
    headers = {"Sec-Fetch-Site": "cross-site"}
    async with gateway.session.post(gateway.url + SIGN_IN, data={"name": "sam"}, headers=headers) as got:
        assert got.status == 403


ROLES = {"adviser": {"": 200, "/calls": 200, "/supervisor": 403, "/log": 403, "/figures": 403, "/report": 403,
                     "/report.csv": 403, "/service": 403, "/forget": 200},
         "supervisor": {"": 200, "/calls": 200, "/supervisor": 200, "/log": 200, "/figures": 200, "/report": 200,
                        "/report.csv": 200, "/service": 200, "/forget": 200},
         "editor": {"/calls": 403, "/supervisor": 403, "/log": 403, "/figures": 200, "/report": 403, "/conversations/c_1": 403,
                    "/service": 403, "/forget": 403, "/events": 403}}


async def test_what_each_role_may_see(gateway: Running, arrive: Arrive) -> None:
    for role, pages in ROLES.items():
        one = await arrive(role, role=role, here=False)
        for path, status in pages.items():
            async with one.session.get(f"{gateway.url}/helpline{path}", allow_redirects=False) as got:
                assert got.status == status, f"{role} {path}"


async def test_signing_in_says_nothing_of_what_was_wrong_and_a_code_opens_once(gateway: Running, arrive: Arrive) -> None:
    sam = await arrive("sam")
    assert sam.authenticator
    used, fresh = sam.authenticator.code(), sam.authenticator.code(1)
    wrong = [("sam", PASSWORD, used), ("sam", PASSWORD, "000000"), ("sam", "wrong", fresh), ("nobody", PASSWORD, fresh)]
    pages = set()
    for name, password, code in wrong:
        form = {"name": name, "password": password, "code": code}
        async with gateway.session.post(gateway.url + SIGN_IN, data=form) as got:
            assert got.status == 401 and "Set-Cookie" not in got.headers
            pages.add((await got.text()).replace(name, ""))
    assert len(pages) == 1
    assert await sam.sign_in(fresh) == 303


async def test_too_many_wrong_tries_lock_the_account_for_a_while(gateway: Running, arrive: Arrive) -> None:
    sam = await arrive("sam")
    assert sam.authenticator
    for _ in range(TRIES):
        assert await sam.sign_in(sam.authenticator.code(1), "wrong") == 401
    assert await sam.sign_in(sam.authenticator.code(1)) == 401, "locked, even with everything right"
    await gateway.app[ACCOUNTS].renew("sam", PASSWORD, "operator:test", gateway.app[web_api.CLOCK].now())
    assert (await sam.get("/knowledge"))[0] == 401, "a reset ends every session"


async def test_the_cookie_is_for_this_site_alone(start_gateway: StartGateway) -> None:
    gateway = await start_gateway(public_url="https://chat.example.org")
    authenticator = await enrol(gateway, "sam")
    form = {"name": "sam", "password": PASSWORD, "code": authenticator.code()}
    async with gateway.session.post(gateway.url + SIGN_IN, data=form, allow_redirects=False) as got:
        cookie = got.headers["Set-Cookie"]
    assert all(part in cookie for part in ("HttpOnly", "Secure", "SameSite=Strict", "Path=/helpline"))
    assert PASSWORD not in str(await gateway.app[ACCOUNTS].all())


LATER = [{"now": "2026-11-24T12:05:00+00:00"}, {"now": "2026-11-24T23:30:00+00:00", "desk_idle_minutes": 6000}]


@pytest.mark.parametrize("given", LATER, ids=["idle", "old"])
async def test_sessions_end(start_gateway: StartGateway, arrive: Arrive, given: dict[str, Any]) -> None:
    gateway = await start_gateway()
    sam = await arrive("sam", at=gateway)
    assert (await sam.get("/knowledge"))[0] == 200
    await gateway.close()
    gateway = await start_gateway(**given)
    sam.gateway = gateway
    assert (await sam.get("/knowledge"))[0] == 401


async def test_signing_out_ends_the_session_on_the_server(sam: Adviser) -> None:
    cookie = sam.cookie
    assert cookie
    async with sam.session.post(sam.gateway.url + "/helpline/sign-out", data={"csrf": sam.csrf}, allow_redirects=False) as got:
        assert got.status == 303
    sam.session.cookie_jar.update_cookies({"signpost_desk": cookie})
    assert isinstance(sam.session.cookie_jar, CookieJar) and (await sam.get("/knowledge"))[0] == 401


async def test_the_log_has_who_read_and_did_what_and_forgets_whose_it_was(carer: Carer, arrive: Arrive) -> None:
    sam, boss = await arrive("sam"), await arrive("boss", role="supervisor")
    await carer.say(PLEASE)
    await sam.page(f"/conversations/{carer.id}")
    await sam.claim(carer.id)
    await sam.end(carer.id)
    log = await boss.page("/log")
    for what in ("read", "claimed", "closed", "signed in"):
        assert f"<td>{what}</td>" in log
    assert carer.id[-4:].upper() in log
    await carer.delete()
    log = await boss.page("/log")
    assert carer.id[-4:].upper() not in log and "<td>claimed</td>" in log


def test_accounts_are_made_by_command_alone(tmp_path: object, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SIGNPOST_DATA", str(tmp_path))
    run = CliRunner()
    short = run.invoke(main, ["staff", "add", "sam", "--name", "Sam", "--password", "short"])
    assert short.exit_code != 0 and "12 characters" in short.output
    made = run.invoke(main, ["staff", "add", "Sam", "--name", "Sam", "--password", PASSWORD])
    assert made.exit_code == 0 and "otpauth://totp/" in made.output
    assert "already" in run.invoke(main, ["staff", "add", "sam", "--name", "Sam", "--password", PASSWORD]).output
    assert "sam" in run.invoke(main, ["staff", "list"]).output
    assert run.invoke(main, ["staff", "remove", "sam"]).exit_code == 0
    assert "sam" not in run.invoke(main, ["staff", "list"]).output


async def test_no_account_is_there_by_itself(gateway: Running) -> None:
    assert await gateway.app[ACCOUNTS].all() == []
    assert not await gateway.app[ACCOUNTS].session("", gateway.app[web_api.CLOCK].now())
