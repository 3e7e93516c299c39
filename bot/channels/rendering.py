"""What every channel's rendering shares: a reply's options and sources."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from bot.channels.channel import Say
from bot.knowledge.reply import Answer, Cited, Message, Option


def options_of(messages: Sequence[Message]) -> list[Option]:
    """All options of a reply, in order; of two that read alike the first, since a number list has no topic beside it."""
    by_label: dict[str, Option] = {}
    for option in (option for message in messages for option in message.options):
        by_label.setdefault(option.label.casefold(), option)
    return list({option.payload: option for option in by_label.values()}.values())


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
    """A reply's text for channels with room for it; its sources as links after what draws on them, before a question."""
    last = max((number for number, message in enumerate(messages, start=1) if message.answers), default=len(messages))
    texts = [message.text for message in messages]
    return "\n\n".join(filter(None, [*texts[:last], sources_of(messages, say, most, linked), *texts[last:]]))
