"""Desks elsewhere: a team's mailbox, over a real SMTP server, and Chatwoot, over a double of its API."""

from __future__ import annotations

import email
from collections.abc import AsyncIterator, Iterator
from datetime import date
from email.message import Message as Mail
from typing import Any

import pytest
from aiosmtpd.controller import Controller

from bot.knowledge.base import KnowledgeBase
from tests.doubles import chatwoot as double
from tests.doubles.chatwoot import FakeChatwoot
from tests.doubles.gateway import Running, StartGateway
from tests.doubles.waiting import until
from tests.helpline.conftest import PLEASE
from tests.helpline.test_handing_over import texts

ON = date(2026, 11, 24)


class Box:
    """Keeps what it is sent; refuses the first `faults`."""

    def __init__(self) -> None:
        self.mails: list[Mail] = []
        self.faults = 0

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802  (aiosmtpd's name)
        if self.faults:
            self.faults -= 1
            return "451 try again later"
        self.mails.append(email.message_from_bytes(envelope.content))
        return "250 taken"


@pytest.fixture
def box(free_tcp_port: int) -> Iterator[tuple[Box, str]]:
    box = Box()
    server = Controller(box, hostname="127.0.0.1", port=free_tcp_port)
    server.start()
    yield box, f"smtp://127.0.0.1:{free_tcp_port}"
    server.stop()


async def test_a_mail_for_each_case_says_where_to_look_and_nothing_that_was_written(
        start_gateway: StartGateway, box: tuple[Box, str], base: KnowledgeBase) -> None:
    inbox, url = box
    inbox.faults = 1
    gateway = await start_gateway(smtp_url=url, desk_mail_from="bot@example.org", desk_mail_to="team@example.org",
                                  public_url="https://chat.example.org", desk_round_seconds=0.2)
    carer, other = await gateway.carer(), await gateway.carer()
    await carer.say("I want to kill myself")
    await other.say(PLEASE)
    await until(lambda: len(inbox.mails) == 2, within=20)
    subjects = {str(mail["Subject"]) for mail in inbox.mails}
    assert subjects == {base.say("desk_mail.urgent", ON), base.say("desk_mail.subject", ON)}
    for mail in inbox.mails:
        text = mail.get_payload(decode=True).decode()
        assert mail["To"] == "team@example.org" and "https://chat.example.org/helpline/conversations/c_" in text
        assert "kill" not in text and PLEASE not in text
    await gateway.close()
    await start_gateway(smtp_url=url, desk_mail_from="bot@example.org", desk_mail_to="team@example.org",
                        desk_round_seconds=0.2)
    assert len(inbox.mails) == 2, "none is sent again after a restart"


@pytest.fixture
async def chatwoot() -> AsyncIterator[FakeChatwoot]:
    fake = FakeChatwoot()
    await fake.start()
    yield fake
    await fake.stop()


async def with_chatwoot(start_gateway: StartGateway, fake: FakeChatwoot) -> Running:
    return await start_gateway(desk="chatwoot", chatwoot_url=fake.url, chatwoot_inbox=double.INBOX,
                               chatwoot_account=double.ACCOUNT, chatwoot_token=double.TOKEN, chatwoot_secret=double.SECRET,
                               desk_round_seconds=0.2)


async def test_a_conversation_goes_to_chatwoot_and_an_agents_words_come_back(
        start_gateway: StartGateway, chatwoot: FakeChatwoot, base: KnowledgeBase) -> None:
    gateway = await with_chatwoot(start_gateway, chatwoot)
    carer = await gateway.carer()
    await carer.say("about school")
    assert base.say("desk.passed", ON) in (await carer.say(PLEASE)).text, "an agent is online"
    await until(lambda: chatwoot.conversations and len(next(iter(chatwoot.messages.values()))) >= 5, within=20)
    (number,) = chatwoot.conversations
    assert "about school" in chatwoot.said(number) and "[assistant] You said: about school" in chatwoot.said(number)
    for _ in range(2):  # Chatwoot sends a webhook again
        assert await chatwoot.agent_says(gateway.url, number, "Hello, which school?", 900) == 200
    assert await chatwoot.agent_says(gateway.url, number, "a note", 901, private=True) == 200
    assert await chatwoot.agent_says(gateway.url, number, "its own echo", 902, message_type="incoming") == 200
    said = await texts(carer)
    assert said[-2:] == [base.say("desk.joined", ON, name="Sam"), "Hello, which school?"]
    assert (await carer.say("The one in Maltby")).status == 202
    await until(lambda: "The one in Maltby" in chatwoot.said(number), within=20)
    assert "Hello, which school?" not in chatwoot.said(number), "her own words don't come back to her"
    assert await chatwoot.resolve(gateway.url, number) == 200
    assert base.say("desk.closed", ON, name="Sam") in (await texts(carer))[-1]
    assert (await carer.say("thanks")).text == "You said: thanks"


async def test_chatwoot_away_loses_nothing(start_gateway: StartGateway, chatwoot: FakeChatwoot, base: KnowledgeBase) -> None:
    gateway = await with_chatwoot(start_gateway, chatwoot)
    carer = await gateway.carer()
    chatwoot.down = True
    assert base.say("desk.nobody", ON, closes="3pm") in (await carer.say(PLEASE)).text
    await carer.say("and another thing")
    chatwoot.down = False
    await until(lambda: any("and another thing" in chatwoot.said(number) for number in chatwoot.messages), within=20)
    (number,) = chatwoot.conversations
    assert chatwoot.said(number).count("and another thing") == 1


async def test_only_chatwoots_own_webhooks_are_taken(start_gateway: StartGateway, chatwoot: FakeChatwoot) -> None:
    gateway = await with_chatwoot(start_gateway, chatwoot)
    event = {"event": "message_created", "message_type": "outgoing", "content": "x", "id": 1, "conversation": {"id": 1}}
    assert await chatwoot.hook(gateway.url, event, secret="another") == 403
    assert await chatwoot.hook(gateway.url, event, age=3600) == 403, "replayed"
    assert await chatwoot.hook(gateway.url, event) == 200, "of a conversation that is not ours: nothing happens"
    assert await chatwoot.hook(gateway.url, {"event": "message_created"}) == 400
