"""How many children the carer speaks of as hers to look after."""

from __future__ import annotations

from bot.understanding.found import Found
from bot.understanding.phrases import words
from bot.understanding.reading import Reading

_MANY = words(
    """
    kids boys girls grandkids grandsons granddaughters nieces nephews babies toddlers brothers sisters
    siblings teenagers cousins greatnephews greatgrandsons stepgrandsons godsons halfbrothers under lads
    """
)
_BETWEEN = words(
    """
    x little young small lovely beautiful of my our her his their the younger older grown great baby
    traumatised disabled autistic gorgeous twin teenage
    """
)
_POSSESSIVE = frozenset({"her", "his", "their", "all", "'s"})
_CARERS = words(
    """
    nan grandad grandparent grandparents sister brother aunt uncle SGR carer guardian guardians
    """
)
_NOT_CHILDREN = words(
    """
    year month week day hour years months weeks days mum dad nights night of bedroom bedrooms old oclock
    st nd rd th and / , minutes times miles jobs
    """
)


def children_count(reading: Reading, ages: Found | None) -> Found | None:
    """The number of children: '3 grandkids', 'her two', 'both of them', 'twins', else as many as there are ages."""
    toks = reading.toks
    for at in range(1, len(toks) - 1):
        tok = toks[at]
        if tok.isdigit() and tok.isascii() and 2 <= int(tok[:4]) <= 9:
            after = _counted(toks, at)
            if after and not _own(toks, at, after):
                return Found(int(tok), at, after)
        elif tok == "twins" or (
            tok == "both" and (toks[at + 1] in _MANY or toks[at + 1 : at + 3] == ["of", "them"] or toks[at + 2] in _MANY)
        ):
            return Found(2, at, at + 1)
    if ages is not None and isinstance(ages.value, list) and len(ages.value) > 1:
        return Found(len(ages.value), ages.first, ages.after, False)
    return None


def _counted(toks: list[str], at: int) -> int:
    """The word after the counted phrase that starts at `at`, or 0 if the number counts no children."""
    end = at + 1
    while end < len(toks) - 1 and toks[end] in _BETWEEN and end - at < 5:
        end += 1
    if toks[end] in _MANY:
        return end + 1
    if toks[at + 1 : at + 3] == ["of", "them"]:
        return at + 3
    if toks[at - 1] in ("to", "of") and toks[at - 2] in _CARERS and toks[at + 1] not in _NOT_CHILDREN - {"and", ","}:
        return at + 1
    if (
        toks[at - 1] in _POSSESSIVE
        and toks[at + 1] not in _NOT_CHILDREN
        and (toks[at - 1] != "'s" or toks[at - 2] in ("sister", "brother", "daughter", "son"))
    ):
        return at + 1
    return 0


def _own(toks: list[str], at: int, after: int) -> bool:
    """'my own 3 kids', '2 kids of my own', 'his 3 siblings', 'I have 2 other children'."""
    if toks[after : after + 3] in (["of", "my", "own"], ["of", "our", "own"]) or "own" in toks[max(1, at - 2) : at]:
        return True
    if toks[after - 1] in ("siblings", "brothers", "sisters", "cousins") and toks[at - 1] in (
        "his",
        "her",
        "their",
        "other",
        "has",
        "have",
        "older",
        "half",
    ):
        return True
    return (
        toks[after - 1] in ("kids", "boys", "girls") and toks[at - 1] in ("under", "with", "other") and toks[at - 1] != "with"
    )
