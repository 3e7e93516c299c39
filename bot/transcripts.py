"""`signpost transcripts …`: conversations read again by a person, without whose they are."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import UTC, datetime

import click

from bot.gateway.acts import Acts, act, operator
from bot.gateway.anonymous import anonymous
from bot.gateway.installation import on_store
from bot.gateway.store import Store
from bot.gateway.tables import Line
from bot.knowledge.reply import Note

LABELS = {"s": "self-served", "h": "helped", "f": "failed", "u": "unsafe"}
ASKED = "Label: [s]elf-served, [h]elped by a person, [f]ailed, [u]nsafe, [n]ext, [q]uit"


@click.group()
def transcripts() -> None:
    """Read conversations again, without whose they are."""


@transcripts.command()
@click.argument("count", type=click.IntRange(1), default=50)
@click.option("--print-only", is_flag=True, help="Ask for no labels.")
def sample(count: int, print_only: bool) -> None:
    """Print COUNT conversations at random, take a label for each, and print the shares."""
    on_store(lambda store: _sample(store, count, print_only))


async def _sample(store: Store, count: int, print_only: bool) -> None:
    await Acts(store).keep(act(operator(), "transcripts_read", datetime.now(UTC), str(count)))
    for number, conversation_id in enumerate(await store.some_conversations(count), start=1):
        click.echo(f"\n--- {number} ---\n{shown(await store.lines(conversation_id))}\n")
        key = "n" if print_only else click.prompt(ASKED, type=click.Choice([*LABELS, "n", "q"]), show_choices=False)
        if key == "q":
            break
        if key in LABELS:
            await store.keep_note(Note(kind="review", value=LABELS[key]), datetime.now(UTC))
    click.echo(shares(note.value for note in await store.notes("review")))


def shown(lines: Iterable[Line]) -> str:
    """The conversation as text; what the carer and the helpline wrote is made anonymous."""
    return "\n".join(f"{line.sender}: {line.text if line.sender == 'assistant' else anonymous(line.text)}" for line in lines)


def shares(labels: Iterable[str]) -> str:
    """'helped 2 of 4 (50 %)', one label a line, over all reviews so far."""
    counts = Counter(labels)
    total = counts.total()
    if not total:
        return "No conversation has a label yet."
    return "\n".join(f"{label:<12} {counts[label]} of {total} ({counts[label] / total:.0%})" for label in LABELS.values())
