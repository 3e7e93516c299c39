"""Commands for who runs the service: keys, backup, restore, switches of the channels, and the log of such acts."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

import click
from sqlalchemy import select
from sqlalchemy.exc import DBAPIError

from bot.changing import MODEL, MaybeChanged, NotChanged, ask_for
from bot.channels.settings import PhoneSettings
from bot.gateway.acts import Acts, operator
from bot.gateway.addresses import Addresses, AddressKeysWrong, addresses_of, rotated
from bot.gateway.backup import NotRestored, back_up, restore
from bot.gateway.clock import Clock
from bot.gateway.installation import noted, on_store
from bot.gateway.settings import Settings
from bot.gateway.store import Store
from bot.gateway.switches import CHANNELS, Switches
from bot.gateway.tables import Act, Contact, WaitingForPerson
from bot.helpline.tables import Staff
from bot.knowledge.opening import UK


@click.group()
def keys() -> None:
    """The keys that seal carers' numbers and staff's secrets."""


@keys.command()
def rotate() -> None:
    """Make a new key and seal every number with it; the service runs on.

    Where SIGNPOST_ADDRESS_KEYS gives the keys, put the new one before the old ones there and restart; this then seals
    every number with it, after which the old ones can go.
    """
    settings, given = Settings(), PhoneSettings().address_keys.get_secret_value()
    try:
        count = asyncio.run(resealed(settings.database, settings.data, given))
    except AddressKeysWrong as error:
        sys.exit(str(error))
    noted("keys_rotated")
    click.echo(f"{count} numbers and secrets are sealed with the newest key.")


async def resealed(database: str, data: Path, given: str) -> int:
    """Seal everything anew, under a fresh key unless the keys are `given`; gives how many. Raises `AddressKeysWrong`."""
    store = Store(database)
    try:
        await _reseal(store, addresses_of(data, given))  # an older key is about to go: nothing may hang on it
        return await _reseal(store, addresses_of(data, given) if given else rotated(data))
    finally:
        await store.close()


async def _reseal(store: Store, addresses: Addresses) -> int:
    """Carers' numbers, numbers to call back, and the secrets of staff's second factors."""
    count = 0
    async with store.session(lengthy=True, reads_first=True) as session:
        for contact in await session.scalars(select(Contact).where(
                Contact.address.is_not(None)).with_for_update()):
            contact.address, count = addresses.renewed(str(contact.address)), count + 1
        for case in await session.scalars(select(WaitingForPerson).with_for_update()):
            if number := (case.call_back or {}).get("number"):
                case.call_back, count = {**(case.call_back or {}), "number": addresses.renewed(number)}, count + 1
        for member in await session.scalars(select(Staff).with_for_update()):
            member.totp_secret, count = addresses.renewed(member.totp_secret), count + 1
    return count


@click.command()
@click.argument("target", type=click.Path(path_type=Path, dir_okay=False))
def backup(target: Path) -> None:
    """Copy the SQLite store to TARGET while the service runs. The keys (address-keys) belong elsewhere."""
    try:
        back_up(_sqlite(Settings()), target)
    except (NotRestored, OSError) as error:
        sys.exit(str(error))
    try:
        noted("backup_made", as_it_is=True)  # the gateway that runs may be an older version's, as may its tables
    except DBAPIError:
        click.echo("This backup is not in the log of acts: the store was made by an older version, and has no such log.")
    click.echo(f"{target} is a sound copy. Carers who ask to be forgotten are still in it: delete it within 7 days.")


@click.command("restore")
@click.argument("copy", type=click.Path(path_type=Path, exists=True, dir_okay=False))
def restore_command(copy: Path) -> None:
    """Put COPY in the store's place, with the service stopped; what was there stays beside it."""
    database = _sqlite(Settings())
    try:
        restore(copy, database)
    except (NotRestored, OSError) as error:
        sys.exit(str(error))
    noted("backup_restored")
    click.echo(f"{database} is the copy now. The store that was there ends in .before-restore: delete it when all is well.")


@click.group()
def model() -> None:
    """The model of the running service."""


@model.command()
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False), required=False)
def swap(file: Path | None) -> None:
    """Take the model in FILE (or models/signpost.tar.gz, as `make train` leaves it) without a pause.

    A new Rasa starts beside the old one and is tried with a message; then it takes over. Where that fails the old one goes on.
    """
    wanted = (file or MODEL).resolve()
    try:
        told = asyncio.run(ask_for("model", Settings().data.resolve(), file=str(wanted)))
    except MaybeChanged as error:
        sys.exit(str(error))
    except NotChanged as error:
        sys.exit(f"{error}\nNothing was changed: the service goes on with the model that it has.")
    noted("model_swapped", f"sha256 {told['sha256']}", wanted.name)
    click.echo("The service answers with the new model.")


@click.command()
@click.argument("channel", type=click.Choice(CHANNELS))
@click.argument("to", type=click.Choice(["on", "off"]), metavar="on|off")
@click.option("--note", prompt="Why", help="Why, for whoever looks at this later. No carer's name or number.")
def switch(channel: str, to: str, note: str) -> None:
    """Switch CHANNEL off or on again, in every gateway within seconds; danger is answered all the same."""
    now = Clock(Settings().now).now()
    on_store(lambda store: Switches(store).set(channel, to == "off", operator(), note, now))
    click.echo(f"{channel} is {to}.")


@click.command()
@click.option("--count", default=50, show_default=True, type=click.IntRange(1), help="How many.")
def acts(count: int) -> None:
    """What was done to the service, by whom and when, the newest first."""
    for one in on_store(lambda store: Acts(store).newest(count)):
        click.echo(shown(one))


def shown(one: Act) -> str:
    """An act as a line, in British time."""
    when = one.at.astimezone(UK).strftime("%Y-%m-%d %H:%M:%S")
    return f"{when}  {one.who:20} {one.what.replace('_', ' '):20} {one.about}{'  ' + one.note if one.note else ''}".rstrip()


def _sqlite(settings: Settings) -> Path:
    if settings.database_url:
        sys.exit("This store is not SQLite in the data folder: use its own tools, such as pg_dump.")
    return settings.data / "signpost.db"
