"""Conversations that writers made up: what is read of each message, and slips that are named."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.understanding.talks import KINDS, talks

TALK = """
talks:
- turns:
  - say: is there any money
    topic: money.overview
  - say: how do i get it
    topic: money.overview
    part: how_to_apply
  - say: she is seven
    says: tells
  - say: school wont have her, and she wets the bed
    topic: education.school_place
    also: [family.behaviour]
  - say: so that money
    topic: money.overview
- turns:
  - say: hiya
    says: chats
  - say: no room at the school
    topic: education.school_place
"""


def test_each_message_knows_what_was_spoken_of_before_it(tmp_path: Path) -> None:
    (tmp_path / "ann.yml").write_text(TALK, encoding="utf-8")
    read = list(talks(tmp_path))
    assert [line.kind for line in read] == ["first", "goes_on", "tells", "new", "goes_back", "chats", "first"]
    assert [line.facet for line in read] == [None, "how_to_apply", None, None, None, None, None]
    assert read[4].spoken == ("education.school_place", "family.behaviour", "money.overview") and read[6].spoken == ()
    assert {line.writer for line in read} == {"ann"}


@pytest.mark.parametrize(("turn", "why"), [
    ("say: hello", "either about a topic"), ("say: hello\n    says: chats\n    topic: money.overview", "either about a topic"),
    ("say: hello\n    says: shouts", "one of tells"), ("say: hello\n    topic: money.none", "no topic money.none"),
    ("say: 16\n    says: tells", "a text under say"), ("say: hello\n    says: chats\n    tone: warm", "a text under say"),
])
def test_a_slip_is_named(turn: str, why: str, tmp_path: Path) -> None:
    (tmp_path / "ann.yml").write_text(f"talks:\n- turns:\n  - {turn}\n", encoding="utf-8")
    with pytest.raises(ValueError, match=f"ann.yml: conversation 1: .*{why}"):
        list(talks(tmp_path))


def test_the_conversations_are_of_many_kinds_by_several_writers() -> None:
    read = list(talks())
    assert len({line.writer for line in read}) >= 5 and {line.kind for line in read} == set(KINDS)
