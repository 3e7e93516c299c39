"""The rules of style in `content/style.yml`: limits, words and characters that are not used, terms of art."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from functools import cached_property

from pydantic import Field

from bot.knowledge.readability import Reader
from bot.knowledge.schema import Strict, Text


class Limits(Strict):
    """What a text may have at most."""

    facet_words: int = Field(gt=0)
    sentence_words: int = Field(gt=0)
    grade: float = Field(gt=0)
    average_grade: float = Field(gt=0)
    sms: int = Field(gt=0)


class Banned(Strict):
    """A phrase that is never said, what to do instead, and where it is all right."""

    say: Text
    instead: Text
    but_not: list[Text] = Field(default_factory=list)

    @cached_property
    def pattern(self) -> re.Pattern[str]:
        """Matches the phrase as whole words, and not inside one of `but_not`."""
        exceptions = "".join(f"(?!{_anywhere(phrase, self.say)})" for phrase in self.but_not)
        return re.compile(rf"\b{exceptions}{_spaced(self.say)}\b", re.IGNORECASE)


class Character(Strict):
    """A character that is never used."""

    say: str = Field(min_length=1, max_length=1)
    instead: Text


class Style(Strict):
    """Everything in the file."""

    limits: Limits
    sms_ending: str
    banned: list[Banned]
    characters: list[Character]
    terms_of_art: list[Text]
    syllables: dict[str, int]

    @cached_property
    def reader(self) -> Reader:
        """Reads texts as the file says."""
        return Reader(tuple(self.terms_of_art), self.syllables)

    def breaches(self, text: str) -> Iterator[tuple[str, str]]:
        """(what `text` says that it shouldn't, what to do instead), each once."""
        for banned in self.banned:
            if banned.pattern.search(text):
                yield f"'{banned.say}'", banned.instead
        for character in self.characters:
            if character.say in text:
                yield f"the character '{character.say}' ({_name(character.say)})", character.instead
        for picture in dict.fromkeys(c for c in text if unicodedata.category(c) in ("So", "Sk", "Cs", "Co", "Cf")):
            yield f"the picture '{picture}' ({_name(picture)})", "say it in words"


def _spaced(phrase: str) -> str:
    return r"\s+".join(map(re.escape, phrase.split()))


def _anywhere(exception: str, phrase: str) -> str:
    """The rest of `exception` from `phrase` on: only exceptions that begin with the phrase can be told apart."""
    return _spaced(exception[exception.lower().index(phrase.lower()) :])


def _name(character: str) -> str:
    return unicodedata.name(character, "no name").lower()
