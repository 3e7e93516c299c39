"""Twilio, case by case: what it sends us, what we send it, what it answers. Each table runs on one harness."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, nullcontext
from datetime import date
from typing import Any

import aiohttp
import limits
import pytest
from sqlalchemy import select
from structlog.testing import capture_logs
from twilio.request_validator import RequestValidator

from bot.channels import arrivals, post
from bot.channels import twilio as twilio_api
from bot.channels.mount import ARRIVALS, POST
from bot.gateway import patience, web_api
from bot.gateway.contacts import Contacts
from bot.gateway.outgoing import Outgoing
from bot.gateway.tables import Contact, Inbound, Outbound
from bot.helpline.cases import Cases
from bot.knowledge.base import KnowledgeBase
from bot.knowledge.reply import Message
from tests.channels.conftest import StartPhones
from tests.channels.quiet import Stopped, idle, quiet, until_idle
from tests.doubles.away import away_at_first
from tests.doubles.danger import DANGER
from tests.doubles.gateway import Running
from tests.doubles.rasa import FakeRasa, says
from tests.doubles.twilio import ACCOUNT, SMS_NUMBER, TEMPLATE, TOKEN, WHATSAPP_NUMBER, FakeTwilio, Phone, WhatsAppPhone
from tests.doubles.waiting import until

ON = date(2026, 11, 24)
CARER = "+447911123456"
CHOICES = [{"label": label, "payload": f"/o{n}", "topic": None}
           for n, label in enumerate(["How do I apply?", "What if they say no?", "Talk to a person"], start=1)]


async def rows(gateway: Running) -> list[Outbound]:
    """Everything on its way, oldest first."""
    async with gateway.store.session() as session:
        return list(await session.scalars(select(Outbound).order_by(Outbound.id)))


# 1. Is it Twilio, and for us?

Fields = dict[str, str]


def _signed(fields: Fields, twilio: FakeTwilio) -> dict[str, str]:
    return {"X-Twilio-Signature": twilio.signature("/channels/sms", fields)}


def sha256(fields: Fields, twilio: FakeTwilio) -> dict[str, str]:
    signature = RequestValidator(TOKEN).compute_signature(f"{twilio.public_url}/channels/sms", fields, "HMAC_SHA256")
    return {"X-Twilio-Signature": signature, "X-Twilio-Webhooks-Signature-Settings": "key=k,algorithm=HMAC_SHA256"}


def signed_as(url: str, token: str = TOKEN) -> Callable[[Fields, FakeTwilio], dict[str, str]]:
    return lambda fields, _: {"X-Twilio-Signature": RequestValidator(token).compute_signature(url, fields)}


OURS = "https://signpost.example/channels/sms"
# name, how it is signed, what is changed afterwards, further headers, status
SIGNATURES: list[tuple[str, Any, Fields, dict[str, str], int]] = [
    ("signed", _signed, {}, {}, 200),
    ("signed with SHA-256", sha256, {}, {}, 200),
    ("signed for the port 443", signed_as("https://signpost.example:443/channels/sms"), {}, {}, 200),
    ("behind a proxy that says otherwise", _signed, {}, {"X-Forwarded-Proto": "http", "X-Forwarded-Host": "x.example"}, 200),
    ("with another Host", _signed, {}, {"Host": "evil.example"}, 200),
    ("unsigned", lambda *_: {}, {}, {}, 403),
    ("an empty signature", lambda *_: {"X-Twilio-Signature": ""}, {}, {}, 403),
    ("a signature of strange bytes", lambda *_: {"X-Twilio-Signature": "\udcff"}, {}, {}, 403),
    ("another token", signed_as(OURS, "another token"), {}, {}, 403),
    ("another address", signed_as("https://evil.example/channels/sms"), {}, {}, 403),
    ("another path", signed_as("https://signpost.example/channels/whatsapp"), {}, {}, 403),
    ("another query", signed_as(OURS + "?a=b"), {}, {}, 403),
    ("http instead of https", signed_as("http://signpost.example/channels/sms"), {}, {}, 403),
    ("an altered text", _signed, {"Body": "altered"}, {}, 403),
    ("an altered sender", _signed, {"From": "+447911999999"}, {}, 403),
    ("an altered account", _signed, {"AccountSid": "AC" + "f" * 32}, {}, 403),
    ("a field added", _signed, {"Extra": "1"}, {}, 403),
    ("an algorithm that is not", sha256, {}, {"X-Twilio-Webhooks-Signature-Settings": "algorithm=HMAC_MD5"}, 403),
    ("SHA-1 said to be SHA-256", _signed, {}, {"X-Twilio-Webhooks-Signature-Settings": "algorithm=HMAC_SHA256"}, 403),
]


@pytest.mark.parametrize(("sign", "changed", "headers", "status"), [s[1:] for s in SIGNATURES], ids=[s[0] for s in SIGNATURES])
async def test_only_twilio_is_heard(gateway: Running, twilio: FakeTwilio, rasa: FakeRasa, sign: Any, changed: Fields,
                                    headers: dict[str, str], status: int) -> None:
    fields = twilio.fields(CARER, "hello")
    async with aiohttp.ClientSession() as session, session.post(
            f"{gateway.url}/channels/sms", data=fields | changed, headers=sign(fields, twilio) | headers) as answer:
        assert answer.status == status
    if status == 200:
        await until(lambda: rasa.heard == ["hello"])
    else:
        assert not await gateway.store.all_waiting() and rasa.heard == []


# name, method, path, body or fields, status
REQUESTS: list[tuple[str, str, str, Any, int]] = [
    ("another account, rightly signed", "POST", "/channels/sms", {"AccountSid": "AC" + "f" * 32, "MessageSid": "SM1"}, 403),
    ("no account", "POST", "/channels/sms", {"MessageSid": "SM1", "From": CARER, "Body": "x"}, 403),
    ("fields nobody knows", "POST", "/channels/sms", {"AccountSid": ACCOUNT, "MessageSid": "SM1", "From": CARER, "Body": "x",
                                                      "SomethingNew": "yes", "Empty": ""}, 200),
    ("no MessageSid", "POST", "/channels/sms", {"AccountSid": ACCOUNT, "From": CARER, "Body": "x"}, 200),
    ("no sender", "POST", "/channels/sms", {"AccountSid": ACCOUNT, "MessageSid": "SM1", "Body": "x"}, 200),
    ("no fields", "POST", "/channels/sms", {}, 403),
    ("JSON", "POST", "/channels/sms", b'{"Body": "x"}', 403),
    ("half a character", "POST", "/channels/sms", b"Body=\xff\xfe", 403),
    ("another method", "GET", "/channels/sms", None, 405),
    ("a status of a message that is not ours", "POST", "/channels/sms/status/987654",
     {"AccountSid": ACCOUNT, "MessageSid": "SM1", "MessageStatus": "delivered"}, 200),
    ("a status nobody knows", "POST", "/channels/sms/status/1",
     {"AccountSid": ACCOUNT, "MessageSid": "SM1", "MessageStatus": "teleported"}, 200),
    ("a status without its message", "POST", "/channels/sms/status/1", {"AccountSid": ACCOUNT, "MessageStatus": "sent"}, 200),
    ("a status with a strange error code", "POST", "/channels/sms/status/1",
     {"AccountSid": ACCOUNT, "MessageSid": "SM1", "MessageStatus": "failed", "ErrorCode": "none"}, 200),
    ("a status for another account", "POST", "/channels/sms/status/1", {"AccountSid": "AC1", "MessageStatus": "sent"}, 403),
    ("a status of no number", "POST", "/channels/sms/status/abc", {"AccountSid": ACCOUNT}, 404),
    ("a channel that is not", "POST", "/channels/fax", {"AccountSid": ACCOUNT}, 404),
]


@pytest.mark.parametrize(("method", "path", "given", "status"), [r[1:] for r in REQUESTS], ids=[r[0] for r in REQUESTS])
async def test_requests(gateway: Running, twilio: FakeTwilio, method: str, path: str, given: Any, status: int) -> None:
    fields = given if isinstance(given, dict) else {}
    headers = {"X-Twilio-Signature": twilio.signature(path, fields)}
    if isinstance(given, bytes):
        headers["Content-Type"] = "application/x-www-form-urlencoded"
    async with aiohttp.ClientSession() as session, session.request(
            method, gateway.url + path, data=given, headers=headers) as answer:
        assert answer.status == status
    assert twilio.requests == 0 or status == 200


async def test_the_same_message_a_hundred_times_at_once_is_one(gateway: Running, phone: Phone, rasa: FakeRasa,
                                                               twilio: FakeTwilio) -> None:
    fields = twilio.fields(CARER, "hello")
    async with aiohttp.ClientSession() as session:

        async def once() -> int:
            async with session.post(f"{gateway.url}/channels/sms", data=fields, headers=_signed(fields, twilio)) as answer:
                return answer.status

        assert set(await asyncio.gather(*(once() for _ in range(100)))) == {200}
    await phone.next(), await phone.next()
    assert await quiet(gateway, phone) and rasa.heard == ["hello"]
    assert len(await rows(gateway)) == 2


async def test_twilio_is_answered_while_rasa_still_thinks(start_phones: StartPhones, rasa: FakeRasa,
                                                          twilio: FakeTwilio) -> None:
    gateway = await start_phones(rasa_timeout=120)
    rasa.mood = "hang"
    for number in range(5):
        await Phone(twilio, gateway.url, f"+4479111{number:05}").text(f"message {number}")
        await until(lambda: rasa.busy == number + 1)  # noqa: B023  (it is waited for at once)


# 2. What a carer texts, and what becomes of it. `heard`: what Rasa gets; `said`: the sentence of words.yml; neither: silence

MENU = says("What next?", options=CHOICES)
# name, earlier texts, text, further fields, heard (text, command) or sentence's name or None for silence
TEXTS: list[tuple[str, list[str], str, Fields, Any]] = [
    ("plain", [], "what money can I get", {}, ("what money can I get", None)),
    ("blanks around", [], "  hi there \n", {}, ("hi there", None)),
    ("lines", [], "one\ntwo", {}, ("one\ntwo", None)),
    ("emoji alone", [], "🙂", {}, ("🙂", None)),
    ("emoji and words", [], "thank you 🙏🏽 so much", {}, ("thank you 🙏🏽 so much", None)),
    ("1,600 characters", [], "a word " * 228, {"NumSegments": "11"}, (("a word " * 228).strip(), None)),
    ("4,000 characters", [], "many words " * 363, {}, (("many words " * 363).strip(), None)),
    ("another alphabet", [], "potrzebuję pomocy, żółć", {}, ("potrzebuję pomocy, żółć", None)),
    ("a slash", [], "/assistant.privacy.delete", {}, ("/assistant.privacy.delete", None)),
    ("our own sign", [], ":stop", {}, None),
    ("our own sign with words", [], ":more please tell", {}, (":more please tell", None)),
    ("invisible signs", [], "he\u200bllo\u0007", {}, ("hello", None)),
    ("angle brackets", [], "<b>hi</b> & co", {}, ("<b>hi</b> & co", None)),
    ("a phone number", [], "ring me on 07911 123456", {}, ("ring me on [phone number]", None)),
    ("nothing", [], "", {}, "phone.words_only"),
    ("blanks alone", [], "  ", {}, "phone.words_only"),
    ("a picture", [], "", {"NumMedia": "1", "MediaContentType0": "image/jpeg", "MediaUrl0": "https://x"}, "phone.words_only"),
    ("a picture with words", [], "what is this letter", {"NumMedia": "1", "MediaContentType0": "image/jpeg"},
     ("what is this letter", None)),
    ("a contact card", [], "", {"NumMedia": "1", "MediaContentType0": "text/x-vcard"}, "phone.words_only"),
    ("a voice note", [], "", {"NumMedia": "1", "MediaContentType0": "audio/ogg"}, "phone.words_only"),
    ("a pin on a map", [], "", {"Latitude": "53.4", "Longitude": "-1.2"}, "phone.location"),
    ("a pin with an address", [], "", {"Latitude": "53.4", "Longitude": "-1.2", "Address": "Maltby, Rotherham"},
     ("Maltby, Rotherham", None)),
    # STOP
    *[(f"'{word}'", ["hello"], word, {}, None) for word in (
        "STOP", "stop", "Stop.", " STOP ", "stop!", "STOPALL", "unsubscribe", "Cancel", "END", "quit", "REVOKE", "OPTOUT",
        "opt out", "stop texting me", "Please stop", "STOP STOP", "don't text me", "\"STOP\"", "stop 🙏")],
    ("Twilio says that it is a STOP", ["hello"], "ARRET", {"OptOutType": "STOP"}, None),
    ("STOP first of all", [], "STOP", {}, None),
    # no STOP
    *[(f"'{text}'", ["hello"], text, {}, (text, None)) for text in (
        "how do I make him stop biting his nails", "stop the contact visits", "she wont stop crying",
        "at the end of the month",
        "can they cancel the order", "I want to quit my job to look after them", "when does it end", "end of term",
        "stopped", "do I need to stop work")],
    ("words after STOP", ["hello", "STOP"], "are you there", {}, None),
    ("a number after STOP", ["menu", "STOP"], "1", {}, None),
    ("MORE after STOP", ["long", "STOP"], "MORE", {}, None),
    ("HELP after STOP", ["hello", "STOP"], "HELP", {}, None),
    ("danger after STOP", ["hello", "STOP"], DANGER, {}, None),
    ("STOP twice", ["hello", "STOP"], "STOP", {}, None),
    ("START after STOP", ["hello", "STOP"], "START", {}, "phone.started"),
    ("start after stop", ["hello", "STOP"], "start", {}, "phone.started"),
    ("UNSTOP after STOP", ["hello", "STOP"], "UNSTOP", {}, "phone.started"),
    ("YES after STOP", ["hello", "STOP"], "Yes", {}, "phone.started"),
    ("START first of all", [], "START", {}, "phone.hello"),
    ("YES without a STOP", ["hello"], "yes", {}, ("yes", None)),
    ("words after START", ["hello", "STOP", "START"], "what money can I get", {}, ("what money can I get", None)),
    # HELP
    ("HELP", ["hello"], "HELP", {}, "phone.help"),
    ("Help?", ["hello"], "Help?", {}, "phone.help"),
    ("info", ["hello"], "info", {}, "phone.help"),
    ("HELP first of all", [], "help", {}, "phone.help"),
    ("help in a sentence", ["hello"], "help me with school", {}, ("help me with school", None)),
    # options
    *[(f"'{text}' is the second", ["menu"], text, {}, ("What if they say no?", "/o2")) for text in (
        "2", " 2 ", "2.", "2)", "(2)", "#2", "no 2", "No. 2", "option 2", "number 2", "2 please", "two", "Two.", "second",
        "the second one", "2nd", "02", "What if they say no?", "what if they say no", "WHAT IF THEY SAY NO",
        "wat if they say no", "what if they sya no", "What if they say know?")],
    ("a third", ["menu"], "3", {}, ("Talk to a person", "/o3")),
    ("talk to a persn", ["menu"], "talk to a persn", {}, ("Talk to a person", "/o3")),
    ("a number that was not offered", ["menu"], "4", {}, ("4", None)),
    ("nought", ["menu"], "0", {}, ("0", None)),
    ("a number in a sentence", ["menu"], "I have 2 grandchildren", {}, ("I have 2 grandchildren", None)),
    ("two numbers", ["menu"], "1 and 2", {}, ("1 and 2", None)),
    ("a number and nothing was offered", ["hello"], "2", {}, ("2", None)),
    ("a number first of all", [], "2", {}, ("2", None)),
    ("more than a label", ["menu"], "what if they say no to my brother", {}, ("what if they say no to my brother", None)),
    ("a number from an earlier list", ["menu", "hello"], "2", {}, "phone.stale"),
    ("yes to 'did you mean'", ["menu", "hello", "2"], "yes", {}, ("What if they say no?", "/o2")),
    ("1 to 'did you mean'", ["menu", "hello", "2"], "1", {}, ("What if they say no?", "/o2")),
    ("a label from an earlier list", ["menu", "hello"], "what if they say no?", {}, ("what if they say no?", None)),
    ("a number that answers a question", ["menu", "how old"], "2", {}, ("2", None)),
    # MORE
    ("MORE and there is none", ["hello"], "more", {}, ("more", None)),
    ("more in a sentence", ["long"], "tell me more about it", {}, ("tell me more about it", None)),
    ("MORE after another answer", ["long", "hello"], "MORE", {}, ("MORE", None)),
    # the rest
    ("DELETE", ["hello"], "DELETE", {}, ("DELETE", "/assistant.privacy.delete")),
    ("a code that opens nothing", ["hello"], "CODE ABCD-EFGH", {}, "phone.code_wrong"),
    ("a code in small letters", ["hello"], "code abcd efgh", {}, "phone.code_wrong"),
    ("a code that is none", ["hello"], "code for the school", {}, ("code for the school", None)),
]


def script(rasa: FakeRasa) -> None:
    rasa.script |= {"menu": MENU, "long": says("A long answer. " * 60), "how old": says("How old is he?")}


async def _lived_through(gateway: Running, phone: Phone, earlier: list[str]) -> None:
    """Send the earlier texts, one after the other's answer."""
    for text in earlier:
        await phone.text(text)
        if text != "STOP":
            await phone.next()
            if text == earlier[0] and text not in ("2",):
                await phone.next()  # after the introduction
    await until_idle(gateway)


