"""Writes content/place_lookalikes.txt: everyday words and surnames that would be taken for a misspelt place.

    python scripts/place_lookalikes.py WORDS.txt [MORE.txt …]

Each file holds words parted by white space: ordinary English words (for ours: those of the GNU Collaborative
International Dictionary and Webster's second among the 30,000 commonest of wordfreq 3.1) and the 8,000 commonest
surnames of the 1990 US census. Run it again after adding places to content/authorities.yml.
"""

from __future__ import annotations

import sys
import textwrap
from pathlib import Path

from bot.knowledge.places import PlaceFinder

CONTENT = Path(__file__).resolve().parents[1] / "content"
OUT = CONTENT / "place_lookalikes.txt"
HEAD = "# Words that are no misspelt places, though near to one. Written by scripts/place_lookalikes.py.\n"


def main(paths: list[str]) -> None:
    """Keep the words of `paths` that are near a place's name without being one."""
    OUT.write_text(HEAD, encoding="utf-8")
    names = PlaceFinder.load(CONTENT).gazetteer
    words = {word for path in paths for word in Path(path).read_text(encoding="utf-8").split()}
    near = sorted(word for word in words if word not in names and (names.nearest(word) or names.joined(word)))
    OUT.write_text(HEAD + "\n".join(textwrap.wrap(" ".join(near), 118)) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
