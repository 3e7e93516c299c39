"""JSON Schemas of the content's files, for the completion of editors such as VS Code (content/schema/)."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter

from bot.knowledge.content_files import FigureGroups
from bot.knowledge.schema import LocalOffer, Topic

SHAPES: dict[str, Any] = {"topic": Topic, "figures": FigureGroups, "local_offer": LocalOffer}


def schemas() -> dict[str, str]:
    """{file name: JSON Schema (draft 2020-12) as text}."""
    return {f"{name}.json": _text(TypeAdapter(shape).json_schema(by_alias=True)) for name, shape in SHAPES.items()}


def write(folder: Path) -> list[Path]:
    """Write them all into `folder`; gives the files written."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for name, text in schemas().items():
        path = folder / name
        path.write_text(text, encoding="utf-8")
        paths.append(path)
    return paths


def _text(schema: dict[str, Any]) -> str:
    whole = {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}
    return json.dumps(whole, indent=2, ensure_ascii=False) + "\n"
