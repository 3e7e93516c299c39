"""The knowledge base: national entries, councils' local offers, figures and words, loaded and looked up.

One rule picks a variant: of the entries that match what is known and say the facet, the one with
the most conditions wins (docs/decisions/0005).
"""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from bot.knowledge.asides import Asides
from bot.knowledge.authorities import Authority, load_authorities
from bot.knowledge.figures import Figures
from bot.knowledge.loading import Gathering
from bot.knowledge.reply import Answer, Cited
from bot.knowledge.schema import Contact, Entry, Figure, Helpline, LocalEntry, LocalOffer, Term, Topic
from bot.knowledge.situation import Situation
from bot.knowledge.small_files import read_small
from bot.knowledge.source_lines import Document
from bot.knowledge.words import Words, words_of

# The parts that a carer can tap for, in this order, where the topic has no `buttons:` of its own.
USUAL_BUTTONS = ("how_to_apply", "how_much", "who", "if_refused", "who_to_ask", "how_long")
MOST_BUTTONS = 3
MOST_OPTIONS = 5  # with the topics that follow
CONTENT = Path(os.environ.get("SIGNPOST_CONTENT") or Path(__file__).resolve().parents[2] / "content")


@dataclass(frozen=True)
class Found:
    """What a facet of a topic says to one carer, figures filled in."""

    topic: str
    facet: str
    entry: Entry
    text: str
    sms: str | None

    def answer(self, situation: Situation) -> Answer:
        """How the web chat API names it."""
        cited = [Cited(title=s.title, url=s.url) for s in self.entry.sources]
        arrangement = situation.arrangement if self.entry.when.arrangement else None
        return Answer(entry=self.entry.id, topic=self.topic, arrangement=arrangement, authority=None,
                      facet=self.facet, sources=cited, checked_on=self.entry.checked_on)


@dataclass(frozen=True)
class FoundLocally:
    """What the carer's council says about a topic."""

    topic: str
    offer: LocalOffer
    entry: LocalEntry

    @property
    def text(self) -> str:
        """The entry's words."""
        return self.entry.text

    def answer(self, situation: Situation) -> Answer:
        """How the web chat API names it."""
        cited = [Cited(title=s.title, url=s.url) for s in self.entry.sources]
        arrangement = situation.arrangement if self.entry.when.arrangement else None
        return Answer(entry=self.entry.id, topic=self.topic, arrangement=arrangement, authority=self.offer.authority,
                      facet="local", sources=cited, checked_on=self.offer.checked_on)


class KnowledgeBase:
    """All content, in memory. Made by `load`; look-ups take microseconds and change nothing."""

    def __init__(self, topics: Mapping[str, Topic], offers: Mapping[str, LocalOffer], figures: Figures, words: Words,
                 authorities: Mapping[str, Authority], helpline: Helpline, glossary: Mapping[str, Term],
                 asides: Asides) -> None:
        self.topics = topics
        self.offers = offers
        self.figures = figures
        self.words = words
        self.authorities = authorities
        self.helpline = helpline
        self.glossary = glossary
        self.feelings, self.languages, self.children = asides.feelings, asides.languages, asides.children

    @classmethod
    def load(cls, content: Path = CONTENT) -> KnowledgeBase:
        """Read everything under `content`; raises `ContentError` naming every mistake in every file."""
        gathering = Gathering()
        topics: dict[str, Topic] = {t.topic: t for t in _each(gathering, content / "national", Topic)}
        offers: dict[str, LocalOffer] = {o.authority: o for o in _each(gathering, content / "local_offers", LocalOffer)}
        groups: dict[str, dict[str, Figure]] = {}
        for file in _each(gathering, content / "figures", dict[str, dict[str, Figure]]):
            groups |= file
        helpline = gathering.read(content / "helpline.yml", Helpline)
        glossary = gathering.read(content / "glossary.yml", dict[str, Term])
        read_small(content, gathering)
        gathering.stop_on_problems()
        words = words_of(Document(content / "words.yml"), ("figure.check_at", "figure.year"))
        if helpline is None or glossary is None:  # their problems were raised above
            raise AssertionError("a file without problems and without content")
        figures = Figures(groups, words.ways("figure.check_at")[0], words.ways("figure.year")[0])
        authorities = load_authorities(content / "authorities.yml")
        return cls(topics, offers, figures, words, authorities, helpline[1], glossary[1], Asides.load(content))

    def find(self, topic: str, facet: str, situation: Situation) -> Found | None:
        """What `topic` says in `facet` to a carer in `situation`; None where the content says nothing."""
        known = self.topics.get(topic)
        entry = best(known.entries, facet, situation) if known else None
        if entry is None:
            return None
        text = self.figures.fill(entry.says[facet], situation.on)  # type: ignore[index]  # best() checked the facet
        sms = self.figures.fill(entry.sms, situation.on, briefly=True) if entry.sms and facet == "answer" else None
        return Found(topic, facet, entry, text, sms)

    def find_locally(self, topic: str, situation: Situation) -> list[FoundLocally]:
        """What the carer's council says about `topic`, most specific first; empty where nothing is known."""
        offer = self.offers.get(situation.authority or "")
        if offer is None:
            return []
        matching = [e for e in offer.entries if topic in e.topics and situation.meets(e.when)]
        return [FoundLocally(topic, offer, e) for e in sorted(matching, key=lambda e: -e.when.conditions)]

    def contact(self, authority: str | None, *roles: str) -> Contact | None:
        """The council's first known contact in the order of `roles`."""
        offer = self.offers.get(authority or "")
        if offer is None:
            return None
        return next((c for role in roles for c in offer.contacts if c.role == role), None)

    def say(self, name: str, on: date, turn: int = 0, /, **values: object) -> str:
        """The sentence `name` of words.yml, its figures as they hold on that day."""
        return self.words.say(name, turn, lambda line: self.figures.fill(line, on), **values)

    def buttons(self, topic: str, situation: Situation, given: Collection[str] = ()) -> list[str]:
        """The facets to offer after an answer, but none that is among `given`."""
        here = self.facets(topic, situation)
        order = self.topics[topic].buttons or USUAL_BUTTONS
        return [facet for facet in order if facet in here and facet not in given][:MOST_BUTTONS]

    def facet_label(self, topic: str, facet: str, on: date, /, **values: object) -> str:
        """What the button for a facet says: the topic's own words, or else the usual ones."""
        known = self.topics.get(topic)
        own = {str(name): label for name, label in known.labels.items()} if known else {}
        return own.get(facet) or self.say(f"facet_labels.{facet}", on, **values)

    def facets(self, topic: str, situation: Situation) -> list[str]:
        """The facets that `topic` can answer for this carer."""
        known = self.topics.get(topic)
        if known is None:
            return []
        return list(dict.fromkeys(f for e in known.entries if _holds(e, situation) for f in e.says))


def _each(gathering: Gathering, folder: Path, shape: Any) -> list[Any]:
    read = [gathering.read(path, shape) for path in sorted(folder.glob("*.yml"))]
    return [pair[1] for pair in read if pair is not None]


def _holds(entry: Entry, situation: Situation) -> bool:
    begun = entry.valid_from is None or entry.valid_from <= situation.on
    over = entry.valid_to is not None and entry.valid_to < situation.on
    return begun and not over and situation.meets(entry.when)


def best(entries: list[Entry], facet: str, situation: Situation) -> Entry | None:
    """The entry that speaks for `facet`: it matches, and no other that matches asks for more."""
    speaking = [e for e in entries if facet in e.says and _holds(e, situation)]
    return max(speaking, key=lambda e: e.when.conditions, default=None)


