"""`signpost content …`: what editors of the knowledge base use. Nothing here needs a running server."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable, Iterable
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar, get_args

import click

from bot.knowledge.base import CONTENT, KnowledgeBase
from bot.knowledge.schema import Arrangement, Facet
from bot.knowledge.source_lines import ContentError, Problem

if TYPE_CHECKING:
    from bot.knowledge.coverage import Coverage

DOCS = CONTENT.parent / "docs"
F = TypeVar("F", bound=Callable[..., Any])


def today(_context: click.Context, _parameter: click.Parameter, given: datetime | None) -> date:
    """The day given, or the editor's own today."""
    return given.date() if given else date.today()  # noqa: DTZ011  (the day on the editor's desk)


def as_of(command: F) -> F:
    """Adds `--as-of DATE`, passed on as `on`."""
    how = "The day to look at; today by default."
    return click.option("--as-of", "on", type=click.DateTime(["%Y-%m-%d"]), callback=today, help=how)(command)


@click.group()
@click.option("--content", "folder", type=click.Path(exists=True, file_okay=False, path_type=Path), default=CONTENT,
              help="The folder with the content.", show_default=False)
@click.pass_context
def content(context: click.Context, folder: Path) -> None:
    """Look at, check and add to the knowledge base."""
    context.obj = folder


@content.command("check")
@as_of
@click.option("--strict", is_flag=True, help="Things past their review day are mistakes too.")
@click.pass_obj
def check_content(folder: Path, on: date, strict: bool) -> None:
    """Everything that is wrong, all at once, as file:line: what, why, how to mend it."""
    from bot.knowledge.check import check
    from bot.knowledge.readability import ReaderMissingError

    try:
        problems = check(folder, on, strict=strict)
    except ReaderMissingError as error:
        sys.exit(str(error))
    tell(problems)
    if problems:
        sys.exit(1)
    click.echo("The content is sound.")


@content.command("stale")
@as_of
@click.option("--days", default=60, show_default=True, help="How far ahead to look.")
@click.pass_obj
def stale_content(folder: Path, on: date, days: int) -> None:
    """What has to be looked at again, soonest first. Fails where something is past its day."""
    from bot.knowledge.content_files import read
    from bot.knowledge.reviews import reviews

    due = [review for review in reviews(read(folder)) if (review.review_by - on).days <= days]
    for review in due:
        state = "PAST" if review.is_stale(on) else "due "
        problem = review.problem
        click.echo(f"{state} {review.review_by}  {short(problem.file)}:{problem.line}: {problem.what}")
    past = sum(review.is_stale(on) for review in due)
    click.echo(f"{past} past their review day on {on}, {len(due) - past} due in the {days} days after.")
    if past:
        sys.exit(1)


@content.command("show")
@click.argument("topic")
@click.option("--arrangement", type=click.Choice(get_args(Arrangement)), help="What the carer has.")
@click.option("--council", help="The council's slug, as in content/authorities.yml.")
@click.option("--looked-after", type=click.Choice(["yes", "no"]), help="Was the child in care before?")
@click.option("--age", "ages", type=click.IntRange(0, 25), multiple=True, help="A child's age; may be given twice.")
@click.option("--facet", type=click.Choice(get_args(Facet)), help="One part of the answer only.")
@click.option("--sms", is_flag=True, help="The text message.")
@as_of
@click.pass_obj
def show_content(folder: Path, topic: str, arrangement: str | None, council: str | None, looked_after: str | None,
                 ages: tuple[int, ...], facet: str | None, sms: bool, on: date) -> None:
    """Exactly what a carer would read on TOPIC, its sources, and the rule that picked it."""
    from bot.knowledge.showing import show, show_sms
    from bot.knowledge.situation import Situation

    base = loaded(folder)
    known("topic", topic, base.topics)
    if council:
        known("council", council, base.authorities)
    before = {"yes": True, "no": False, None: None}[looked_after]
    situation = Situation(on, arrangement, council, before, ages)
    lines = show_sms(base, topic, situation, sms_ending(folder)) if sms else show(base, topic, situation, facet)
    click.echo("\n".join(lines))


@content.command("coverage")
@click.option("--html", type=click.Path(dir_okay=False, path_type=Path), help="Write a page there too.")
@as_of
@click.pass_obj
def content_coverage(folder: Path, html: Path | None, on: date) -> None:
    """Topics by arrangement and part, councils by field: where the gaps are."""
    from bot.knowledge.coverage import page, tables

    covered = coverage_of(folder, on)
    if html:
        html.write_text(page(covered), encoding="utf-8")
        click.echo(f"Written: {short(html)}")
    else:
        click.echo("\n".join(tables(covered)))


