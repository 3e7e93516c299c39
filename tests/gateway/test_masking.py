"""Identifiers go before a message is kept; what an answer needs stays."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import text as sql
from stdnum import luhn
from stdnum.gb import nhs

from bot.gateway.masking import masked
from tests.doubles.carer import Carer
from tests.doubles.gateway import Running
from tests.doubles.rasa import FakeRasa, says

MASKED = [
    ("an e-mail address", "write to nan.o'jones+kin@mail.example.org please", "write to [email] please"),
    ("a mobile", "my number is 07911 123456.", "my number is [phone number]."),
    ("one for films", "07700900461", "[phone number]"),
    ("from abroad", "it is +44 (0)7911 123456", "it is [phone number]"),
    ("with 0044", "0044 7911 123456", "[phone number]"),
    ("the letter O", "O7911 123456", "O[phone number]"),
    ("a landline", "mum is on 0113 496 0000", "mum is on [phone number]"),
    ("in France", "+33 6 12 34 56 78", "[phone number]"),
    ("two", "07911 123456 or 01904 551550", "[phone number] or [phone number]"),
    ("a bank card", "card 4111 1111 1111 1111 exp 10/28", "card [card number] exp 10/28"),
    ("a National Insurance number", "NI is QQ 12 34 56 C or ab123456d", "NI is QQ 12 34 56 C or [National Insurance number]"),
    ("an NHS number", "his NHS number is 943 476 5919", "his NHS number is [NHS number]"),
    ("an NHS number in one", "nhs 9434765919 ok", "nhs [NHS number] ok"),
    ("a helpline", "I rang 0300 123 1967 and 0800 1111 and 116 123 and 999", None),
    ("money, years, ages", "£1,200.50 since 2019, kids 4, 7 and 12, 12/10/2018 10:30", None),
    ("a reference", "case 4471-2290", None),
    ("sixteen digits that are no card", "ref 4111 1111 1111 1112 is", None),
    ("a postcode, which finds the council", "we live at LS6 2AB", None),
    ("an at sign", "meet @ 3pm", None),
]


@pytest.mark.parametrize(("said", "kept"), [pytest.param(*case[1:], id=case[0]) for case in MASKED])
def test_identifiers_go_and_needs_stay(said: str, kept: str | None) -> None:
    assert masked(said) == (kept or said)


def test_a_number_stays_where_it_is_kept_for_a_call() -> None:
    assert masked("07911 123456, a@b.org", keeps_phone=True) == "07911 123456, [email]"


@given(st.text(max_size=200))
def test_any_text_can_be_masked_and_once_is_enough(text: str) -> None:
    assert masked(masked(text)) == masked(text)


@given(st.integers(4 * 10**14, 5 * 10**14 - 1).map(str), st.sampled_from(["", " ", "-"]))
def test_every_card_and_health_number_goes(digits: str, gap: str) -> None:
    card = digits + luhn.calc_check_digit(digits)
    assert masked(f"it is {gap.join([card[i:i + 4] for i in range(0, 16, 4)])}!") == "it is [card number]!"
    for health in filter(nhs.is_valid, (digits[:9] + str(last) for last in range(10))):
        assert masked(f"it is {gap.join([health[:3], health[3:6], health[6:]])}!") == "it is [NHS number]!"


SECRETS = ("07911", "nan@", "4111", "AB123456D", "9434765919")
SAID = "nan@example.org 07911 123456 4111111111111111 AB123456D 9434765919"


async def everything(gateway: Running) -> str:
    """Every row of every table."""
    async with gateway.store.engine.connect() as connection:
        tables = [row[0] for row in await connection.execute(sql("SELECT name FROM sqlite_master WHERE type = 'table'"))]
        return "\n".join([str((await connection.exec_driver_sql(f"SELECT * FROM {table}")).all()) for table in tables])  # noqa: S608


async def test_neither_the_store_nor_rasa_sees_them(gateway: Running, carer: Carer, rasa: FakeRasa) -> None:
    await carer.say(SAID)
    kept = await everything(gateway)
    assert "[card number]" in kept and "[card number]" in rasa.turns[-1]["text"]
    for secret in SECRETS:
        assert secret not in kept and secret not in str(rasa.turns)


async def test_a_number_to_call_is_kept_for_the_helpline_and_never_shown_to_rasa(gateway: Running, carer: Carer,
                                                                                rasa: FakeRasa) -> None:
    rasa.script["a person please"] = says("Somebody will come.", hand_over="asked")
    await carer.say("please call me on 07911 123456")
    await carer.say("a person please")
    await carer.say("01904 551550")
    kept = await everything(gateway)
    assert "07911 123456" in kept and "01904 551550" in kept
    assert "07911" not in str(rasa.turns) and "01904" not in str(rasa.turns)
