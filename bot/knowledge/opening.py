"""Is the helpline open, and when is it next? UK time; bank holidays from govuk-bank-holidays' vendored data."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from govuk_bank_holidays.bank_holidays import BankHolidays

from bot.knowledge.schema import Helpline, OpeningHours

UK = ZoneInfo("Europe/London")
WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


@lru_cache(maxsize=1)
def bank_holidays() -> frozenset[date]:
    """Days on which England is shut, as far ahead as the data goes."""
    holidays = BankHolidays(use_cached_holidays=True)
    return frozenset(h["date"] for h in holidays.get_holidays(BankHolidays.ENGLAND_AND_WALES))


def hours_on(helpline: Helpline, day: date) -> OpeningHours | None:
    """Opening hours on that day; None where it is shut."""
    closed = helpline.closed_on_bank_holidays and day in bank_holidays()
    if closed or any(c.on == day for c in helpline.closures):
        return None
    return helpline.weekly.get(WEEKDAYS[day.weekday()])  # type: ignore[call-overload, no-any-return]


def closes_at(helpline: Helpline, now: datetime) -> datetime | None:
    """When it shuts today, if it is open at `now` (any time zone); else None."""
    local = now.astimezone(UK)
    hours = hours_on(helpline, local.date())
    if hours is None or not hours.opens <= local.time() < hours.closes:
        return None
    return datetime.combine(local.date(), hours.closes, UK)


def opens_next(helpline: Helpline, now: datetime) -> datetime | None:
    """The next opening after `now`; None where it does not open within six weeks."""
    local = now.astimezone(UK)
    for days in range(43):
        day = local.date() + timedelta(days)
        hours = hours_on(helpline, day)
        if hours and datetime.combine(day, hours.opens, UK) > local:
            return datetime.combine(day, hours.opens, UK)
    return None


def clock_words(moment: datetime) -> str:
    """'9.30am', '3pm', 'midday'."""
    local = moment.astimezone(UK)
    if (local.hour, local.minute) == (12, 0):
        return "midday"
    minutes = f".{local.minute:02d}" if local.minute else ""
    return f"{local.hour % 12 or 12}{minutes}{'am' if local.hour < 12 else 'pm'}"


def day_words(moment: datetime, now: datetime) -> str:
    """'today', 'tomorrow', 'on Monday', 'on Monday 4 January'."""
    local, today = moment.astimezone(UK), now.astimezone(UK).date()
    away = (local.date() - today).days
    if away < 2:
        return ("today", "tomorrow")[away]
    if away < 7:
        return f"on {local:%A}"
    return f"on {local:%A} {local.day} {local:%B}"
