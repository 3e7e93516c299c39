"""Whatever an editor's keyboard does to a file: what is wrong is named as file:line: what, why, how; never a traceback."""

from __future__ import annotations

import random
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from bot.helpline import replies
from bot.knowledge.arrangements import ArrangementTable
from bot.knowledge.authorities import load_authorities
from bot.knowledge.base import CONTENT, KnowledgeBase
from bot.knowledge.content_files import FigureGroups, Taxonomy, twice_named
from bot.knowledge.loading import checked
from bot.knowledge.schema import Helpline, LocalOffer, Term, Topic
from bot.knowledge.small_files import SHAPES
from bot.knowledge.source_lines import ContentError, Document
from bot.knowledge.style import Style
from bot.knowledge.words import words_of

Load = Callable[[Path], Any]
EXAMPLES = 20  # of each file


def as_(shape: Any) -> Load:
    return lambda path: checked(Document(path), shape)


LOADS: dict[str, Load] = {
    "national/money.child_benefit.yml": as_(Topic), "local_offers/rotherham.yml": as_(LocalOffer),
    "figures/after_16.yml": as_(FigureGroups), "helpline.yml": as_(Helpline), "glossary.yml": as_(dict[str, Term]),
    "taxonomy.yml": as_(Taxonomy), "style.yml": as_(Style), "words.yml": lambda path: words_of(Document(path)),
    "arrangements.yml": ArrangementTable.load, "authorities.yml": load_authorities, "saved_replies.yml": replies.load,
    **{name: as_(shape) for name, shape in SHAPES.items()},
}
ODD = ["[", "{", "}", "]", ":", "- ", "'", '"', "#", "&a ", "*a", "!!python/object:os.system x", "%", "@", "`", "|", ">", "\t",
       "\0", "null", "~", "true", "1", "1.5", "2026-02-30", "2026-13-45", "0x1", "1e999", "\ud83d", "<<: ", "? ", "---\n",
       "...", "{a: b}", "[a, b]", "é", "(", "\\", "[" * 60, "😀"]
Damage = tuple[str, float, str]
DAMAGE = st.lists(st.tuples(st.sampled_from(["insert", "cut", "double", "indent", "value", "key", "line", "empty"]),
                            st.floats(0, 0.999), st.sampled_from(ODD)), min_size=1, max_size=3)


def damaged(text: str, damage: list[Damage]) -> str:
    """`text` with slips of the keyboard in it."""
    for kind, where, odd in damage:
        lines = text.splitlines()
        if not lines:
            return odd
        at = int(where * len(lines))
        line, column = lines[at], int(random.Random(where).random() * (len(lines[at]) + 1))  # noqa: S311
        name, colon, _ = line.partition(":")
        lines[at:at + 1] = {
            "insert": [line[:column] + odd + line[column:]], "cut": [line[:column]], "double": [line, line],
            "indent": [f"  {line}"], "value": [f"{name}: {odd}" if colon else f"- {odd}"], "key": [f"{odd}{line}"], "line": [],
            "empty": ["" for _ in range(at)]}[kind]
        text = "\n".join(lines)
    return text


@pytest.mark.parametrize("name", LOADS)
@settings(max_examples=EXAMPLES, deadline=None, derandomize=True,
          suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(damage=DAMAGE)
@example(damage=[("empty", 0.99, "")])
@example(damage=[("key", 0, "? ")])
def test_a_damaged_file_is_taken_or_named_by_file_and_line(name: str, tmp_path: Path, damage: list[Damage]) -> None:
    path = tmp_path / Path(name).name
    text = damaged((CONTENT / name).read_text(encoding="utf-8"), damage)
    path.write_bytes(text.encode("utf-8", "surrogatepass"))
    try:
        LOADS[name](path)
    except ContentError as error:
        assert error.problems
        for problem in error.problems:
            assert problem.file == path and 1 <= problem.line <= text.count("\n") + 2
            assert problem.what and problem.why and problem.how
            assert str(problem).startswith(f"{path}:{problem.line}: ")
    list(twice_named(tmp_path))


def test_every_file_of_the_content_is_among_them() -> None:
    folders = {"national", "local_offers", "figures"}
    found = {str(path.relative_to(CONTENT)) for path in CONTENT.rglob("*.yml")}
    assert {name for name in found if name.partition("/")[0] not in folders} == {
        name for name in LOADS if name.partition("/")[0] not in folders}
    assert {name.partition("/")[0] for name in found} >= folders


@pytest.mark.parametrize(("name", "text", "says"), [
    ("feelings.yml", "grief: {patterns: ['(']}", "feelings.yml:1: grief.patterns.0"),
    ("danger.yml", "always: {}\nover: []\nidioms:\n- ok\n- '['", "danger.yml:5: idioms.1"),
    ("feelings.yml", "grief: {patterns: ['[[a]']}", "feelings.yml:1: grief.patterns.0"),
    ("danger.yml", "always: {}\nover: ['a|']\nidioms: []", "danger.yml:2: over.0"),
    ("danger.yml", "always: {}\nover: []\nidioms:\n- ''", "danger.yml:4: idioms.0"),
    ("words.yml", "greet:\n  hello: 5", "words.yml:2: greet.hello"), ("words.yml", "- a", "words.yml:1: words.yml"),
    ("wider_areas.yml", "- {names: [A]}\n- {names: []}", "wider_areas.yml:2: 1.names"),
    ("glossary.yml", "a: 2026-02-30", "glossary.yml:1: this can't be understood"),
])
def test_what_is_said_of_some(name: str, text: str, says: str, tmp_path: Path) -> None:
    (tmp_path / name).write_text(text)
    with pytest.raises(ContentError) as wrong:
        LOADS[name](tmp_path / name)
    assert f"{tmp_path}/{says}" in str(wrong.value)


def test_a_load_of_everything_names_the_small_files_too(tmp_path: Path) -> None:
    shutil.copytree(CONTENT, tmp_path / "content")
    (tmp_path / "content" / "danger.yml").write_text("always: {}\nover: []\nidioms: ['(']\n")
    (tmp_path / "content" / "words.yml").write_text("greet: {}\n")
    with pytest.raises(ContentError, match=r"danger\.yml:3: idioms\.0"):
        KnowledgeBase.load(tmp_path / "content")
