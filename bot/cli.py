"""The `signpost` command."""

from __future__ import annotations

import asyncio
import sys

import click

from bot.content_commands import content
from bot.gateway.settings import ROOT, Settings
from bot.knowledge.base import CONTENT
from bot.operator_commands import acts, backup, keys, model, restore_command, switch
from bot.staff_commands import staff
from bot.transcripts import transcripts


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


@main.command()
@click.argument("text")
def ask(text: str) -> None:
    """What is understood of TEXT, with scores: danger, needs, facts, places."""
    import os
    import subprocess

    from bot.safeguarding.detector import DangerDetector
    from bot.supervisor import RASA_PYTHON

    settings = Settings()
    detector = DangerDetector.load(settings.danger_model, CONTENT / "danger.yml")
    worst = max(detector.readings([text]), key=lambda finding: finding.score)
    click.echo(f"danger      {'YES' if detector.find(text) else 'no'}  {worst.score:.2f} ({worst.topic})")
    quiet = {"RASA_TELEMETRY_ENABLED": "false", "TF_CPP_MIN_LOG_LEVEL": "3", "PYTHONWARNINGS": "ignore",
             "SQLALCHEMY_SILENCE_UBER_WARNING": "1", "PYTHONPATH": str(ROOT), "CUDA_VISIBLE_DEVICES": ""}
    command = [str(RASA_PYTHON), "-m", "bot.understanding.ask", text]
    done = subprocess.run(command, cwd=ROOT, env=os.environ | quiet, check=False, capture_output=True, text=True)
    click.echo(done.stdout if done.returncode == 0 else done.stderr)
    sys.exit(done.returncode)


@main.command()
@click.argument("address", default="http://127.0.0.1:8080")
def widget(address: str) -> None:
    """The script tag for other sites, of the gateway at ADDRESS, with the integrity of today's script."""
    from bot.gateway.clock import Clock
    from bot.gateway.pages import made_script
    from bot.knowledge.base import KnowledgeBase

    made = made_script(KnowledgeBase.load(CONTENT), Clock(Settings().now).now().date())
    source = f"{address.rstrip('/')}/widget.js"
    click.echo(f'<script src="{source}" integrity="{made.integrity}" crossorigin="anonymous" defer></script>')


@main.command()
def doctor() -> None:
    """Check what Twilio and Telegram need: credentials, address, signatures, templates; say what to mend."""
    from pydantic import ValidationError
    from sqlalchemy.exc import SQLAlchemyError

    from bot.channels.doctor import examine
    from bot.channels.settings import PhoneSettings
    from bot.gateway.addresses import keys_of
    from bot.gateway.store import Store
    from bot.gateway.switches import Switches

    async def switched_off() -> list[str]:
        settings = Settings()
        if not (settings.database_url or (settings.data / "signpost.db").exists()):
            return []
        store = Store(settings.database)  # read as it is: who looks changes nothing
        try:
            off = await Switches(store).all_off()
        except (SQLAlchemyError, OSError) as error:
            return [f"The store can't be read ({type(error).__name__}): it is away, or not yet brought up to date by a start."]
        finally:
            await store.close()
        return [f"{channel} is switched off. To switch it on: signpost switch {channel} on" for channel in sorted(off)]

    async def told() -> int:
        for note in await switched_off():
            click.echo(f"note  {note}")
        phones = PhoneSettings()
        Settings().data.mkdir(parents=True, exist_ok=True)
        keys, ill = keys_of(Settings().data, phones.address_keys.get_secret_value()), 0
        async for finding in examine(phones, keys):
            ill += bool(finding.mend)
            click.echo(f"mend  {finding.what}\n      {finding.mend}" if finding.mend else f"ok    {finding.what}")
        return ill

    try:
        sys.exit(1 if asyncio.run(told()) else 0)
    except ValidationError as error:
        sys.exit("\n".join(detail["msg"] for detail in error.errors()))


@main.command("train-danger")
def train_danger() -> None:
    """Train the danger detector from nlu/ into models/danger.npz."""
    from bot.safeguarding.training import train_from

    target = ROOT / "models" / "danger.npz"
    target.parent.mkdir(exist_ok=True)
    count = train_from(ROOT / "nlu", target)
    click.echo(f"Danger detector trained on {count} lines: {target}")


main.add_command(content)
main.add_command(staff)
main.add_command(keys)
main.add_command(backup)
main.add_command(restore_command)
main.add_command(switch)
main.add_command(model)
main.add_command(acts)
main.add_command(transcripts)
