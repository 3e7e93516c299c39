"""Figures: the value of the day, the wording after its end, and nothing else of the text changed."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from bot.knowledge.base import KnowledgeBase
from bot.knowledge.check_figures import LITERAL, tax_year_ends
from bot.knowledge.figures import Figures, references
from bot.knowledge.schema import Figure

NAMES = st.from_regex(r"[a-z][a-z0-9_]{0,8}", fullmatch=True)
DAYS = st.dates(date(2020, 1, 1), date(2035, 12, 31))
PLAIN = st.text(st.characters(blacklist_characters="{}", blacklist_categories=["Cs", "Cc"]), max_size=40)
HINT = " (check [{title}]({url}))"


def figure(*values: tuple[str, date, date | None], otherwise: str = "a set amount") -> Figure:
    return Figure.model_validate({
        "label": "A figure", "otherwise": otherwise, "checked_on": "2026-01-01", "review_by": "2027-01-01",
        "values": [{"value": value, "from": start, "to": end} for value, start, end in values],
        "source": {"title": "A page", "url": "https://www.gov.uk/page"},
    })


YEARS = figure(("£10", date(2026, 4, 6), date(2027, 4, 5)), ("£9", date(2025, 4, 6), date(2026, 4, 5)))
FIGURES = Figures({"a": {"b": YEARS}}, HINT)


@pytest.mark.parametrize(
    ("on", "value"),
    [(date(2025, 4, 5), None), (date(2025, 4, 6), "£9"), (date(2026, 4, 5), "£9"), (date(2026, 4, 6), "£10"),
     (date(2027, 4, 5), "£10"), (date(2027, 4, 6), None)],
)
def test_value_of_the_day(on: date, value: str | None) -> None:
    assert FIGURES.value("a", "b", on) == value
    assert FIGURES.fill("It is {figures.a.b}.", on) == (
        f"It is {value}." if value else "It is a set amount (check [A page](https://www.gov.uk/page))."
    )


def test_a_value_without_an_end_holds_on() -> None:
    figures = Figures({"a": {"b": figure(("999", date(2026, 1, 1), None))}})
    assert figures.value("a", "b", date(2099, 1, 1)) == "999"
    assert figures.value("a", "b", date(2025, 12, 31)) is None


def test_an_unknown_name_is_an_error() -> None:
    for text in ("{figures.a.c}", "{figures.c.b}"):
        with pytest.raises(KeyError):
            FIGURES.fill(text, date(2026, 11, 22))
    assert ("a", "b") in FIGURES
    assert ("a", "c") not in FIGURES
    assert [(group, name) for group, name, _ in FIGURES] == [("a", "b")]


@pytest.mark.parametrize("lacking", ["source", "checked_on", "review_by", "otherwise", "label", "values"])
def test_a_figure_is_whole(lacking: str) -> None:
    whole = YEARS.model_dump(by_alias=True)
    with pytest.raises(ValidationError, match=lacking):
        Figure.model_validate({name: value for name, value in whole.items() if name != lacking})


def test_every_real_figure_has_source_and_dates() -> None:
    for group, name, real in KnowledgeBase.load().figures:
        assert real.source.url.startswith("http"), (group, name)
        assert real.checked_on < real.review_by


@given(PLAIN, DAYS)
def test_text_without_figures_is_left_alone(text: str, on: date) -> None:
    assert FIGURES.fill(text, on) == text


@given(st.lists(st.tuples(PLAIN, st.booleans()), max_size=6), DAYS)
def test_fill_changes_the_figures_only(parts: list[tuple[str, bool]], on: date) -> None:
    """Whatever stands round the figures, each becomes the day's wording and the rest stays; where to check once."""
    text = "".join(plain + ("{figures.a.b}" if has else "") for plain, has in parts)
    value, hint = FIGURES.value("a", "b", on), HINT.format(title="A page", url="https://www.gov.uk/page")
    brief = "".join(plain + ((value or "a set amount") if has else "") for plain, has in parts)
    assert FIGURES.fill(text, on, briefly=True) == brief
    once = brief if value or not any(has for _, has in parts) else brief.replace("a set amount", "a set amount" + hint, 1)
    assert FIGURES.fill(text, on) == once
    assert len(references(text)) == sum(has for _, has in parts)