@pytest.mark.parametrize(("earlier", "text", "fields", "becomes"), [t[1:] for t in TEXTS], ids=[t[0] for t in TEXTS])
async def test_what_becomes_of_a_text(gateway: Running, phone: Phone, twilio: FakeTwilio, rasa: FakeRasa, base: KnowledgeBase,
                                      earlier: list[str], text: str, fields: Fields, becomes: Any) -> None:
    script(rasa)
    await _lived_through(gateway, phone, earlier)
    known, taken = len(rasa.turns), len(twilio.taken)
    await phone.text(text, **fields)
    if becomes is None:
        await until_idle(gateway)
        assert len(twilio.taken) == taken, "nothing was sent"
        assert twilio.requests == taken, "nor tried"
    elif isinstance(becomes, str):
        first = await phone.next()
        while first == base.say("phone.hello", ON) != base.say(becomes, ON):
            first = await phone.next()
        assert first.startswith(base.say(becomes, ON)) and len(rasa.turns) == known
    else:
        await until(lambda: len(rasa.turns) > known)
        assert (rasa.turns[-1]["text"], rasa.turns[-1]["command"]) == becomes


async def test_more_gives_the_rest_in_order(gateway: Running, phone: Phone, rasa: FakeRasa) -> None:
    answer = " ".join(f"Sentence number {n} of a long answer." for n in range(40))
    rasa.script["long"] = says(answer)
    await phone.text("long")
    await phone.next()
    parts = [await phone.next()]
    while parts[-1].endswith("MORE"):
        assert await quiet(gateway, phone), "no more than asked for"
        await phone.text("more")
        parts.append(await phone.next())
    assert len(parts) > 3
    assert " ".join(part.removesuffix("Reply MORE").strip() for part in parts) == answer
    await phone.text("MORE")
    assert await phone.next() == "You said: MORE", "there is none, so it is a word like any other"


