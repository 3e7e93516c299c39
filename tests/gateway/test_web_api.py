"""The web chat API's promises to its clients: shapes, errors, options."""

from __future__ import annotations

import json
import re
from datetime import date, datetime
from typing import Any

import pytest

from bot.gateway import patience
from bot.gateway.store import Store
from bot.helpline.cases import Cases
from bot.knowledge.base import KnowledgeBase
from tests.doubles.away import away_at_first
from tests.doubles.carer import API, Carer
from tests.doubles.gateway import Running, StartGateway
from tests.doubles.rasa import FakeRasa, says

ON = date(2026, 11, 24)
MESSAGE = {"id", "from", "text", "topics", "answers", "options", "urgent", "at"}
STATE = {"arrangement", "authority", "facts", "mode"}


async def test_a_conversation_opens_with_a_greeting_and_an_empty_state(carer: Carer, base: KnowledgeBase) -> None:
    (hello,) = carer.opened["messages"]
    assert set(hello) == MESSAGE
    assert hello["from"] == "assistant" and hello["topics"] and base.say("start.kept", ON) in hello["text"]
    assert datetime.fromisoformat(hello["at"]).isoformat().startswith("2026-11-24T11:00")
    assert carer.opened["state"] == {"arrangement": None, "authority": None, "facts": {}, "mode": "assistant"}


async def test_an_answer_has_every_documented_field_and_no_other(carer: Carer, rasa: FakeRasa) -> None:
    rasa.slots["we have an sgo"] = {"arrangement": "special_guardianship_order", "authority": "rotherham",
                                    "child_age": [7], "previously_looked_after": False, "asked": ["x"]}
    got = await carer.say("we have an sgo")
    assert got.status == 200 and [set(m) for m in got.messages] == [MESSAGE]
    assert set(got.state) == STATE
    assert got.state == {"arrangement": "special_guardianship_order", "authority": "rotherham", "mode": "assistant",
                         "facts": {"child_age": [7], "previously_looked_after": False}}
    assert got.messages[0]["id"] > carer.opened["messages"][0]["id"]


async def test_the_token_is_secret_and_not_kept(gateway: Running, carer: Carer) -> None:
    other = await gateway.carer()
    assert len(carer.token) >= 32 and carer.token != other.token and carer.id != other.id
    async with gateway.store.engine.connect() as connection:
        rows = await connection.exec_driver_sql("SELECT * FROM conversations")
        assert carer.token not in str(rows.all())


