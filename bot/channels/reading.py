"""What a carer's text asks of us before anybody has to understand it: STOP, MORE, an option by number or by word."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from rapidfuzz import fuzz

from bot.gateway.outgoing import OBEYED, Shown

# Words that Twilio and the networks take as 'never text me again' or 'text me again'. None may ever be a menu word.
# https://www.twilio.com/docs/messaging/tutorials/advanced-opt-out
STOP = frozenset({"stop", "stopall", "unsubscribe", "cancel", "end", "quit", "revoke", "optout"})
START = frozenset({"start", "unstop"})
AGAIN = START | {"yes"}  # after a STOP
HELP = frozenset({"help", "info"})

_STOP_TOO = frozenset({  # said by people, not read by the networks
    "stop all", "opt out", "stop it", "please stop", "stop please", "stop stop", "stop now", "stop texting",
    "stop texting me", "stop messaging me", "please stop texting me", "stop sending me texts", "stop sending me messages",
    "unsubscribe me", "unsub", "remove me", "take me off", "no more texts", "dont text me", "do not text me",
    "dont text me again", "stop these texts", "text stop", "stop texts", "stop messages",
})
_MORE = frozenset({"more", "more please", "mor", "moer", "moree", "mroe", "rmore", "reply more", "m", "next", "go on"})
_WEB = frozenset({"web", "code", "move", "website"})
_COPY = frozenset({"copy", "a copy", "copy please", "send copy", "send me a copy", "transcript", "send me the transcript",
                   "can i have a copy", "can i have the transcript"})
_DELETE = frozenset({"delete", "delete me", "forget me"})
_CODE = re.compile(r"code\W*([0-9a-z]{4})[\s-]?([0-9a-z]{4})", re.IGNORECASE)
_NUMBER = re.compile(r"(?:(?:option|number|num|no|reply|choice|answer|the)\b\.?\s*|[#(]\s*)?(\d{1,2})\s*(?:[.):]|st|nd|rd|th)?"
                     r"(?:\s+(?:please|pls|plz|one|thanks|ta))?")
_SPOKEN = {word: number for number, words in enumerate(
    [("one", "first", "1st"), ("two", "second"), ("three", "third"), ("four", "fourth"), ("five", "fifth"),
     ("six", "sixth"), ("seven", "seventh"), ("eight", "eighth"), ("nine", "ninth"), ("ten", "tenth")], start=1)
    for word in words}
_YES = frozenset({"yes", "y", "yeah", "yep", "yes please", "ok", "that one", "that"})
_LIKE = 86  # of 100: how near a typed label has to be
_CLEARLY = 8  # by which it has to beat the next one
_FEWEST = 4  # letters of a label that a typo may be in


@dataclass(frozen=True)
class Reading:
    """What the text means: `command` for the post (`:stop`) or for Rasa (an option's payload); None for free text."""

    text: str
    command: str | None = None


def obeyed(word: str, argument: str = "") -> str:
    """The command that the post obeys."""
    return f"{OBEYED}{word} {argument}".strip()


def read(text: str, shown: Shown, *, opted_out: bool = False, more: bool = False, numbers: bool = True) -> Reading:
    """What `text` asks for.

    `shown`: the options that a number means now; `more`: there is more of the last answer; `numbers`: are they options
    at all? (While a person has the conversation they are what the carer tells her.)
    """
    said = _simple(text)
    if said in STOP or said in _STOP_TOO:
        return Reading(text, obeyed("stop"))
    if said in (AGAIN if opted_out else START):
        return Reading(text, obeyed("start"))
    if said in HELP:
        return Reading(text, obeyed("help"))
    if more and said in _MORE:
        return Reading(text, obeyed("more"))
    if said in _WEB:
        return Reading(text, obeyed("web"))
    if said in _COPY:
        return Reading(text, obeyed("copy"))
    if said in _DELETE:
        return Reading(text, "/assistant.privacy.delete")
    if code := _CODE.fullmatch(text.strip().rstrip(".")):
        return Reading("CODE", obeyed("code", (code[1] + code[2]).upper()))
    return _option(text, said, shown) if numbers else Reading(text)


def _option(text: str, said: str, shown: Shown) -> Reading:
    number = _number(said, len(shown.options))
    if number is not None:
        if shown.stale:
            return Reading(text, obeyed("stale", str(number)))
        return chosen(shown.options[number - 1])
    option = None if shown.stale else _by_label(said, shown.options)
    return chosen(option) if option else Reading(text)


def chosen(option: dict[str, Any]) -> Reading:
    """An option, as if she had said its label."""
    return Reading(str(option["label"]), str(option["payload"]))


def _number(said: str, count: int) -> int | None:
    """The option's number, from 1; None for anything else, such as an age out of range."""
    if count == 1 and said in _YES:
        return 1
    found = _NUMBER.fullmatch(said)
    number = int(found[1]) if found else _SPOKEN.get(re.sub(r"^(?:the|option|number) | (?:please|one)$", "", said), 0)
    return number if 1 <= number <= count else None


def _by_label(said: str, options: list[dict[str, Any]]) -> dict[str, Any] | None:
    """The option whose label is meant, typos and all; None where two would do, or where it says more than a label."""
    labels = [_simple(str(option["label"])) for option in options]
    if said in labels:
        return options[labels.index(said)]
    if len(said) < _FEWEST:
        return None
    near = sorted(((fuzz.ratio(said, label), number) for number, label in enumerate(labels)), reverse=True)
    if near and near[0][0] >= _LIKE and (len(near) == 1 or near[0][0] - near[1][0] >= _CLEARLY):
        return options[near[0][1]]
    return None


def _simple(text: str) -> str:
    """Small letters, digits and single blanks: how a word is typed makes no difference."""
    kept = re.sub(r"['’]", "", text.casefold())
    return " ".join(re.sub(r"[^\w#(]+", " ", kept).split())
