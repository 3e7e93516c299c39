"""`widget.js`: the modules of web/widget, the words and the style as one script, without a build (docs/decisions/0010)."""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
import re
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from pathlib import Path

from bot.knowledge.base import KnowledgeBase

_IMPORT = re.compile(r'^import \{[^}]+\} from "\./(\w+)\.js";\n', re.MULTILINE)
_EXPORT = re.compile(r"^export (?=const |class )", re.MULTILINE)
_COMMENT = re.compile(r"^\s*//.*\n", re.MULTILINE)  # whole lines only: nothing in a string or an expression is touched
MADE = "made"  # the module that is made here: words and styles


@dataclass(frozen=True)
class Served:
    """A file as it is served."""

    text: bytes

    @cached_property
    def zipped(self) -> bytes:
        """As most browsers take it."""
        return gzip.compress(self.text, mtime=0)

    @cached_property
    def integrity(self) -> str:
        """For the `integrity` attribute of a script tag."""
        return "sha384-" + base64.b64encode(hashlib.sha384(self.text).digest()).decode()


def words(base: KnowledgeBase, on: date) -> dict[str, str]:
    """The page's words by name, figures as they hold on that day; {places} stay for the browser to fill."""
    names = {name: f"page.{name}" for name in base.words.under("page")} | {"hello": "start.hello"}
    return {short: base.figures.fill(base.words.ways(name)[0], on) for short, name in names.items()}


def script(web: Path, said: dict[str, str]) -> Served:
    """All modules that `widget/main.js` needs, in the order of their imports, in a scope of their own."""
    style, printed = ((web / name).read_text(encoding="utf-8") for name in ("chat.css", "print.css"))
    made = {"WORDS": said, "STYLE": _tight(style), "PRINT_STYLE": _tight(printed)}
    lines = [f"const {name} = {json.dumps(value, ensure_ascii=False)};" for name, value in made.items()]
    parts = ["\n".join(lines)]
    _add(web / "widget", "main", {MADE}, parts)
    return Served("\n".join(['"use strict";', "(() => {", *parts, "})();"]).encode())


def stylesheet(web: Path) -> Served:
    """The style by itself."""
    return Served(_tight((web / "chat.css").read_text(encoding="utf-8")).encode())


def _add(folder: Path, name: str, there: set[str], parts: list[str]) -> None:
    there.add(name)
    source = (folder / f"{name}.js").read_text(encoding="utf-8")
    for needed in _IMPORT.findall(source):
        if needed not in there:
            _add(folder, needed, there, parts)
    parts.append(_COMMENT.sub("", _EXPORT.sub("", _IMPORT.sub("", source))))


def _tight(style: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"/\*.*?\*/", "", style, flags=re.DOTALL)).strip()
