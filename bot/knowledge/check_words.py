"""Checks that the program and words.yml agree: every sentence asked for is there, and every one there is asked for.

The program's own files are read as syntax trees. A name is asked for as the first argument of `say`, `_say` or
`ways`, or as the argument called `name` of a function that passes it on to one of them.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from bot.knowledge.content_files import ContentFiles
from bot.knowledge.source_lines import Problem
from bot.knowledge.words import Words

_ASKING = frozenset({"say", "_say", "ways"})
_NAME = re.compile(r"[a-z_]+(?:\.[a-z0-9_]+)*")
_BEGINNING = re.compile(r"[a-z_]+\.[a-z0-9_.]*")


@dataclass(frozen=True)
class Wanted:
    """A name the code holds, or (`exact` false) the beginning of one that it completes; `surely` asked for."""

    name: str
    exact: bool
    surely: bool
    path: Path
    line: int

    def found_in(self, words: Words) -> bool:
        """Does words.yml have it?"""
        return self.name in words if self.exact else any(name.startswith(self.name) for name, _ in words)


def problems(files: ContentFiles, code: Path) -> Iterator[Problem]:
    """Names that one side has and the other lacks."""
    if files.words is None:
        return
    words = files.words.data
    wanted = [want for path in sorted(code.rglob("*.py")) for want in wanted_in(path)]
    for want in wanted:
        if want.surely and not want.found_in(words):
            how = "add it to content/words.yml, or ask a developer to mend the name"
            yield Problem(want.path, want.line, want.name, "is asked for here, and words.yml hasn't got it", how)
    exact = {want.name for want in wanted if want.exact}
    begun = tuple(want.name for want in wanted if not want.exact)
    for name, _ in words:
        if name not in exact and not name.startswith(begun):
            how = "take it out, or check its spelling: the program asks for another name"
            yield files.words.problem(tuple(name.split(".")), "is never said", how, name)


def wanted_in(path: Path) -> Iterator[Wanted]:
    """Every text in a Python file that is, or begins, a name as words.yml has them."""
    text = path.read_text(encoding="utf-8")
    if not any(f"{asking}(" in text for asking in (*_ASKING, "chat")):
        return
    tree = ast.parse(text)
    asked = set(map(id, _arguments(tree)))
    inside = {id(part) for node in ast.walk(tree) if isinstance(node, ast.JoinedStr) for part in node.values}
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr):
            head = node.values[0]
            if isinstance(head, ast.Constant) and _BEGINNING.fullmatch(str(head.value)):
                yield Wanted(str(head.value), False, id(node) in asked, path, node.lineno)
        elif _is_name(node) and id(node) not in inside:
            yield Wanted(node.value, True, id(node) in asked, path, node.lineno)  # type: ignore[attr-defined]


def _is_name(node: ast.AST) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, str) and bool(_NAME.fullmatch(node.value))


def _arguments(tree: ast.Module) -> Iterator[ast.expr]:
    """The expressions that stand for a name in calls, and the defaults of parameters that do."""
    passing = {function.name: function for function in ast.walk(tree) if isinstance(function, ast.FunctionDef)}
    passing = {name: function for name, function in passing.items() if _passes_name_on(function)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            position = 0 if called in _ASKING else _position(passing.get(called))
            if position is not None and len(node.args) > position:
                yield from _choices(node.args[position])
    for function in passing.values():
        for default in function.args.defaults:
            yield from _choices(default)


def _passes_name_on(function: ast.FunctionDef) -> bool:
    calls = (node for node in ast.walk(function) if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute))
    return function.name not in _ASKING and any(
        call.func.attr in _ASKING and call.args and getattr(call.args[0], "id", "") == "name"  # type: ignore[attr-defined]
        for call in calls
    )


def _position(function: ast.FunctionDef | None) -> int | None:
    names = [argument.arg for argument in function.args.args] if function else []
    return names.index("name") if "name" in names else None


def _choices(expression: ast.expr) -> Iterator[ast.expr]:
    if isinstance(expression, ast.IfExp):
        yield from _choices(expression.body)
        yield from _choices(expression.orelse)
    else:
        yield expression
