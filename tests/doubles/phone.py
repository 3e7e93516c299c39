"""`make phone`: the whole assistant, and a page with a phone on it, to text it without any account.

The doubles of Twilio and Telegram stand between the two, so what you see went over the real webhooks and client libraries.
"""

from __future__ import annotations

import asyncio
import os
import socket
from pathlib import Path
from typing import Any

from aiohttp import web

from bot.gateway.settings import ROOT, Settings
from bot.supervisor import CannotStart, Supervisor
from tests.doubles import telegram as telegram_double
from tests.doubles.telegram import FakeTelegram
from tests.doubles.twilio import ACCOUNT, SMS_NUMBER, TEMPLATE, TOKEN, WHATSAPP_NUMBER, FakeTwilio, Taken

PAGE = Path(__file__).parent / "phone_page"
NUMBER, CHAT = "+447700900123", 4242


class Desk:
    """The page's server: texts go out by the doubles, and what they took comes back."""

    def __init__(self, gateway: str, twilio: FakeTwilio, telegram: FakeTelegram) -> None:
        self.gateway, self.twilio, self.telegram = gateway, twilio, telegram

    def app(self) -> web.Application:
        app = web.Application()
        app.router.add_get("/", self.page)
        app.router.add_get("/screen/{channel}", self.screen)
        app.router.add_post("/text/{channel}", self.text)
        app.router.add_static("/page", PAGE)
        return app

    async def page(self, _: web.Request) -> web.StreamResponse:
        return web.FileResponse(PAGE / "index.html")

    async def screen(self, request: web.Request) -> web.Response:
        """Everything received on one channel: text and buttons."""
        channel = request.match_info["channel"]
        if channel == "telegram":
            return web.json_response([
                {"text": sent.text, "links": sent.links,
                 "buttons": [{"title": b["text"], "mark": b["callback_data"]} for b in sent.buttons]}
                for sent in self.telegram.to(CHAT)])
        return web.json_response([self._shown(message) for message in self.twilio.to(self._number(channel))])

    async def text(self, request: web.Request) -> web.Response:
        """Send a text, or tap a button (`mark`)."""
        channel, body = request.match_info["channel"], await request.json()
        text, mark = str(body.get("text", "")), body.get("mark")
        if channel == "telegram":
            return web.json_response({"status": await self._telegram(text, mark)})
        button = {"ButtonPayload": mark, "ButtonText": text} if mark else {}
        to = SMS_NUMBER if channel == "sms" else f"whatsapp:{WHATSAPP_NUMBER}"
        fields = self.twilio.fields(self._number(channel), text, to, **button)
        status, _ = await self.twilio.call(self.gateway, f"/channels/{channel}", fields)
        return web.json_response({"status": status})

    async def _telegram(self, text: str, mark: str | None) -> int:
        sent = next((s for s in self.telegram.to(CHAT) for b in s.buttons if b["callback_data"] == mark), None)
        number = next((n for n, b in enumerate(sent.buttons, 1) if b["callback_data"] == mark), 1) if sent else 1
        update = self.telegram.tap(sent, number) if sent else self.telegram.message(CHAT, text)
        return await self.telegram.call(self.gateway, update)

    def _shown(self, message: Taken) -> dict[str, Any]:
        if not message.content_sid or message.content_sid == TEMPLATE:
            return {"text": message.body or "The helpline has an answer for you. Write back to read it.", "buttons": []}
        shape = next(iter(self.twilio.contents[message.content_sid]["types"].values()))
        places = shape.get("actions") or shape.get("items")
        filled = [{key: message.variables.get(str(value).strip("{}"), value) for key, value in place.items()}
                  for place in places]
        return {"text": message.variables["1"],
                "buttons": [{"title": one.get("title") or one.get("item"), "mark": one["id"]} for one in filled]}

    @staticmethod
    def _number(channel: str) -> str:
        return NUMBER if channel == "sms" else f"whatsapp:{NUMBER}"


def environment(gateway: str, twilio: FakeTwilio, telegram: FakeTelegram) -> dict[str, str]:
    """The settings of a gateway that speaks to the doubles."""
    return {
        "SIGNPOST_PUBLIC_URL": gateway, "SIGNPOST_TWILIO_ACCOUNT_SID": ACCOUNT, "SIGNPOST_TWILIO_AUTH_TOKEN": TOKEN,
        "SIGNPOST_TWILIO_SMS_FROM": SMS_NUMBER, "SIGNPOST_TWILIO_WHATSAPP_FROM": WHATSAPP_NUMBER,
        "SIGNPOST_TWILIO_API": twilio.url, "SIGNPOST_WHATSAPP_TEMPLATE": TEMPLATE,
        "SIGNPOST_TELEGRAM_TOKEN": telegram_double.TOKEN, "SIGNPOST_TELEGRAM_SECRET": telegram_double.SECRET,
        "SIGNPOST_TELEGRAM_API": telegram.url,
    }


async def main() -> None:
    """Until Ctrl-C."""
    settings = Settings()
    gateway = f"http://{settings.host}:{settings.port}"
    twilio, telegram = FakeTwilio(gateway), FakeTelegram()
    await twilio.start()
    await telegram.start()
    os.environ |= environment(gateway, twilio, telegram)
    runner = web.AppRunner(Desk(gateway, twilio, telegram).app())
    await runner.setup()
    port = int(os.environ.get("SIGNPOST_PHONE_PORT", settings.port + 1))
    with socket.socket() as probe:
        if probe.connect_ex(("127.0.0.1", port)) == 0:
            raise SystemExit(f"Port {port} is in use. Choose another: SIGNPOST_PHONE_PORT={port + 1} make phone")
    await web.TCPSite(runner, "127.0.0.1", port).start()
    supervisor = Supervisor(settings.host, settings.port, settings.data.resolve(), lambda text: print(text, flush=True))
    print(f"\n  The phone is on http://127.0.0.1:{port} (the assistant behind it takes some seconds to start)", flush=True)
    try:
        await supervisor.run()
    except CannotStart as error:
        raise SystemExit(str(error)) from error
    finally:
        await runner.cleanup()
        await twilio.stop()
        await telegram.stop()


if __name__ == "__main__":
    os.chdir(ROOT)
    asyncio.run(main())
