"""A complaint that is made, not asked about. The patterns are in content/complaints.yml."""

from __future__ import annotations

import re
from pathlib import Path

import yaml


class Complaints:
    """`kind(text)` of a message in small letters with straight apostrophes."""

    def __init__(self, path: Path) -> None:
        kinds: dict[str, list[str]] = yaml.safe_load(path.read_text(encoding="utf-8"))
        self._kinds = {kind: re.compile("|".join(patterns)) for kind, patterns in kinds.items()}

    def kind(self, text: str) -> str | None:
        """A key of the file, the first that fits; None where it is no complaint."""
        return next((kind for kind, pattern in self._kinds.items() if pattern.search(text)), None)
