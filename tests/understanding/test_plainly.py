"""What a short message plainly is by its words."""

from __future__ import annotations

import pytest

from bot.understanding.plainly import BACK, WRONG, asks_whether, corrects, may_delete, names_nothing


@pytest.mark.parametrize(("text", "expected"), [
    ("that's wrong", WRONG), ("that figure is wrong", WRONG), ("no that isn't right", WRONG),
    ("you've made a mistake there", WRONG),
    ("go back to the nursery thing", BACK), ("sorry, back to the benefits", BACK), ("can we go back to what you said", BACK),
    ("ok right, back to school", BACK), ("they sent him back to his mum", None), ("what if he goes back to her", None),
    ("is that wrong?", None), ("what's wrong with him", None), ("how do i apply", None), ("", None),
    ("the council got it wrong and now they want all of it back from us", None),
    ("thats wrong", WRONG), ("sorry but you got it wrong", WRONG), ("wrong amount", WRONG), ("not true", WRONG),
    ("no, the figures are wrong", WRONG), ("i think that's incorrect", WRONG), ("youve made a mistake", WRONG),
    ("the council got it wrong", None), ("i made a mistake on the form", None), ("something is wrong", None),
    ("the dwp paid me the wrong amount", None), ("his diagnosis is wrong", None), ("he is not right in himself", None),
    ("it's not right how they treat him", None),
    ("go back to the money bit", BACK), ("no wait, go back to the court part", BACK), ("let's get back to my question", BACK),
    ("hang on go back to that", BACK), ("can we go back to the council one", BACK),
    ("how long do they have to get back to me", None), ("can i go back to work part time", None),
    ("does he have to go back to his mum", None), ("what if she wants to go back to her mum", None),
    ("can we go back to court to change it", None), ("when does he go back to school", None),
    ("can we go back to the court", None), ("can we go back to the council for more", None),
    ("back to work next week, who has him", None),
])
def test_corrections(text: str, expected: str | None) -> None:
    assert corrects(text) == expected


@pytest.mark.parametrize(("text", "expected"), [
    ("delete everything please", True), ("stop", True), ("please wipe what i told you", True), ("forget all that", True),
    ("how do i get rid of this chat", True), ("can i stop it for a bit?", False), ("could we take him out", False),
    ("can i stop the messages", True), ("rub it all out", True),
    ("can i stop and have everything deleted", True), ("could i just cancel and delete it all", True),
    ("can we end this and wipe it all", True), ("can i take back what i told you", True),
    ("can i stop you keeping this", True), ("can i stop going on the contact visits", False),
])
def test_only_what_speaks_of_what_is_kept_deletes(text: str, expected: bool) -> None:
    assert may_delete(text) is expected


@pytest.mark.parametrize(("text", "expected"), [
    ("is it means tested?", True), ("and does it count as income", True), ("so are we eligible", True),
    ("what does means tested mean", False), ("does that mean we pay it back", False), ("what is a dbs", False),
    ("sgo?", False), ("", False),
])
def test_whether_something_is_so_is_no_question_for_a_words_meaning(text: str, expected: bool) -> None:
    assert asks_whether(text) == expected


@pytest.mark.parametrize(("text", "nothing"), [
    ("so what is there for him then?", True), ("what can i get", True), ("is there anything else", True),
    ("what's that like", True),
    ("what about school", False), ("who pays", False), ("is there a group", False), ("", False), ("?", False),
])
def test_a_message_that_names_nothing(text: str, nothing: bool) -> None:
    assert names_nothing(text) is nothing
