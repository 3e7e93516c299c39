"""Commands for who runs the service: `signpost keys …`."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

import click
from sqlalchemy import select

from bot.channels.settings import PhoneSettings
from bot.gateway.addresses import Addresses, AddressKeysWrong, addresses_of, rotated
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
