"""Draws the arrangement table as a Mermaid flow chart, for the documentation."""

from __future__ import annotations

from collections.abc import Iterator

from bot.knowledge.arrangements import ArrangementTable


def mermaid(table: ArrangementTable) -> str:
    """The flow chart: questions as boxes, outcomes rounded, one arrow for each answer."""
    return "\n".join(["flowchart TD", *_questions(table), *_outcomes(table)]) + "\n"


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
