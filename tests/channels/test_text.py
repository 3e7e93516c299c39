"""Splitting, counting and marking up: whatever the text, nothing is lost, broken or too long."""

from __future__ import annotations

import re
from datetime import date
from typing import Any

import pytest
import smsutil
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.channels import sms, telegram, whatsapp
from bot.channels.reading import read
from bot.channels.rendering import linked, sources_of, whole
from bot.channels.text import LINK, TWO_SEGMENTS, folded, links_last, segments, short, split
from bot.gateway.clock import Clock
from bot.gateway.outgoing import Parcel, Shown
from bot.knowledge import gsm
from bot.knowledge.base import CONTENT, KnowledgeBase
from bot.knowledge.reply import Answer, Cited, Message, Option
from bot.safeguarding.watch import PERSON
from tests.doubles.gateway import knowledge
from tests.doubles.telegram import read_html

ON = date(2026, 11, 24)
GSM = "".join(sorted(gsm.BASIC - {"\r"})) + "".join(sorted(gsm.EXTENDED - {"\f"}))
LINKS = ["https://www.gov.uk/child-benefit", "https://frg.org.uk/a/b_c?d=e&f=1", "https://www.example.org/" + "x" * 120]

words = st.text(alphabet=st.sampled_from("abcdefghij klmno .,;:?'-£é€êŵ🙂\n"), min_size=0, max_size=60)
links = st.builds("[{}]({})".format, st.sampled_from(["the guide", "Child Benefit", "a <b> & c"]), st.sampled_from(LINKS))
texts = st.lists(st.one_of(words, words, links, st.text(max_size=30)), max_size=14).map(" ".join).filter(str.strip)


def bare(text: str) -> str:
    """`text` without blanks: what may not change over a split."""
    return re.sub(r"\s+", "", text)


def say(name: str, **values: object) -> str:
    return knowledge().say(name, ON, **values)


SMS = sms.Sms(None, "+447700900000", ["GB"], say)  # type: ignore[arg-type]
WHATSAPP = whatsapp.WhatsApp(None, "+447700900001", "", ["GB"], Clock(), say)  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def chat() -> telegram.Telegram:
    return telegram.Telegram("1:x", "s", "https://x.example", False, say)


# Counting


@given(st.text(alphabet=st.sampled_from(GSM), max_size=700))
@settings(max_examples=400, deadline=None)
def test_gsm_segments_are_counted_as_another_library_counts_them(text: str) -> None:
    parts = smsutil.split(text).parts if text else [0]
    assert segments(text) == len(parts)


@given(st.text(alphabet=st.characters(min_codepoint=0x400, max_codepoint=0x4FF), min_size=1, max_size=300))
@settings(max_examples=100, deadline=None)
def test_other_alphabets_are_counted_as_another_library_counts_them(text: str) -> None:
    assert segments(text) == len(smsutil.split(text).parts)


COUNTS = [("a" * 160, 1), ("a" * 161, 2), ("a" * 306, 2), ("a" * 307, 3), ("€" * 80, 1), ("€" * 81, 2), ("", 1),
          ("a" * 152 + "€" + "a" * 151, 2), ("a" * 152 + "€" + "a" * 152, 3),  # an escape is not cut from its sign
          ("ŵ" * 70, 1), ("ŵ" * 71, 2), ("ŵ" * 134, 2), ("ŵ" * 135, 3), ("🙂" * 35, 1), ("🙂" * 36, 2), ("🙂" * 67, 3),
          ("é£" * 80, 1), ("’" + "a" * 70, 2)]


@pytest.mark.parametrize(("text", "count"), COUNTS, ids=range(len(COUNTS)))
def test_segments(text: str, count: int) -> None:
    assert segments(text) == count


FOLDS = [("‘It’s’ “fine”", "'It's' \"fine\""), ("a – b — c", "a - b - c"), ("• one", "- one"), ("wait…", "wait..."),
         ("£5\u00a0a week", "£5 a week"), ("café £3 €4", "café £3 €4"), ("Siân", "Siân"), ("zero\u200bwidth", "zerowidth")]


@pytest.mark.parametrize(("text", "expected"), FOLDS)
def test_signs_fold_and_letters_stay(text: str, expected: str) -> None:
    assert folded(text) == expected


@given(st.text(max_size=200))
def test_folding_twice_is_folding_once(text: str) -> None:
    assert folded(folded(text)) == folded(text)


