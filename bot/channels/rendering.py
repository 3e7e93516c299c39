"""What every channel's rendering shares: a reply's options and sources."""

from __future__ import annotations

from collections.abc import Sequence

from bot.channels.channel import Say
from bot.knowledge.reply import Answer, Message, Option


def options_of(messages: Sequence[Message]) -> list[Option]:
    """All options of a reply, each once, in order."""
    return list({option.payload: option for message in messages for option in message.options}.values())


def sources_of(messages: Sequence[Message], say: Say) -> str:
    """Where the answers come from and when that was checked, as links; empty where nothing is cited."""
    answers: list[Answer] = [answer for message in messages for answer in message.answers]
    cited = {source.url: source.title for answer in answers for source in answer.sources}
    if not cited:
        return ""
    checked = min(answer.checked_on for answer in answers)
    links = ", ".join(f"[{title}]({url})" for url, title in cited.items())
    return say("phone.source", day=f"{checked.day} {checked:%B %Y}", sources=links)
