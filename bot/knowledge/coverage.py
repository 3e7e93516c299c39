"""How far the content reaches: topics by arrangement and facet, councils by field; as data, tables and a page."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Literal, get_args

from bot.knowledge.base import KnowledgeBase
from bot.knowledge.content_files import Taxonomy
from bot.knowledge.readability import Reader
from bot.knowledge.schema import Arrangement, ContactRole, Facet
from bot.knowledge.situation import Situation

ARRANGEMENTS: tuple[str, ...] = get_args(Arrangement)
FACETS: tuple[str, ...] = get_args(Facet)
ROLES: tuple[str, ...] = get_args(ContactRole)
Reach = Literal["own", "general", "none"]
MARKS: dict[Reach, str] = {"own": "●", "general": "○", "none": "–"}
TEMPLATES = Path(__file__).parent / "templates"


@dataclass(frozen=True)
class Cell:
    """What one topic says to carers with one arrangement, facet by facet."""

    reach: dict[str, Reach]

    @property
    def marks(self) -> str:
        """One mark a facet, in the order of `FACETS`."""
        return "".join(MARKS[self.reach[facet]] for facet in FACETS)

    def facets(self, reach: Reach) -> list[str]:
        """The facets that reach so far."""
        return [facet for facet in FACETS if self.reach[facet] == reach]


@dataclass(frozen=True)
class TopicRow:
    """One topic of the table."""

    topic: str
    title: str
    cells: dict[str, Cell]
    grade: float
    review_by: date

    @property
    def missing(self) -> list[str]:
        """Facets that nobody gets an answer to."""
        return [facet for facet in FACETS if all(cell.reach[facet] == "none" for cell in self.cells.values())]


@dataclass(frozen=True)
class CouncilRow:
    """One council of the table; `offer` is its status, or 'no file'."""

    slug: str
    name: str
    region: str
    offer: str
    contacts: frozenset[str]
    facts: int
    topics: int
    checked_on: date | None

    @property
    def is_useful(self) -> bool:
        """A kinship or family contact or an offer page, and one local fact (the bar of issue 4)."""
        reached = self.contacts & {"kinship_team", "family_information"} or self.offer in ("published", "older_policy")
        return bool(reached) and self.facts > 0


@dataclass(frozen=True)
class Coverage:
    """Both tables, for one day; `taxonomy` is what there should be."""

    on: date
    topics: list[TopicRow]
    councils: list[CouncilRow]
    taxonomy: Taxonomy

    @property
    def summary(self) -> list[tuple[str, str]]:
        """(what is counted, the count), for the head of the page."""
        parts = len(self.topics) * len(ARRANGEMENTS) * len(FACETS)
        said = sum(len(FACETS) - len(c.facets("none")) for row in self.topics for c in row.cells.values())
        files = sum(row.offer != "no file" for row in self.councils)
        useful = sum(row.is_useful for row in self.councils)
        chat = self.taxonomy.chat_topics
        answered = len({row.topic for row in self.topics} | set(chat))
        return [
            ("Topics with an answer", f"{answered} of {len(self.taxonomy.topics)} ({len(chat)} of them in words.yml)"),
            ("Topic, arrangement and part with an answer", f"{said} of {parts} ({said / max(parts, 1):.0%})"),
            ("Councils with a file", f"{files} of {len(self.councils)}"),
            ("Councils with a kinship or family contact or an offer page, and a local fact", str(useful)),
        ]


def coverage(base: KnowledgeBase, on: date, taxonomy: Taxonomy, reader: Reader) -> Coverage:
    """What the content reaches on that day; `reader` works out the topics' reading grades."""
    topics = [_topic(base, name, on, reader) for name in sorted(base.topics)]
    councils = [_council(base, slug) for slug in base.authorities]
    return Coverage(on, topics, councils, taxonomy)


def _topic(base: KnowledgeBase, name: str, on: date, reader: Reader) -> TopicRow:
    topic = base.topics[name]
    cells = {a: Cell({f: _reach(base, name, f, Situation(on=on, arrangement=a)) for f in FACETS}) for a in ARRANGEMENTS}
    texts = [base.figures.fill(text, on) for entry in topic.entries for text in entry.says.values()]
    grade = sum(map(reader.grade, texts)) / len(texts)
    return TopicRow(name, topic.title, cells, grade, min(entry.review_by for entry in topic.entries))


def _reach(base: KnowledgeBase, topic: str, facet: str, situation: Situation) -> Reach:
    found = base.find(topic, facet, situation)
    if found is None:
        return "none"
    return "own" if found.entry.when.arrangement else "general"


def _council(base: KnowledgeBase, slug: str) -> CouncilRow:
    authority, offer = base.authorities[slug], base.offers.get(slug)
    if offer is None:
        return CouncilRow(slug, authority.short_name, authority.region, "no file", frozenset(), 0, 0, None)
    roles = frozenset(contact.role for contact in offer.contacts)
    topics = {topic for entry in offer.entries for topic in entry.topics}
    return CouncilRow(slug, authority.short_name, authority.region, offer.offer.status, roles, len(offer.entries),
                      len(topics), offer.checked_on)


def tables(covered: Coverage) -> Iterator[str]:
    """The tables in plain text, line by line."""
    for what, count in covered.summary:
        yield f"{what}: {count}"
    yield ""
    yield f"Topics. One mark a part, in this order: {', '.join(FACETS)}."
    yield f"{MARKS['own']} words of its own   {MARKS['general']} the words for everyone   {MARKS['none']} nothing"
    wide = max(len(row.topic) for row in covered.topics)
    yield " ".join([" " * wide, *(f"{arrangement[:8]:8}" for arrangement in ARRANGEMENTS), "grade"])
    for row in covered.topics:
        yield " ".join([f"{row.topic:{wide}}", *(row.cells[a].marks for a in ARRANGEMENTS), f"{row.grade:5.1f}"])
    yield ""
    yield "Councils."
    wide = max(len(council.slug) for council in covered.councils)
    yield " ".join([f"{'':{wide}}", f"{'offer':12}", *(f"{role[:9]:9}" for role in ROLES), "facts", "topics"])
    for council in covered.councils:
        known = [f"{'yes' if role in council.contacts else '–':9}" for role in ROLES]
        counts = f"{council.facts:5} {council.topics:6}"
        yield " ".join([f"{council.slug:{wide}}", f"{council.offer:12}", *known, counts])


def page(covered: Coverage) -> str:
    """The same as one HTML page: self-contained, without scripts."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    env = Environment(loader=FileSystemLoader(TEMPLATES), autoescape=True, undefined=StrictUndefined,
                      trim_blocks=True, lstrip_blocks=True)
    return env.get_template("coverage.html").render(
        covered=covered, arrangements=ARRANGEMENTS, facets=FACETS, roles=ROLES, marks=MARKS, plain=_plain)


def _plain(name: str) -> str:
    return name.replace("_", " ")