# 3. Numbers

NUMBERS: list[tuple[str, str, bool]] = [
    ("a mobile", "+447400123456", True), ("a mobile with blanks", "+44 7400 123456", True),
    ("Ofcom's for films", "+447700900123", True), ("the Isle of Man", "+447624123456", True),
    ("Jersey", "+447797712345", True),
    ("a landline", "+441142345678", False), ("a freephone", "+448001111111", False),
    ("premium", "+449098790123", False), ("a personal number", "+447020123456", False), ("France", "+33612345678", False),
    ("the United States", "+12015550123", False), ("a short code", "60777", False), ("a name", "INFO", False),
    ("too short", "+44777", False), ("nonsense", "+abc", False), ("another channel", "messenger:123", False),
]


@pytest.mark.parametrize(("number", "taken"), [n[1:] for n in NUMBERS], ids=[n[0] for n in NUMBERS])
async def test_whom_we_write_to(gateway: Running, twilio: FakeTwilio, rasa: FakeRasa, number: str, taken: bool) -> None:
    phone = Phone(twilio, gateway.url, number)
    with capture_logs() as logs:
        await phone.text("hello")
        await until_idle(gateway)
    refused = [entry for entry in logs if entry["event"] == "refused"]
    assert bool(refused) is not taken and bool(rasa.heard) is taken
    assert all(entry["why"] for entry in refused) and number not in str(logs)


