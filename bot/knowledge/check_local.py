"""Checks of the councils' files: one for each, named after it, with contacts that can be used."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from bot.knowledge.content_files import ContentFiles, File
from bot.knowledge.schema import LocalOffer
from bot.knowledge.source_lines import Document, Problem


def problems(files: ContentFiles, on: date) -> Iterator[Problem]:
    """What is wrong with the councils' files; `on` changes nothing here."""
    topics = files.topic_names
    for file in files.offers:
        yield from _names(file, files)
        yield from _contacts(file)
        yield from _entries(file, topics)
    yield from _missing(files)


def _names(file: File[LocalOffer], files: ContentFiles) -> Iterator[Problem]:
    slug, name = file.data.authority, file.document.path.stem
    if slug != name:
        how = f"write 'authority: {name}', or rename the file to {slug}.yml"
        yield file.problem(("authority",), f"is '{slug}', but the file is called {name}.yml", how)
    if files.authorities and slug not in files.authorities:
        how = "use a slug from content/authorities.yml"
        yield file.problem(("authority",), f"is '{slug}', and there is no such council", how)
    if file.data.review_by <= file.data.checked_on:
        yield file.problem(("review_by",), "is not later than checked_on", "write a later day")
    if file.data.offer.status == "published" and file.data.offer.url is None:
        how = "add 'url:', or write 'status: not_found'"
        yield file.problem(("offer",), "is published, and has no address", how)


def _contacts(file: File[LocalOffer]) -> Iterator[Problem]:
    for index, contact in enumerate(file.data.contacts):
        if not (contact.phone or contact.email or contact.url):
            how = "add 'phone:', 'email:' or 'url:', or take the contact out"
            yield file.problem(("contacts", index), "can't be reached: no phone, email or url", how, contact.name)


def _entries(file: File[LocalOffer], topics: frozenset[str]) -> Iterator[Problem]:
    for index, entry in enumerate(file.data.entries):
        if not entry.id.startswith(f"{file.data.authority}."):
            how = f"write '{file.data.authority}.…'"
            yield file.problem(("entries", index, "id"), "does not begin with the council's name", how, entry.id)
        for at, topic in enumerate(entry.topics):
            if topic not in topics:
                how = "use the name of a file in content/national/, without .yml"
                why = f"names '{topic}', and there is no such topic"
                yield file.problem(("entries", index, "topics", at), why, how, entry.id)


def _missing(files: ContentFiles) -> Iterator[Problem]:
    there = {path.stem for path in (files.content / "local_offers").glob("*.yml")}
    without = [(index, slug) for index, slug in enumerate(files.authorities) if slug not in there]
    document = Document(files.content / "authorities.yml") if without else None
    for index, slug in without:
        if document:
            how = f"signpost content add-council {slug}"
            yield document.problem((index,), slug, "has no file in content/local_offers/", how)
