"""Takes identifiers out of a message before it is kept: e-mail, phone, bank card, National Insurance and NHS numbers.

None of them is needed to answer a question. A phone number is kept where the carer gives it to be called back.
"""

from __future__ import annotations

import re

from phonenumbers import Leniency, PhoneNumberMatch, PhoneNumberMatcher, is_valid_number
from stdnum import luhn
from stdnum.gb import nhs

_EMAIL = re.compile(r"[\w.+'-]+@[\w-]+(?:\.[\w-]+)+")
_CARD = re.compile(r"(?<![\w.+])[2-6](?:[ -]?\d){12,18}(?!\w)")
_NHS = re.compile(r"(?<![\w.+])\d{3}[ -]?\d{3}[ -]?\d{4}(?!\w)")
_NOT_ISSUED = r"(?!BG|GB|NK|KN|TN|NT|ZZ)"  # prefixes, as HMRC lists them
_NI = re.compile(rf"\b{_NOT_ISSUED}[A-CEGHJ-PR-TW-Z][A-CEGHJ-NPR-TW-Z](?:[ -]?\d{{2}}){{3}}[ -]?[A-D]\b", re.IGNORECASE)
_PERSONAL = re.compile(r"[127]\d{8,9}")  # UK landlines, mobiles and personal numbers; 3 and 8 are organisations'
_CALL_BACK = re.compile(r"\b(?:(?:ring|call|phone|text|contact|reach|message)\s+(?:me|us)|call\W?back|ring\W?back|"
                        r"(?:give|gimme)\s+(?:me\s+|us\s+)?a\s+(?:ring|call))\b", re.IGNORECASE)
_FEWEST = 9  # digits of the shortest of all these numbers
UK = 44


def gives_number(text: str) -> bool:
    """Does she ask to be called?"""
    return _CALL_BACK.search(text) is not None


def masked(text: str, keeps_phone: bool = False) -> str:
    """`text` with [email], [card number], … in place of what was there; phone numbers stay where `keeps_phone`."""
    text = _EMAIL.sub("[email]", text)
    if sum(c.isdigit() for c in text) < 6:  # the digits of a National Insurance number, the fewest
        return text
    text = _NI.sub("[National Insurance number]", text)
    text = _CARD.sub(lambda m: "[card number]" if luhn.is_valid(_digits(m[0])) else m[0], text)
    if not keeps_phone:
        text = _without_phones(text)
    return _NHS.sub(lambda m: "[NHS number]" if nhs.is_valid(_digits(m[0])) else m[0], text)


def _without_phones(text: str) -> str:
    if sum(c.isdigit() for c in text) < _FEWEST:
        return text
    found = [match for match in PhoneNumberMatcher(text, "GB", leniency=Leniency.POSSIBLE) if _personal(match)]
    for match in reversed(found):
        text = f"{text[:match.start]}[phone number]{text[match.end:]}"
    return text


def _personal(match: PhoneNumberMatch) -> bool:
    """A person's, by its shape: of numbers for films and of new ranges the library's tables know nothing."""
    number = match.number
    if number.country_code != UK:
        return bool(is_valid_number(number))
    national = str(number.national_number)
    written = _digits(match.raw_string)
    if nhs.is_valid(written):
        return False
    return _PERSONAL.fullmatch(national) is not None and len(written) >= _FEWEST + 1


def _digits(text: str) -> str:
    return "".join(c for c in text if c.isdigit())