@pytest.mark.parametrize(("number", "answered"), [("+33612345678", True), ("+449098790123", False)],
                         ids=["foreign", "premium"])
async def test_danger_from_a_number_we_refuse(gateway: Running, twilio: FakeTwilio, number: str, answered: bool) -> None:
    phone = Phone(twilio, gateway.url, number)
    await phone.text(DANGER)
    if answered:
        assert "999" in await phone.next()
    else:
        assert await quiet(gateway, phone)


# 4. What Twilio answers, and what follows. `tries`: requests for the one reply; `status`: where the row ends

FAULTS: list[tuple[str, list[int | str], int, str, str | None]] = [
    ("taken", [], 1, "sent", None),
    ("21610 opted out", [21610], 1, "stopped", None),
    ("21211 no such number", [21211], 1, "failed", "not_delivered"),
    ("21614 not a mobile", [21614], 1, "failed", "not_delivered"),
    ("21408 no permission", [21408], 1, "failed", "not_delivered"),
    ("21612 not reachable", [21612], 1, "failed", "not_delivered"),
    ("21617 too long", [21617], 1, "failed", "not_delivered"),
    ("a code nobody knows", [29999], 1, "failed", "not_delivered"),
    ("63016 outside the window", [63016], 1, "opening", "window_closed"),
    ("63018 throttled, once", [63018], 2, "sent", None),
    ("429 once", [429], 2, "sent", None),
    ("429 three times", [429, 429, 429], 4, "sent", None),
    ("20429", [20429], 2, "sent", None),
    ("20003, mended meanwhile", [20003, 20003], 3, "sent", None),
    ("14107 too fast", [14107], 2, "sent", None),
    ("21611 queue full", [21611], 2, "sent", None),
    ("500", [500], 2, "sent", None),
    ("502, then 503", [502, 503], 3, "sent", None),
    ("429, then opted out", [429, 21610], 2, "stopped", None),
    ("503 for ever", [503] * 9, 6, "failed", "not_delivered"),
    ("63018 for ever", [63018] * 9, 6, "failed", "not_delivered"),
    ("no answer in time", ["timeout"], 2, "sent", None),
    ("taken, but the answer is lost", ["lost"], 1, "sent", None),
]


@pytest.mark.parametrize(("faults", "tries", "status", "desk"), [f[1:] for f in FAULTS], ids=[f[0] for f in FAULTS])
async def test_what_twilio_answers(gateway: Running, phone: Phone, twilio: FakeTwilio, faults: list[int | str], tries: int,
                                   status: str, desk: str | None) -> None:
    await phone.text("hello")
    await phone.next(), await phone.next()
    before = twilio.requests
    twilio.faults = list(faults)
    async with hurry(gateway) if "timeout" in faults else nullcontext():
        await phone.text("and now?")
        await until_sent(gateway, 3)
    assert ((await rows(gateway))[-1].status, twilio.requests - before) == (status, tries)
    assert phone.screen.count("You said: and now?") == (1 if status == "sent" else 0), "once"

    async def desk_knows() -> bool:
        return [entry.reason for entry, _ in await Cases(gateway.store).all()] == ([desk] if desk else [])

    await until(desk_knows)
    if 21610 in faults:
        await phone.text("still there?")
        assert await quiet(gateway, phone) and twilio.requests - before == tries, "the network's word is a STOP"


@asynccontextmanager
async def hurry(gateway: Running) -> AsyncIterator[None]:
    """Let the client give up sooner."""
    http = gateway.app[POST]._channels["sms"]._twilio._http
    patient = http._session
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=2)) as http._session:
        yield
    http._session = patient


# 5. Status callbacks, in whatever order they come

CALLBACKS: list[tuple[str, list[tuple[str, int | None]], str, int]] = [
    ("sent, delivered", [("sent", None), ("delivered", None)], "delivered", 0),
    ("delivered, then sent", [("delivered", None), ("sent", None)], "delivered", 0),
    ("queued after delivered", [("delivered", None), ("queued", None)], "delivered", 0),
    ("read", [("read", None), ("delivered", None)], "read", 0),
    ("the same twice", [("delivered", None), ("delivered", None)], "delivered", 0),
    ("undelivered, handset off", [("undelivered", 30003)], "failed", 1),
    ("undelivered, a landline", [("undelivered", 30006)], "failed", 1),
    ("filtered", [("undelivered", 30007)], "failed", 1),
    ("failed without a code", [("failed", None)], "failed", 1),
    ("delivered after failed", [("undelivered", 30008), ("delivered", None)], "failed", 1),
    ("failed twice", [("failed", 30005), ("failed", 30005)], "failed", 1),
    ("opted out", [("failed", 21610)], "stopped", 0),
    ("queue overflow: sent again", [("failed", 30001)], "sent", 0),
]


