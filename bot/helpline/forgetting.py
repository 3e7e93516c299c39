"""'Delete my data', done by staff: for the carer of a conversation, or for a phone number that is told to them."""

from __future__ import annotations

import re
from typing import Any

import phonenumbers
from phonenumbers import NumberParseException
from sqlalchemy import Text, cast, delete, inspect, select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.gateway.addresses import Addresses, AddressKeysWrong
from bot.gateway.store import Store, forget_contacts
from bot.gateway.tables import Act, Contact, Conversation, Inbound, Line, NoteKept, Outbound, WaitingForPerson
from bot.helpline.tables import CaseNote

PHONES = ("sms", "whatsapp")  # channels on which a carer is known by a number
MASK = "[phone number]"
BATCH = 200  # rows that one transaction masks
# also the dashes, and the marks without width that come with a number from a phone's address book
_BETWEEN = r"[\s().\-\u2010-\u2015\u2212\u00ad\u200b-\u200f\u202a-\u202e\u2060\ufeff]*"
WRITTEN = (Line.text, Inbound.text, CaseNote.text, NoteKept.words, Line.body, Outbound.body, Conversation.slots,
           WaitingForPerson.call_back)


class NoNumber(ValueError):
    """What was typed is no phone number."""


def read(typed: str) -> phonenumbers.PhoneNumber:
    """A number as people here write it. Raises `NoNumber`."""
    try:
        number = phonenumbers.parse(typed, "GB")
    except NumberParseException as error:
        raise NoNumber from error
    if not phonenumbers.is_possible_number(number):
        raise NoNumber
    return number


async def forget_number(store: Store, addresses: Addresses, number: phonenumbers.PhoneNumber, done: Act) -> list[str]:
    """Delete the conversations of a number and every place where it is written; gives their ids.

    After STOP a pseudonym stays, so that it is honoured. `done` is kept with it.
    """
    e164 = str(phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164))
    theirs = [addresses.pseudonym(channel, e164) for channel in PHONES]
    async with store.session(reads_first=True) as session:
        found = set(await session.scalars(select(Contact.conversation_id).where(
            Contact.id.in_(theirs), Contact.conversation_id.is_not(None))))
        found |= set(await session.scalars(select(Inbound.conversation_id).where(Inbound.contact_id.in_(theirs))))
        found |= await _to_be_rung(session, addresses, e164)
        await forget_contacts(session, Contact.id.in_(theirs) | Contact.conversation_id.in_(found))
        await session.execute(delete(Conversation).where(Conversation.id.in_(found)))
        session.add(done)
    await _mask(store, written(number), f"%{'%'.join(str(number.national_number))}%")
    await store.wipe()
    return sorted(str(one) for one in found)


async def _to_be_rung(session: AsyncSession, addresses: Addresses, e164: str) -> set[str]:
    """Whose call-back is to that number."""
    found = set()
    for case in await session.scalars(select(WaitingForPerson).where(WaitingForPerson.call_back.is_not(None))):
        sealed = (case.call_back or {}).get("number")
        try:
            if sealed and addresses.open(sealed) == e164:
                found.add(case.conversation_id)
        except AddressKeysWrong:
            continue  # nobody can read that one any more
    return found


def written(number: phonenumbers.PhoneNumber) -> re.Pattern[str]:
    """The number however it is spaced, with or without the country's code."""
    digits = _BETWEEN.join(str(number.national_number))
    code = _BETWEEN.join(str(number.country_code))
    return re.compile(rf"(?<!\d)\(?(?:(?:\+|00)?{_BETWEEN}{code}{_BETWEEN}(?:\(?0\)?)?|0)?{_BETWEEN}{digits}(?!\d)")


async def _mask(store: Store, pattern: re.Pattern[str], like: str) -> None:
    """Take the number out of what stays: somebody else's words, a private note.

    `like`: how rows are picked that may hold it. That looks at all there are, so it keeps nobody else from writing.
    """
    for column in WRITTEN:
        (key,) = inspect(column.class_).primary_key
        async with store.session(lengthy=True) as session:
            found = list(await session.scalars(select(key).where(cast(column, Text).like(like))))
        for start in range(0, len(found), BATCH):
            some = select(column.class_).where(key.in_(found[start:start + BATCH])).with_for_update()
            async with store.session(lengthy=True, reads_first=True) as session:
                for row in await session.scalars(some):
                    value = getattr(row, column.key)
                    if (fresh := _without(value, pattern)) != value:
                        setattr(row, column.key, fresh)


def _without(value: Any, pattern: re.Pattern[str]) -> Any:
    match value:
        case str():
            return pattern.sub(MASK, value)
        case dict():
            return {name: _without(one, pattern) for name, one in value.items()}
        case list():
            return [_without(one, pattern) for one in value]
    return value
