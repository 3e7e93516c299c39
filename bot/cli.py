"""The `signpost` command."""

from __future__ import annotations

import asyncio
import sys

import click

from bot.content_commands import content
from bot.gateway.settings import ROOT, Settings


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


main.add_command(content)