@pytest.mark.parametrize(("calls", "ends", "desk"), [c[1:] for c in CALLBACKS], ids=[c[0] for c in CALLBACKS])
async def test_status_callbacks(gateway: Running, phone: Phone, twilio: FakeTwilio, calls: list[tuple[str, int | None]],
                                ends: str, desk: int) -> None:
    await phone.text("hello")
    await phone.next(), await phone.next()
    await until_sent(gateway, 2)
    message = twilio.taken[-1]
    for status, error in calls:
        assert (await twilio.report(gateway.url, message, status, error))[0] == 200
    if 30001 in [error for _, error in calls]:
        assert await phone.next() == "You said: hello"
    await until_sent(gateway, 2)
    assert (await rows(gateway))[-1].status == ends
    assert len(await Cases(gateway.store).all()) == desk


async def until_sent(gateway: Running, count: int) -> None:
    async def done() -> bool:
        found = await rows(gateway)
        return len(found) == count and all(row.status not in ("waiting", "sending") for row in found)

    await until(done)


async def test_a_status_of_another_message_changes_nothing(gateway: Running, phone: Phone, twilio: FakeTwilio) -> None:
    await phone.text("hello")
    await phone.next(), await phone.next()
    await until_sent(gateway, 2)
    path = twilio.taken[-1].callback.removeprefix(twilio.public_url)
    fields = {"AccountSid": ACCOUNT, "MessageSid": "SM" + "0" * 32, "MessageStatus": "failed", "ErrorCode": "21610"}
    assert (await twilio.call(gateway.url, path, fields))[0] == 200
    assert (await rows(gateway))[-1].status == "sent"


# 6. Nothing after STOP, by any path


@pytest.mark.parametrize("path", ["a reply that is being worked out", "a reply that is tried again", "MORE", "the helpline",
                                  "a restart", "a status that failed", "danger that is found later"])
async def test_nothing_is_sent_after_stop(start_phones: StartPhones, twilio: FakeTwilio, rasa: FakeRasa, path: str,
                                          monkeypatch: pytest.MonkeyPatch) -> None:
    gateway = await start_phones()
    phone = Phone(twilio, gateway.url)
    script(rasa)
    await phone.text("long")
    await phone.next(), await phone.next()
    await until_some(gateway, "held")
    conversation = (await rows(gateway))[0].conversation_id
    if path == "a reply that is being worked out":
        rasa.delay = 0.3
        await phone.text("what money")
        await until(lambda: "what money" in rasa.heard)
    if path in ("a reply that is tried again", "a restart"):
        monkeypatch.setattr(post, "PAUSES", (3600,) * 5)
        twilio.fault_always = 503
        await phone.text("what money")
        await until(lambda: twilio.requests > 2)
        await until_some(gateway, "waiting")
    before = twilio.requests
    await phone.text("STOP")
    twilio.fault_always = None
    twilio.opted_out.clear()  # Twilio's own guard is off: ours has to hold
    if path == "MORE":
        await phone.text("MORE")
    if path == "the helpline":
        await gateway.app[web_api.TURNS].say(conversation, "helpline", [Message(text="Hello, I am Sam.", topics=["x.y"])])
    if path == "a restart":
        await gateway.close()
        gateway = await start_phones(now="2026-11-24T13:00:00+00:00")
    if path == "a reply that is tried again":
        gateway.app[web_api.CLOCK]._ahead += post.timedelta(hours=2)
        gateway.app[POST].deliver((await rows(gateway))[0].contact_id)
    if path == "a status that failed":
        await twilio.report(gateway.url, twilio.taken[-1], "failed", 30001)
    if path == "danger that is found later":
        await phone.text(DANGER)
        await until(Cases(gateway.store).all)
        ((waiting, _),) = await Cases(gateway.store).all()
        assert waiting.urgent, "the desk knows all the same"
    await until_idle(gateway)
    assert twilio.requests == before
    assert {row.status for row in await rows(gateway)} <= {"sent", "stopped", "lapsed"}


async def until_rows(gateway: Running, count: int) -> None:
    async def there() -> bool:
        return len(await rows(gateway)) >= count

    await until(there)


async def until_some(gateway: Running, status: str) -> None:
    async def found() -> bool:
        return any(row.status == status for row in await rows(gateway))

    await until(found)


