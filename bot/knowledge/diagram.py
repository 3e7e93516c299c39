"""Writes the arrangement table out for the documentation: a Mermaid flow chart, and the law behind each row."""

from __future__ import annotations

from collections.abc import Iterator

from bot.knowledge.arrangement_types import Outcome, Page, Question
from bot.knowledge.arrangements import ArrangementTable

HEAD = """# How we work out an arrangement

Made from `content/arrangements.yml` by `signpost content docs`. Don't edit it: edit the table, and run that again.

The assistant asks one question at a time, skips what it has been told, and stops as soon as the answer is settled.
`{{figures.…}}` stands for a number kept in `content/figures/`. Last checked {checked_on}, to be looked at again by
{review_by}.

"""


def mermaid(table: ArrangementTable) -> str:
    """The flow chart: questions as boxes, outcomes rounded, one arrow for each answer."""
    return "\n".join(["flowchart TD", *_questions(table), *_outcomes(table)]) + "\n"


def document(table: ArrangementTable) -> str:
    """The page `docs/arrangements.md`: the flow chart, then a row for each outcome and each question."""
    head = HEAD.format(checked_on=table.parts.checked_on, review_by=table.parts.review_by)
    outcomes = ["| outcome | arrangement | why | law | read at |", "|---|---|---|---|---|",
                *(_outcome_row(outcome) for outcome in table.outcomes.values())]
    questions = ["| question | what it asks | why it is asked | read at |", "|---|---|---|---|",
                 *(_question_row(question) for question in table.questions.values())]
    return "\n".join([f"{head}```mermaid", f"{mermaid(table)}```", "", "## Where it leads, and the law behind it", "",
                      "Law in brackets was not read on a page, so a carer is never shown it.", "",
                      *outcomes, "", "## The questions", "", *questions, ""])


def _outcome_row(outcome: Outcome) -> str:
    law = "; ".join([*outcome.law, *(f"({unread})" for unread in outcome.law_unread)])
    return _row(outcome.id, outcome.arrangement, outcome.because, law, _links(outcome.pages))


def _question_row(question: Question) -> str:
    asked = "never asked; it sorts by what is known" if question.sorts_only else question.ask
    return _row(question.id, asked, question.why, _links(question.pages))


def _links(pages: tuple[Page, ...]) -> str:
    return ", ".join(f"[{page.title}]({page.url})" for page in pages)


def _row(*cells: str) -> str:
    inside = " | ".join(" ".join(cell.split()).replace("|", "\\|") for cell in cells)
    return f"| {inside} |"


def _questions(table: ArrangementTable) -> Iterator[str]:
    for question in table.questions.values():
        yield f'    {question.id}["{_plain(question.ask)}"]'
        for answer in question.answers:
            target = answer.go_to or answer.outcome
            if target is not None:
                yield f'    {question.id} -->|"{_plain(answer.label)}"| {target}'


def _outcomes(table: ArrangementTable) -> Iterator[str]:
    for outcome in table.outcomes.values():
        yield f'    {outcome.id}(["{outcome.id.removeprefix("o-")}: {outcome.arrangement}"])'
        if outcome.then_ask is not None:
            yield f'    {outcome.id} -.->|"if it matters"| {outcome.then_ask}'


def _plain(text: str) -> str:
    """Text with nothing that ends a quoted Mermaid label."""
    return text.replace('"', "#quot;")
