"""The manager's figures: what is counted, that it outlives the texts without whose it was, and that no small number shows."""

from __future__ import annotations

import csv
import io
import re
from collections import defaultdict
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.gateway import tallies
from bot.gateway.app import RETENTION
from bot.gateway.tables import Tally
from bot.gateway.web_api import CLOCK
from bot.helpline.report import FEW, Quarter, Report, shown
from tests.channels.quiet import Stopped
from tests.doubles.adviser import Adviser
from tests.doubles.carer import Carer
from tests.doubles.gateway import Running, StartGateway
from tests.doubles.rasa import FakeRasa, says
from tests.helpline.conftest import PLEASE, Arrive

BENEFIT, SCHOOL = "money.child_benefit", "education.school_place"
LEEDS = {"authority": "leeds", "arrangement": "special_guardianship_order"}


@pytest.fixture(autouse=True)
def _answers(rasa: FakeRasa) -> None:
    rasa.script |= {"benefit": says("Claim it.", entry=BENEFIT), "school": says("Apply.", entry=SCHOOL), "eh": says("Which?")}
    rasa.slots |= {"benefit": LEEDS, "I'm in Leeds": LEEDS, "eh": {"unclear": 1}}


async def cells(gateway: Running) -> dict[tuple[str, str, str, str], int]:
    """All that is counted, small or not: (kind, of what, council, arrangement)."""
    async with gateway.store.session() as session:
        return {(one.kind, one.what, one.authority, one.arrangement): one.count
                for one in await tallies.between(session, date.min, date.max)}


async def of_kind(gateway: Running, kind: str) -> dict[str, int]:
    return {key[1]: number for key, number in (await cells(gateway)).items() if key[0] == kind}


async def csv_rows(boss: Adviser) -> list[dict[str, str]]:
    async with boss.session.get(f"{boss.gateway.url}/helpline/report.csv") as got:
        assert got.status == 200 and got.content_type == "text/csv" and "attachment" in got.headers["Content-Disposition"]
        return list(csv.DictReader(io.StringIO(await got.text())))


def number_of(rows: list[dict[str, str]], **wanted: str) -> str | None:
    blank = {"week": "", "of": "", "council": "", "arrangement": ""}
    found = [row["conversations"] for row in rows if {**row, "conversations": ""} == {**blank, **wanted, "conversations": ""}]
    assert len(found) <= 1
    return found[0] if found else None


TURNS = [  # what she says, and what it counts for
    (["benefit"], {"talked": {"": 1}, "answered": {"": 1}, "asked": {BENEFIT: 1}}),
    (["benefit", "benefit", "school"], {"talked": {"": 1}, "answered": {"": 1}, "asked": {BENEFIT: 1, SCHOOL: 1}}),
    (["hello"], {"talked": {"": 1}, "answered": {}}),
    (["eh", "eh"], {"not_understood": {"": 1}, "answered": {}}),
    ([PLEASE, PLEASE], {"handed_over": {"": 1}, "reason": {"asked": 1}, "handed_over_shut": {}}),
    (["I want to kill myself"], {"reason": {"danger": 1}, "asked": {"urgent.suicide_or_self_harm": 1}}),
]


@pytest.mark.parametrize(("said", "counted"), TURNS, ids=lambda value: value[0] if isinstance(value, list) else "")
async def test_a_conversation_counts_once_for_each_thing(gateway: Running, carer: Carer, said: list[str],
                                                         counted: dict[str, dict[str, int]]) -> None:
    for text in said:
        await carer.say(text)
    assert {kind: await of_kind(gateway, kind) for kind in counted} == counted


async def test_out_of_hours_is_by_the_helplines_hours(start_gateway: StartGateway) -> None:
    gateway = await start_gateway(now="2026-11-27T22:00:00+00:00")
    carer = await gateway.carer()
    await carer.say(PLEASE)
    assert await of_kind(gateway, "shut") == await of_kind(gateway, "handed_over_shut") == {"": 1}


async def test_what_she_tells_later_moves_what_was_counted(gateway: Running, carer: Carer) -> None:
    await carer.say("school")
    assert ("asked", SCHOOL, "", "") in await cells(gateway)
    await carer.say("I'm in Leeds")
    counted = await cells(gateway)
    assert {key[2:] for key in counted} == {tuple(LEEDS.values())} and set(counted.values()) == {1}