J = {"Content-Type": "application/json"}
DEEP = "[" * 20000 + "]" * 20000
ERRORS = [  # name, method, path under the API, headers ('' = the right token), body, status
    ("not JSON", "POST", "{id}/messages", J, "{text", 400),
    ("half a UTF-8 character", "POST", "{id}/messages", J, b'{"text": "\xc3"}', 400),
    ("a list", "POST", "{id}/messages", J, '["text"]', 400),
    ("a string", "POST", "{id}/messages", J, '"text"', 400),
    ("nested too deep", "POST", "{id}/messages", J, DEEP, 400),
    ("empty body", "POST", "{id}/messages", J, "", 400),
    ("neither text nor option", "POST", "{id}/messages", J, "{}", 400),
    ("both text and option", "POST", "{id}/messages", J, '{"text": "a", "option": "/b"}', 400),
    ("text is a number", "POST", "{id}/messages", J, '{"text": 5}', 400),
    ("option is null", "POST", "{id}/messages", J, '{"option": null}', 400),
    ("client_message_id is a number", "POST", "{id}/messages", J, '{"text": "a", "client_message_id": 5}', 400),
    ("client_message_id is empty", "POST", "{id}/messages", J, '{"text": "a", "client_message_id": ""}', 400),
    ("client_message_id is too long", "POST", "{id}/messages", J,
     '{"text": "a", "client_message_id": "' + "x" * 81 + '"}', 400),
    ("client_message_id has a space", "POST", "{id}/messages", J, '{"text": "a", "client_message_id": "a b"}', 400),
    ("after is no number", "GET", "{id}/events?after=abc", {}, None, 400),
    ("after is negative", "GET", "{id}/events?after=-1", {}, None, 400),
    ("after is huge", "GET", "{id}/events?after=" + "9" * 40, {}, None, 400),
    ("no token", "POST", "{id}/messages", J | {"Authorization": None}, '{"text": "a"}', 401),
    ("no token to listen", "GET", "{id}/events", {"Authorization": None}, None, 401),
    ("no token to delete", "DELETE", "{id}", {"Authorization": None}, None, 401),
    ("another token", "POST", "{id}/messages", J | {"Authorization": "Bearer nonsense"}, '{"text": "a"}', 401),
    ("another token to delete", "DELETE", "{id}", {"Authorization": "Bearer nonsense"}, None, 401),
    ("a token of strange bytes", "POST", "{id}/messages", J | {"Authorization": "Bearer \udcff\udcfe"},
     '{"text": "a"}', 401),
    ("another scheme", "POST", "{id}/messages", J | {"Authorization": "Basic abc"}, '{"text": "a"}', 401),
    ("an empty token", "POST", "{id}/messages", J | {"Authorization": "Bearer "}, '{"text": "a"}', 401),
    ("no such conversation", "POST", "c_none/messages", J, '{"text": "a"}', 404),
    ("no such conversation to delete", "DELETE", "c_none", {}, None, 404),
    ("no such route", "GET", "{id}/nothing", {}, None, 404),
    ("a method that is not", "PUT", "{id}/messages", J, "{}", 405),
    ("4,001 characters", "POST", "{id}/messages", J, '{"text": "' + "a" * 4001 + '"}', 413),
    ("100 kB", "POST", "{id}/messages", J, '{"text": "' + "a" * 100_000 + '"}', 413),
    ("plain text", "POST", "{id}/messages", {"Content-Type": "text/plain"}, '{"text": "a"}', 415),
    ("a form", "POST", "{id}/messages", {"Content-Type": "application/x-www-form-urlencoded"}, "text=a", 415),
    ("a form to start", "POST", "", {"Content-Type": "application/x-www-form-urlencoded"}, "text=a", 415),
    ("an unknown charset", "POST", "{id}/messages", {"Content-Type": "application/json; charset=klingon"},
     '{"text": "a"}', 415),
    ("empty", "POST", "{id}/messages", J, '{"text": ""}', 422),
    ("blanks", "POST", "{id}/messages", J, '{"text": " \\n\\t \\u00a0"}', 422),
    ("control characters alone", "POST", "{id}/messages", J, '{"text": "\\u0000\\u0007\\u200b"}', 422),
    ("an option that was not offered", "POST", "{id}/messages", J, '{"option": "/assistant.privacy.delete"}', 422),
    ("an empty option", "POST", "{id}/messages", J, '{"option": ""}', 422),
]


@pytest.mark.parametrize(("method", "path", "headers", "body", "status"), [e[1:] for e in ERRORS],
                         ids=[e[0] for e in ERRORS])
async def test_errors_are_problem_details(carer: Carer, rasa: FakeRasa, method: str, path: str, headers: dict[str, Any],
                                          body: str | bytes | None, status: int) -> None:
    sent = {k: v for k, v in (carer.headers | headers).items() if v is not None}
    data = body.encode() if isinstance(body, str) else body
    where = f"{carer.url}{API}/{path.format(id=carer.id)}".rstrip("/")
    async with carer.session.request(method, where, data=data, headers=sent, skip_auto_headers=["Content-Type"]) as got:
        assert got.status == status, await got.text()
        assert got.content_type == "application/problem+json"
        problem = await got.json()
        assert problem["status"] == status and problem["title"] and problem["detail"]
        assert (status == 405) == ("Allow" in got.headers)
    assert rasa.turns == []
    assert len(await carer.transcript()) == 1, "nothing of a refused request may be kept"


async def test_the_longest_message_is_taken(carer: Carer, rasa: FakeRasa) -> None:
    long = "😀" * 4000  # 48 kB once escaped
    assert (await carer.say(long)).status == 200
    assert rasa.heard == [long]


