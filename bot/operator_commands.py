"""Commands for who runs the service: `signpost keys …`, `signpost backup`, `signpost restore`."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

import click
from sqlalchemy import select

from bot.channels.settings import PhoneSettings
from bot.gateway.addresses import Addresses, AddressKeysWrong, addresses_of, rotated
from bot.gateway.backup import NotRestored, back_up, restore
from bot.gateway.settings import Settings
from bot.gateway.store import Store
from bot.gateway.tables import Contact, WaitingForPerson
from bot.helpline.tables import Staff


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
    async with store.session(reads_first=True) as session:
        for contact in await session.scalars(select(Contact).where(Contact.address.is_not(None))):
            contact.address, count = addresses.renewed(str(contact.address)), count + 1
        for case in await session.scalars(select(WaitingForPerson)):
            if number := (case.call_back or {}).get("number"):
                case.call_back, count = {**(case.call_back or {}), "number": addresses.renewed(number)}, count + 1
        for member in await session.scalars(select(Staff)):
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
    click.echo(f"{database} is the copy now. The store that was there ends in .before-restore: delete it when all is well.")


def _sqlite(settings: Settings) -> Path:
    if settings.database_url:
        sys.exit("This store is not SQLite in the data folder: use its own tools, such as pg_dump.")
    return settings.data / "signpost.db"
