"""Twilio, shared by text messages and WhatsApp: webhooks verified, messages sent by REST, its errors in one table."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any, Literal, TypeVar
from urllib.parse import urlencode, urlsplit

import aiohttp
from aiohttp import web
from multidict import MultiDictProxy
from twilio.base.exceptions import TwilioRestException, TwilioServiceException
from twilio.http import AsyncHttpClient
from twilio.http.response import Response as TwilioResponse
from twilio.request_validator import SIGNATURE_SETTINGS_HEADER, RequestValidator, get_signature_algorithm
from twilio.rest import Client
from twilio.twiml.messaging_response import MessagingResponse

from bot.channels.channel import Channel, NotSent, Outcome, Received, Status, refuse
from bot.channels.numbers import e164
from bot.gateway.outgoing import DELIVERED, FAILED, READ, SENT

T = TypeVar("T")
TIMEOUT = aiohttp.ClientTimeout(total=10, connect=3)
WHATSAPP = "whatsapp:"
NOTHING = str(MessagingResponse())  # empty TwiML: the reply is sent by REST
LONGEST = 10_000  # characters; a network sends no such message

# What follows from Twilio's error codes, at the request or in a status callback; any other is for the desk.
# https://www.twilio.com/docs/api/errors
OUTCOMES = {
    14107: Outcome.RETRY,  # more messages a second than the number may send
    20003: Outcome.RETRY,  # credentials: an operator can mend them meanwhile
    20429: Outcome.RETRY,  # too many requests
    21610: Outcome.OPTED_OUT,  # the carer said STOP
    21611: Outcome.RETRY,  # the number's queue is full
    30001: Outcome.RETRY,  # queue overflow
    63016: Outcome.WINDOW,  # free text outside WhatsApp's 24 hours
    63018: Outcome.RETRY,  # WhatsApp throttles
    63032: Outcome.GIVE_UP,  # WhatsApp won't deliver to this person
    63038: Outcome.RETRY,  # the account's limit of the day
    21211: Outcome.GIVE_UP,  # no such number
    21408: Outcome.GIVE_UP,  # no permission for that country
    21612: Outcome.GIVE_UP,  # can't be reached from our number
    21614: Outcome.GIVE_UP,  # not a mobile
    21617: Outcome.GIVE_UP,  # longer than 1,600 characters
    30003: Outcome.GIVE_UP,  # the handset is off or gone
    30004: Outcome.GIVE_UP,  # blocked
    30005: Outcome.GIVE_UP,  # unknown handset
    30006: Outcome.GIVE_UP,  # a landline
    30007: Outcome.GIVE_UP,  # filtered as spam
    30008: Outcome.GIVE_UP,  # unknown error
    63024: Outcome.GIVE_UP,  # no WhatsApp at that number
}
STATES = {"accepted": SENT, "scheduled": SENT, "queued": SENT, "sending": SENT, "sent": SENT, "delivered": DELIVERED,
          "read": READ, "undelivered": FAILED, "failed": FAILED, "canceled": FAILED}


class Twilio:
    """One Twilio account."""

    def __init__(self, account_sid: str, auth_token: str, public_url: str, api: str = "") -> None:
        self._account, self._public_url = account_sid, public_url
        self._validator = RequestValidator(auth_token)
        self._http = Http(api)
        self.client = Client(account_sid, auth_token, http_client=self._http)
        self._messages = self.client.messages  # here, because the library loads this part for a second or so when first asked
        self.contents = self.client.content.v1.contents

    async def open(self) -> None:
        """Ready to send."""
        self._http.open()

    async def close(self) -> None:
        """Done."""
        await self._http.close()

    async def send(self, channel: str, outbound_id: int, sender: str, **fields: Any) -> str:
        """Create a message; gives its sid. Its status callback names our row. Raises `NotSent`."""
        who = {"messaging_service_sid": sender} if sender.startswith("MG") else {"from_": sender}
        callback = f"{self._public_url}/channels/{channel}/status/{outbound_id}"
        message = await asked(self._messages.create_async(status_callback=callback, **who, **fields))
        return str(message.sid)

    async def find(self, to: str, body: str, since: datetime) -> str | None:
        """The sid of a message that begins with this text to this address, created since then. Raises `NotSent`."""
        found = await asked(self._messages.list_async(to=to, limit=20))
        since = since.replace(microsecond=0)  # Twilio gives full seconds
        return next((str(message.sid) for message in found if str(message.body).startswith(body)
                     and message.date_created and message.date_created >= since), None)

    def routes(self, channel: Channel, take: Callable[[Channel, Received], Awaitable[None]],
               report: Callable[[Status], Awaitable[None]]) -> list[web.RouteDef]:
        """`/channels/<name>` for messages, `/channels/<name>/status/<our id>` for status callbacks."""

        async def message(request: web.Request) -> web.Response:
            await take(channel, read(await self._verified(request)))
            return web.Response(text=NOTHING, content_type="text/xml")

        async def status(request: web.Request) -> web.Response:
            fields = await self._verified(request)
            state = STATES.get(fields.get("MessageStatus", ""))
            sid = fields.get("MessageSid", "")
            if state and sid:
                code = fields.get("ErrorCode") or None
                outcome = OUTCOMES.get(int(code) if code and code.isdecimal() else 0, Outcome.GIVE_UP)
                await report(Status(int(request.match_info["id"]), sid, state, code, outcome))
            return web.Response(text=NOTHING, content_type="text/xml")

        return [web.post(f"/channels/{channel.name}", message),
                web.post(f"/channels/{channel.name}/status/{{id:[0-9]{{1,15}}}}", status)]

    async def _verified(self, request: web.Request) -> MultiDictProxy[Any]:
        """The request's fields, once it is certain that Twilio sent them for this account; 403 else."""
        reason = "unsigned"
        try:
            fields = await request.post()
            signature = request.headers.get("X-Twilio-Signature", "")
            algorithm = get_signature_algorithm(request.headers.get(SIGNATURE_SETTINGS_HEADER))
            plain = all(isinstance(value, str) for value in fields.values())
            # the address as Twilio knows it; what a proxy made of Host is not asked
            if signature and plain and self._validator.validate(
                    self._public_url + request.path_qs, fields, signature, algorithm):
                if fields.get("AccountSid") == self._account:
                    return fields
                reason = "another_account"
        except (ValueError, LookupError):  # not a form, or not in the charset it names
            reason = "unreadable"
        raise await refuse(request, "Twilio", reason)


