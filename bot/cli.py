"""The `signpost` command."""

from __future__ import annotations

import asyncio
import sys
from datetime import date
from pathlib import Path

import click

from bot.gateway.settings import ROOT, Settings
from bot.knowledge.source_lines import ContentError

CONTENT = ROOT / "content"


@click.group()
def main() -> None:
    """Kinship Signpost: an assistant for kinship carers in England."""


@main.command()
def run() -> None:
    """Start everything, print the address, stop it all on Ctrl-C."""
    from bot.supervisor import CannotStart, Supervisor

    settings = Settings()
    try:
        asyncio.run(Supervisor(settings.host, settings.port, settings.data.resolve(), click.echo).run())
    except CannotStart as error:
        sys.exit(str(error))


@main.command("train-danger")
def train_danger() -> None:
    """Train the danger detector from nlu/ into models/danger.npz."""
    from bot.safeguarding.training import train_from

    target = ROOT / "models" / "danger.npz"
    target.parent.mkdir(exist_ok=True)
    count = train_from(ROOT / "nlu", target)
    click.echo(f"Danger detector trained on {count} lines: {target}")


@main.group()
def content() -> None:
    """Look at and check the knowledge base."""


@content.command("check")
@click.option("--as-of", type=click.DateTime(["%Y-%m-%d"]), default=None, help="The day to check for; today by default.")
def content_check(as_of: object) -> None:
    """Everything that is wrong in content/, all at once, as file:line: what, why, how to mend."""
    from bot.knowledge.check import check

    day = as_of.date() if hasattr(as_of, "date") else date.today()  # noqa: DTZ011  (an editor's own day)
    try:
        problems = check(CONTENT, day)
    except ContentError as error:
        problems = error.problems
    for problem in problems:
        click.echo(str(problem).replace(f"{Path.cwd()}/", ""))
    if problems:
        sys.exit(1)
    click.echo("The content is sound.")


@content.command("schema")
def content_schema() -> None:
    """The JSON Schema of a topic file, for editors' completion."""
    import json

    from bot.knowledge.schema import Topic

    click.echo(json.dumps(Topic.model_json_schema(), indent=2))