async def test_too_many_messages_wait_but_danger_never_does(start_gateway: StartGateway, rasa: FakeRasa) -> None:
    gateway = await start_gateway(rate_limits="on")
    carer, other = await gateway.carer(), await gateway.carer()
    statuses = [(await carer.say(f"what about school {n}")).status for n in range(31)]
    assert statuses[:30] == [200] * 30
    held = await carer.say("and one more")
    assert statuses[30] == held.status == 429
    assert 1 <= int(held.headers["Retry-After"]) <= 61
    danger = await carer.say("I want to kill myself")
    assert danger.status == 200 and danger.urgent
    assert (await other.say("what about school")).status == 200, "one carer's limit is not another's"
    said = [m["text"] for m in await carer.transcript() if m["from"] == "carer"]
    assert len(said) == 31 and "and one more" not in said


async def test_what_is_sent_or_taken_again_counts_once(start_gateway: StartGateway, monkeypatch: pytest.MonkeyPatch) -> None:
    """By a client that repeats a message's id, and by the gateway itself while the database is away."""
    monkeypatch.setattr(patience, "PAUSE", 0.0)
    monkeypatch.setattr(patience, "WITHIN", 600.0)
    gateway = await start_gateway(rate_limits="on")
    away = away_at_first(monkeypatch, Store, "open_conversation", 70)
    carer = await gateway.carer()
    assert next(away, None) is None
    first = await carer.say("what about school", "k")
    assert [(await carer.say("what about school", "k")).messages for _ in range(5)] == [first.messages] * 5
    assert [(await carer.say(f"what about school {n}")).status for n in range(30)] == [200] * 29 + [429]
    assert (await carer.say("what about school", "k")).status == 200


async def test_too_many_conversations_wait(start_gateway: StartGateway) -> None:
    gateway = await start_gateway(rate_limits="on")
    for _ in range(60):
        await gateway.carer()
    async with gateway.session.post(gateway.url + API, json={}) as got:
        assert got.status == 429 and int(got.headers["Retry-After"]) >= 1


async def test_an_option_is_taken_only_where_it_was_offered(gateway: Running, carer: Carer, rasa: FakeRasa) -> None:
    payload = '/money.overview{"facet": "how_much"}'
    rasa.script["money?"] = says("This much.", options=[{"label": "How much is it?", "payload": payload}])
    assert (await carer.choose(payload)).status == 422
    assert [o["payload"] for o in (await carer.say("money?")).options] == [payload]
    other = await gateway.carer()
    assert (await other.choose(payload)).status == 422, "offered to another"
    assert (await carer.choose(payload + " ")).status == 422
    taken = await carer.choose(payload)
    assert taken.status == 200
    assert (rasa.turns[-1]["text"], rasa.turns[-1]["command"]) == ("How much is it?", payload)
    assert [m["text"] for m in await carer.transcript() if m["from"] == "carer"] == ["money?", "How much is it?"]
    await carer.say("thank you")
    assert (await carer.choose(payload)).status == 200, "an older message's button still works"


@pytest.mark.parametrize("typed", ["How much is it?", "how much is it", " HOW MUCH IS IT?! "])
async def test_an_options_words_typed_are_the_option(carer: Carer, rasa: FakeRasa, typed: str) -> None:
    rasa.script["money?"] = says("This much.", options=[{"label": "How much is it?", "payload": "/a"}])
    await carer.say("money?")
    await carer.say(typed)
    assert rasa.turns[-1]["command"] == "/a"


@pytest.mark.parametrize("text", ["/assistant.privacy.delete", "/money.overview", '/reply.inform{"authority": "leeds"}',
                                  "/restart", "/session_start", "//helpline.talk_to_someone"])
async def test_a_carers_words_are_never_a_command(carer: Carer, rasa: FakeRasa, text: str) -> None:
    rasa.script["money?"] = says("Much.", options=[{"label": "More", "payload": "/money.overview"}])
    await carer.say("money?")
    assert (await carer.say(text)).status == 200
    assert (rasa.turns[-1]["text"], rasa.turns[-1]["command"]) == (text, None)


