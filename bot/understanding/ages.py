"""How old the child is now, in years, and which stage of school: never a grown-up's age, a past age or a count."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bot.understanding.found import Found
from bot.understanding.phrases import Group, WordLists, words
from bot.understanding.reading import Reading
from bot.understanding.rules import Rule

_YEAR = frozenset({"year", "years"})
_SHORT = frozenset({"month", "months", "week", "weeks", "day", "days"})
_OLD = frozenset({"old", "olds"})
_JOIN = frozenset({"and", ",", "/", "or", "a", "an", "the", "my", "one", "is", "'s", "other", "aged"})
_SOON = words("next in on tomorrow soon this")
_SOON_AFTER = words(
    """
    week month in january february march april may june july august september october november december
    jan feb mar apr jun jul aug sep sept oct nov dec monday tuesday wednesday thursday friday saturday
    sunday summer christmas easter days weeks months few couple year weekend spring autumn winter a
    """
)
_NEARLY = frozenset({"nearly", "approaching", "coming", "rising", "turning", "turns", "will"})
_VERBS = words(
    """
    this lives needs starts goes attends gets was is has loves keeps comes wants hates sleeps stays plus
    as cries
    """
)
_BEFORE_NAMES = words("looking_after look_after raising raise have to for and of with our my")
_PRONOUNS = words("he she they him her them one")
_NOT_ONE = words("both them second other him her")
_WHICH_ONE = words("older younger youngest eldest little other big middle elder")
_OF_ALL = words("for can do are all most of with about does is")
_STAY = words("been had fostering raising looking_after lived")
_STAY_AFTER = words("with here now in since ago later")
_MAY_OWN = words("sister brother daughter son friend neighbour cousin")


@dataclass(frozen=True)
class _Number:
    """One number that may be an age: its years, the words it covers, and what stood with it."""

    years: int
    first: int
    after: int
    unit: str
    old: bool


class Ages:
    """Reads ages and stages of school. Built once, from ages.yml."""

    def __init__(self, data: Mapping[str, Any], lists: WordLists) -> None:
        """`data` is ages.yml as loaded, `lists` all word lists it may name."""
        self._children = frozenset(map(str, lists["childword"]))
        self._grown = frozenset(map(str, lists["grownup"]))
        self._past = frozenset(map(str, lists["past"]))
        self._not_people = frozenset(map(str, lists["not_people"]))
        self._open_ends = frozenset(map(str, lists["open_ends"]))
        self._fill = frozenset(map(str, lists["agefill"]))
        self._counted = frozenset(map(str, lists["counted"]))
        self._adjectives = frozenset(map(str, lists["kinadj"])) - {"year", "month", "week", "old"}
        self._stages = [
            (str(name), Rule([phrase], data["stage_not"], lists)) for name, *phrases in data["stages"] for phrase in phrases
        ]
        self._reception = Rule(data["reception_is"], data["stage_not"], lists)
        self._next = Group(data["stage_next"], lists)

    def find(self, reading: Reading) -> tuple[Found | None, Found | None]:
        """(ages, stage): the ages as one int or a list in the order said; from the school year if no age is said."""
        stated = [(n, sure) for group in self._groups(reading) for n, sure in self._accepted(reading, group)]
        stage, year_age = self._stage(reading)
        if not stated:
            birthday = self._birthday(reading)
            if birthday is not None:
                return birthday, stage
            return self._newborn(reading) or year_age, stage
        years = [n.years for n, _ in stated]
        value: int | list[int] = years[0] if len(set(years)) == 1 and len(years) == 1 else years
        first, after = min(n.first for n, _ in stated), max(n.after for n, _ in stated)
        return Found(value, first, after, all(sure for _, sure in stated)), stage

    # -- numbers --------------------------------------------------------------------------------------------------

    def _groups(self, reading: Reading) -> list[list[_Number]]:
        """Numbers that stand together: '5 and 8', '2, 4 and 7', 'a 3 year old and a 5 year old'."""
        groups: list[list[_Number]] = []
        last_after = -9
        for index in range(1, len(reading.toks)):
            if index < last_after:
                continue
            number = self._number(reading.toks, index)
            if number is None:
                continue
            between = reading.toks[last_after:index] if groups else ["."]
            ranged = between == ["to"] and {"aged", "ages", "age"} & set(
                reading.toks[groups[-1][0].first - 2 : groups[-1][0].first]
            )
            if groups and last_after > 0 and (ranged or (len(between) <= 3 and all(t in _JOIN for t in between))):
                groups[-1].append(number)
            else:
                groups.append([number])
            last_after = number.after
        return groups

    def _number(self, toks: list[str], index: int) -> _Number | None:
        """The number at word `index` with its unit, if it could be an age."""
        tok = toks[index]
        is_one = tok == "one" and (toks[index + 1] in _YEAR | _SHORT or toks[index - 1] in ("aged", "age"))
        is_few = tok in ("few", "couple") and toks[index + 1] in _SHORT and toks[index + 2] in _OLD
        if not (is_one or is_few or (tok.isdigit() and tok.isascii() and len(tok) <= 2 and int(tok) <= 25)):
            return None
        if toks[index - 1] in ("£", "$", "%", "section", "reg", "class", "stage", "level", "ks", "no", "number"):
            return None
        if toks[index - 1] in _YEAR and not toks[index - 2].isdigit():
            return None
        count = 1 if is_one or not tok.isdigit() else int(tok)
        return self._with_unit(toks, index, count)

    def _with_unit(self, toks: list[str], index: int, count: int) -> _Number:
        """The number `count` at word `index` with the words that follow it: 'and a half', 'years', 'old'."""
        at = index + 1
        if toks[at : at + 3] == ["and", "a", "half"] or toks[at : at + 2] == [".", "5"]:
            at += 3 if toks[at] == "and" else 2
        unit = toks[at] if toks[at] in _YEAR | _SHORT else ""
        if unit:
            at += 1
            if unit in _YEAR and toks[at : at + 2] == ["/", "o"]:
                return _Number(count, index, at + 2, unit, True)
        if unit in _YEAR and toks[at].isdigit() and toks[at + 1] in _SHORT:
            at += 2
        elif (
            unit in _YEAR
            and toks[at] == "and"
            and toks[at + 1].isdigit()
            and toks[at + 2] in _SHORT
            and int(toks[at + 1][:3]) < 12
        ):
            at += 3
        old = toks[at] in _OLD or toks[at : at + 2] == ["of", "age"]
        if old:
            at += 1
        years = count if unit in _YEAR or not unit else count // 12 if unit.startswith("month") else 0
        return _Number(years, index, at, unit, old)

    # -- is it an age? --------------------------------------------------------------------------------------------

    def _accepted(self, reading: Reading, group: list[_Number]) -> list[tuple[_Number, bool]]:
        """The numbers of one group that are children's ages now, each with whether that is sure."""
        toks = reading.toks
        group = self._trimmed(toks, group)
        if not group:
            return []
        if (
            len(group) == 2
            and group[1].years == group[0].years + 1
            and self._soon(toks, group[1].after)
            and toks[group[1].first - 1] == ","
        ):
            group = group[:1]  # 'he's 15, 16 in January'
        verdict = self._verdict(reading, group)
        if verdict is None:
            return []
        minus, sure = verdict
        kept = [n for n in group if n.years - minus <= 17 or n.years <= 21]
        return [(_Number(max(0, n.years - minus), n.first, n.after, n.unit, n.old), sure) for n in kept]

    def _trimmed(self, toks: list[str], group: list[_Number]) -> list[_Number]:
        """Leaves out numbers that count something: '3 kids', '2 hours'."""
        if group and toks[group[0].first - 1] in ("of", "to") and toks[group[0].first - 2] in self._grown and len(group) > 2:
            group = group[1:]
        kept = []
        old_later = any(n.old for n in group)
        for n in group:
            if n.unit in _SHORT and not n.old and old_later:
                continue
            follows = toks[n.after]
            if (
                not n.old
                and not n.unit
                and follows in self._counted
                and not (old_later and n is not group[-1] and follows in _JOIN)
            ):
                continue
            if (
                n.unit
                and not n.old
                and follows in ("ago", "late", "wait", "later", "before", "behind", "notice", "off", "left")
            ):
                continue
            kept.append(n)
        return kept

    def _verdict(self, reading: Reading, group: list[_Number]) -> tuple[int, bool] | None:
        """(years to take off, sure) if these are ages now, else None."""
        toks = reading.toks
        first, last = group[0], group[-1]
        passed, at = self._look_left(toks, first.first)
        head = toks[at]
        old = any(n.old for n in group)
        if self._another_time(toks, at, passed, last.after) or self._said_of_the_past(toks, last.after):
            return None
        linked = bool(passed & {"is", "'s", "am", "are", "aged"}) or "," not in passed
        if (
            (head.isdigit() and not (len(group) > 1 and toks[at - 1] in ("of", "to")))
            or "own" in passed
            or self._of_a_kind(toks, last, head, at)
        ):
            return None
        if self._own_grown_child(toks, last, at) or self._another_child(toks, at):
            return None
        if head in self._grown and not self._after_child(toks, at) and (linked or not old):
            return None
        soon = self._soon(toks, last.after) and not passed & {"turned", "was", "were"}
        takes_off = 1 if (passed & _NEARLY and "turned" not in passed) or soon else 0
        sure = not takes_off
        if old or passed & {"aged", "age", "ages"} or head in ("from", "between"):
            short_lone = reading.size <= 3
            return (takes_off, sure) if not (passed & {"am"}) or short_lone else None
        return (takes_off, sure) if self._plain_number(reading, group, passed, at) else None

    def _plain_number(self, reading: Reading, group: list[_Number], passed: frozenset[str], at: int) -> bool:
        """Whether numbers with no 'old' and no 'aged' are ages: 'he's 7', 'my niece (9)', 'boys 5 and 7'."""
        toks = reading.toks
        head, last = toks[at], group[-1]
        follows = toks[last.after]
        by_unit = self._by_unit(toks, group, passed, at)
        if by_unit is not None:
            return by_unit
        if head in (".", "?") and passed & {"turned", "turns"}:
            return True
        if follows == "going" and toks[last.after + 1] == "on":
            return head not in self._grown
        one_child = head in self._children - _NOT_ONE and not head.endswith("s")
        if follows not in self._open_ends and not (one_child and self._loose_end(follows)):
            return False
        if head == "of" and toks[at - 1] in self._children:
            return not toks[at - 1].endswith("s") and toks[at - 1] not in ("one", "both", "other")
        if passed & {"is", "'s", "are", "turned", "turns", "turning", "be", "was"}:
            return self._is_said_of_a_child(toks, group[0].first, at)
        if head.isdigit():
            return len(group) > 1
        if self._bracketed(reading, group):
            return head not in self._not_people
        return self._beside_a_child(reading, group, passed, at)

    def _by_unit(self, toks: list[str], group: list[_Number], passed: frozenset[str], at: int) -> bool | None:
        """What 'years', 'months' or 'weeks' with no 'old' settle; None where they settle nothing."""
        head, follows = toks[at], toks[group[-1].after]
        yearly = any(n.unit in _YEAR for n in group)
        if yearly and (_STAY & set(toks[max(0, at - 6) : at]) or follows in _STAY_AFTER):
            return False
        listed = "," in passed or len(group) > 1
        if listed and any(n.unit.startswith("month") for n in group) and head in self._children - _PRONOUNS:
            return follows in (".", "?", ",", "and", "who")
        if any(n.unit in _SHORT for n in group) and not yearly:
            said = head in self._children and passed & {"is", "'s", "are", "only", "just", "now"}
            return bool(said) and follows in (".", "?", ",", "and", "but", "he", "she", "i", "so", "who")
        if head in ("he", "she") and passed and passed <= {"have", "has"} and group[-1].unit in _YEAR:
            return follows in (".", ",", "and", "?")
        return None

    def _is_said_of_a_child(self, toks: list[str], first: int, at: int) -> bool:
        """'he is 7', 'Tyler's 7': what comes before 'is' is a child or a name, not a grown-up or a thing."""
        head = toks[at]
        if (toks[first - 1] == "'s" and toks[first - 2] in _MAY_OWN) or head in (".", "?"):
            return False
        grown = head in self._grown and not self._after_child(toks, at)
        return head in self._children or (head.isalpha() and head not in self._not_people and not grown)

    def _beside_a_child(self, reading: Reading, group: list[_Number], passed: frozenset[str], at: int) -> bool:
        """'grandson 7', 'my niece, 9, has', 'the older one 12', 'Alfie, 6,'."""
        toks = reading.toks
        head, follows = toks[at], toks[group[-1].after]
        if head in ("he", "she") and not passed and len(group) == 1:
            return follows in (".", ",", "and", "but", "now")
        if head == "one" and toks[at - 1] in _WHICH_ONE:
            return _adjacent(passed)
        noun = head in self._children - _PRONOUNS - {"other", "second"} or self._after_child(toks, at)
        if noun and follows == "of":
            return False
        if "," in passed and not noun and self._named(reading, at):
            return follows in (",", ".", "and", "?", "who")
        if "," in passed:
            return noun and (len(group) > 1 or follows in (",", ".", "?", "and", "who", "but"))
        return noun and (_adjacent(passed) or "now" in passed or "both" in passed)

    @staticmethod
    def _of_a_kind(toks: list[str], last: _Number, head: str, at: int) -> bool:
        """'2 year olds get', 'the mind of a 5 year old', 'acts like he's 2', 'age 7 clothes': not this child's age."""
        if toks[last.after - 1] == "olds" and head in _OF_ALL:
            return True
        if head == "kids" and toks[at - 1] in ("can", "do", "are", "for", "all", "most", "does", "any"):
            return True
        if head in ("like", "as", "mind", "level", "brain") or toks[at - 1] in ("like", "as"):
            return True
        follows = toks[last.after + 1] if toks[last.after].isdigit() else toks[last.after]
        return follows in ("clothes", "shoes", "clothing", "uniform", "trainers", "books", "nappies", "toys")

    def _named(self, reading: Reading, at: int) -> bool:
        """Whether word `at` looks like a child's name: 'my grandson Alfie, 6', 'looking after Tilly, 2'."""
        toks, word = reading.toks, reading.words[at]
        if toks[at - 1] in self._children - _PRONOUNS:
            return toks[at].isalpha()
        return (
            reading.text[word.start : word.start + 1].isupper()
            and toks[at - 1] in _BEFORE_NAMES
            and toks[at] not in self._not_people
        )

    def _loose_end(self, follows: str) -> bool:
        """Whether the word after a number leaves it an age: no unit, nothing counted, no plural."""
        if follows in self._counted or follows in _YEAR | _SHORT or not follows.isalpha():
            return False
        return not follows.endswith("s") or follows in _VERBS

    @staticmethod
    def _another_child(toks: list[str], at: int) -> bool:
        """'his sister is 9', 'her brother, 4': a child the carer may not have."""
        if toks[at] == "kids" and "own" in toks[at - 2 : at + 4]:
            return True
        other = toks[at] in ("sister", "brother", "cousin", "halfbrother", "friend")
        return other and toks[at - 1] in ("his", "her", "their") and toks[at - 2] != "and"

    def _look_left(self, toks: list[str], index: int) -> tuple[frozenset[str], int]:
        """(filler words passed, place of the first word that is none) going left from word `index`."""
        passed: set[str] = set()
        at = index - 1
        while (
            at > 0
            and index - at <= 6
            and (
                toks[at] in self._fill
                or (toks[at] in self._adjectives and not toks[at].isdigit() and toks[at] not in self._children)
            )
        ):
            passed.add(toks[at])
            at -= 1
        return frozenset(passed), at

    def _another_time(self, toks: list[str], at: int, passed: frozenset[str], after: int) -> bool:
        """'since she was 2', 'when he turns 18', 'at age 4', 'was 3 when', 'under 5'."""
        head, before = toks[at], toks[at - 1]
        if head in ("from", "between") and (before in ("aged", "ages", "age") or toks[at + 1] in ("a", "an")):
            return False
        if head in self._past or passed & {"was", "were"}:
            return not (
                passed & {"was", "were"} and head in self._children and self._soon(toks, after) and before not in self._past
            )
        if before in self._past - {"to", "by", "up", "between", "over", "under", "below", "above", "at", "from"}:
            return True
        if head == "of" and toks[at - 1] in ("age", "ages"):
            return "at" in toks[at - 3 : at - 1] or "from" in toks[at - 3 : at - 1]
        return head in ("the", "my", "his", "her", "their") and before in ("since", "when", "until", "from", "before")

    @staticmethod
    def _said_of_the_past(toks: list[str], after: int) -> bool:
        """'aged 3 when he came', 'was 3 at the time'."""
        follows = toks[after : after + 5]
        if follows[:1] == ["when"] or follows[:2] == [",", "when"]:
            return not any(t in ("is", "turns") for t in follows)
        return follows[:3] == ["at", "the", "time"]

    def _after_child(self, toks: list[str], at: int) -> bool:
        """Whether 'her' or 'me' in a phrase is only in passing: 'she lives with me, aged 7' speaks of her."""
        if toks[at] in ("friend", "neighbour") and toks[at - 1] == "'s":
            return True
        return (toks[at] in ("me", "us", "mum", "dad", "nan") and toks[at - 1] in ("with", "to", "by", "at")) or (
            toks[at] == "carer" and toks[at + 1] in ("for", "to", "of")
        )

    def _own_grown_child(self, toks: list[str], last: _Number, at: int) -> bool:
        """'my daughter is 22', 'my 19 year old son': the carer's own child, not the one she has taken in."""
        head = toks[at]
        own = frozenset({"son", "daughter", "sons", "daughters"})
        mine = frozenset({"my", "our"})
        if head in own and (toks[at - 1] in mine or (toks[at - 1] in self._adjectives and toks[at - 2] in mine)):
            return True
        return toks[last.after] in own and head in mine and toks[last.after + 1] != "'s"

    @staticmethod
    def _soon(toks: list[str], after: int) -> bool:
        """'3 next week', '16 in June', '4 on Friday', '5 tomorrow', '4 soon'."""
        if toks[after] in ("tomorrow", "soon", "shortly"):
            return True
        if toks[after] in ("this",) and toks[after + 1] in (
            "week",
            "month",
            "weekend",
            "friday",
            "saturday",
            "sunday",
            "september",
            "december",
        ):
            return True
        skip = 2 if toks[after + 1] in ("a", "the", "2", "3", "few") else 1
        return toks[after] in ("next", "in", "on") and (
            toks[after + 1] in _SOON_AFTER or toks[min(after + skip, len(toks) - 1)] in _SOON_AFTER
        )

    @staticmethod
    def _bracketed(reading: Reading, group: list[_Number]) -> bool:
        """Whether the numbers stand in brackets in what the carer wrote."""
        start, end = reading.words[group[0].first].start, reading.words[group[-1].after - 1].end
        return reading.text[:start].rstrip().endswith("(") and reading.text[end:].lstrip().startswith(")")

    # -- school ---------------------------------------------------------------------------------------------------

    def _stage(self, reading: Reading) -> tuple[Found | None, Found | None]:
        """(stage of school, age worked out from the school year)."""
        toks = reading.toks
        for at in range(1, len(toks) - 1):
            if toks[at] in _YEAR and toks[at + 1] == "one" and toks[at - 1] in ("in", "into", "is", "'s"):
                return Found("primary", at, at + 2), Found(5, at, at + 2, False)
            if toks[at] in _YEAR and toks[at + 1].isdigit() and 1 <= int(toks[at + 1]) <= 13 and not toks[at - 1].isdigit():
                if toks[at - 1] in (
                    "this",
                    "last",
                    "next",
                    "per",
                    "one",
                    "a",
                    "each",
                    "every",
                    "since",
                    "from",
                    "until",
                    "per",
                ) or toks[at + 2] in self._counted - {"and", "a"}:
                    continue
                if toks[at + 2] in _YEAR | _SHORT or not reading.words[at + 1].end:
                    continue
                year = int(toks[at + 1])
                stage = "primary" if year <= 6 else "secondary" if year <= 11 else "sixth_form"
                going = any(t in ("start", "starts", "into", "going", "moving", "starting") for t in toks[max(1, at - 3) : at])
                return Found(stage, at, at + 2, not going), None if going else self._years_by_class(toks, at)
        where = self._reception.find(reading)
        if where is not None:
            going = any(t in ("start", "starts", "starting", "apply", "for") for t in toks[max(1, where[0] - 1) : where[1]])
            return Found("reception", *where, not going), None if going else Found(4, *where, False)
        return self._school(reading), None

    @staticmethod
    def _years_by_class(toks: list[str], at: int) -> Found:
        """The age 'year 9' stands for, or the ages of 'one in Y2, one in Y5'."""
        years, after = [], at + 2
        for here in range(at, min(len(toks) - 1, at + 12)):
            if (
                toks[here] in _YEAR
                and toks[here + 1].isdigit()
                and 1 <= int(toks[here + 1][:3]) <= 13
                and not toks[here - 1].isdigit()
            ):
                years.append(int(toks[here + 1]) + 4)
                after = here + 2
        return Found(years if len(years) > 1 else years[0], at, after, False)

    def _school(self, reading: Reading) -> Found | None:
        """Nursery, primary, secondary or sixth form."""
        for name, rule in self._stages:
            where = rule.find(reading)
            if where is not None:
                going = any(a < where[1] and where[0] < b for a, b in reading.find(self._next))
                return Found(name, *where, not going)
        return None

    @staticmethod
    def _birthday(reading: Reading) -> Found | None:
        """'his 16th birthday is next week' is 15; 'just had her 10th birthday' is 10."""
        toks = reading.toks
        for at in range(1, reading.size):
            if (
                toks[at].isdigit()
                and toks[at + 1] in ("th", "st", "nd", "rd")
                and toks[at + 2] == "birthday"
                and int(toks[at][:3]) <= 21
            ):
                around = set(toks[max(1, at - 5) : at + 7])
                if around & {"had", "was", "just", "yesterday", "since", "after"}:
                    return (
                        Found(int(toks[at]), at, at + 3, False) if not around & {"since", "after", "until", "before"} else None
                    )
                return (
                    Found(int(toks[at]) - 1, at, at + 3, False)
                    if around & {"next", "is", "'s", "tomorrow", "soon", "coming", "this"}
                    else None
                )
        return None

    def _newborn(self, reading: Reading) -> Found | None:
        """A newborn is 0, unless still to be born."""
        toks = reading.toks
        if "newborn" not in reading.vocabulary or reading.vocabulary & {"due", "pregnant", "unborn", "expecting"}:
            return None
        at = toks.index("newborn")
        return Found(0, at, at + 1, True)


def _adjacent(passed: frozenset[str]) -> bool:
    """Whether nothing but words that say nothing stood between a child and a number: 'grandson 7'."""
    return not passed - {"a", "the", "only", "just", "and", "both", "of"}
