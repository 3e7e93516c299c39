"""Saved replies (content/saved_replies.yml): what advisers often say."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from bot.knowledge.base import KnowledgeBase
from bot.knowledge.loading import Gathering
from bot.knowledge.schema import Strict, Text


class SavedReply(Strict):
    """One of them; `{name}` in it is the adviser's."""

    title: Text
    text: Text


def load(path: Path) -> list[SavedReply]:
    """Raises `ContentError` naming every mistake."""
    gathering = Gathering()
    read = gathering.read(path, list[SavedReply])
    gathering.stop_on_problems()
    return read[1] if read else []


def filled(reply: SavedReply, base: KnowledgeBase, name: str, on: date) -> dict[str, str]:
    """With today's figures and her name."""
    return {"title": reply.title, "text": base.figures.fill(reply.text, on).format_map({"name": name})}