@pytest.mark.parametrize(("typed", "heard"), [
    ("he\u0000l\u0007lo", "hello"),
    ("  two\nlines\t ", "two\nlines"),
    ("\u202eevil\u2066", "evil"),
    ("\ud83d\ude00 \ud800 ok", "😀  ok"),
    ("tag\U000e0041\U000e0042s", "tags"),
    ("cr\r\nlf", "cr\nlf"),
    ("naïve £50 – “quoted” ’s 你好", "naïve £50 – “quoted” ’s 你好"),
])
async def test_characters_that_nobody_types_are_dropped(carer: Carer, rasa: FakeRasa, typed: str, heard: str) -> None:
    assert (await carer.say(typed)).status == 200
    assert rasa.heard == [heard]
    assert (await carer.transcript())[1]["text"] == heard


async def test_with_a_person_the_assistant_is_silent_but_in_danger(gateway: Running, carer: Carer, rasa: FakeRasa) -> None:
    async with gateway.store.engine.begin() as connection:
        await connection.exec_driver_sql("UPDATE conversations SET mode = 'helpline'")
    got = await carer.say("are you there")
    assert (got.status, got.messages, got.state["mode"]) == (202, [], "helpline")
    assert rasa.turns == []
    assert [m["from"] for m in await carer.transcript()] == ["assistant", "carer"]
    got = await carer.say("I want to kill myself")
    assert got.status == 200 and got.urgent and got.state["mode"] == "helpline" and rasa.turns == [], "docs/decisions/0011"


async def test_asking_for_a_person_puts_the_conversation_into_the_queue(gateway: Running, carer: Carer,
                                                                        rasa: FakeRasa) -> None:
    rasa.script["a person please"] = says("Ring …", hand_over="asked")
    assert (await carer.say("a person please")).state["mode"] == "waiting"
    still = await carer.say("and money?")
    assert still.status == 200 and still.messages and still.state["mode"] == "waiting", "the assistant still answers"
    ((waiting, conversation),) = await Cases(gateway.store).all()
    assert (waiting.reason, waiting.urgent, conversation.id) == ("asked", False, carer.id)


async def test_health_and_readiness(gateway: Running, rasa: FakeRasa) -> None:
    async def status(path: str) -> int:
        async with gateway.session.get(gateway.url + path) as got:
            if got.status == 503:
                assert int(got.headers["Retry-After"]) >= 1
            return got.status

    assert (await status("/healthz"), await status("/readyz")) == (200, 200)
    rasa.mood = "503"  # its server runs, its model is not loaded
    assert (await status("/healthz"), await status("/readyz")) == (200, 503)
    await rasa.stop()
    assert (await status("/healthz"), await status("/readyz")) == (200, 503)


@pytest.mark.parametrize("path", ["/", "/chat.css", "/widget.js", "/healthz", "/api/v1/nothing"])
async def test_every_response_carries_the_security_headers(gateway: Running, path: str) -> None:
    async with gateway.session.get(gateway.url + path) as got:
        policy = got.headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy and "unsafe" not in policy and "*" not in policy
        assert got.headers["X-Content-Type-Options"] == "nosniff" and got.headers["Referrer-Policy"] == "no-referrer"


async def test_the_page_loads_nothing_from_elsewhere(gateway: Running) -> None:
    async with gateway.session.get(gateway.url + "/") as got:
        page = await got.text()
    assert got.status == 200 and got.content_type == "text/html"
    assert not re.search(r'(?:src|href)="(?:https?:)?//', page)
    assert "<script>" not in page and " style=" not in page and not re.search(r"\son\w+=", page)


# ---- What the page adds: a council's own page, facts put right, opinions, names ---------------------------------------


async def test_a_councils_page_knows_its_council(gateway: Running) -> None:
    async with gateway.session.post(gateway.url + API, json={"authority": "rotherham"}) as got:
        assert got.status == 201 and (await got.json())["state"]["authority"] == "rotherham"
    for wrong in ("atlantis", 3, ["leeds"]):
        async with gateway.session.post(gateway.url + API, json={"authority": wrong}) as got:
            assert got.status == 422