async def test_stop_and_start_are_logged_with_their_time(gateway: Running, phone: Phone,
                                                         monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Stopped(gateway, monkeypatch)
    with capture_logs() as logs:
        await phone.text("STOP")
        await phone.text("START")
    assert [entry["event"] for entry in logs if entry["event"].startswith("opted")] == ["opted_out", "opted_in"]
    async with gateway.store.engine.connect() as connection:
        found = (await connection.exec_driver_sql("SELECT what, by, at FROM consent_changes ORDER BY id")).all()
    assert [(what, by) for what, by, _ in found] == [("stop", "carer"), ("start", "carer")]
    assert {str(at)[:19] for *_, at in found} == {f"{clock.moment:%Y-%m-%d %H:%M:%S}"}


async def test_stop_outlives_everything_else_that_is_forgotten(gateway: Running, phone: Phone, twilio: FakeTwilio) -> None:
    await phone.text("hello")
    await phone.next(), await phone.next()
    conversation = (await rows(gateway))[0].conversation_id
    await phone.text("STOP")
    await gateway.store.forget(conversation)
    async with gateway.store.engine.connect() as connection:
        ((address, stopped),) = (await connection.exec_driver_sql("SELECT address, opted_out_at FROM contacts")).all()
    assert address is None and stopped, "a pseudonym is all that is kept"
    twilio.opted_out.clear()
    await phone.text("hello again")
    assert await quiet(gateway, phone)


# 7. Fragments. The clock stands still, and the gateway sleeps for longer than a busy machine needs for a text


async def test_fragments_are_one_message(start_phones: StartPhones, twilio: FakeTwilio, rasa: FakeRasa,
                                         monkeypatch: pytest.MonkeyPatch) -> None:
    gateway = await start_phones(join_seconds=2)
    phone, clock = Phone(twilio, gateway.url), Stopped(gateway, monkeypatch)
    await phone.text("my daughter cant cope so I have")
    await phone.text("my grandson and we live in Maltby")
    clock.ahead(seconds=1.5)
    await phone.text("what money is there")
    clock.ahead(seconds=1.5)
    await phone.next()  # the introduction
    assert not await idle(gateway) and rasa.heard == [], "it may go on"
    clock.ahead(seconds=1)
    await phone.next()
    assert rasa.heard == ["my daughter cant cope so I have my grandson and we live in Maltby what money is there"]
    await phone.text("thanks")
    clock.ahead(seconds=3)
    await phone.next()
    assert await quiet(gateway, phone) and rasa.heard[1:] == ["thanks"]


async def test_what_lies_further_apart_is_two_messages(start_phones: StartPhones, twilio: FakeTwilio, rasa: FakeRasa,
                                                       monkeypatch: pytest.MonkeyPatch) -> None:
    gateway = await start_phones(join_seconds=0.2)
    phone, clock = Phone(twilio, gateway.url), Stopped(gateway, monkeypatch)
    await phone.text("one")
    clock.ahead(seconds=0.35)
    await phone.text("two")
    clock.ahead(seconds=0.35)
    await until(lambda: len(rasa.heard) == 2)
    assert rasa.heard == ["one", "two"]


async def test_danger_in_a_fragment_does_not_wait_and_neither_does_a_choice(
        start_phones: StartPhones, twilio: FakeTwilio, rasa: FakeRasa, monkeypatch: pytest.MonkeyPatch) -> None:
    gateway = await start_phones(join_seconds=2)
    phone = Phone(twilio, gateway.url)
    Stopped(gateway, monkeypatch)
    await phone.text("he is asleep now")
    await phone.text(DANGER)
    await phone.next()  # the introduction
    assert "999" in await phone.next()
    assert rasa.heard == [], "what came before still waits"
    await phone.text("1")
    await until(lambda: "/helpline.talk_to_someone" in [turn["command"] for turn in rasa.turns])


async def test_danger_that_only_the_whole_tells(start_phones: StartPhones, twilio: FakeTwilio, rasa: FakeRasa,
                                                monkeypatch: pytest.MonkeyPatch) -> None:
    gateway = await start_phones(join_seconds=2)
    phone, clock = Phone(twilio, gateway.url), Stopped(gateway, monkeypatch)
    for part in ("I want to", "kill", "myself"):
        await phone.text(part)
    clock.ahead(seconds=3)
    texts = [await phone.next(), await phone.next()]
    assert any("999" in text for text in texts) and rasa.heard == []


# 8. Limits, privacy, crashes


async def test_a_text_that_cannot_be_kept_at_first_counts_once(
        start_phones: StartPhones, twilio: FakeTwilio, rasa: FakeRasa, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(patience, "PAUSE", 0.0)
    monkeypatch.setattr(patience, "WITHIN", 600.0)
    monkeypatch.setattr(arrivals, "MESSAGES", limits.parse("5/hour"))
    gateway = await start_phones(rate_limits="on")
    away_at_first(monkeypatch, Contacts, "arrive", 9)
    phone = Phone(twilio, gateway.url)
    for number in range(5):
        await phone.text(f"message {number}")
    await until_idle(gateway)
    assert rasa.heard == [f"message {number}" for number in range(5)] and not gateway.app[ARRIVALS]._welcomed


async def test_what_is_sent_and_not_noted_at_once_is_not_sent_again(
        start_phones: StartPhones, twilio: FakeTwilio, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(post, "STUCK", 0.01)
    gateway = await start_phones()
    away = away_at_first(monkeypatch, Outgoing, "progress", 5)
    phone = Phone(twilio, gateway.url)
    await phone.text("hello")
    await phone.next(), await phone.next()
    await until_sent(gateway, 2)
    assert next(away, None) is None and await quiet(gateway, phone) and len(twilio.taken) == 2


async def test_a_flood_is_held_back_but_not_danger_and_not_stop(
        start_phones: StartPhones, twilio: FakeTwilio, rasa: FakeRasa, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(arrivals, "MESSAGES", limits.parse("5/hour"))
    gateway = await start_phones(rate_limits="on")
    phone, other = Phone(twilio, gateway.url), Phone(twilio, gateway.url, "+447400123456")
    for number in range(8):
        await phone.text(f"message {number}")
    await until_idle(gateway)
    assert rasa.heard == [f"message {number}" for number in range(5)]
    await phone.text(DANGER)
    await until(lambda: any("999" in text for text in phone.screen))
    await other.text("hello")
    assert await other.next()
    await phone.text("STOP")
    await until_idle(gateway)
    assert (await rows(gateway))[0].contact_id in await stopped(gateway)


async def stopped(gateway: Running) -> list[str]:
    """Who said STOP."""
    async with gateway.store.session() as session:
        return list(await session.scalars(select(Contact.id).where(Contact.opted_out_at.is_not(None))))


async def test_no_number_is_at_rest_in_rasa_or_in_a_log(gateway: Running, phone: Phone, twilio: FakeTwilio, rasa: FakeRasa,
                                                        tmp_path: Any) -> None:
    with capture_logs() as logs:
        twilio.faults = [500]
        await phone.text("hello")
        await phone.next(), await phone.next()
        await phone.text(DANGER)
        await phone.next()
    at_rest = b"".join(path.read_bytes() for path in tmp_path.glob("signpost.db*"))
    for form in (CARER, CARER[1:], CARER[3:], "0" + CARER[3:]):
        assert form.encode() not in at_rest and form not in str(logs) and form not in str(rasa.turns)
    assert "hello" not in str(logs)


async def test_a_reply_survives_a_crash_and_is_sent_once(start_phones: StartPhones, twilio: FakeTwilio,
                                                         monkeypatch: pytest.MonkeyPatch) -> None:
    gateway = await start_phones()
    phone = Phone(twilio, gateway.url)
    monkeypatch.setattr(post, "PAUSES", (0.3,) * 500)
    twilio.fault_always = 503
    await phone.text("hello")
    await until(lambda: twilio.requests >= 1)
    await until_rows(gateway, 2)
    await gateway.close()
    assert phone.screen == []
    twilio.fault_always = None
    gateway = await start_phones(now="2026-11-24T12:00:00+00:00")
    phone.gateway = gateway.url
    assert [await phone.next(), await phone.next()][1] == "You said: hello"
    assert await quiet(gateway, phone)


async def answered(start_phones: StartPhones, twilio: FakeTwilio) -> tuple[Phone, Outbound]:
    """A phone whose message was answered by a gateway that is gone now, and the row of the answer."""
    gateway = await start_phones()
    phone = Phone(twilio, gateway.url)
    await phone.text("hello")
    await phone.next(), await phone.next()
    await until_sent(gateway, 2)
    row = (await rows(gateway))[-1]
    await gateway.close()
    return phone, row


async def test_a_message_that_was_sent_when_the_gateway_died_is_not_sent_again(
        start_phones: StartPhones, twilio: FakeTwilio, monkeypatch: pytest.MonkeyPatch) -> None:
    phone, row = await answered(start_phones, twilio)
    gateway = await start_phones()
    monkeypatch.setattr(post, "ABANDONED", post.timedelta(0))
    await Outgoing(gateway.store).set(row.id, "sending", row.updated_at, provider_id=None)
    gateway.app[POST].deliver(row.contact_id)
    await until_sent(gateway, 2)
    assert await quiet(gateway, phone) and (await rows(gateway))[-1].provider_id == twilio.taken[-1].sid


async def test_a_gateway_that_dies_while_it_looks_for_a_text_again_sends_none_twice(
        start_phones: StartPhones, twilio: FakeTwilio, monkeypatch: pytest.MonkeyPatch) -> None:
    phone, row = await answered(start_phones, twilio)
    monkeypatch.setattr(post, "CLOCKS_DIFFER", post.timedelta(0))
    later = "2026-11-24T12:00:00+00:00"
    gateway = await start_phones(now=later)
    taken_again = gateway.app[web_api.CLOCK].now() - post.ABANDONED
    await Outgoing(gateway.store).set(row.id, "sending", taken_again, provider_id=None, error=post.UNSURE)
    gateway.app[POST].deliver(row.contact_id)
    await until_sent(gateway, 2)
    assert await quiet(gateway, phone), "it is looked for from when it was tried first"
    assert (await rows(gateway))[-1].provider_id == twilio.taken[-1].sid


async def test_what_is_being_kept_when_the_gateway_stops_is_kept(start_phones: StartPhones, twilio: FakeTwilio,
                                                                 monkeypatch: pytest.MonkeyPatch) -> None:
    gateway = await start_phones()
    phone = Phone(twilio, gateway.url)
    asked, go_on = asyncio.Event(), asyncio.Event()
    arrive = Contacts.arrive

    async def slowly(*given: Any) -> Any:
        asked.set()
        await go_on.wait()
        return await arrive(*given)

    monkeypatch.setattr(Contacts, "arrive", slowly)
    texting = asyncio.create_task(phone.text("kept all the same"))
    await asked.wait()
    stopping = asyncio.create_task(gateway.app[ARRIVALS].stop())
    await asyncio.sleep(0)
    assert not stopping.done()
    go_on.set()
    await stopping
    async with gateway.store.session() as session:
        assert list(await session.scalars(select(Inbound.text))) == ["kept all the same"]
    await texting


async def test_a_message_whose_receipt_came_too_late_is_not_sent_again(start_phones: StartPhones, twilio: FakeTwilio,
                                                                       monkeypatch: pytest.MonkeyPatch) -> None:
    """It is looked for from the moment it was sent, not from the moment somebody lost patience."""
    monkeypatch.setattr(twilio_api, "TIMEOUT", aiohttp.ClientTimeout(total=2.5))
    monkeypatch.setattr(post, "CLOCKS_DIFFER", post.timedelta(0))
    monkeypatch.setattr(twilio, "hang", 120.0)
    gateway = await start_phones()
    phone = Phone(twilio, gateway.url)
    twilio.faults = ["held"]
    await phone.text("hello")
    await until_sent(gateway, 2)
    assert len(twilio.to(phone.number)) == 2


async def test_one_carer_does_not_wait_for_another(start_phones: StartPhones, twilio: FakeTwilio,
                                                   monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(twilio_api, "TIMEOUT", aiohttp.ClientTimeout(total=120))
    monkeypatch.setattr(post, "FINISH", 0.1)
    gateway = await start_phones()
    monkeypatch.setattr(twilio, "hang", 120.0)
    phone, other = Phone(twilio, gateway.url), Phone(twilio, gateway.url, "+447400123456")
    twilio.faults = ["timeout"]
    await phone.text("hello")
    await until(lambda: twilio.requests == 1)
    await other.text("hello")
    assert await other.next()


# 9. WhatsApp

WHATSAPP_TEXTS: list[tuple[str, str, str, Fields, Any]] = [
    ("a number", "whatsapp:+447911123456", "hello", {}, ("hello", None)),
    ("an id of WhatsApp's own", "whatsapp:US.13491208655302741918", "hello", {}, ("hello", None)),
    ("an id with letters", "whatsapp:GB.ENT.1a2b3c", "hello", {}, ("hello", None)),
    ("a reply to an earlier message", "whatsapp:+447911123456", "hello", {"OriginalRepliedMessageSid": "SM1"},
     ("hello", None)),
    ("forwarded", "whatsapp:+447911123456", "hello", {"Forwarded": "true"}, ("hello", None)),
    ("a sticker", "whatsapp:+447911123456", "", {"NumMedia": "1", "MediaContentType0": "image/webp"}, "phone.words_only"),
    ("a map pin", "whatsapp:+447911123456", "", {"Latitude": "1", "Longitude": "2", "MessageType": "location"},
     "phone.location"),
    ("a map pin with a name", "whatsapp:+447911123456", "", {"Latitude": "1", "Longitude": "2", "Label": "Maltby"},
     ("Maltby", None)),
    ("a button of no message", "whatsapp:+447911123456", "Yes", {"ButtonPayload": "999/1", "ButtonText": "Yes"},
     ("Yes", None)),
    ("a button of nonsense", "whatsapp:+447911123456", "Yes", {"ButtonPayload": "/secret"}, ("Yes", None)),
    ("STOP", "whatsapp:+447911123456", "STOP", {}, "phone.stopped"),
    ("HELP", "whatsapp:+447911123456", "help", {}, "phone.help"),
    ("a foreign number", "whatsapp:+33612345678", "hello", {}, None),
]


@pytest.mark.parametrize(("number", "text", "fields", "becomes"), [w[1:] for w in WHATSAPP_TEXTS],
                         ids=[w[0] for w in WHATSAPP_TEXTS])
async def test_what_becomes_of_a_message_on_whatsapp(gateway: Running, twilio: FakeTwilio, rasa: FakeRasa, base: KnowledgeBase,
                                                     number: str, text: str, fields: Fields, becomes: Any) -> None:
    phone = WhatsAppPhone(twilio, gateway.url, number)
    await phone.text(text, **fields)
    if becomes is None:
        assert await quiet(gateway, phone) and rasa.heard == []
    elif isinstance(becomes, str):
        assert await phone.next() == base.say(becomes, ON)
    else:
        await until(lambda: rasa.turns)
        assert (rasa.turns[-1]["text"], rasa.turns[-1]["command"]) == becomes
        assert await phone.next() == base.say("phone.hello", ON)
        assert (await phone.next()).startswith("You said: ")


def options(*labels: str) -> list[dict[str, Any]]:
    return [{"label": label, "payload": f"/o{n}", "topic": None} for n, label in enumerate(labels, start=1)]


OPTIONS: list[tuple[str, list[dict[str, Any]], str | None]] = [
    ("one", options("Yes"), "twilio/quick-reply"), ("three", options("A", "B", "C"), "twilio/quick-reply"),
    ("20 letters", options("x" * 20, "B"), "twilio/quick-reply"), ("21 letters", options("x" * 21, "B"), "twilio/list-picker"),
    ("four", options("A", "B", "C", "D"), "twilio/list-picker"), ("ten", options(*"ABCDEFGHIJ"), "twilio/list-picker"),
    ("eleven", options(*"ABCDEFGHIJK"), None), ("25 letters", options("x" * 25), None),
]


@pytest.mark.parametrize(("offered", "kind"), [o[1:] for o in OPTIONS], ids=[o[0] for o in OPTIONS])
async def test_options_on_whatsapp(whatsapp: WhatsAppPhone, rasa: FakeRasa, twilio: FakeTwilio, offered: list[dict[str, Any]],
                                   kind: str | None) -> None:
    rasa.script["menu"] = says("What next?", options=offered)
    await whatsapp.text("menu")
    await whatsapp.next()
    text = await whatsapp.next()
    if kind is None:
        assert text.splitlines()[1:] == [f"{n} {one['label']}" for n, one in enumerate(offered, start=1)]
        await whatsapp.text(str(len(offered)))
    else:
        assert text == "What next?"
        found, buttons = whatsapp.shown(1)
        assert found == kind and [title for title, _ in buttons] == [one["label"] for one in offered]
        assert all(len(mark) <= 200 for _, mark in buttons)
        await (whatsapp.tap if "quick" in kind else whatsapp.pick)(*buttons[-1])
    await until(lambda: rasa.turns[-1]["command"] == offered[-1]["payload"])


async def test_an_old_button_is_the_option_it_was(whatsapp: WhatsAppPhone, rasa: FakeRasa) -> None:
    rasa.script |= {"one": says("One?", options=options("A")), "two": says("Two?", options=options("B", "C"))}
    await whatsapp.text("one")
    await whatsapp.next(), await whatsapp.next()
    await whatsapp.text("two")
    await whatsapp.next()
    await whatsapp.tap(*whatsapp.shown(1)[1][0])
    await until(lambda: rasa.turns[-1]["text"] == "A")


@pytest.mark.parametrize("fault", ["content", 63021, 21656], ids=["content can't be made", "refused", "variables"])
async def test_without_buttons_there_are_numbers(start_phones: StartPhones, rasa: FakeRasa, twilio: FakeTwilio,
                                                 fault: Any) -> None:
    twilio.contents.clear()
    whatsapp = WhatsAppPhone(twilio, (await start_phones()).url)
    rasa.script["menu"] = says("What next?", options=options("A", "B"))
    await whatsapp.text("hello")
    await whatsapp.next(), await whatsapp.next()
    twilio.faults = [fault]
    await whatsapp.text("menu")
    assert await whatsapp.next() == "What next?\n1 A\n2 B"


async def test_content_is_made_once(start_phones: StartPhones, rasa: FakeRasa, twilio: FakeTwilio) -> None:
    rasa.script["menu"] = says("What next?", options=options("A", "B"))
    twilio.contents.clear()
    for _ in range(2):
        gateway = await start_phones()
        whatsapp = WhatsAppPhone(twilio, gateway.url)
        whatsapp.seen = len(whatsapp.screen)
        for _ in range(2):
            await whatsapp.text("menu")
            while await whatsapp.next() != "What next?":
                pass
        await gateway.close()
    assert len(twilio.contents) == 1


async def test_outside_the_window_the_template_asks_and_the_answer_follows(
        start_phones: StartPhones, twilio: FakeTwilio, monkeypatch: pytest.MonkeyPatch) -> None:
    gateway = await start_phones()
    whatsapp = WhatsAppPhone(twilio, gateway.url)
    await whatsapp.text("hello")
    await whatsapp.next(), await whatsapp.next()
    await until_sent(gateway, 2)
    conversation = (await rows(gateway))[0].conversation_id
    clock = gateway.app[web_api.CLOCK]
    clock._ahead += post.timedelta(hours=25)
    for text in ("Hello, this is Sam.", "Ring me back."):
        await gateway.app[web_api.TURNS].say(conversation, "helpline", [Message(text=text, topics=["x.y"])])
    await until_sent(gateway, 4)
    assert [message.content_sid for message in twilio.taken[2:]] == [TEMPLATE], "asked once"
    whatsapp.seen = 3
    await whatsapp.text("yes?")
    assert [await whatsapp.next(), await whatsapp.next()] == ["Hello, this is Sam.", "Ring me back."]


async def test_on_whatsapp_stop_is_confirmed_once_and_is_the_last_word(gateway: Running, whatsapp: WhatsAppPhone,
                                                                       base: KnowledgeBase) -> None:
    await whatsapp.text("hello")
    await whatsapp.next(), await whatsapp.next()
    await whatsapp.text("Stop")
    assert await whatsapp.next() == base.say("phone.stopped", ON)
    await whatsapp.text("STOP")
    await whatsapp.text("hello")
    assert await quiet(gateway, whatsapp)
    await whatsapp.text("START")
    assert await whatsapp.next() == base.say("phone.started", ON)


async def test_sms_and_whatsapp_of_one_number_are_two(phone: Phone, whatsapp: WhatsAppPhone) -> None:
    await phone.text("STOP")
    await whatsapp.text("hello")
    await whatsapp.next()
    assert await whatsapp.next() == "You said: hello"
    assert phone.ours == SMS_NUMBER and whatsapp.ours.endswith(WHATSAPP_NUMBER)


def test_there_are_as_many_cases_as_courier_has() -> None:
    tables = (SIGNATURES, REQUESTS, TEXTS, NUMBERS, FAULTS, CALLBACKS, WHATSAPP_TEXTS, OPTIONS)
    names = [case[0] for table in tables for case in table]
    assert len(names) >= 113
