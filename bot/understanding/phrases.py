"""A small pattern language over a carer's words, so that patterns can live in YAML and be read aloud.

A pattern is a row of items parted by spaces, matched against words `Reading` has brought to one spelling:

    i|we have|got <fill>~3 @      'we have got the full SGO'     (@ is the order being looked at)

    a|b      one of these words          <name>   one word of a list in words.yml
    a?       may be there                a~3      up to three of these, one after another
    abc*     any word starting so        ..3      up to three words, not past a comma
    ,,3      up to three words, commas   !a|b     the next word is none of these
    -a|b     the word before the whole   ^  $     start and end of a sentence (a|$: a or the end)
             match is none of these; %a|b: the word just before this place

A pattern also keeps, for each item that may not be left out, the words of which one must be there: most
patterns are dismissed for a message by that alone, and the rest are tried only where one of their first words
stands, which is what makes two thousand of them cheap.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

WordLists = Mapping[str, Sequence[str]]

_STARTS = r"(?<= [.?] )"
_ENDS = r"(?=[.?] )"
_NO_WORD = "-%!"  # how items begin that look about without taking a word


def words(text: str) -> frozenset[str]:
    """The words of a string as a set: a word list that can be read."""
    return frozenset(text.split())


@dataclass(frozen=True)
class Pattern:
    """One compiled pattern: its source, the expression, and sets of words of each of which one must be there.

    `first`: the words a match begins with; empty where that may be any word.
    """

    source: str
    regex: re.Pattern[str]
    anchors: tuple[frozenset[str], ...]
    first: frozenset[str]

    def matches(self, coded: str, words: frozenset[str]) -> Iterator[re.Match[str]]:
        """Matches from left to right, none overlapping the one before; `words` are all words in `coded`."""
        if not self.first:
            yield from self.regex.finditer(coded)
            return
        after = 0
        for start in sorted(_starts(coded, self.first & words)):
            match = self.regex.match(coded, start) if start >= after else None
            if match:
                after = match.end()
                yield match


def _starts(coded: str, words: Iterable[str]) -> Iterator[int]:
    """Where in `coded` each of the words begins."""
    for word in words:
        whole = f" {word} "
        at = coded.find(whole)
        while at >= 0:
            yield at + 1
            at = coded.find(whole, at + 1)


def _alternatives(item: str, lists: WordLists) -> list[str]:
    """'a|<kin>|b' as a flat list of words."""
    words: list[str] = []
    for part in item.split("|"):
        if part in ("^", "$"):
            words.extend((".", "?"))
        elif part.startswith("<") and part.endswith(">"):
            words.extend(_alternatives("|".join(lists[part[1:-1]]), lists))
        elif part:
            words.append(part)
    return words


def _word_expression(words: Iterable[str]) -> str:
    """One word out of several, with the space that follows it."""
    parts = [re.escape(word[:-1]) + "[^ ]*" if word.endswith("*") else _one_word(word) for word in words]
    return f"(?:{'|'.join(sorted(set(parts), key=len, reverse=True))}) "


def _one_word(word: str) -> str:
    return r"\d+" if word == "#" else re.escape(word)


def _item_expression(item: str, lists: WordLists) -> tuple[str, list[str]]:
    """The expression for one item, and the words of which one must be there (none if it may be left out)."""
    if item == "^":
        return _STARTS, []
    if item == "$":
        return _ENDS, []
    if item.startswith("..") and item[2:].isdigit():
        return f"(?:[^ .?,]+ ){{0,{item[2:]}}}?", []
    if item.startswith(",,") and item[2:].isdigit():
        return f"(?:[^ .?]+ ){{0,{item[2:]}}}?", []
    if item.startswith("!"):
        return f"(?!{_word_expression(_alternatives(item[1:], lists))})", []
    if item.startswith(("-", "%")):
        return "".join(f"(?<! {_one_word(w)} )" for w in _alternatives(item[1:], lists)), []
    many = re.fullmatch(r"(.+)~(\d+)", item)
    if many:
        return f"(?:{_word_expression(_alternatives(many[1], lists))}){{0,{many[2]}}}", []
    if item.endswith("?"):
        return f"(?:{_word_expression(_alternatives(item[:-1], lists))})?", []
    words = _alternatives(item, lists)
    fixed = [] if any(w.endswith("*") or w == "#" for w in words) else words
    return _word_expression(words), fixed


def compile_pattern(source: str, lists: WordLists) -> Pattern:
    """The pattern a line of YAML stands for. Raises KeyError for an unknown list name."""
    expression = before = ""
    anchors: list[frozenset[str]] = []
    first: frozenset[str] | None = None
    for item in sorted(source.split(), key=lambda item: not item.startswith("-")):
        piece, words = _item_expression(item, lists)
        if words and expression and set(before) == {"-"}:
            expression = f"(?={piece}){expression}"  # looking ahead for one word is cheaper than behind for twenty
        before += item[0]
        expression += piece
        if words:
            anchors.append(frozenset(words))
        if first is None and item != "^" and item[0] not in _NO_WORD:
            first = frozenset(words)
    return Pattern(source, re.compile(r"(?<= )" + expression), tuple(sorted(anchors, key=len)), first or frozenset())


class Group:
    """Patterns tried together, first by their anchors and then in the order they were written."""

    def __init__(self, sources: Iterable[str], lists: WordLists) -> None:
        """`sources` are pattern lines; `lists` the word lists they name."""
        self.patterns = [compile_pattern(source, lists) for source in sources]
        self._anchored: dict[str, list[int]] = {}
        for number, pattern in enumerate(self.patterns):
            for word in pattern.anchors[0] if pattern.anchors else ():
                self._anchored.setdefault(word, []).append(number)
        self._anchors = frozenset(self._anchored)
        self._unanchored = [number for number, pattern in enumerate(self.patterns) if not pattern.anchors]

    def may_match(self, words: frozenset[str]) -> bool:
        """Whether the words that a match needs first may be there: quick, and mostly no."""
        return bool(self._unanchored) or not self._anchors.isdisjoint(words)

    def matches(self, coded: str, words: frozenset[str]) -> Iterator[tuple[int, int]]:
        """(start, end) in `coded` of every match; `words` are all words in it."""
        possible = {number for word in self._anchors & words for number in self._anchored[word]}
        for number in sorted(possible.union(self._unanchored)):
            pattern = self.patterns[number]
            if not any(anchor.isdisjoint(words) for anchor in pattern.anchors[1:]):
                for match in pattern.matches(coded, words):
                    if match.end() > match.start():
                        yield match.span()

    def hit(self, coded: str, words: frozenset[str]) -> bool:
        """Whether any pattern matches."""
        return next(self.matches(coded, words), None) is not None


class _WordsLoader(yaml.SafeLoader):  # type: ignore[misc, unused-ignore]
    """YAML where only `true` and `false` are not words: 'on', 'no' and 'yes' are among the words we look for."""


_WordsLoader.yaml_implicit_resolvers = {
    first: [(tag, regex) for tag, regex in resolvers if tag != "tag:yaml.org,2002:bool"]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
_WordsLoader.add_implicit_resolver("tag:yaml.org,2002:bool", re.compile(r"^(?:true|false)$"), list("tf"))


def load_yaml(path: Path) -> dict[str, Any]:
    """A pattern file as a mapping. Raises ValueError naming the file if it is anything else."""
    data = yaml.load(path.read_text(encoding="utf-8"), Loader=_WordsLoader)  # noqa: S506 - a SafeLoader
    if not isinstance(data, dict):
        raise ValueError(f"{path}: expected a mapping at the top")
    return data
