"""Is the helpline open, and when is it next? UK time, bank holidays, clock changes, and the words for it."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from bot.knowledge.opening import UK, bank_holidays, clock_words, closes_at, day_words, opens_next
from bot.knowledge.schema import Helpline

WEEK = {day: {"opens": "09:30", "closes": "15:00"} for day in ("monday", "tuesday", "wednesday", "thursday", "friday")}


def line(**more: object) -> Helpline:
    return Helpline.model_validate({
        "name": "A helpline", "weekly": WEEK, "closed_on_bank_holidays": True, "checked_on": date(2026, 11, 1),
        "review_by": date(2027, 5, 1), "source": {"title": "A page", "url": "https://example.org"}} | more)


def utc(moment: str) -> datetime:
    return datetime.fromisoformat(moment).replace(tzinfo=UTC)


HOURS = [  # moment in UTC, open until (UK), else when it opens next, in words
    ("2026-11-24T11:00", "3pm", None),  # an ordinary Tuesday
    ("2026-11-24T09:29:59", None, "today 9.30am"),
    ("2026-11-24T09:30", "3pm", None),
    ("2026-11-24T14:59:59", "3pm", None),
    ("2026-11-24T15:00", None, "tomorrow 9.30am"),
    ("2026-11-24T00:00", None, "today 9.30am"),
    ("2026-11-27T15:30", None, "on Monday 9.30am"),  # Friday
    ("2026-11-28T11:00", None, "on Monday 9.30am"),  # Saturday
    ("2026-11-29T11:00", None, "tomorrow 9.30am"),  # Sunday
    ("2026-07-06T08:29", None, "today 9.30am"),  # summer time: 9.29 in London
    ("2026-07-06T08:30", "3pm", None),
    ("2026-07-06T13:59", "3pm", None),
    ("2026-07-06T14:00", None, "tomorrow 9.30am"),
    ("2026-07-06T23:30", None, "today 9.30am"),  # Tuesday, half past midnight, in London
    ("2026-03-27T08:45", None, "today 9.30am"),  # the Friday before the clocks go forward
    ("2026-03-27T09:30", "3pm", None),
    ("2026-03-28T12:00", None, "on Monday 9.30am"),
    ("2026-03-30T08:30", "3pm", None),  # and the Monday after
    ("2026-10-23T08:30", "3pm", None),  # the Friday before they go back
    ("2026-10-26T08:30", None, "today 9.30am"),  # and the Monday after
    ("2026-10-26T09:30", "3pm", None),
    ("2027-03-26T11:00", None, "on Tuesday 9.30am"),  # Good Friday, then Easter Monday after the change to summer time
    ("2027-03-30T08:30", "3pm", None),
    ("2026-12-24T11:00", "3pm", None),
    ("2026-12-24T16:00", None, "on Tuesday 9.30am"),  # Christmas Day, a weekend and Boxing Day's substitute
    ("2026-12-25T11:00", None, "on Tuesday 9.30am"),
    ("2026-12-28T11:00", None, "tomorrow 9.30am"),
    ("2026-12-31T16:00", None, "on Monday 9.30am"),
    ("2027-01-01T11:00", None, "on Monday 9.30am"),
    ("2027-05-03T11:00", None, "tomorrow 9.30am"),
    ("2027-12-27T11:00", None, "on Wednesday 9.30am"),
]


@pytest.mark.parametrize(("moment", "closes", "opens"), HOURS, ids=[h[0] for h in HOURS])
def test_open_or_when_next(moment: str, closes: str | None, opens: str | None) -> None:
    now = utc(moment)
    until, following = closes_at(line(), now), opens_next(line(), now)
    assert (clock_words(until) if until else None) == closes
    assert following and following > now
    if opens:
        assert f"{day_words(following, now)} {clock_words(following)}" == opens


HOLIDAYS = [
    "2026-04-03", "2026-04-06", "2026-05-04", "2026-05-25", "2026-08-31", "2026-12-25", "2026-12-28",
    "2027-01-01", "2027-03-26", "2027-03-29", "2027-05-03", "2027-05-31", "2027-08-30", "2027-12-27", "2027-12-28",
]


@pytest.mark.parametrize("day", HOLIDAYS)
def test_it_is_shut_on_every_bank_holiday_in_england(day: str) -> None:
    noon = datetime.fromisoformat(f"{day}T12:00").replace(tzinfo=UK)
    assert closes_at(line(), noon) is None
    assert closes_at(line(closed_on_bank_holidays=False), noon) is not None


def test_there_are_no_other_bank_holidays_in_those_years() -> None:
    assert {d.isoformat() for d in bank_holidays() if date(2026, 2, 1) < d < date(2028, 1, 1)} == set(HOLIDAYS)


def test_closures_of_its_own_and_the_date_when_it_is_long() -> None:
    shut = line(closures=[{"on": date(2026, 11, day), "why": "moving house"} for day in (24, 25, 26, 27, 30)])
    now = utc("2026-11-24T11:00")
    assert closes_at(shut, now) is None
    assert day_words(opens_next(shut, now), now) == "on Tuesday 1 December"


def test_a_helpline_that_never_opens_has_no_next_time() -> None:
    assert opens_next(line(weekly={}), utc("2026-11-24T11:00")) is None


@pytest.mark.parametrize(("time", "words"), [("09:30", "9.30am"), ("12:00", "midday"), ("12:05", "12.05pm"), ("15:00", "3pm"),
                                             ("00:15", "12.15am"), ("23:59", "11.59pm"), ("09:05", "9.05am")])
def test_the_clock_in_words(time: str, words: str) -> None:
    assert clock_words(datetime.fromisoformat(f"2026-11-24T{time}").replace(tzinfo=UK)) == words


def test_the_clock_in_words_is_uk_time() -> None:
    assert clock_words(utc("2026-07-06T14:00")) == "3pm"
