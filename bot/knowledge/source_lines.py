"""YAML with line numbers: every problem in the content is named by file and line."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

try:
    from yaml import CSafeLoader as SafeLoader
except ImportError:  # a PyYAML without libyaml: slower, the same result
    from yaml import SafeLoader  # type: ignore[assignment]


@dataclass(frozen=True, order=True)
class Problem:
    """One thing wrong in the content, for the person who edits it."""

    file: Path
    line: int
    what: str
    why: str
    how: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.what}: {self.why}. To mend it: {self.how}"


class ContentError(ValueError):
    """The content cannot be used; `problems` lists everything that is wrong, all at once."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = sorted(problems)
        super().__init__("\n".join(map(str, self.problems)))


class Document:
    """One YAML file: its plain data, and the line of any place in it."""

    def __init__(self, path: Path) -> None:
        """Read `path`; raises `ContentError` where it is not YAML or not text."""
        self.path = path
        self._node: yaml.Node | None = None
        try:
            self._text = path.read_text(encoding="utf-8")
            self.data: Any = yaml.load(self._text, Loader=SafeLoader)
        except yaml.YAMLError as error:
            raise ContentError([_yaml_problem(path, error)]) from error
        except (OSError, UnicodeDecodeError) as error:
            how = "save the file as UTF-8 text"
            raise ContentError([Problem(path, 1, "the file cannot be read", str(error), how)]) from error
        except (ValueError, RecursionError) as error:  # a day that there isn't; brackets in brackets in brackets
            how = "look for a day such as 2026-02-30, or for brackets that are never closed"
            raise ContentError([Problem(path, 1, "this can't be understood", str(error), how)]) from error

    def line(self, *place: str | int) -> int:
        """Line (from 1) of the value at `place`, or of its nearest ancestor that exists."""
        if self._node is None:
            self._node = yaml.compose(self._text, Loader=SafeLoader)
        node, line = self._node, 1
        for step in place:
            found = next((pair for pair in _children(node) if pair[0] == step), None)
            if found is None:
                break
            _, marker, node = found
            line = marker.start_mark.line + 1
        return line

    def problem(self, place: Sequence[str | int], what: str, why: str, how: str) -> Problem:
        """A `Problem` at `place` of this file."""
        return Problem(self.path, self.line(*place), what, why, how)


def _children(node: yaml.Node | None) -> Iterator[tuple[str | int, yaml.Node, yaml.Node]]:
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            yield key.value, key, value
    elif isinstance(node, yaml.SequenceNode):
        for index, value in enumerate(node.value):
            yield index, value, value


def _yaml_problem(path: Path, error: yaml.YAMLError) -> Problem:
    mark = getattr(error, "problem_mark", None)
    why = getattr(error, "problem", None) or str(error)
    how = "compare the indentation and quotes with the entry above it"
    return Problem(path, mark.line + 1 if mark else 1, "this is not valid YAML", why, how)
