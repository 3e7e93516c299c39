"""Webhooks with right signatures and whatever inside: answered, no error of ours, and never more than a carer's words."""

from __future__ import annotations

import asyncio
import json
import re
from typing import Any
from urllib.parse import urlencode
from urllib.request import Request, urlopen

import pytest
from hypothesis import HealthCheck, Phase, example, given, settings
from hypothesis import strategies as st
from structlog.testing import capture_logs

from tests.channels.quiet import until_idle
from tests.doubles.gateway import Running
from tests.doubles.rasa import FakeRasa
from tests.doubles.telegram import SECRET, FakeTelegram
from tests.doubles.twilio import SMS_NUMBER, WHATSAPP_NUMBER, FakeTwilio

EXAMPLES = 60
HOSTILE = ["/intent{}", '/assistant.privacy{"a": 1}', "/restart", ":stop", "desk:back", "{{7*7}}", "{figures.helpline.phone}",
           "%s%n", "<script>alert(1)</script>", "hello\U000e0041\U000e0042", "\x00\x1b[31m", "\u202ehello", "' OR 1=1 --", "${jndi:ldap://x}",
           "../../etc/passwd", "a" * 5000, "\ud83d", "🏴\U000e0067\U000e007f"]
WORDS = st.one_of(st.sampled_from(HOSTILE), st.text(max_size=60))
MORE = ("ProfileName", "ButtonPayload", "ButtonText", "ListId", "ListTitle", "MessageType", "Latitude", "NumMedia",
        "OptOutType", "WaId", "MediaUrl0", "OriginalRepliedMessageSid", "MessageSid", "SmsStatus")
FIELDS = st.fixed_dictionaries({"Body": WORDS}, optional=dict.fromkeys(MORE, WORDS))
JSON = st.recursive(st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | WORDS,
                    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS, inner, max_size=3), max_leaves=8)
PARTS = ("message", "edited_message", "callback_query", "my_chat_member", "inline_query", "poll")
COMMANDS = re.compile(r"/assistant\.(privacy\.delete|about)|None")
CHECKS = settings(max_examples=EXAMPLES, deadline=None, derandomize=True, phases=(Phase.explicit, Phase.generate),
                  suppress_health_check=list(HealthCheck))


def sendable(text: Any) -> Any:
    """As it could come over the wire: a lone surrogate can't."""
    return text.encode("utf-8", "replace").decode() if isinstance(text, str) else text


def posted(url: str, body: bytes, headers: dict[str, str]) -> int:
    with urlopen(Request(url, body, headers), timeout=60) as got:  # noqa: S310  (our own address; raises for 4xx and 5xx)
        return int(got.status)


async def nothing_but_words(gateway: Running, rasa: FakeRasa, logs: list[Any]) -> None:
    """What reached Rasa is words without hidden characters, or a command of ours; and nothing went wrong."""
    await until_idle(gateway)
    for turn in rasa.turns:
        assert COMMANDS.fullmatch(str(turn["command"])), turn["command"]
        assert all(c.isprintable() or c.isspace() for c in turn["text"])
        assert not re.search("[\U000e0000-\U000e007f]", turn["text"])
    errors = [entry for entry in logs if entry["log_level"] == "error"]
    assert not errors, errors


@pytest.mark.parametrize(("path", "ours", "prefix"), [
    ("/channels/sms", SMS_NUMBER, ""), ("/channels/whatsapp", f"whatsapp:{WHATSAPP_NUMBER}", "whatsapp:")])
async def test_signed_forms(gateway: Running, twilio: FakeTwilio, rasa: FakeRasa, path: str, ours: str, prefix: str) -> None:
    @CHECKS
    @given(FIELDS, st.integers(100000, 999999))
    @example({"Body": "/intent{}", "MessageSid": ""}, 123456)
    def one(given_fields: dict[str, str], number: int) -> None:
        fields = twilio.fields(f"{prefix}+447911{number}", "", ours) | {k: sendable(v) for k, v in given_fields.items()}
        headers = {"X-Twilio-Signature": twilio.signature(path, fields), "Content-Type": "application/x-www-form-urlencoded"}
        assert posted(gateway.url + path, urlencode(fields).encode(), headers) in (200, 204)

    with capture_logs() as logs:
        await asyncio.to_thread(one)
        await nothing_but_words(gateway, rasa, logs)


async def test_telegrams_updates(gateway: Running, telegram: FakeTelegram, rasa: FakeRasa) -> None:
    @CHECKS
    @given(st.sampled_from(PARTS), JSON, WORDS, st.booleans(), st.integers(1, 2**40))
    @example("my_chat_member", {"a": 1}, "", True, 1)
    def one(part: str, odd: Any, text: str, whole: bool, chat: int) -> None:
        update = telegram.message(chat, sendable(text))
        inside = update.pop("message")
        update[part] = {**inside, "data": sendable(text), "odd": odd} if whole else odd
        body = json.dumps(update).encode("utf-8", "replace")
        headers = {"X-Telegram-Bot-Api-Secret-Token": SECRET, "Content-Type": "application/json"}
        assert posted(gateway.url + "/channels/telegram", body, headers) == 200

    with capture_logs() as logs:
        await asyncio.to_thread(one)
        await nothing_but_words(gateway, rasa, logs)
