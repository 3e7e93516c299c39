"""The pages made from the content are current, and what the editors' guide tells people to type works."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest
from click.testing import CliRunner

from bot.content_commands import content as content_command
from bot.knowledge.arrangements import ArrangementTable
from bot.knowledge.base import CONTENT, KnowledgeBase
from bot.knowledge.diagram import document

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
GUIDE = (DOCS / "editing.md").read_text(encoding="utf-8")
PLACEHOLDERS = ("TOPIC", "FILE")
TABLE = ArrangementTable.load(CONTENT / "arrangements.yml")
TYPED = sorted({line for line in GUIDE.splitlines() if line.startswith("signpost content ")})


def test_the_page_on_arrangements_is_current() -> None:
    assert (DOCS / "arrangements.md").read_text(encoding="utf-8") == document(TABLE), "run: signpost content docs"


def test_the_page_on_arrangements_has_every_row_with_its_law() -> None:
    page = document(TABLE)
    rows = [line for line in page.splitlines() if line.startswith(("| o-", "| q"))]
    assert len(rows) == len(TABLE.outcomes) + len(TABLE.questions) + 1  # and the heading '| question'
    for outcome in TABLE.outcomes.values():
        row = next(line for line in rows if line.startswith(f"| {outcome.id} |"))
        assert outcome.arrangement in row
        assert all(law in row for law in outcome.law)
        assert all(f"({law})" in row for law in outcome.law_unread)


def test_the_coverage_page_shows_every_topic_and_council() -> None:
    base, page = KnowledgeBase.load(), (DOCS / "coverage.html").read_text(encoding="utf-8")
    rows = set(re.findall(r'<tr><th scope="row">([^<]+)</th>', page))
    assert rows == {*base.topics, *(authority.short_name for authority in base.authorities.values())}


def test_content_docs_writes_both_pages(tmp_path: Path) -> None:
    result = CliRunner().invoke(content_command, ["docs", "--to", str(tmp_path)], catch_exceptions=False)
    assert result.exit_code == 0
    assert {path.name for path in tmp_path.iterdir()} == {"arrangements.md", "coverage.html"}


@pytest.mark.parametrize("line", TYPED)
def test_what_the_guide_tells_editors_to_type_works(line: str, tmp_path: Path) -> None:
    words = shlex.split(re.split(r"\s{2,}", line)[0])[2:]
    if any(word in PLACEHOLDERS for word in words):
        words = [{"TOPIC": "money.overview"}.get(word, word) for word in words]
    shutil.copytree(CONTENT, tmp_path / "content")
    if words[0] == "add-council":
        (tmp_path / "content" / "local_offers" / f"{words[1]}.yml").unlink()
    result = CliRunner().invoke(content_command, ["--content", str(tmp_path / "content"), *words], catch_exceptions=False)
    assert result.exit_code == 0, result.output


def test_the_weekly_check_fails_when_something_is_past_its_day(tmp_path: Path) -> None:
    """The script itself, with a `signpost` whose `stale` finds something and whose `check` does not."""
    (tmp_path / ".ci").mkdir()
    shutil.copy(ROOT / ".ci" / "weekly", tmp_path / ".ci")
    bin_ = tmp_path / ".venv" / "bin"
    bin_.mkdir(parents=True)
    (bin_ / "signpost").write_text('#!/bin/sh\necho "$@" >>asked\n[ "$2" = check ]\n')
    (bin_ / "signpost").chmod(0o755)
    done = subprocess.run([tmp_path / ".ci" / "weekly"], cwd=tmp_path, check=False, env=os.environ)
    assert done.returncode == 1
    assert (tmp_path / "asked").read_text().splitlines() == ["content stale --days 30", "content check --strict"]
