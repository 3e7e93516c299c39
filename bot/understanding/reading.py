"""One message, read once: its words in one spelling, each with its place in what the carer wrote."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

import spacy
from spacy.language import Language
from spacy.matcher import PhraseMatcher
from spacy.tokenizer import Tokenizer
from spacy.tokens import Doc
from spacy.util import compile_infix_regex, filter_spans

from bot.understanding.phrases import Group, words
from bot.understanding.spelling import Spelling

_SAME_WIDTH = str.maketrans(
    {"’": "'", "‘": "'", "`": "'", "´": "'", "“": '"', "”": '"', "\u00a0": " ", "\u200b": " ", "_": " "}
)
_MORE_INFIXES = (
    r"(?<=[0-9])(?=[a-z](?!\b[a-z]))",
    r"[()&+,/:;*=!?\[\]\"]",
    r"(?<=[a-z]{2})\.+(?=[a-z0-9]{2})",
    r"(?<=[a-z0-9])\.(?=[a-z]{2})",
)
_LONGEST = 6000
_PADDING = 8
_AFTER_WERE = words("he she they we you i the there these those my our his her their it social any both")
_EDGES = frozenset({".", ",", "?"})


@dataclass(frozen=True)
class Word:
    """One word as the patterns see it, with the characters of the message it stands for."""

    text: str
    start: int
    end: int


def _lower_same_width(text: str) -> str:
    """Lower case, never changing how many characters there are, so that places stay true."""
    lowered = text.translate(_SAME_WIDTH).lower()
    if len(lowered) == len(text):
        return lowered
    return "".join(c.lower() if len(c.lower()) == 1 else c for c in text.translate(_SAME_WIDTH))


class Reading:
    """A message as a row of words between full stops, and as one string the patterns run over.

    `words[0]` and the last eight are always '.', so nobody has to mind the edges. `size` counts the real words.
    """

    def __init__(self, text: str, words: Sequence[Word]) -> None:
        """`words` without the stops at either end, in order."""
        end = len(text)
        self.text = text
        self.words: list[Word] = [Word(".", 0, 0), *words]
        self.size = len(words)
        self.words.extend([Word(".", end, end)] * _PADDING)
        self.toks: list[str] = [word.text for word in self.words]
        self.coded = " " + " ".join(self.toks) + " "
        self.vocabulary = frozenset(self.toks)
        self._index_of: dict[int, int] = {}
        at = 1
        for index, tok in enumerate(self.toks):
            self._index_of[at] = index
            at += len(tok) + 1
        self._index_of[at] = len(self.toks)

    def find(self, group: Group) -> Iterator[tuple[int, int]]:
        """(first, after last) word numbers of each match of the group."""
        for start, end in group.matches(self.coded, self.vocabulary):
            yield self._index_of[start], self._index_of[end]

    def has(self, group: Group) -> bool:
        """Whether any pattern of the group matches."""
        return group.hit(self.coded, self.vocabulary)

    def around(self, index: int, reach: int = 14) -> tuple[str, frozenset[str]]:
        """The words about word `index`, itself shown as '@': a string to match against, and the set of its words."""
        low, high = max(0, index - reach), min(len(self.toks), index + reach + 1)
        toks = [*self.toks[low:index], "@", *self.toks[index + 1 : high]]
        return " " + " ".join(toks) + " ", frozenset(toks)

    def said(self, first: int, after: int) -> tuple[str, int, int]:
        """(the carer's own words, start, end) for words `first` up to `after`."""
        inside = [w for w in self.words[first:after] if w.end > w.start and w.text not in _EDGES]
        inside = inside or [self.words[first]]
        start, end = inside[0].start, max(w.end for w in inside)
        return self.text[start:end], start, end

    def sentence(self, index: int) -> tuple[int, int]:
        """(first, after last) word numbers of the sentence word `index` is in, its stop included."""
        first = index
        while first > 1 and self.toks[first - 1] not in (".", "?"):
            first -= 1
        after = index
        while after < len(self.toks) and self.toks[after] not in (".", "?"):
            after += 1
        return first, min(after + 1, len(self.toks))

    def asks(self, index: int) -> bool:
        """Whether the sentence word `index` is in ends with a question mark."""
        return self.toks[self.sentence(index)[1] - 1] == "?"


def _unslurred(doc: Doc, index: int, before: str) -> str:
    """The token's text, with 'were' as "we're" where it opens a sentence and no 'they' follows."""
    raw = doc[index].text
    if raw == "were" and before in ("", ".", ",", "and") and index + 1 < len(doc) and doc[index + 1].text not in _AFTER_WERE:
        return "we're"
    return raw


class Reader:
    """Splits messages into words with spaCy's English tokenizer and folds them with `words.yml`."""

    def __init__(self, words: Mapping[str, Any]) -> None:
        """`words` is words.yml as loaded: spelling, terms, lists, fuzzy, fuzzy_never."""
        self._nlp: Language = spacy.blank("en")
        infixes = compile_infix_regex([*_MORE_INFIXES, *(self._nlp.Defaults.infixes or [])])
        contractions = {k: v for k, v in self._nlp.Defaults.tokenizer_exceptions.items() if re.fullmatch(r"[a-z'.’]+", k)}
        tokenizer = cast(Tokenizer, self._nlp.tokenizer)
        tokenizer.rules = contractions  # no smileys: '8)' is the end of 'her son (8)'
        tokenizer.url_match = None
        tokenizer.infix_finditer = infixes.finditer
        self._spelling = Spelling(words["spelling"], words["fuzzy"], words["fuzzy_never"])
        self._matcher = PhraseMatcher(self._nlp.vocab, attr="ORTH")
        for name, phrases in words["terms"].items():
            docs = [Doc(self._nlp.vocab, words=[w.text for w in self._plain(str(p))]) for p in phrases]
            if docs:
                self._matcher.add(str(name), docs)

    def read(self, text: str) -> Reading:
        """The message as words. Only the first 6,000 characters are read."""
        plain = self._plain(text[:_LONGEST])
        return Reading(text, self._fold(plain))

    def _plain(self, text: str) -> list[Word]:
        """The words in one spelling, terms of several words not yet joined."""
        words: list[Word] = []
        before = ""
        doc = self._nlp.make_doc(_lower_same_width(text))
        for token in doc:
            start, end = token.idx, token.idx + len(token.text)
            for form in self._forms(text, _unslurred(doc, token.i, before), start, before):
                words.append(Word(form, start, end))
                before = form
        return words

    def _forms(self, text: str, raw: str, start: int, before: str) -> list[str]:
        """What one token stands for: '' words are left out, a newline is a full stop."""
        if raw.isspace():
            return ["."] if "\n" in raw else []
        if raw in ("-", "--", "~", "'", "#"):
            spaced = start > 0 and text[start - 1].isspace()
            return [","] if spaced and raw != "'" else []
        if (before == "can" and raw == "not") or raw == "cannot":
            return ["not"] if raw == "not" else ["can", "not"]
        if raw == "its":
            return ["it", "'s"]
        if raw == "we're":
            return ["we", "are"]
        if raw == "ca":
            return ["can"]
        if raw == "wo":
            return ["will"]
        return [form.replace(" ", "") for form in self._spelling.words(raw, before)]

    def _fold(self, plain: list[Word]) -> list[Word]:
        """Joins the terms of several words into one word each, the longest first."""
        if not plain:
            return []
        doc = Doc(self._nlp.vocab, words=[word.text for word in plain])
        spans = filter_spans(self._matcher(doc, as_spans=True))
        folded: list[Word] = []
        at = 0
        for span in spans:
            folded.extend(plain[at : span.start])
            folded.append(Word(span.label_, plain[span.start].start, plain[span.end - 1].end))
            at = span.end
        folded.extend(plain[at:])
        return folded
