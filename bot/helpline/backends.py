"""Where advisers sit: at our console, or at a team's mailbox that is told of every case."""

from __future__ import annotations

from datetime import datetime, timedelta
from email.message import EmailMessage
from email.utils import formatdate, make_msgid
from urllib.parse import unquote, urlsplit

import aiosmtplib

from bot.gateway.tables import Conversation, WaitingForPerson
from bot.helpline.accounts import Accounts
from bot.helpline.desk import Unreachable
from bot.helpline.telling import Telling


class Console:
    """Our own pages. Somebody is there whose page was open in the last minutes, and who says that they take conversations."""

    name = "console"

    def __init__(self, accounts: Accounts, seen_within: timedelta) -> None:
        self._accounts, self._seen_within = accounts, seen_within

    async def there(self, now: datetime) -> bool:
        """Is anybody?"""
        return bool(await self._accounts.here(now - self._seen_within))

    async def announce(self, case: WaitingForPerson, conversation: Conversation) -> None:
        """The list shows it by itself."""

    async def heard(self, conversation_id: str) -> None:
        """So does the conversation's page."""


class Mailbox:
    """A mail to the team for each case. It says where to look, and nothing of what was written."""

    name = "mail"

    def __init__(self, url: str, sender: str, to: str, public_url: str, telling: Telling) -> None:
        """`url`: smtp://user:password@host:port (STARTTLS where the server has it) or smtps://…"""
        parts = urlsplit(url)
        self._server = {"hostname": parts.hostname, "port": parts.port or (465 if parts.scheme == "smtps" else 587),
                        "username": unquote(parts.username) if parts.username else None,
                        "password": unquote(parts.password) if parts.password else None,
                        "use_tls": parts.scheme == "smtps", "timeout": 10.0}
        self._sender, self._to, self._public_url, self._telling = sender, to, public_url, telling

    async def there(self, now: datetime) -> bool:
        """Nobody answers a mail within minutes."""
        return False

    async def announce(self, case: WaitingForPerson, conversation: Conversation) -> None:
        """Send it. Raises `Unreachable`."""
        try:
            await aiosmtplib.send(self._mail(case, conversation), **self._server)  # type: ignore[arg-type]
        except (aiosmtplib.SMTPException, OSError) as error:
            raise Unreachable(f"mail {type(error).__name__}") from error

    async def heard(self, conversation_id: str) -> None:
        """One mail is enough."""

    def _mail(self, case: WaitingForPerson, conversation: Conversation) -> EmailMessage:
        mail = EmailMessage()
        say = self._telling.say
        mail["From"], mail["To"], mail["Date"] = self._sender, self._to, formatdate()
        mail["Message-ID"] = make_msgid(domain=self._sender.rpartition("@")[2] or None)
        mail["Subject"] = say("desk_mail.urgent" if case.urgent else "desk_mail.subject", case.since)
        mail["Auto-Submitted"] = "auto-generated"
        if case.urgent:
            mail["Importance"] = "high"
        where = f"{self._public_url}/helpline/conversations/{conversation.id}"
        mail.set_content(say("desk_mail.text", case.since, reason=say(f"desk_mail.reasons.{case.reason}", case.since),
                             channel=conversation.channel, url=where))
        return mail
