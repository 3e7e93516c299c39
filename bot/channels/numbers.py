"""Which numbers we write to: mobiles of the countries we serve, and never one that costs its owner money."""

from __future__ import annotations

import re
from collections.abc import Sequence

import phonenumbers
from phonenumbers import NumberParseException, PhoneNumberType

_MOBILE = (PhoneNumberType.MOBILE, PhoneNumberType.FIXED_LINE_OR_MOBILE)
_COSTLY = (PhoneNumberType.PREMIUM_RATE, PhoneNumberType.SHARED_COST, PhoneNumberType.PERSONAL_NUMBER,
           PhoneNumberType.PAGER)
PREMIUM = "premium"
_NEW_UK_MOBILE = re.compile(r"\+447[1-57-9]\d{8}")  # a range newer than the library's tables is no reason to lose a carer


def why_refused(number: str, countries: Sequence[str]) -> str | None:
    """The reason why we don't write to `number`: not_a_number, premium, foreign or not_a_mobile; None where we do.

    `countries`: ISO codes; Jersey, Guernsey and the Isle of Man are countries of their own (JE, GG, IM).
    """
    try:
        parsed = phonenumbers.parse(number)
    except NumberParseException:
        return "not_a_number"
    if not phonenumbers.is_possible_number(parsed):
        return "not_a_number"
    kind = phonenumbers.number_type(parsed)
    if kind in _COSTLY:
        return PREMIUM
    if kind == PhoneNumberType.UNKNOWN and "GB" in countries and _NEW_UK_MOBILE.fullmatch(number):
        return None
    if phonenumbers.region_code_for_number(parsed) not in countries:
        return "foreign" if phonenumbers.is_valid_number(parsed) else "not_a_number"
    return None if kind in _MOBILE else "not_a_mobile"


def e164(number: str) -> str:
    """`number` in E.164, whatever blanks it came with; unchanged where it is none."""
    try:
        return str(phonenumbers.format_number(phonenumbers.parse(number), phonenumbers.PhoneNumberFormat.E164))
    except NumberParseException:
        return number