@pytest.mark.parametrize(("fact", "said", "entities"), [
    ({"authority": "leeds"}, "To put it right: my council is Leeds.", {"authority": "leeds"}),
    ({"arrangement": "adoption"}, "To put it right: we have an adoption.",
     {"fact": {"name": "arrangement", "value": "adoption"}}),
    ({"child_age": [0, 12]}, "To put it right: age of the child or children 0, 12.",
     {"fact": {"name": "child_age", "value": [0, 12]}}),
])
async def test_a_fact_is_put_right(carer: Carer, rasa: FakeRasa, fact: dict[str, Any], said: str,
                                   entities: dict[str, Any]) -> None:
    assert (await carer.send(correction=fact)).status == 200
    intent, _, given = rasa.turns[-1]["command"].partition("{")
    assert (intent, json.loads("{" + given)) == ("/assistant.correction.change_fact", entities)
    assert [m["text"] for m in await carer.transcript() if m["from"] == "carer"] == [said]


@pytest.mark.parametrize("fact", [
    {}, [], "leeds", {"authority": "atlantis"}, {"authority": None}, {"authority": ["leeds"]}, {"arrangement": "/restart"},
    {"arrangement": {"a": 1}}, {"child_age": []}, {"child_age": [-1]}, {"child_age": [True]}, {"child_age": ["4"]},
    {"child_age": [26]}, {"child_age": [1] * 13}, {"child_age": 4}, {"authority": "leeds", "child_age": [4]},
    {"relationship": "friend"},
])
async def test_what_is_no_fact_is_refused(carer: Carer, rasa: FakeRasa, fact: Any) -> None:
    assert (await carer.send(correction=fact)).status == 422
    assert (await carer.send(correction={"authority": "leeds"}, text="and")).status == 400
    assert rasa.turns == [] and len(await carer.transcript()) == 1


async def test_an_opinion_is_kept_with_its_message(gateway: Running, carer: Carer, capsys: pytest.CaptureFixture[str]) -> None:
    (answer,) = (await carer.say("hello")).messages

    async def rate(message: object, opinion: object, who: Carer = carer) -> int:
        path = f"{carer.path}/messages/{message}/feedback"
        async with gateway.session.put(path, json={"says": opinion}, headers=who.headers) as got:
            return got.status

    assert [await rate(answer["id"], opinion) for opinion in ("helpful", "wrong")] == [204, 204]
    mine = next(m["id"] for m in await carer.transcript() if m["from"] == "carer")
    for message, opinion, status in ((answer["id"], "lovely", 422), (answer["id"], None, 422), (mine, "wrong", 404),
                                     (10**20, "wrong", 404), ("x", "wrong", 404)):
        assert await rate(message, opinion) == status
    assert await rate(answer["id"], "wrong", await gateway.carer()) == 401
    assert [m.get("feedback") for m in await carer.transcript()] == [None, None, "wrong"]
    assert "hello" not in capsys.readouterr().out, "no word of the conversation is logged"


async def test_names(gateway: Running, base: KnowledgeBase) -> None:
    async with gateway.session.get(gateway.url + "/api/v1/names") as got:
        names = await got.json()
    assert len(names["authorities"]) == len(base.authorities) and names["authorities"]["leeds"] == "Leeds"
    assert names["arrangements"]["special_guardianship_order"] == "a Special Guardianship Order (SGO)"
    assert names["relationships"]["aunt_uncle"] == "aunt or uncle"


async def test_a_messages_own_id_comes_back(carer: Carer) -> None:
    await carer.say("one", key="k-1")
    await carer.say("two")
    assert [m.get("client_message_id") for m in await carer.transcript() if m["from"] == "carer"] == ["k-1", None]


async def test_no_stranger_names_a_message(start_gateway: StartGateway) -> None:
    """Only our own proxy's X-Request-ID tells that a message without an id is the same again."""
    one_name = {"X-Request-ID": "the-same-name-for-both"}
    for proxies, kept in (("", 2), ("127.0.0.0/8", 1)):
        gateway = await start_gateway(proxies=proxies)
        carer = await gateway.carer()
        headers = one_name | {"Authorization": f"Bearer {carer.token}"}
        for text in ("the first", "the second"):
            url = f"{gateway.url}/api/v1/conversations/{carer.id}/messages"
            async with carer.session.post(url, json={"text": text}, headers=headers) as got:
                assert got.status == 200
        assert [line["from"] for line in await carer.transcript()].count("carer") == kept
