"""Conversations over the web chat API with the real processes: what must hold after each turn is in dialogues.yml."""

from __future__ import annotations

import re
from datetime import date
from typing import Any

import aiohttp
import pytest
import yaml

from bot.knowledge.base import KnowledgeBase
from tests.doubles.carer import Carer, Got
from tests.e2e.conftest import ROOT, System

TALKS = yaml.safe_load((ROOT / "tests" / "e2e" / "dialogues.yml").read_text(encoding="utf-8"))
RECORDED = yaml.safe_load((ROOT / "tests" / "e2e" / "figures.yml").read_text(encoding="utf-8"))
WORSE = {"dialogues": 0.1, "turns": 0.03}  # one conversation weighs more than one turn
ON = date(2026, 11, 24)
MOST_WORDS = 120  # docs/decisions/0006


def seen(got: Got) -> set[str]:
    return {t for m in got.messages for t in m["topics"]} | {a["topic"] for a in got.answers}


def asks(got: Got) -> bool:
    return any("?" in m["text"] or m["options"] for m in got.messages)


def faults(got: Got, expected: dict[str, Any]) -> list[str]:
    """What doesn't hold, in words."""
    known = got.state | got.state["facts"]
    entries = [a["entry"] for a in got.answers]
    checks = {
        "topics": lambda wanted: bool(seen(got) & set(wanted)),
        "all_topics": lambda wanted: set(wanted) <= seen(got) | {o["topic"] for o in got.options},
        "answers": lambda begins: all(any(entry.startswith(b) for entry in entries) for b in begins),
        "arrangement": lambda wanted: known["arrangement"] == wanted,
        "authority": lambda wanted: known["authority"] == wanted,
        "facts": lambda wanted: all(known.get(name) == value for name, value in wanted.items()),
        "forgets": lambda names: not any(known.get(name) for name in names),
        "mentions": lambda patterns: all(re.search(p, got.text, re.I) for p in patterns),
        "never": lambda patterns: not any(re.search(p, got.text, re.I) for p in patterns),
        "asks": lambda wanted: asks(got) == wanted,
        "urgent": lambda wanted: got.urgent == wanted,
        "mode": lambda wanted: got.state["mode"] == wanted,
        "options": lambda labels: set(labels) <= {o["label"] for o in got.options},
    }
    return [f"{name}: {wanted!r}" for name, wanted in expected.items() if not checks[name](wanted)]


@pytest.mark.parametrize("talk", TALKS, ids=[talk["name"] for talk in TALKS])
async def test_a_conversation(carer: Carer, talk: dict[str, Any]) -> None:
    before: Got | None = None
    for number, turn in enumerate(talk["turns"], 1):
        expected = {name: value for name, value in turn.items() if name not in ("say", "choose")}
        if "choose" in turn:
            assert before is not None
            (payload,) = {o["payload"] for o in before.options if o["label"] == turn["choose"]}
            got = await carer.choose(payload)
        else:
            got = await carer.say(turn["say"])
        said = f"turn {number}: {turn}\n{got.text}\n{got.state}"
        assert got.status == 200 and got.messages, said
        assert faults(got, expected) == [], said
        assert len(got.text.split()) <= MOST_WORDS, said
        assert before is None or got.text != before.text, f"word for word the same again; {said}"
        before = got


async def holds(carer: Carer, turns: list[dict[str, Any]]) -> list[bool]:
    """Of each turn: does all that must hold?"""
    before, kept = "", []
    for turn in turns:
        got = await carer.say(turn["say"])
        expected = {name: value for name, value in turn.items() if name != "say"}
        fits = len(got.text.split()) <= MOST_WORDS
        kept.append(got.status == 200 and not faults(got, expected) and got.text != before and fits)
        before = got.text
    return kept


@pytest.mark.parametrize("name", ["further", "hard"])
async def test_of_unseen_conversations_a_share_goes_well(system: System, session: aiohttp.ClientSession, name: str) -> None:
    talks = yaml.safe_load((ROOT / "tests" / "e2e" / f"{name}_dialogues.yml").read_text(encoding="utf-8"))
    kept = [await holds(await Carer.start(session, system.url), talk["turns"]) for talk in talks]
    turns = [turn for talk in kept for turn in talk]
    shares = {"dialogues": sum(map(all, kept)) / len(kept), "turns": sum(turns) / len(turns)}
    worse = {figure: share for figure, share in shares.items() if share < RECORDED[name][figure] - WORSE[figure]}
    assert not worse, [talk["name"] for talk, held in zip(talks, kept, strict=True) if not all(held)]


IN_LANGUAGES = {
    "polish": "Dzień dobry, czy możecie mi pomóc z pieniędzmi na wnuka",
    "romanian": "Bună ziua, am nevoie de ajutor cu bani pentru nepotul meu",
    "panjabi": "ਮੈਨੂੰ ਆਪਣੇ ਪੋਤੇ ਲਈ ਪੈਸਿਆਂ ਦੀ ਮਦਦ ਚਾਹੀਦੀ ਹੈ",
    "urdu": "مجھے اپنے پوتے کے لیے مدد چاہیے، میں کیا کروں",
    "portuguese": "Olá, preciso de ajuda com dinheiro para a minha neta",
    "spanish": "Hola, necesito ayuda con dinero para mi nieto",
    "arabic": "أحتاج إلى مساعدة مالية من أجل حفيدي",
    "bengali": "আমার নাতির জন্য আমার সাহায্য দরকার",
    "gujarati": "મારા પૌત્ર માટે મને મદદ જોઈએ છે",
    "italian": "Buongiorno, ho bisogno di aiuto con i soldi per mio nipote",
}


def test_there_is_a_line_in_every_language(base: KnowledgeBase) -> None:
    assert set(IN_LANGUAGES) == set(base.languages)


@pytest.mark.parametrize("language", IN_LANGUAGES)
async def test_another_language_is_answered_in_it(carer: Carer, base: KnowledgeBase, language: str) -> None:
    got = await carer.say(IN_LANGUAGES[language])
    assert got.text == base.figures.fill(base.languages[language], ON)
    assert "helpline.talk_to_someone" in [o["topic"] for o in got.options] and not got.answers
