"""What a short message plainly is by its words."""

from __future__ import annotations

import pytest

from bot.understanding.plainly import BACK, WRONG, corrects, may_delete


@pytest.mark.parametrize(("text", "expected"), [
    ("that's wrong", WRONG), ("that figure is wrong", WRONG), ("no that isn't right", WRONG),
    ("you've made a mistake there", WRONG),
    ("go back to the nursery thing", BACK), ("sorry, back to the benefits", BACK), ("can we go back to what you said", BACK),
    ("ok right, back to school", BACK), ("they sent him back to his mum", None), ("what if he goes back to her", None),
    ("is that wrong?", None), ("what's wrong with him", None), ("how do i apply", None), ("", None),
    ("the council got it wrong and now they want all of it back from us", None),
])
def test_corrections(text: str, expected: str | None) -> None:
    assert corrects(text) == expected


@pytest.mark.parametrize(("text", "expected"), [
    ("delete everything please", True), ("stop", True), ("please wipe what i told you", True), ("forget all that", True),
    ("how do i get rid of this chat", True), ("can i stop it for a bit?", False), ("could we take him out", False),
    ("can i stop the messages", True), ("rub it all out", True),
])
def test_only_what_speaks_of_what_is_kept_deletes(text: str, expected: bool) -> None:
    assert may_delete(text) is expected
