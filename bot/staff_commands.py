"""`signpost staff`: the accounts of the helpline's desk. There is no other way to make one, and no password by default."""

from __future__ import annotations

import re
import sys
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import TypeVar

import click
import segno

from bot.channels.settings import PhoneSettings
from bot.gateway.acts import operator
from bot.gateway.addresses import addresses_of
from bot.gateway.clock import Clock
from bot.gateway.installation import on_store
from bot.gateway.settings import Settings
from bot.gateway.store import Store
from bot.helpline.accounts import ROLES, Accounts, Role
from bot.helpline.mount import accounts_of
from bot.helpline.settings import DeskSettings

T = TypeVar("T")
ID = re.compile(r"[a-z0-9][a-z0-9.@_-]{1,39}")


@click.group()
def staff() -> None:
    """Accounts of the helpline's desk."""


@staff.command()
@click.argument("staff_id", metavar="SIGN_IN_NAME")
@click.option("--name", prompt="First name, as carers see it", help="What carers see.")
@click.option("--role", type=click.Choice(ROLES), default="adviser", show_default=True)
@click.password_option(help="Better typed than given here.")
def add(staff_id: str, name: str, role: Role, password: str) -> None:
    """Make an account; shows the second factor's QR code once."""
    staff_id = staff_id.casefold()
    if not ID.fullmatch(staff_id):
        sys.exit("A sign-in name has 2 to 40 small letters, digits or . @ _ -")
    _show(_with(lambda accounts: accounts.add(staff_id, name.strip(), role, password, operator(), _now())))


@staff.command()
@click.argument("staff_id", metavar="SIGN_IN_NAME")
@click.password_option(help="Better typed than given here.")
def reset(staff_id: str, password: str) -> None:
    """A new password and a new second factor; unlocks the account and ends its sessions."""
    _show(_with(lambda accounts: accounts.renew(staff_id.casefold(), password, operator(), _now())))


@staff.command()
@click.argument("staff_id", metavar="SIGN_IN_NAME")
def remove(staff_id: str) -> None:
    """Delete an account. What it did stays in the log."""
    _with(lambda accounts: accounts.remove(staff_id.casefold(), operator(), _now()))
    click.echo(f"{staff_id} is removed. What they had goes back into the queue.")


@staff.command("list")
def list_() -> None:
    """Every account with its role."""
    for account in _with(lambda accounts: accounts.all()):
        locked = "  locked" if account.locked_until and account.locked_until > _now() else ""
        click.echo(f"{account.id:20} {account.role:12} {account.name}{locked}")


def _now() -> datetime:
    return Clock(Settings().now).now()


def _with(do: Callable[[Accounts], Awaitable[T]]) -> T:
    """Run it on the installation's store."""
    def accounts(store: Store) -> Accounts:
        addresses = addresses_of(Settings().data, PhoneSettings().address_keys.get_secret_value())
        return accounts_of(store, addresses, DeskSettings())

    try:
        return on_store(lambda store: do(accounts(store)))
    except ValueError as error:
        sys.exit(str(error))


def _show(uri: str) -> None:
    segno.make(uri, error="m").terminal(compact=True)
    click.echo(f"\nScan this with an authenticator app. It is not shown again. Without a camera: {uri}")
