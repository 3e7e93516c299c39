"""Checks of names: topics and files, follow-ons, entries and their variants."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from itertools import combinations
from typing import get_args

from bot.knowledge.content_files import ContentFiles, File, Taxonomy
from bot.knowledge.schema import Arrangement, Entry, Topic, When
from bot.knowledge.source_lines import Problem

NO_TOPIC = "use the name of a file in content/national/, without .yml"
_WITHOUT_SMS = "has an answer and no sms", "add 'sms:', the answer in two text messages"
_WITHOUT_ANSWER = "has an sms and no answer, so nobody would see it", "add the answer, or take 'sms:' out"
_FACTS = ("arrangement", "previously_looked_after", "child_age")


def problems(files: ContentFiles, on: date) -> Iterator[Problem]:
    """What is wrong with the names; `on` changes nothing here."""
    topics = files.topic_names
    for file in files.topics:
        yield from _topic(file, topics)
        yield from _entries(file)
        yield from _ambiguities(file)
        yield from _depends_on(file)
    if files.taxonomy:
        yield from _taxonomy(files, files.taxonomy, topics)
    yield from _repeated_ids(files)
    yield from _pointers(files, topics)


def _topic(file: File[Topic], topics: frozenset[str]) -> Iterator[Problem]:
    name = file.document.path.stem
    if name != file.data.topic:
        how = f"write 'topic: {name}', or rename the file to {file.data.topic}.yml"
        yield file.problem(("topic",), f"is '{file.data.topic}', but the file is called {name}.yml", how)
    for index, follow_on in enumerate(file.data.follow_on):
        if follow_on not in topics:
            why = f"leads to '{follow_on}', and there is no such topic"
            yield file.problem(("follow_on", index), why, NO_TOPIC, "follow_on")
        elif follow_on == file.data.topic:
            yield file.problem(("follow_on", index), "leads back to this topic", "take it out", "follow_on")
    said = {facet for entry in file.data.entries for facet in entry.says}
    named: list[tuple[tuple[str, str | int], str]] = [(("labels", facet), facet) for facet in file.data.labels]
    named += [(("buttons", index), facet) for index, facet in enumerate(file.data.buttons)]
    for place, facet in named:
        if facet not in said:
            how = f"write '{facet}:' under an entry, or take this out"
            yield file.problem(place, "is for a part that nothing says", how, f"{place[0]}, {facet}")


def _entries(file: File[Topic]) -> Iterator[Problem]:
    topic = file.data
    base = [index for index, entry in enumerate(topic.entries) if not entry.when.conditions]
    if not base:
        how = "add an entry without 'when:'; it is the answer for everyone no variant fits"
        yield file.problem(("entries",), "has no entry for everyone", how)
    for index in base[1:]:
        how = "give one of them a 'when:', or make one entry of the two"
        yield file.problem(("entries", index), "is a second entry without 'when:'", how, topic.entries[index].id)
    for index, entry in enumerate(topic.entries):
        yield from _entry(file, index, entry, is_base=index in base)


def _entry(file: File[Topic], index: int, entry: Entry, *, is_base: bool) -> Iterator[Problem]:
    topic = file.data.topic
    if entry.id != topic and not entry.id.startswith(f"{topic}."):
        why = f"does not begin with the topic, {topic}"
        yield file.problem(("entries", index, "id"), why, f"write '{topic}.…'", entry.id)
    if is_base and "answer" not in entry.says:
        how = "add 'answer:'; it is what is said first"
        yield file.problem(("entries", index, "says"), "is for everyone, and has no answer", how, entry.id)
    if is_base and (entry.valid_from or entry.valid_to):
        how = "take the dates out, or put them on a variant; one entry must hold on any day"
        yield file.problem(("entries", index), "is for everyone, and has valid_from or valid_to", how, entry.id)
    if entry.valid_from and entry.valid_to and entry.valid_to < entry.valid_from:
        yield file.problem(("entries", index, "valid_to"), "is before valid_from", "put the later day here", entry.id)
    if ("answer" in entry.says) != (entry.sms is not None):
        why, how = _WITHOUT_SMS if entry.sms is None else _WITHOUT_ANSWER
        yield file.problem(("entries", index), why, how, entry.id)


def _ambiguities(file: File[Topic]) -> Iterator[Problem]:
    for (_, one), (index, other) in combinations(enumerate(file.data.entries), 2):
        equally = one.when.conditions == other.when.conditions != 0
        shared = sorted(f for f in one.says.keys() & other.says.keys() if not _settled(file.data, one, other, f))
        if shared and equally and _overlap(one.when, other.when) and _same_days(one, other):
            why = f"fits the same carers as {one.id}, and both say: {', '.join(shared)}"
            how = "make one of them narrower ('when:'), or leave the shared parts to one of them"
            yield file.problem(("entries", index, "when"), why, how, other.id)


def _settled(topic: Topic, one: Entry, other: Entry, facet: str) -> bool:
    """Is there a narrower entry that speaks wherever both fit?"""
    narrower = (e for e in topic.entries if e.when.conditions > one.when.conditions and facet in e.says)
    return any(_covers(entry.when, one.when, other.when) for entry in narrower)


def _covers(when: When, one: When, other: When) -> bool:
    """Does `when` hold for everyone whom both `one` and `other` fit?"""
    lists = [set(w.arrangement) for w in (one, other) if w.arrangement]
    if when.arrangement and not (lists and set.intersection(*lists) <= set(when.arrangement)):
        return False
    before = {one.previously_looked_after, other.previously_looked_after}
    if when.previously_looked_after is not None and when.previously_looked_after not in before:
        return False
    ages = [w.child_age for w in (one, other) if w.child_age]
    if when.child_age is None:
        return True
    return bool(ages) and (
        when.child_age.from_ <= max(a.from_ for a in ages) and min(a.to for a in ages) <= when.child_age.to
    )


def _overlap(one: When, other: When) -> bool:
    """Can both fit one carer (with one child)?"""
    if one.arrangement and other.arrangement and not set(one.arrangement) & set(other.arrangement):
        return False
    before = {one.previously_looked_after, other.previously_looked_after}
    if before == {True, False}:
        return False
    ages = (one.child_age, other.child_age)
    return not (ages[0] and ages[1]) or max(ages[0].from_, ages[1].from_) <= min(ages[0].to, ages[1].to)


def _same_days(one: Entry, other: Entry) -> bool:
    starts = max(one.valid_from or date.min, other.valid_from or date.min)
    return starts <= min(one.valid_to or date.max, other.valid_to or date.max)


def _depends_on(file: File[Topic]) -> Iterator[Problem]:
    """A fact that picks a variant has to be named, or the assistant never asks for it. In danger it asks nothing."""
    topic = file.data
    if topic.topic.startswith("urgent."):
        return
    picked_by = {fact for entry in topic.entries for fact in _FACTS if _asks(entry.when, fact)}
    for fact in sorted(picked_by - set(topic.depends_on)):
        how = f"add {fact} to depends_on"
        yield file.problem(("depends_on",), f"leaves out {fact}, which picks a variant below", how, "depends_on")


def _asks(when: When, fact: str) -> bool:
    return getattr(when, fact) not in (None, [])


def _taxonomy(files: ContentFiles, taxonomy: File[Taxonomy], topics: frozenset[str]) -> Iterator[Problem]:
    known = taxonomy.data.topics
    for file in files.topics:
        if file.data.topic not in known:
            how = "use a name from content/taxonomy.yml"
            yield file.problem(("topic",), f"is '{file.data.topic}', which is no topic of the taxonomy", how)
    for name in known.keys() - topics - set(taxonomy.data.chat_topics):
        how = f"write content/national/{name}.yml; docs/editing.md shows what goes in"
        yield taxonomy.problem(("topics", name), "has no file", how, name)
    for index, name in enumerate(taxonomy.data.chat_topics):
        if name not in known:
            how = "add it there too, or take it out"
            yield taxonomy.problem(("chat_topics", index), "is not under topics", how, name)
    for name in taxonomy.data.arrangements.keys() ^ set(get_args(Arrangement)):
        how = "the arrangements are part of the program (bot/knowledge/schema.py): ask a developer to change both"
        yield taxonomy.problem(("arrangements", name), "is not in both the taxonomy and the schema", how, name)


def _repeated_ids(files: ContentFiles) -> Iterator[Problem]:
    seen: set[str] = set()
    national = [(file.problem, [entry.id for entry in file.data.entries]) for file in files.topics]
    local = [(file.problem, [entry.id for entry in file.data.entries]) for file in files.offers]
    for problem, names in (*national, *local):
        for index, name in enumerate(names):
            if name in seen:
                yield problem(("entries", index, "id"), "is used twice", "give this one another ending", name)
            seen.add(name)


def _pointers(files: ContentFiles, topics: frozenset[str]) -> Iterator[Problem]:
    """Topics named outside the topics' own files: the menu, and where the arrangement table leads."""
    if files.words and "menu" in files.words.data:
        for index, name in enumerate(files.words.data.ways("menu")):
            if name not in topics:
                why = f"names '{name}', and there is no such topic"
                yield files.words.problem(("menu", index), why, NO_TOPIC, "menu")
    for outcome in files.table.data.outcomes.values() if files.table else ():
        for index, name in enumerate(outcome.follow_on):
            if name not in topics and files.table:
                place = ("outcomes", outcome.id, "follow_on", index)
                why = f"leads to '{name}', and there is no such topic"
                yield files.table.problem(place, why, NO_TOPIC, outcome.id)
