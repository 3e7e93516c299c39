"""How long the child has been with the carer: the decision table's value and, where it can be known, the months."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from bot.understanding.found import Found
from bot.understanding.phrases import Group, WordLists, words
from bot.understanding.reading import Reading
from bot.understanding.rules import Rule

_DAYS = {
    "day": 1,
    "days": 1,
    "night": 1,
    "nights": 1,
    "week": 7,
    "weeks": 7,
    "fortnight": 14,
    "fortnights": 14,
    "month": 30.44,
    "months": 30.44,
    "year": 365.25,
    "years": 365.25,
    "hour": 0.05,
    "hours": 0.05,
}
_MONTH_NAMES = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_MONTHS = {name: number for number, name in enumerate(_MONTH_NAMES, 1)}
_WEEKDAYS = words(
    """
    monday tuesday wednesday thursday friday saturday sunday mon tues tue weds wed thurs thu fri sat sun
    weekend
    """
)
_MONTH_WORDS = words(
    """
    january february march april may june july august september october november december jan feb mar
    apr jun jul aug sep sept oct nov dec
    """
)
_SEASONS = words(
    """
    summer christmas xmas easter spring autumn winter year term new half halloween bonfire eid ramadan diwali lockdown covid
    """
)
_POINTS = {"yesterday": 1, "tonight": 0, "today": 0, "recently": 7}
_LONG = frozenset({"birth", "born", "baby", "forever", "day_one", "newborn"})


@dataclass(frozen=True)
class _Span:
    """A length of time said in words: how many days, whether so far, still to come, or in all, and its words."""

    days: float
    kind: str
    first: int
    after: int
    exact: bool = True


class Durations:
    """Reads how long. Built once, from durations.yml and living.yml."""

    def __init__(self, data: Mapping[str, Any], living: Mapping[str, Any], lists: WordLists) -> None:
        """`data` is durations.yml as loaded, `living` living.yml, `lists` all word lists they may name."""
        self._part_time = Rule(data["part_time"], data["part_time_not"], lists)
        self._left = Rule(data["left"], data["left_not"], lists)
        self._not_yet = Rule(data["not_yet"], data["not_yet_not"], lists)
        self._blockers = frozenset(map(str, lists["blockers"]))
        self._here = frozenset(map(str, lists["here"]))
        self._who = frozenset(map(str, lists["herephrase"]))
        self._with_me = Group([*living["with_me"], *living["came_to_me"]["any"]], lists)

    def find(self, reading: Reading, today: date, with_me: bool, prospective: bool) -> tuple[Found | None, Found | None]:
        """(duration, months with the carer). `with_me`: the child is there, as said; `prospective`: it may yet come."""
        if not prospective:
            for value, rule in (("left", self._left), ("part_time", self._part_time)):
                where = rule.find(reading)
                if where is not None and (value == "left" or with_me or reading.size <= 12):
                    return Found(value, *where), None
        not_yet = self._not_yet.find(reading)
        if not_yet is not None and (prospective or not with_me):
            return Found("not_yet", *not_yet), None
        if prospective:
            return None, None
        spans = list(self._spans(reading, today))
        stays = list(reading.find(self._with_me)) if spans else []
        spans = [span for span in spans if self._about_living(reading, span, stays)]
        return self._judge(spans, reading)

    @staticmethod
    def _judge(spans: list[_Span], reading: Reading) -> tuple[Found | None, Found | None]:
        """The table's value from all spans of time that speak of the child's stay."""
        if not spans:
            return None, None
        total = [s for s in spans if s.kind == "total"]
        planned = [s for s in spans if s.kind == "planned"]
        so_far = [s for s in spans if s.kind == "so_far"]
        longest = max(so_far, key=lambda s: s.days) if so_far else None
        months = (
            Found(int(longest.days // 30.4), longest.first, longest.after, longest.exact)
            if longest and longest.days < 9000 and longest.exact
            else None
        )
        pick = total[0] if total else None
        if pick is not None:
            return Found("28_or_more" if pick.days >= 28 else "under_28", pick.first, pick.after), months
        if longest is not None and longest.days >= 28:
            return Found("28_or_more", longest.first, longest.after), months
        if planned:
            whole = planned[0].days + (longest.days if longest else 0)
            return Found(
                "28_or_more" if whole >= 28 else "under_28",
                planned[0].first,
                planned[0].after,
                longest is not None or whole < 28,
            ), months
        if longest is None:
            return None, None
        return Found("may_reach_28", longest.first, longest.after), months

    def _about_living(self, reading: Reading, span: _Span, stays: list[tuple[int, int]]) -> bool:
        """Whether a span of time is about the child being with the carer; `stays` is where the message says so."""
        toks = reading.toks
        first, after = reading.sentence(span.first)
        bare = not set(toks[first:after]) & (self._blockers - {"hospital"} | {"old"}) and "?" not in toks
        opens = span.kind == "so_far" and span.first == first and toks[span.after - 1] == "now"
        if bare and (reading.size <= 4 or opens or span.kind == "total" or (span.kind == "planned" and "while" in toks)):
            return True
        if {"care", "CAREPLACE", "FOSTERER"} & set(toks[span.first - 3 : span.first]) and not {"my", "our"} & set(
            toks[span.first - 3 : span.first]
        ):
            return False
        for start, end in stays:
            if start < after and end > first:
                gap = toks[end : span.first] if end <= span.first else toks[span.after : start]
                if len(gap) <= 9 and not set(gap) & self._blockers and toks[span.after] not in ("old", "olds"):
                    return True
        arrived = {"came", "come", "here", "moved", "handed", "took", "placed", "brought"} & set(toks[first:after])
        if toks[span.first - 1] == "been" and toks[span.first - 2] in ("'s", "has", "now") and arrived:
            return not set(toks[first:after]) & self._blockers
        left = toks[max(first, span.first - 6) : span.first]
        right = toks[span.after : min(after, span.after + 9)]
        return any(self._arrival(words) for words in (left, right) if not set(words) & self._blockers)

    def _arrival(self, words: list[str]) -> bool:
        """Whether a few words tell of a child coming: 'came', 'moved in', 'took him in', 'been here'."""
        if (words[:1] and words[0] in ("came", "arrived", "placed")) or (
            words[-1:] and words[-1] in ("came", "arrived", "placed")
        ):
            return True
        if {"came", "arrived", "moved", "dropped", "brought", "placed", "landed", "took", "left", "turned"} & set(words):
            return bool(set(words) & self._who)
        return ("been" in words and bool({"here", "us", "me", "him", "her", "them"} & set(words))) or (
            "had" in words
            and bool({"him", "her", "them", "grandson", "granddaughter", "niece", "nephew", "grandkids", "kids"} & set(words))
        )

    # -- spans ----------------------------------------------------------------------------------------------------

    def _spans(self, reading: Reading, today: date) -> Iterator[_Span]:
        """Every length of time in the message, whatever it is about."""
        toks = reading.toks
        for index in range(1, reading.size + 1):
            tok = toks[index]
            span = None
            if tok in _DAYS:
                span = self._measured(toks, index, reading.size <= 6)
            elif tok == "since":
                span = self._since(toks, index, today)
            span = span or self._point(toks, index, today)
            if span is not None:
                yield span

    def _measured(self, toks: list[str], index: int, short: bool) -> _Span | None:
        """'6 weeks', 'a fortnight', 'a couple of months', 'years', with what stands about it."""
        unit = _DAYS[toks[index]]
        first, count, exact = self._count(toks, index)
        after = index + 1
        if toks[after : after + 3] == ["and", "a", "half"]:
            count, after = count + 0.5, after + 3
        if toks[after] in ("old", "olds", "pregnant", "time_off") or count <= 0:
            return None
        days = count * unit
        before, follow = toks[max(1, first - 6) : first], toks[after : after + 4]
        if unit < 1 and follow[:1] != ["ago"]:
            return None
        if follow[:1] in (["ago"], ["back"], ["now"], ["already"], ["so"]) or "already" in before:
            return _Span(days, "so_far", first, after + 1, exact)
        if "all" in follow[:2] or follow[:1] in (["altogether"],) or "total" in follow[:3]:
            return _Span(days, "total", first, after + 1, exact)
        so_far = {"been", "had", "lived", "since", "over", "last", "looked_after_them", "raised"} & set(before)
        if not so_far and (
            (follow[:1] and follow[0] in ("while", "until", "till", "whilst"))
            or {"just", "only", "next", "another", "about_to", "supposed", "will", "should", "temporarily"} & set(before)
        ):
            return _Span(days, "planned", first, after, exact)
        minding = {"looking_after", "having", "minding"} & set(before) and toks[first - 1] == "for"
        if minding and not so_far and days < 28 and {"am", "are", "'s"} & set(toks[max(1, first - 9) : first]):
            return _Span(days, "planned", first, after, exact)
        said_here = toks[first - 1] == "here" or (toks[first - 1] in ("me", "us") and toks[first - 2] in ("with", "to", "at"))
        now_at = toks[first - 1] == "now" and toks[first - 2] in ("is", "'s", "it", "was")
        going_on = now_at or (toks[first - 1] == "on" and toks[first - 2] == "going")
        if toks[first - 1] in ("for", "over", "about", "been", "nearly") or so_far or short or said_here or going_on:
            return _Span(days, "so_far", first, after, exact)
        return None

    @staticmethod
    def _count(toks: list[str], index: int) -> tuple[int, float, bool]:
        """(first word, how many, whether that is a figure) for the unit at word `index`."""
        before = toks[index - 1]
        if before.isdigit() and before.isascii() and len(before) <= 3:
            return index - 1, float(before), True
        if before in ("half",):
            return index - 1, 0.5, True
        if before in ("a", "one", "an"):
            if toks[index - 2] == "half":
                return index - 2, 0.5, True
            over = (
                toks[index - 2] in ("times", "per", "day", "week", "month", "hours", "nights", "days", "once", "twice", "£")
                or toks[index - 2].isdigit()
            )
            return (index - 1, 0.0, False) if over else (index - 1, 1.0, True)
        if before in ("few", "several", "couple") or (before == "of" and toks[index - 2] in ("couple", "number")):
            few = 2.0 if "couple" in toks[index - 2 : index] else 3.0
            return index - (2 if before == "of" else 1), few, before != "several"
        if (
            toks[index] in ("years", "months", "weeks", "days") and before in ("for", "been", "many", "of", "now")
        ) or before in ("many",):
            return index - 1, {"years": 3.0, "months": 3.0, "weeks": 2.0, "days": 3.0}.get(toks[index], 3.0), False
        if toks[index] in ("years", "year", "fortnight") and toks[index + 1] in ("now", "ago"):
            return index, 3.0 if toks[index] == "years" else 1.0, False
        return index, 0.0, False

    @staticmethod
    def _since(toks: list[str], index: int, today: date) -> _Span | None:
        """'since March', 'since 2019', 'since last summer', 'since birth', 'since he was 2', 'since Friday'."""
        follow = toks[index + 1 : index + 6]
        words = [
            t
            for t in follow
            if t
            not in (
                "the",
                "about",
                "around",
                "early",
                "late",
                "end",
                "of",
                "beginning",
                "last",
                "start",
                "mid",
                "a",
                "back",
                "in",
                "just",
                "before",
                "after",
            )
        ]
        head = words[0] if words else "."
        if head in _MONTH_WORDS:
            year = int(words[1]) if len(words) > 1 and words[1].isdigit() and len(words[1]) == 4 else None
            if "last" in follow[: follow.index(head)] and _MONTHS[head[:3]] >= today.month:
                year = today.year - 1
            days = _days_since_month(today, _MONTHS[head[:3]], year)
            return _Span(days, "so_far", index, index + 2 + follow.index(head)) if days is not None else None
        if head.isdigit() and len(head) == 4 and 1990 <= int(head) <= today.year:
            days = (today - date(int(head), 7, 1)).days
            return _Span(max(days, 30), "so_far", index, index + 2, days > 365)
        if head in _WEEKDAYS:
            return _Span(3, "so_far", index, index + 2)
        if head in ("yesterday", "night", "week") or head == "month":
            return _Span({"week": 7, "month": 30}.get(head, 1), "so_far", index, index + 3)
        if (
            head in _SEASONS
            or head in _LONG
            or "born" in follow
        ):
            return _Span(9999 if head in _LONG or "born" in follow else 60, "so_far", index, index + 3, False)
        if {"was", "were"} & set(follow) and any(
            t.isdigit() or t in ("baby", "newborn", "tiny", "little", "toddler") for t in follow
        ):
            return _Span(9999, "so_far", index, index + 4, False)
        return None

    @staticmethod
    def _point(toks: list[str], index: int, today: date) -> _Span | None:
        """'yesterday', 'last night', 'this morning', 'on Friday', 'in March', 'in 2019'."""
        tok, before = toks[index], toks[index - 1]
        if tok in _POINTS:
            return _Span(_POINTS[tok], "so_far", index, index + 1)
        if before == "last" and tok in (
            "night",
            "week",
            "month",
            "year",
            "summer",
            "christmas",
            "xmas",
            "easter",
            "spring",
            "winter",
            "autumn",
        ):
            return _Span(
                {"night": 1, "week": 7, "month": 30}.get(tok, 300),
                "so_far",
                index - 1,
                index + 1,
                tok in ("night", "week"),
            )
        if before == "this" and tok in ("morning", "afternoon", "evening", "week", "weekend"):
            return _Span(1, "so_far", index - 1, index + 1)
        if before in ("on", "last") and tok in _WEEKDAYS:
            return _Span(3, "so_far", index - 1, index + 1)
        if before in ("in", "last", "early", "late") and tok in _MONTH_WORDS:
            year = int(toks[index + 1]) if toks[index + 1].isdigit() and len(toks[index + 1]) == 4 else None
            if before == "last" and _MONTHS[tok[:3]] >= today.month:
                year = today.year - 1
            days = _days_since_month(today, _MONTHS[tok[:3]], year)
            return _Span(days, "so_far", index - 1, index + 1) if days is not None else None
        if before in ("in", "during", "back") and tok.isdigit() and len(tok) == 4 and 1990 <= int(tok) <= today.year:
            days = (today - date(int(tok), 7, 1)).days
            return _Span(max(days, 30), "so_far", index - 1, index + 1, days > 365)
        return None


def _days_since_month(today: date, month: int, year: int | None) -> float | None:
    """Days from the start of a month (the last one of that name if no year) to today; None if it is to come."""
    if year is None:
        year = today.year if month <= today.month else today.year - 1
    if not 1990 <= year <= today.year:
        return None
    start = date(year, month, 1)
    if start > today:
        return None
    return float((today - start + timedelta(days=0)).days)