@pytest.mark.parametrize(("url", "expected"), [
    ("https://www.gov.uk/child-benefit/", "gov.uk/child-benefit"), ("http://frg.org.uk", "frg.org.uk"),
    ("https://www.gov.uk/a?b=c", "gov.uk/a?b=c")])
def test_links_are_short(url: str, expected: str) -> None:
    assert short(url) == expected


def test_links_come_last_and_once() -> None:
    text = "See [A](https://www.gov.uk/a), [B](https://b.org/) and [A again](https://www.gov.uk/a)."
    assert links_last(text) == ("See A, B and A again.", ["gov.uk/a", "b.org"])


# Splitting


@given(texts, st.integers(min_value=190, max_value=400))
@settings(max_examples=300, deadline=None)
def test_nothing_is_lost_and_no_link_is_cut(text: str, most: int) -> None:
    pieces = split(text, lambda piece: len(piece) <= most)
    assert bare("".join(pieces)) == bare(text)
    assert all(0 < len(piece) <= most for piece in pieces)
    assert [link for piece in pieces for link in LINK.findall(piece)] == LINK.findall(text)


CUTS = [("One. Two three four.\n\nFive six.", 26, ["One. Two three four.", "Five six."]),
        ("One two.\nThree four five", 16, ["One two.", "Three four five"]),
        ("One two three. Four five", 20, ["One two three.", "Four five"]),
        ("One two three four", 10, ["One two", "three four"]),
        ("abcdefghij", 4, ["abcd", "efgh", "ij"]), ("   ", 5, []), ("short", 10, ["short"])]


@pytest.mark.parametrize(("text", "most", "expected"), CUTS)
def test_it_is_cut_where_a_reader_would_pause(text: str, most: int, expected: list[str]) -> None:
    assert split(text, lambda piece: len(piece) <= most) == expected


def test_a_link_that_fits_nowhere_is_an_error() -> None:
    with pytest.raises(ValueError, match="longer than a message"):
        split("[a](https://example.org/long)", lambda piece: len(piece) <= 10)


# Rendering

labels = st.text(alphabet=st.sampled_from("abcde fghij"), min_size=1, max_size=24).map(str.strip).filter(bool)
options = st.lists(labels, max_size=12, unique=True).map(
    lambda given: [Option(label=label, payload=f"/o{number}") for number, label in enumerate(given)])
answers = st.lists(st.builds(lambda url: Answer(entry="e", topic="t.t", facet="answer", checked_on=ON,
                                                sources=[Cited(title="A guide", url=url)]), st.sampled_from(LINKS)),
                   max_size=2)
messages = st.lists(st.builds(lambda text, brief, offered, cited, urgent: Message(
    text=text, topics=["t.t"], sms=brief, options=offered, answers=cited, urgent=urgent),
    texts, st.one_of(st.none(), words.filter(str.strip)), options, answers, st.booleans()), min_size=1, max_size=3)


def texts_of(parcels: list[Parcel]) -> list[str]:
    return [parcel.body["text"] for parcel in parcels]


@given(messages)
@settings(max_examples=200, deadline=None)
def test_sms_is_two_segments_at_a_time_and_loses_nothing(reply: list[Message]) -> None:
    parcels = SMS.render(reply)
    assert all(segments(text) <= TWO_SEGMENTS for text in texts_of(parcels))
    assert not parcels[0].held and [parcel.held for parcel in parcels].index(False) == 0
    if not any(message.urgent for message in reply):
        assert all(parcel.held for parcel in parcels[1:])
    *before, last = texts_of(parcels)
    endings = [say(name) for name in ("phone.or_more", "phone.more", "phone.or")]
    assert all(text.endswith(tuple(endings)) for text in before)
    shown = "".join(bare(re.sub(rf"({'|'.join(endings)})$", "", text)) for text in before) + bare(last)
    for message in reply:
        for text in filter(None, [message.sms, message.text]):
            plain, addresses = links_last(text)
            assert bare(folded(plain)) in shown, "every word of the short form and of the whole answer"
            assert all(address in shown for address in addresses)
    at_once = bare("".join(parcel.body["text"] for parcel in parcels if not parcel.held))
    for number, option in enumerate(parcels[0].options, start=1):
        assert not parcels[0].urgent or f"{number}{bare(option['label'])}" in at_once, "danger: a person is one tap away"
        assert f"{number}{bare(option['label'])}" in shown


