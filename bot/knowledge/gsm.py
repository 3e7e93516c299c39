"""The alphabet of text messages: GSM 03.38, seven bits a character (3GPP TS 23.038, section 6.2.1).

A message in this alphabet takes 160 characters in one segment, or 153 in each of several; one letter from
outside it (a curly quote will do) cuts that to 70 and 67. The content check and the SMS channel both ask here.
"""

from __future__ import annotations

BASIC = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
EXTENDED = frozenset("^{}\\[~]|€\f")  # each is sent as an escape and a character: two septets

ONE_SEGMENT = 160
EACH_OF_SEVERAL = 153


def foreign(text: str) -> list[str]:
    """The characters of `text` that the alphabet lacks, each once, in order."""
    return list(dict.fromkeys(c for c in text if c not in BASIC and c not in EXTENDED))


def is_gsm7(text: str) -> bool:
    """Can `text` be sent in the seven-bit alphabet?"""
    return not foreign(text)


def septets(text: str) -> int:
    """How many characters of a text message `text` takes; raises `ValueError` where it has a foreign one."""
    strange = foreign(text)
    if strange:
        raise ValueError(f"not in the text-message alphabet: {' '.join(strange)}")
    return sum(2 if c in EXTENDED else 1 for c in text)


def segments(text: str) -> int:
    """How many segments `text` is sent in; raises `ValueError` where it has a foreign character."""
    length = septets(text)
    if length <= ONE_SEGMENT:
        return 1
    return filled([2 if c in EXTENDED else 1 for c in text], EACH_OF_SEVERAL)


def filled(sizes: list[int], each: int) -> int:
    """How many segments of `each` units hold characters of these sizes in order; none is cut in two."""
    count, room = 1, each
    for size in sizes:
        if size > room:
            count, room = count + 1, each
        room -= size
    return count