def read(fields: MultiDictProxy[Any]) -> Received:
    """A webhook's fields as a message; unknown ones are passed over."""
    text = fields.get("Body", "").strip()[:LONGEST]
    chosen = fields.get("ButtonPayload") or fields.get("ListId") or None
    kind: Literal["words", "media", "location"] = "words"
    if not text and not chosen:
        text = ", ".join(filter(None, (fields.get("Label"), fields.get("Address"))))  # of a pin on a map
        kind = "words" if text else "location" if fields.get("Latitude") else "media"
    sender = fields.get("From", "").strip()
    address = sender.removeprefix(WHATSAPP)
    address = e164(address) if address.startswith("+") else address
    sid = fields.get("MessageSid") or fields.get("SmsMessageSid") or fields.get("SmsSid") or ""
    return Received(sid, address, text, kind, chosen, command=NETWORK.get(fields.get("OptOutType", "")))


NETWORK = {"STOP": "stop", "START": "start", "HELP": "help"}  # Twilio's Advanced Opt-Out has read the message already


async def asked(call: Awaitable[T]) -> T:
    """The result of a REST call. Raises `NotSent`."""
    try:
        return await call
    except (TwilioRestException, TwilioServiceException) as error:
        code = error.code or error.status
        fallback = Outcome.RETRY if error.status == 429 or error.status >= 500 else Outcome.GIVE_UP
        raise NotSent(OUTCOMES.get(code, fallback), str(code), unsure=error.status >= 500) from error
    except aiohttp.ClientConnectorError as error:
        raise NotSent(Outcome.RETRY, "unreachable") from error
    except (aiohttp.ClientError, TimeoutError) as error:
        raise NotSent(Outcome.RETRY, type(error).__name__.lower(), unsure=True) from error
    except (ValueError, KeyError, TypeError) as error:  # not Twilio's JSON: a proxy's page, say
        raise NotSent(Outcome.RETRY, "unreadable", unsure=True) from error


class Http(AsyncHttpClient):  # type: ignore[misc]
    """The library's HTTP over one aiohttp session with our time limits, and to another address where one is given."""

    def __init__(self, api: str) -> None:
        super().__init__(None, True, None)
        self._api = api.rstrip("/")
        self._session: aiohttp.ClientSession | None = None

    def open(self) -> None:
        """Inside a running loop."""
        self._session = self._session or aiohttp.ClientSession(timeout=TIMEOUT)

    async def close(self) -> None:
        """Close the session."""
        if self._session:
            await self._session.close()

    async def request(self, method: str, url: str, params: Any = None, data: Any = None, headers: Any = None,
                      auth: Any = None, timeout: Any = None, allow_redirects: bool = False) -> TwilioResponse:
        """As the library asks for it."""
        if self._session is None:
            raise RuntimeError("open Twilio before sending")
        if self._api:
            url = self._api + urlsplit(url).path
        as_json = "json" in str((headers or {}).get("Content-Type"))
        form = (json.dumps(data) if as_json else urlencode(data)) if data else None
        basic = {"Authorization": aiohttp.encode_basic_auth(*auth)} if auth else {}
        sent = {key: str(value) for key, value in (headers or {}).items()} | basic
        wanted = {key: str(value) for key, value in (params or {}).items()}
        async with self._session.request(method, url, params=wanted, data=form, headers=sent,
                                         allow_redirects=allow_redirects) as answer:
            return TwilioResponse(answer.status, await answer.text(), answer.headers)
