"""The content check: everything that is wrong in content/, all at once, for the person who edits it.

Each rule lives beside this file: `check_names` (ids, references, variants), `check_figures`, `check_style` (words,
lengths, reading grade), `check_words` (sentences the program asks for), `check_local` (councils), `reviews` (what
has not been looked at again in time).
"""

from __future__ import annotations

from datetime import date
from pathlib import Path

from bot.knowledge import check_figures, check_local, check_names, check_style, check_words, reviews
from bot.knowledge.content_files import read
from bot.knowledge.source_lines import Problem

BOT = Path(__file__).resolve().parents[1]


def check(content: Path, on: date, *, strict: bool = False, code: Path = BOT) -> list[Problem]:
    """Every problem under `content`, in order of file and line; an empty list where nothing is wrong.

    on: the day to check for; texts are filled in as they read then, and both sides of the next 6 April.
    strict: things past their review day are problems too.
    code: the program's own files, for the sentences of words.yml it asks for.
    """
    files = read(content)
    rules = (check_names, check_figures, check_style, check_local)
    found = [*files.problems, *(problem for rule in rules for problem in rule.problems(files, on))]
    found += check_words.problems(files, code)
    if strict:
        found += reviews.stale(files, on)
    return sorted(set(found))
