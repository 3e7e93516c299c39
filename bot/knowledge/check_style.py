"""Checks of style: words and characters, length of parts, sentences and text messages, reading grade."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from statistics import fmean

from bot.knowledge import gsm
from bot.knowledge.check_figures import tax_year_ends
from bot.knowledge.content_files import ContentFiles
from bot.knowledge.readability import LINK, sentences, without_links, words
from bot.knowledge.said import Kind, Said, everything
from bot.knowledge.source_lines import Problem
from bot.knowledge.style import Style

_SENTENCES: frozenset[Kind] = frozenset({"facet", "sms", "words", "meaning", "table", "local"})
_GRADED: frozenset[Kind] = frozenset({"facet", "meaning", "local"})


def problems(files: ContentFiles, on: date) -> Iterator[Problem]:
    """What breaks content/style.yml, in the words that hold on that day."""
    if files.style is None:
        return
    style = files.style.data
    said = list(everything(files))
    for text in said:
        yield from _words(text, style)
        if text.kind in _SENTENCES:
            yield from _sentences(text, files.fill(text.text, on, briefly=True), style)
        if text.kind == "facet":
            yield from _length(text, files.fill(text.text, on, briefly=True), style)
        elif text.kind == "sms":
            yield from _sms(text, files, on, style)
    yield from _grades(files, said, on, style)


def _words(text: Said, style: Style) -> Iterator[Problem]:
    for breach, instead in style.breaches(without_links(text.text)):
        yield text.problem(f"says {breach}", instead)


def _sentences(text: Said, shown: str, style: Style) -> Iterator[Problem]:
    most = style.limits.sentence_words
    for sentence in sentences(shown):
        count = len(words(sentence))
        if count > most:
            start = " ".join(sentence.split()[:6])
            why = f"has a sentence of {count} words ('{start} …')"
            yield text.problem(why, f"make two of it; {most} words at most")


def _length(text: Said, shown: str, style: Style) -> Iterator[Problem]:
    count = len(without_links(shown).split())
    if count > style.limits.facet_words:
        how = f"say it in {style.limits.facet_words} words, or move some of it to another part"
        yield text.problem(f"has {count} words", how)


def _sms(text: Said, files: ContentFiles, on: date, style: Style) -> Iterator[Problem]:
    """The short form with what the program adds, now and on both sides of the next 6 April."""
    if LINK.search(text.text):
        why = "has a link in brackets, which a text message can't show"
        yield text.problem(why, "write the address alone: gov.uk/…")
    for day in dict.fromkeys((on, *tax_year_ends(on))):
        shown = files.fill(text.text, day, briefly=True) + style.sms_ending
        strange = gsm.foreign(shown)
        if strange:
            how = "use plain letters and straight quotes; one such letter makes three text messages of two"
            yield text.problem(f"has characters that text messages lack: {' '.join(strange)}", how)
            return
        over = gsm.septets(shown) - style.limits.sms
        if over > 0:
            how = f"take {over} characters out; '{style.sms_ending.strip()}' is added to it and counts"
            yield text.problem(f"is {over} characters too long for two text messages on {day}", how)
            return


def _grades(files: ContentFiles, said: list[Said], on: date, style: Style) -> Iterator[Problem]:
    grades = []
    for text in said:
        if text.kind in _GRADED:
            grade = style.reader.grade(files.fill(text.text, on, briefly=True))
            if grade > style.limits.grade:
                how = f"use shorter words and sentences, until it is at most {style.limits.grade:g}"
                yield text.problem(f"has a reading grade of {grade:.1f}", how)
            if text.kind == "facet":
                grades.append(grade)
    average = fmean(grades) if grades else 0.0
    if files.style and average > style.limits.average_grade:
        why = f"the parts of all answers have a reading grade of {average:.1f} on average, more than this"
        how = "begin with the hardest; 'content coverage' shows them"
        yield files.style.problem(("limits", "average_grade"), why, how)