@content.command("docs")
@click.option("--to", "target", type=click.Path(file_okay=False, path_type=Path), default=DOCS, show_default=False,
              help="The folder to write to; docs/ by default.")
@as_of
@click.pass_obj
def content_docs(folder: Path, target: Path, on: date) -> None:
    """Write the pages made from the content: docs/arrangements.md and docs/coverage.html."""
    from bot.knowledge.arrangements import ArrangementTable
    from bot.knowledge.coverage import page
    from bot.knowledge.diagram import document

    table = ArrangementTable.load(folder / "arrangements.yml")
    pages = {"arrangements.md": document(table), "coverage.html": page(coverage_of(folder, on))}
    for name, text in pages.items():
        (target / name).write_text(text, encoding="utf-8")
        click.echo(f"Written: {short(target / name)}")


@content.command("add-council")
@click.argument("slug")
@as_of
@click.pass_obj
def add_council(folder: Path, slug: str, on: date) -> None:
    """Write an empty file for the council SLUG, ready to fill in."""
    from bot.knowledge.authorities import load_authorities
    from bot.knowledge.new_council import skeleton

    authorities = load_authorities(folder / "authorities.yml")
    known("council", slug, authorities)
    path = folder / "local_offers" / f"{slug}.yml"
    if path.exists():
        sys.exit(f"{short(path)} is there already. Open it and add to it.")
    path.write_text(skeleton(authorities[slug], on), encoding="utf-8")
    click.echo(f"Written: {short(path)}. Fill it in, then run: signpost content check")


@content.command("reload")
@as_of
@click.pass_obj
def reload_content(folder: Path, on: date) -> None:
    """Have the running service answer from the content as it is now. Where something is wrong with it, the old stays."""
    from bot.changing import MaybeChanged, NotChanged, ask_for
    from bot.gateway.installation import noted
    from bot.gateway.settings import Settings
    from bot.knowledge.check import check
    from bot.knowledge.readability import ReaderMissingError

    try:
        problems = check(folder, on)
    except ReaderMissingError:  # it comes with the development tools; the service looks at all the rest itself
        problems = []
    tell(problems)
    if problems:
        sys.exit("Nothing was changed: the service goes on with the content that it has.")
    try:
        asyncio.run(ask_for("content", Settings().data.resolve()))
    except MaybeChanged as error:
        sys.exit(str(error))
    except NotChanged as error:
        sys.exit(f"{error}\nNothing was changed: the service goes on with the content that it has.")
    noted("content_reloaded")
    click.echo("The service answers from the new content.")


@content.command("schema")
@click.pass_obj
def content_schema(folder: Path) -> None:
    """Write the JSON Schemas for editors' completion into content/schema/."""
    from bot.knowledge.schemas import write

    for path in write(folder / "schema"):
        click.echo(f"Written: {short(path)}")


def loaded(folder: Path) -> KnowledgeBase:
    """The knowledge base; says what is wrong and stops where it can't be loaded."""
    try:
        return KnowledgeBase.load(folder)
    except ContentError as error:
        tell(error.problems)
        sys.exit(1)


def coverage_of(folder: Path, on: date) -> Coverage:
    """How far the content reaches; says what is wrong and stops where it can't be told."""
    from bot.knowledge.content_files import read
    from bot.knowledge.coverage import coverage

    base, files = loaded(folder), read(folder)
    if files.taxonomy is None or files.style is None:
        tell(files.problems)
        sys.exit(1)
    return coverage(base, on, files.taxonomy.data, files.style.data.reader)


def sms_ending(folder: Path) -> str:
    """What the program adds to a short form."""
    from bot.knowledge.content_files import read

    style = read(folder).style
    return style.data.sms_ending if style else ""


def known(kind: str, name: str, names: Iterable[str]) -> None:
    """Stop with the nearest names where `name` is none of `names`."""
    from rapidfuzz import process

    choices = list(names)
    if name not in choices:
        near = ", ".join(found for found, *_ in process.extract(name, choices, limit=3))
        sys.exit(f"There is no {kind} called '{name}'. Nearest: {near}")


def tell(problems: Iterable[Problem]) -> None:
    """One line a problem, with the path as seen from here."""
    for problem in problems:
        click.echo(str(problem).replace(str(problem.file), short(problem.file), 1))


def short(path: Path) -> str:
    """The path as seen from the working directory."""
    resolved = path.resolve()
    return str(resolved.relative_to(Path.cwd())) if resolved.is_relative_to(Path.cwd()) else str(path)