# The year of an amount

DATED = Figures({"a": {
    "tax": YEARS,
    "school": figure(("£5", date(2026, 9, 1), date(2027, 8, 31))),
    "calendar": figure(("£4", date(2026, 1, 1), date(2026, 12, 31))),
    "longer": figure(("£3", date(2025, 4, 6), date(2027, 4, 5))),
    "age": figure(("16", date(2026, 4, 6), date(2027, 4, 5))),
    "fee": figure(("£2", date(2026, 4, 6), None)),
}}, HINT, " ({year})")


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("It is {figures.a.tax} for one. Ask.", "It is £10 for one (2026-27). Ask."),
        ("It is {figures.a.tax} for one, {figures.a.tax} for two", "It is £10 for one, £10 for two (2026-27)"),
        ("- One: {figures.a.tax}\n- Two: {figures.a.tax}", "- One: £10 (2026-27)\n- Two: £10"),
        ("Is it {figures.a.tax}? Yes, {figures.a.school}.", "Is it £10 (2026-27)? Yes, £5."),
        ("Up to {figures.a.calendar} in all.", "Up to £4 in all (2026)."),
        ("{figures.a.tax} is more than {figures.a.calendar}.", "£10 is more than £4 (2026-27) (2026)."),
        ("It was {figures.a.longer}, from {figures.a.age}, with {figures.a.fee}.", "It was £3, from 16, with £2."),
        ("Say: 'It is {figures.a.tax}.' See [a page](https://a.uk/b.c?d).",
         "Say: 'It is £10 (2026-27).' See [a page](https://a.uk/b.c?d)."),
        ("{figures.a.tax} on [a page](https://a.uk/b.c?d). Ask.", "£10 on [a page](https://a.uk/b.c?d) (2026-27). Ask."),
    ],
)
def test_the_first_amount_of_a_year_names_it(text: str, shown: str) -> None:
    assert DATED.fill(text, date(2026, 11, 22)) == shown


def test_an_amount_that_has_ended_names_no_year() -> None:
    assert "(20" not in DATED.fill("It is {figures.a.tax}.", date(2027, 4, 6))


def test_every_yearly_amount_of_the_real_content_has_its_year() -> None:
    """In every text that a carer may read, long or short."""
    base, on, seen = KnowledgeBase.load(), date(2026, 11, 22), 0
    for topic in base.topics.values():
        for entry in topic.entries:
            for text in (*entry.says.values(), *([entry.sms] if entry.sms else [])):
                if any(_is_of_2026(base, name) for name in references(text)):
                    assert "(2026-27)" in base.figures.fill(text, on), entry.id
                    seen += 1
    assert seen > 50


def _is_of_2026(base: KnowledgeBase, name: tuple[str, str]) -> bool:
    real = {(group, figure): found for group, figure, found in base.figures}[name]
    return any("£" in v.value and (v.from_.year, v.from_.month) == (2026, 4) and v.to for v in real.values)


@given(NAMES, NAMES, PLAIN.filter(str.strip), DAYS, st.integers(0, 800), DAYS)
def test_a_value_is_shown_on_its_days_and_on_no_other(
    group: str, name: str, value: str, start: date, length: int, on: date
) -> None:
    end = start + timedelta(days=length)
    figures = Figures({group: {name: figure((value, start, end), otherwise="something else")}})
    shown = figures.fill(f"{{figures.{group}.{name}}}", on)
    assert shown == (value.strip() if start <= on <= end else "something else")


@given(DAYS)
def test_the_next_april(on: date) -> None:
    last, first = tax_year_ends(on)
    assert (last.month, last.day, first.month, first.day) == (4, 5, 4, 6)
    assert on <= last and (first - on).days <= 366


@pytest.mark.parametrize(
    "text", ["£27.05", "£3,000 a year", "Ring 0808 801 0366", "0800 1111", "116 123", "999", "text 85258", "18001 0800"]
)
def test_literals(text: str) -> None:
    assert LITERAL.search(text)


@pytest.mark.parametrize("text", ["section 22H of the Children Act 1989", "from 2026", "999 BSL", "form CH2", "aged 16"])
def test_no_literals(text: str) -> None:
    assert not LITERAL.search(text)
