"""What every channel's rendering shares: a reply's options and sources."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from bot.channels.channel import Say
from bot.knowledge.reply import Answer, Cited, Message, Option


def options_of(messages: Sequence[Message]) -> list[Option]:
    """All options of a reply, each once, in order."""
    return list({option.payload: option for message in messages for option in message.options}.values())


def sources_of(messages: Sequence[Message], say: Say, most: int, link: Callable[[Cited], str]) -> str:
    """Where the answers come from and when that was checked; `most` sources of each. Empty where nothing is cited."""
    answers: list[Answer] = [answer for message in messages for answer in message.answers]
    cited = {source.url: link(source) for answer in answers for source in answer.sources[:most]}
    if not cited:
        return ""
    checked = min(answer.checked_on for answer in answers)
    return say("phone.source", day=f"{checked.day} {checked:%B %Y}", sources=", ".join(cited.values()))


def linked(source: Cited) -> str:
    """The source as a link."""
    return f"[{source.title}]({source.url})"


def whole(messages: Sequence[Message], say: Say, most: int) -> str:
    """A reply's text with its sources as links, for channels that have room for it."""
    sources = sources_of(messages, say, most, linked)
    return "\n\n".join(filter(None, [*(message.text for message in messages), sources]))
