"""A stand-in for Twilio: its REST API as documented, and its webhooks, signed by the real library.

It can be told to fail (`faults`), keeps what it took (`taken`), stops sending after STOP as Twilio does, and calls back.
"""

from __future__ import annotations

import asyncio
import json
import secrets
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from twilio.request_validator import RequestValidator

ACCOUNT = "AC" + "0123456789abcdef" * 2
TOKEN = "a-token-of-twilio-for-tests"
SMS_NUMBER = "+447700900000"
WHATSAPP_NUMBER = "+447700900001"
TEMPLATE = "HX" + "a" * 32
SERVICE = "MG" + "b" * 32
STOP = {"stop", "stopall", "unsubscribe", "cancel", "end", "quit", "revoke", "optout"}
START = {"start", "yes", "unstop"}
ERRORS = {21610: "Attempt to send to unsubscribed recipient", 21617: "The concatenated message body exceeds the 1600 limit",
          21211: "Invalid 'To' Phone Number", 21606: "The 'From' phone number is not valid for this account",
          21619: "A text message body or content sid must be specified", 20003: "Authenticate", 20429: "Too Many Requests",
          20404: "The requested resource was not found", 63016: "Outside the allowed window"}
RANGE = (160, 1600)


@dataclass
class Taken:
    """A message that Twilio accepted."""

    sid: str
    to: str
    sender: str
    body: str
    content_sid: str = ""
    variables: dict[str, str] = field(default_factory=dict)
    callback: str = ""
    created: datetime | None = None
    status: str = "queued"

    def json(self) -> dict[str, Any]:
        moment = format_datetime(self.created) if self.created else None
        return {"sid": self.sid, "account_sid": ACCOUNT, "to": self.to, "from": self.sender, "body": self.body,
                "status": self.status, "direction": "outbound-api", "num_segments": "1", "num_media": "0", "price": None,
                "error_code": None, "error_message": None, "date_created": moment, "date_updated": moment,
                "date_sent": None, "uri": f"/2010-04-01/Accounts/{ACCOUNT}/Messages/{self.sid}.json",
                "api_version": "2010-04-01", "price_unit": "GBP", "messaging_service_sid": None, "subresource_uris": {}}