@given(messages)
@settings(max_examples=100, deadline=None)
def test_whatsapp_keeps_every_word_and_every_limit(reply: list[Message]) -> None:
    parcels = WHATSAPP.render(reply)
    shown = bare("".join(texts_of(parcels))).replace(whatsapp.WORD_JOINER, "")
    for message in reply:
        assert bare(LINK.sub(r"\1: \2", message.text)).replace(whatsapp.WORD_JOINER, "") in shown
    for parcel in parcels:
        assert 0 < len(parcel.body["text"]) <= whatsapp.LONGEST and not parcel.held
        shown_labels = parcel.body.get("labels", [])
        if parcel.body.get("kind") == whatsapp.QUICK:
            assert len(shown_labels) <= 3 and all(len(label) <= 20 for label in shown_labels)
        elif parcel.body.get("kind") == whatsapp.LIST:
            assert len(shown_labels) <= 10 and all(len(label) <= 24 for label in shown_labels)
        if parcel.body.get("kind"):
            assert len(parcel.body["text"]) <= 255 and "\n" not in parcel.body["text"]
    assert parcels[-1].body.get("labels", []) == [option["label"] for option in parcels[-1].options]


@given(messages)
@settings(max_examples=100, deadline=None)
def test_telegram_keeps_every_word_in_sound_html(chat: telegram.Telegram, reply: list[Message]) -> None:
    parcels = chat.render(reply)
    read, found = "", []
    for text in texts_of(parcels):
        html = telegram.as_html(text)
        assert len(html) <= telegram.LONGEST
        words_there, links_there = read_html(html)
        read, found = read + words_there, found + links_there
    text = whole(reply, say, 5)
    assert all(message.text in text for message in reply) and sources_of(reply, say, 5, linked) in text
    assert bare(read) == bare(LINK.sub(r"\1", text)) and found == [url for _, url in LINK.findall(text)]
    assert len(parcels[-1].body["labels"]) == len(parcels[-1].options)


@given(options.filter(bool))
@settings(max_examples=100, deadline=None)
def test_every_option_comes_back_by_number_and_by_word(offered: list[Option]) -> None:
    shown = Shown([option.model_dump() for option in offered])
    for number, option in enumerate(offered, start=1):
        assert read(str(number), shown).command == option.payload
        by_word = read(option.label, shown).command
        assert by_word == option.payload or str(by_word).startswith(":") or by_word == "/assistant.privacy.delete"


# The real content


def _entries(base: KnowledgeBase) -> list[Any]:
    return [entry for topic in base.topics.values() for entry in topic.entries]


def test_every_answer_of_the_content_can_be_sent_on_every_channel(chat: telegram.Telegram) -> None:
    base = knowledge()
    for entry in _entries(base):
        for facet, text in entry.says.items():
            filled = base.figures.fill(text, ON)
            brief = base.figures.fill(entry.sms, ON) if entry.sms and facet == "answer" else None
            cited = Answer(entry=entry.id, topic="t.t", facet=facet, checked_on=ON,
                           sources=[Cited(title=s.title, url=s.url) for s in entry.sources])
            reply = [Message(text=filled, topics=["t.t"], sms=brief, answers=[cited],
                             options=[Option(label="Talk to a person", payload=f"/{PERSON}")])]
            parts = texts_of(SMS.render(reply))
            assert all(segments(part) <= TWO_SEGMENTS for part in parts), entry.id
            assert gsm.is_gsm7(parts[0]), (entry.id, gsm.foreign(parts[0]))
            assert not brief or brief in parts[0], f"{entry.id}: the short form is one text message"
            assert WHATSAPP.render(reply) and chat.render(reply)


def test_the_ending_is_the_one_that_short_forms_leave_room_for() -> None:
    style = (CONTENT / "style.yml").read_text(encoding="utf-8")
    assert f"sms_ending: ' {say('phone.more')}'" in style


def test_no_sentence_of_ours_takes_more_than_two_text_messages() -> None:
    for name, ways in knowledge().words:
        if name.startswith("phone."):
            for way in ways:
                filled = knowledge().figures.fill(way, ON).replace("{url}", "https://signpost.example")
                filled = filled.replace("{code}", "ABCD-EFGH")
                assert segments(filled) <= TWO_SEGMENTS and gsm.is_gsm7(filled), name
