"""Programs that some tests need: `python -m tests.doubles.tools` says which this machine lacks, before the tests run."""

from __future__ import annotations

import shutil

import pytest

from bot.cluster import check_engines
from bot.supervisor import CannotStart

CHROMIUM = shutil.which("chromium")
NO_CHROMIUM = "chromium is missing on this machine. On Debian: apt-get install chromium"


def need_engines() -> None:
    """Leave the test out where PostgreSQL, Redis or nginx is missing."""
    try:
        check_engines()
    except CannotStart as error:
        pytest.skip(str(error))


def lacking() -> list[str]:
    """A sentence for each lack, with the tests that it leaves out."""
    said = [] if CHROMIUM else [f"{NO_CHROMIUM}\n  Left out: tests/web and tests/e2e/test_2_browser.py"]
    try:
        check_engines()
    except CannotStart as error:
        said.append(f"{error}\n  Left out: tests/engines, tests/deploy and tests/e2e/test_10_cluster.py")
    return said


if __name__ == "__main__":
    print("\n".join(lacking()) or "All there.")