class FakeTwilio:
    """`faults` are used up one a request: an HTTP status, a Twilio error code, 'timeout', 'lost' (taken, no answer).

    Or 'held': taken, and the answer takes as long as after a 'timeout'.
    """

    def __init__(self, public_url: str = "https://signpost.example") -> None:
        self.public_url = public_url
        self.hang = 30.0
        self.now: Callable[[], datetime] = lambda: datetime.now(UTC)
        self.contents: dict[str, dict[str, Any]] = {}
        self._runner: web.AppRunner | None = None
        self.url = ""
        self.reset()

    def reset(self) -> None:
        """As if it were new; what was made by the Content API stays, as it does in an account."""
        self.faults: list[int | str] = []
        self.fault_always: int | str | None = None
        self.taken: list[Taken] = []
        self.requests = 0
        self.opted_out: set[str] = set()
        self.numbers: list[dict[str, Any]] = [{"sid": "PN" + "1" * 32, "phone_number": SMS_NUMBER,
                                               "sms_url": f"{self.public_url}/channels/sms", "sms_method": "POST"}]
        self.senders: list[dict[str, Any]] = [{
            "sid": "XE" + "1" * 32, "sender_id": f"whatsapp:{WHATSAPP_NUMBER}", "status": "ONLINE",
            "webhook": {"callback_url": f"{self.public_url}/channels/whatsapp", "callback_method": "POST"}}]
        self.service: dict[str, Any] = {
            "sid": SERVICE, "account_sid": ACCOUNT, "inbound_request_url": f"{self.public_url}/channels/sms",
            "inbound_method": "POST", "use_inbound_webhook_on_number": False}
        self.arrived = asyncio.Event()

    async def start(self, port: int = 0) -> None:
        app = web.Application()
        account = f"/2010-04-01/Accounts/{ACCOUNT}"
        app.router.add_post(f"{account}/Messages.json", self._create)
        app.router.add_get(f"{account}/Messages.json", self._list)
        app.router.add_get(f"{account}.json", self._account)
        app.router.add_get(f"{account}/IncomingPhoneNumbers.json", self._numbers)
        app.router.add_get("/v2/Channels/Senders", self._senders)
        app.router.add_get("/v1/Services/{sid}", self._service)
        app.router.add_post("/v1/Content", self._create_content)
        app.router.add_get("/v1/Content", self._list_content)
        app.router.add_get("/v1/Content/{sid}", self._get_content)
        app.router.add_get("/v1/Content/{sid}/ApprovalRequests", self._approval)
        self._runner = web.AppRunner(app, shutdown_timeout=0.1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", port)
        await site.start()
        self.url = f"http://127.0.0.1:{self._runner.addresses[0][1]}"

    async def stop(self) -> None:
        if self._runner:
            await self._runner.cleanup()
            self._runner = None

    # REST

    async def _create(self, request: web.Request) -> web.StreamResponse:
        self.requests += 1
        fault = self.faults.pop(0) if self.faults else self.fault_always
        if fault == "timeout":
            await asyncio.sleep(self.hang)
            return self._error(500)
        if isinstance(fault, int):
            return self._error(fault)
        if not self._authorised(request):
            return self._error(20003)
        form = await request.post()
        to, body = str(form.get("To", "")), str(form.get("Body", ""))
        content = str(form.get("ContentSid", ""))
        sender = str(form.get("From", form.get("MessagingServiceSid", "")))
        if sender not in (SMS_NUMBER, f"whatsapp:{WHATSAPP_NUMBER}") and not sender.startswith("MG"):
            return self._error(21606)
        if not (body or content):
            return self._error(21619)
        if len(body) > RANGE[1]:
            return self._error(21617)
        if not (to.startswith("whatsapp:") or (to.startswith("+") and to[1:].isdecimal())):
            return self._error(21211)
        if to in self.opted_out:
            return self._error(21610)
        if content and content not in self.contents and content != TEMPLATE:
            return self._error(20404)
        variables = json.loads(str(form.get("ContentVariables", "{}")))
        if any(not value or len(value) > 255 for value in variables.values()):
            return self._error(21656)
        message = Taken("SM" + secrets.token_hex(16), to, sender, body, content, variables,
                        str(form.get("StatusCallback", "")), self.now())
        self.taken.append(message)
        self.arrived.set()
        if fault == "held":
            await asyncio.sleep(self.hang)
        if fault == "lost" and request.transport:
            request.transport.abort()
        return web.json_response(message.json(), status=201)

    async def _list(self, request: web.Request) -> web.Response:
        if not self._authorised(request):
            return self._error(20003)
        found = [m.json() for m in reversed(self.taken) if m.to == request.query.get("To", m.to)]
        return web.json_response({"messages": found, "next_page_uri": None, "page": 0, "page_size": 50, "uri": "",
                                  "first_page_uri": "", "previous_page_uri": None, "start": 0, "end": len(found)})

    async def _account(self, request: web.Request) -> web.Response:
        if not self._authorised(request):
            return self._error(20003)
        return web.json_response({"sid": ACCOUNT, "friendly_name": "Test", "status": "active", "type": "Full"})

    async def _numbers(self, request: web.Request) -> web.Response:
        if not self._authorised(request):
            return self._error(20003)
        found = [n for n in self.numbers if n["phone_number"] == request.query.get("PhoneNumber", n["phone_number"])]
        return web.json_response({"incoming_phone_numbers": found, "next_page_uri": None, "page": 0, "page_size": 50})

    async def _senders(self, request: web.Request) -> web.Response:
        if not self._authorised(request):
            return self._error(20003)
        return web.json_response({"senders": self.senders, "meta": {"page": 0, "page_size": 50, "next_page_url": None,
                                                                    "key": "senders"}})

    async def _service(self, request: web.Request) -> web.Response:
        if not self._authorised(request):
            return self._error(20003)
        return web.json_response(self.service) if request.match_info["sid"] == SERVICE else self._error(20404)

    async def _create_content(self, request: web.Request) -> web.Response:
        fault = self.faults.pop(0) if self.faults and str(self.faults[0]).startswith("content") else None
        if fault:
            return self._error(20429)
        if not self._authorised(request):
            return self._error(20003)
        body = await request.json()
        sid = "HX" + secrets.token_hex(16)
        self.contents[sid] = {"sid": sid, "account_sid": ACCOUNT, **body}
        return web.json_response(self.contents[sid], status=201)

    async def _list_content(self, request: web.Request) -> web.Response:
        if not self._authorised(request):
            return self._error(20003)
        return web.json_response({"contents": list(self.contents.values()),
                                  "meta": {"page": 0, "page_size": 50, "next_page_url": None, "key": "contents"}})

    async def _get_content(self, request: web.Request) -> web.Response:
        sid = request.match_info["sid"]
        if sid == TEMPLATE:
            return web.json_response({"sid": sid, "account_sid": ACCOUNT, "friendly_name": "answered", "language": "en",
                                      "types": {"twilio/text": {"body": "The helpline has an answer for you."}}})
        found = self.contents.get(sid)
        return web.json_response(found) if found else self._error(20404)

    async def _approval(self, request: web.Request) -> web.Response:
        return web.json_response({"sid": request.match_info["sid"], "whatsapp": {"status": "approved", "name": "answered"}})

    def _authorised(self, request: web.Request) -> bool:
        return request.headers.get("Authorization") == aiohttp.encode_basic_auth(ACCOUNT, TOKEN)

    @staticmethod
    def _error(code: int) -> web.Response:
        status = {20003: 401, 20429: 429, 20404: 404}.get(code, 400) if code > 1000 else code
        if status >= 500:
            return web.Response(status=status, text="<h1>Bad gateway</h1>", content_type="text/html")
        body = {"code": 20429 if code == 429 else code, "message": ERRORS.get(code, "An error"), "status": status,
                "more_info": f"https://www.twilio.com/docs/errors/{code}"}
        return web.json_response(body, status=status)

    # Webhooks

    def signature(self, path: str, fields: dict[str, Any], token: str = TOKEN) -> str:
        return str(RequestValidator(token).compute_signature(self.public_url + path, fields))

    async def call(self, gateway: str, path: str, fields: dict[str, Any], **headers: str) -> tuple[int, str]:
        """POST a signed webhook to the gateway at `gateway`; gives (status, body)."""
        sent = {"X-Twilio-Signature": self.signature(path, fields), "I-Twilio-Idempotency-Token": "x"} | headers
        async with aiohttp.ClientSession() as session, session.post(gateway + path, data=fields, headers=sent) as answer:
            return answer.status, await answer.text()

    def fields(self, sender: str, body: str, to: str = SMS_NUMBER, sid: str | None = None, **more: str) -> dict[str, str]:
        """What Twilio sends for an incoming message."""
        sid = sid or "SM" + secrets.token_hex(16)
        fields = {"ToCountry": "GB", "SmsMessageSid": sid, "NumMedia": "0", "SmsSid": sid, "SmsStatus": "received",
                  "Body": body, "To": to, "NumSegments": "1", "MessageSid": sid, "AccountSid": ACCOUNT, "From": sender,
                  "FromCountry": "GB", "ApiVersion": "2010-04-01"}
        if sender.startswith("whatsapp:"):
            fields |= {"ProfileName": "A carer", "WaId": sender.removeprefix("whatsapp:+"), "MessageType": "text"}
        else:  # what Twilio does of itself before it calls us
            said = body.strip().lower()
            if said in STOP:
                self.opted_out.add(sender)
            elif said in START:
                self.opted_out.discard(sender)
        return fields | more

    async def report(self, gateway: str, message: Taken, status: str, error: int | None = None) -> tuple[int, str]:
        """Call back about a message."""
        path = message.callback.removeprefix(self.public_url)
        fields = {"MessageSid": message.sid, "SmsSid": message.sid, "MessageStatus": status, "SmsStatus": status,
                  "To": message.to, "From": message.sender, "AccountSid": ACCOUNT, "ApiVersion": "2010-04-01"}
        return await self.call(gateway, path, fields | ({"ErrorCode": str(error)} if error else {}))

    def to(self, number: str) -> list[Taken]:
        """What was sent to one number, in order."""
        return [message for message in self.taken if message.to == number]


@pytest.fixture
async def twilio() -> AsyncIterator[FakeTwilio]:
    """One that runs."""
    fake = FakeTwilio()
    await fake.start()
    yield fake
    await fake.stop()


class Phone:
    """A carer's phone at the double."""

    path, ours = "/channels/sms", SMS_NUMBER

    def __init__(self, twilio: FakeTwilio, gateway: str, number: str = "+447911123456") -> None:
        self.twilio, self.gateway, self.number = twilio, gateway, number
        self.seen = 0

    async def text(self, body: str, **fields: str) -> str:
        """Send a text; gives its MessageSid. Twilio is answered with empty TwiML."""
        given = self.twilio.fields(self.number, body, self.ours, **fields)
        status, answer = await self.twilio.call(self.gateway, self.path, given)
        assert status == 200, answer
        assert answer == '<?xml version="1.0" encoding="UTF-8"?><Response />'
        return given["MessageSid"]

    @property
    def screen(self) -> list[str]:
        """Every text received."""
        return [message.body for message in self.twilio.to(self.number)]

    async def next(self, within: float = 30.0) -> str:
        """The next text that was not seen yet."""
        async with asyncio.timeout(within):
            while len(self.screen) <= self.seen:
                self.twilio.arrived.clear()
                await self.twilio.arrived.wait()
        self.seen += 1
        return self.screen[self.seen - 1]


class WhatsAppPhone(Phone):
    """The same on WhatsApp. A message with buttons is shown as its text."""

    path, ours = "/channels/whatsapp", f"whatsapp:{WHATSAPP_NUMBER}"

    def __init__(self, twilio: FakeTwilio, gateway: str, number: str = "whatsapp:+447911123456") -> None:
        super().__init__(twilio, gateway, number)

    @property
    def screen(self) -> list[str]:
        return [message.variables.get("1", message.body) for message in self.twilio.to(self.number)]

    def shown(self, number: int) -> tuple[str, list[tuple[str, str]]]:
        """(kind, [(title, id)]) of the message `number` from the start."""
        message = self.twilio.to(self.number)[number]
        kind, shape = next(iter(self.twilio.contents[message.content_sid]["types"].items()))
        places = shape.get("actions") or shape.get("items")
        filled = [{key: message.variables.get(value.strip("{}"), value) for key, value in place.items()} for place in places]
        return kind, [(one.get("title") or one.get("item") or "", one["id"]) for one in filled]

    async def tap(self, title: str, mark: str) -> str:
        return await self.text(title, ButtonText=title, ButtonPayload=mark, MessageType="button")

    async def pick(self, title: str, mark: str) -> str:
        return await self.text(title, ListTitle=title, ListId=mark, MessageType="interactive")
