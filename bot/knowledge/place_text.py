"""A message as words with what stands between them, for looking up places and the words around them."""

from __future__ import annotations

import re
import unicodedata
from functools import cached_property
from typing import NamedTuple

_TOKEN = re.compile(r"[^\W\d_]+(?:['’`][^\W\d_]+)*['’]?|\d+\w*|&|[^\s\w]+|\n+|_+")
_SHORT = {
    "im": "i am",
    "ive": "i have",
    "id": "i would",
    "ill": "i will",
    "weve": "we have",
    "hes": "he is",
    "shes": "she is",
    "theyre": "they are",
    "theyve": "they have",
    "whos": "who is",
    "dont": "do not",
    "doesnt": "does not",
    "isnt": "is not",
    "arent": "are not",
    "aint": "is not",
    "wont": "will not",
    "cant": "can not",
    "didnt": "did not",
    "havent": "have not",
    "hasnt": "has not",
    "wasnt": "was not",
    "u": "you",
    "r": "are",
    "livin": "living",
    "ss": "social services",
    "sw": "social worker",
    "nd": "and",
    "n": "and",
    "frm": "from",
    "its": "it is",
    "thats": "that is",
    "wouldnt": "would not",
    "couldnt": "could not",
    "wiv": "with",
    "wi": "with",
}
_SIMPLE = re.compile(r"[A-Za-z]+(?: [A-Za-z]+)*")
_WE_ARE = re.compile(r"we['’`]re", re.I)


class Word(NamedTuple):
    """One word: where it stands, as written, in plain small letters, and the punctuation before it.

    `base` is the word without a possessive ('leeds' of "Leeds'"); `gap` one of '', '-', ',', '.', '(' or a dash ' - '.
    """

    start: int
    end: int
    raw: str
    norm: str
    base: str
    gap: str

    @property
    def capital(self) -> bool:
        """Whether it starts with a capital letter."""
        return self.raw[:1].isupper()


def plain(text: str) -> str:
    """Small letters without accents and apostrophes."""
    if not text.isascii():
        text = unicodedata.normalize("NFKD", text.replace("’", "'").replace("`", "'"))
        text = "".join(c for c in text if not unicodedata.combining(c))
    return text.lower().replace("'", "").replace("`", "")


def name_key(name: str) -> str:
    """A name as it is looked up: 'St. Mary-le-Bow & Co' as 'st mary le bow and co'."""
    if _SIMPLE.fullmatch(name) and "aint" not in name:
        return name.lower()
    return " ".join(word.norm for word in words_of(name))


def words_of(text: str) -> list[Word]:
    """The words of `text` in order."""
    words: list[Word] = []
    gap = "."
    for match in _TOKEN.finditer(text):
        raw = match.group()
        if raw[0].isalnum() or raw == "&":
            words.append(_word(match.start(), raw, gap))
            gap = ""
        else:
            gap = _gap(raw, gap, text, match.start(), words)
    return words


def _word(start: int, raw: str, gap: str) -> Word:
    if raw.isalpha() and raw.isascii():
        norm = raw.lower()
        norm = "st" if norm == "saint" else norm
        return Word(start, start + len(raw), raw, norm, norm, gap)
    norm = "and" if raw == "&" else plain(raw)
    norm = "st" if norm == "saint" else norm
    base = norm
    if re.search(r"['’`]s?$", raw):
        base = plain(re.sub(r"['’`]s?$", "", raw))
    return Word(start, start + len(raw), raw, norm, base, gap)


def _gap(raw: str, gap: str, text: str, start: int, words: list[Word]) -> str:
    """The kind of punctuation `raw` is, where `gap` has been seen already."""
    if raw[0] == "\n" or set(raw) & set(".!?;"):
        shortened = raw == "." and words and words[-1].norm in ("st", "mr", "mrs", "ms", "dr")
        return gap if shortened else "."
    if gap == ".":
        return gap
    if "(" in raw or ")" in raw:
        return "("
    if set(raw) & set("-–—/~"):
        tight = start > 0 and text[start - 1].isalnum() and text[start + len(raw) : start + len(raw) + 1].isalnum()
        return gap or ("-" if tight else " - ")
    return "," if set(raw) & set(",:") else gap


class Text:
    """A message's words, and what is said before and after some of them in the same sentence."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.words = words_of(text)

    @cached_property
    def mixed_case(self) -> bool:
        """Whether the writer uses capitals, but not for everything."""
        letters = [c for c in self.text if c.isalpha()]
        upper = sum(c.isupper() for c in letters)
        return 0 < upper < 0.5 * len(letters)

    def marked(self, at: int, whole: bool) -> bool:
        """Whether word `at` has a capital where the writer uses them; `whole`: is all capitals among small letters."""
        if whole:
            return self.words[at].raw.isupper() and not self.text.isupper()
        return self.mixed_case and self.words[at].capital

    @cached_property
    def _spoken(self) -> list[str]:
        """Each word as the cues know it ("we're" as 'we are', "dad's" as "dad 's")."""
        return [_spoken(word) for word in self.words]

    def before(self, at: int) -> str:
        """The sentence's words before word `at`: ' we live in ' (a space at both ends, commas as words)."""
        parts: list[str] = []
        while at > 0 and self.words[at].gap != ".":
            parts += [self.words[at].gap.strip(), self._spoken[at - 1]]
            at -= 1
        return " " + " ".join(p for p in reversed(parts) if p) + (" " if any(parts) else "")

    def after(self, end: int) -> str:
        """The sentence's words from word `end` on."""
        parts: list[str] = []
        while end < len(self.words) and self.words[end].gap != ".":
            parts += [self.words[end].gap.strip(), self._spoken[end]]
            end += 1
        return " " + " ".join(p for p in parts if p) + (" " if any(parts) else "")


def _spoken(word: Word) -> str:
    if _WE_ARE.fullmatch(word.raw):
        return "we are"
    if word.base != word.norm and word.raw[-1:] in "sS":
        return f"{word.base} is" if word.base in _IS else f"{word.base} 's"
    return _SHORT.get(word.norm, word.norm)


_IS = frozenset({"he", "she", "it", "that", "who", "what", "where", "there", "here"})