async def test_another_week_counts_anew(gateway: Running, carer: Carer, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Stopped(gateway, monkeypatch)
    await carer.say("benefit")
    clock.ahead(days=7)
    await carer.say("benefit")
    async with gateway.store.session() as session:
        weeks = [one.week for one in await tallies.between(session, date.min, date.max) if one.kind == "talked"]
    assert weeks == [date(2026, 11, 23), date(2026, 11, 30)]


async def test_an_entry_marked_wrong_counts_until_she_takes_it_back(gateway: Running, carer: Carer) -> None:
    told = (await carer.say("benefit")).messages[0]["id"]
    for says_, counted in (("wrong", {BENEFIT: 1}), ("wrong", {BENEFIT: 1}), ("helpful", {}), ("wrong", {BENEFIT: 1})):
        async with carer.session.put(f"{carer.path}/messages/{told}/feedback", json={"says": says_},
                                     headers=carer.headers) as got:
            assert got.status == 204
        assert await of_kind(gateway, "wrong") == counted, says_


async def test_what_staff_and_channels_bring_to_the_desk_counts_too(gateway: Running, carer: Carer, sam: Adviser) -> None:
    other = await gateway.carer()
    await carer.say("hello")
    assert await sam.claim(carer.id) == 204
    await gateway.store.tell_desk(other.id, "not_delivered", gateway.app[CLOCK].now())
    assert await of_kind(gateway, "reason") == {"stepped_in": 1, "not_delivered": 1}


async def test_the_page_and_the_csv_show_no_small_number_and_outlive_the_texts(gateway: Running, arrive: Arrive,
                                                                               monkeypatch: pytest.MonkeyPatch) -> None:
    boss = await arrive("boss", role="supervisor")
    carers = [await gateway.carer() for _ in range(FEW + 1)]
    for number, one in enumerate(carers):
        await one.say("benefit")
        if number < FEW - 1:
            await one.say("school")
            await one.say(PLEASE)
            assert await boss.claim(one.id) == 204 and await boss.end(one.id) == 204
    for _ in range(FEW):
        await (await gateway.carer()).say("hello")
    await carers[0].delete()
    clock = Stopped(gateway, monkeypatch)
    clock.ahead(hours=25)
    assert await gateway.app[RETENTION].once() > 0
    async with gateway.store.engine.connect() as connection:
        kept = str((await connection.exec_driver_sql("SELECT * FROM tallies")).all())
        assert (await connection.exec_driver_sql("SELECT count(*) FROM conversations")).scalar() == 0
    assert not any(one.id in kept for one in carers) and "benefit" in kept

    assert boss.authenticator and await boss.sign_in(boss.authenticator.code()) == 303
    rows = await csv_rows(boss)
    assert rows and all(int(row["conversations"]) >= FEW for row in rows)
    assert number_of(rows, figure="talked") == "11" == number_of(rows, figure="talked", week="2026-11-23")
    assert number_of(rows, figure="answered") == "6"
    assert number_of(rows, figure="asked", of=BENEFIT) == number_of(rows, figure="asked", of=BENEFIT, council="leeds") == "6"
    assert number_of(rows, figure="talked", council="leeds", arrangement="special_guardianship_order") == "6"
    assert number_of(rows, figure="talked", council="not said") == "5"
    assert number_of(rows, figure="asked", of=SCHOOL) is None is number_of(rows, figure="handed_over")
    for path in ("/report", "/report?of=authority:leeds", "/report?of=arrangement:special_guardianship_order"):
        page = await boss.page(path)
        told = [int(n) for n in re.findall(r"<(?:td|dd)>(\d+)", page)]
        assert told and min(told) >= FEW, path
        assert "Child Benefit" in page and "school" not in page.split("<h1>")[1].split("</form>")[1].casefold(), path
        assert page.count("<svg class=\"plot\" role=\"img\"") >= 3


async def test_an_empty_report_says_so(arrive: Arrive) -> None:
    boss = await arrive("boss", role="supervisor")
    assert "Nothing that can be shown yet" in await boss.page("/report?quarter=nonsense&of=authority:nowhere")
    assert await csv_rows(boss) == []


names = st.sampled_from("abcd")


@given(st.dictionaries(st.tuples(names, names), st.integers(0, 12), max_size=16), st.booleans(), st.booleans())
def test_no_small_number_shows_or_follows_from_a_total(counted: dict[tuple[str, str], int], rows: bool, columns: bool) -> None:
    safe = shown(counted, rows, columns)
    assert all(number >= FEW and counted[cell] == number for cell, number in safe.items())
    lines = defaultdict(list)
    for cell in counted:
        for side, totals in enumerate((rows, columns)):
            if totals:
                lines[side, cell[side]].append(cell)
    for line in lines.values():
        hidden = sum(counted[cell] for cell in line if cell not in safe)
        assert not 0 < hidden < FEW or not any(cell in safe for cell in line)
    if not (rows or columns):
        assert len(safe) == sum(number >= FEW for number in counted.values()), "and no more is hidden than has to be"


REASONS = [  # handed over, why, of how many reasons the number may be shown
    (20, {"asked": 17, "danger": 3}, {}),
    (20, {"asked": 13, "danger": 7}, {"asked": 13, "danger": 7}),
    (20, {"asked": 12, "danger": 3, "complaint": 5}, {"asked": 12}),
    (20, {"asked": 16, "danger": 3, "complaint": 3}, {}),  # two had both: asked and not is 4
    (20, {"asked": 14, "danger": 8}, {"asked": 14}),  # two were in both
    (4, {"asked": 4}, {}),
    (97, {"asked": 97}, {}),  # of 100 who talked: the rest is few
]


@pytest.mark.parametrize(("handed_over", "reasons", "safe"), REASONS)
def test_no_small_number_follows_from_the_reasons(handed_over: int, reasons: dict[str, int], safe: dict[str, int]) -> None:
    counted = [(tallies.TALKED, "", 100), (tallies.HANDED_OVER, "", handed_over),
               *((tallies.REASON, reason, number) for reason, number in reasons.items())]
    report = Report([Tally(week=date(2026, 11, 23), kind=kind, what=what, authority="", arrangement="", count=number)
                     for kind, what, number in counted], [])
    assert {reason: number for (reason, _), number in report.reasons.items()} == safe


@given(st.dates(date(2024, 1, 1), date(2030, 12, 31)))
def test_each_day_is_in_one_quarter(day: date) -> None:
    quarter = Quarter.of(day)
    assert quarter.start <= day < quarter.until == quarter.next.start
    weeks = quarter.weeks(quarter.until + timedelta(days=3))
    assert len(weeks) in (12, 13, 14) and all(date.fromisoformat(week).weekday() == 0 for week in weeks)
