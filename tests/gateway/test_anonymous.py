"""What could tell who a carer is goes; what she needs stays."""

from __future__ import annotations

import pytest

from bot.gateway.anonymous import anonymous
from bot.transcripts import shares


@pytest.mark.parametrize(("said", "kept"), [
    ("ring me on 07700 900 123 please", "ring me on [number] please"),
    ("we're at LS6 2AB, in Leeds", "we're at [postcode], in Leeds"),
    ("write to nan.jones@example.org", "write to [email]"),
    ("Sophie is 7 and Jack is 9", "[name] is 7 and [name] is 9"),
    ("my case number is 4471-2290", "my case number is [number]"),
    ("see https://example.org/x?id=1", "see [link]"),
    ("she is 7, SGO in 2019, £70 a week", "she is 7, SGO in 2019, £70 a week"),
])
def test_identities_go_and_needs_stay(said: str, kept: str) -> None:
    assert anonymous(said) == kept


def test_shares_are_of_all_labels() -> None:
    told = shares(["helped", "helped", "unsafe", "failed"])
    assert "helped       2 of 4 (50%)" in told and "self-served  0 of 4 (0%)" in told
    assert shares([]) == "No conversation has a label yet."
