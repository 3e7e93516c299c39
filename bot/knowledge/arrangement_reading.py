"""Reads a carer's typed answer to one question by plain matching; matching by meaning is done elsewhere."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

from bot.knowledge.arrangement_types import Answer, Question

_CLAUSES = re.compile(r"[,.;:!?\n]+|\bbut\b", re.IGNORECASE)
_NUMBER = re.compile(r"\s*(?:option|number|no\.?|#)?\s*\(?(\d{1,2})\s*[.):]?\s*", re.IGNORECASE)
_YES = frozenset({"yes", "yeah", "yep", "yes please", "y", "aye"})
_NO = frozenset({"no", "nope", "nah", "n", "no thanks"})
_NEGATORS = frozenset(
    [
        *("no", "not", "never", "without", "nobody", "none", "neither", "nor", "cant", "wont", "aint", "dont"),
        *("doesnt", "didnt", "isnt", "wasnt", "arent", "werent", "havent", "hasnt", "hadnt"),
    ]
)
_SOON = frozenset({"nearly", "almost", "under", "soon"})
_BABY = frozenset({"day", "days", "week", "weeks", "month", "months", "mths", "wks"})
Words = tuple[str, ...]


def read_answer(question: Question, text: str) -> Answer | None:
    """The answer `text` gives: its number, a label, wording or phrase in full, or one phrase inside it; else None."""
    said = words(text)
    return (
        _exact(question, said)
        or _numbered(question, text)
        or _yes_or_no(question, said)
        or _contained(question, text)
        or (_by_age(question, said) if question.asks_for == "child_age" else None)
    )


def words(text: str) -> Words:
    """Casefolded words without punctuation; "don't" and "dont" are one."""
    plain = unicodedata.normalize("NFKC", text).casefold()
    return tuple(re.findall(r"[^\W_]+", re.sub(r"['’‘`]", "", plain)))


def _phrases(answer: Answer) -> Iterator[Words]:
    for phrase in (answer.label, answer.wording, *answer.people_say):
        yield words(phrase)


def _exact(question: Question, said: Words) -> Answer | None:
    return next((answer for answer in question.answers if said in _phrases(answer)), None) if said else None


def _numbered(question: Question, text: str) -> Answer | None:
    match = _NUMBER.fullmatch(text)
    return next((answer for answer in question.answers if match and answer.number == int(match[1])), None)


def _yes_or_no(question: Question, said: Words) -> Answer | None:
    """A bare 'yes' or 'no', where only one answer begins with it."""
    plain = " ".join(said)
    first = "yes" if plain in _YES else "no" if plain in _NO else None
    if first is None:
        return None
    fits = [answer for answer in question.answers if any(phrase[:1] == (first,) for phrase in _openings(answer))]
    return fits[0] if len(fits) == 1 else None


def _openings(answer: Answer) -> tuple[Words, Words]:
    return words(answer.label), words(answer.wording)


def _contained(question: Question, text: str) -> Answer | None:
    """The answer with the longest phrase inside `text`; None on a tie, or where 'not sure' is said beside another."""
    hits: dict[int, int] = {}
    for clause in map(words, _CLAUSES.split(text)):
        for answer in question.answers:
            for phrase in _phrases(answer):
                if _within(phrase, clause):
                    hits[answer.number] = max(hits.get(answer.number, 0), len(phrase))
    best = [number for number, size in hits.items() if size == max(hits.values())]
    unsure_too = len(hits) > 1 and question.unsure.number in hits
    return question.answers[best[0] - 1] if len(best) == 1 and not unsure_too else None


def _within(phrase: Words, clause: Words) -> bool:
    """Is the whole phrase in the clause, with no 'not' before it and no 'old' behind it ('3 years old')?"""
    if not phrase or phrase == ("yes",) or len("".join(phrase)) < 3:
        return False
    size = len(phrase)
    for start in range(len(clause) - size + 1):
        if clause[start : start + size] == phrase:
            after = clause[start + size : start + size + 1]
            return not _NEGATORS.intersection(clause[:start]) and after != ("old",)
    return False


def _by_age(question: Question, said: Words) -> Answer | None:
    """'She is 7', '14 and 9', 'nearly 16': the one age group that all the ages are in."""
    groups = {age_group(age) for age in _ages(said)}
    return question.answer_setting(groups.pop()) if len(groups) == 1 else None


def _ages(said: Words) -> Iterator[int]:
    for place, word in enumerate(said):
        if re.fullmatch(r"\d{1,2}", word):
            soon = _SOON.intersection(said[max(0, place - 2) : place])
            baby = _BABY.intersection(said[place + 1 : place + 2])
            yield 0 if baby else int(word) - bool(soon)


def age_group(age: int) -> str:
    """The table's value for an age in years."""
    return "under_16" if age < 16 else "16_or_17" if age < 18 else "18_or_over"
