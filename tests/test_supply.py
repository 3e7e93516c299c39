"""What we build on: every library is pinned by hash, what is installed is what is pinned, and nothing secret is committed."""

from __future__ import annotations

import importlib.metadata
import json
import re
from pathlib import Path

import pytest
from detect_secrets import SecretsCollection
from detect_secrets.settings import transient_settings

ROOT = Path(__file__).resolve().parents[1]
LOCKS = ("uv", "app", "dev", "audit", "model", "rasa")
FOLDERS = ("bot", "bench", "deploy", "scripts", "tests", "web", "docs", ".ci")
LEFT_OUT = re.compile(r"\.(png|html|svg|pyc)$|^tests/.*\.(yml|txt)$")


def locked(name: str) -> dict[str, tuple[str, int]]:
    """By library: its version and how many hashes there are for it."""
    text = (ROOT / "requirements" / f"{name}.txt").read_text()
    found = re.findall(r"^([A-Za-z0-9._-]+)(?:\[[^\]]*\])?==(\S+)((?: \\\n +--hash=sha256:[0-9a-f]+)*)", text, re.M)
    assert len(found) == len(re.findall(r"^[A-Za-z]", text, re.MULTILINE)), f"{name}.txt has a line that pins nothing"
    return {plain(library): (version, hashes.count("--hash")) for library, version, hashes in found}


def plain(library: str) -> str:
    return re.sub(r"[-_.]+", "-", library).lower()


@pytest.mark.parametrize("name", LOCKS)
def test_every_library_is_pinned_by_hash(name: str) -> None:
    pinned = locked(name)
    assert pinned and all(hashes for _, hashes in pinned.values())
    asked = re.findall(r"^([A-Za-z0-9][A-Za-z0-9._-]*)", (ROOT / "requirements" / f"{name}.in").read_text(), re.MULTILINE)
    assert {plain(library) for library in asked} <= pinned.keys()
    assert "://" not in (ROOT / "requirements" / f"{name}.txt").read_text(), "a lock names no registry"


@pytest.mark.parametrize("name", ["app", "dev"])
def test_what_is_installed_is_what_is_pinned(name: str) -> None:
    installed = {plain(str(one.metadata["Name"])): one.version for one in importlib.metadata.distributions()}
    wrong = {library: (version, installed[library]) for library, (version, _) in locked(name).items()
             if library in installed and installed[library] != version}
    assert not wrong


def test_nothing_that_looks_like_a_secret_is_new(tmp_path: Path) -> None:
    """Where one was looked at and is none: detect-secrets scan --exclude-files … (docs/operating.md, 'Secrets')."""
    baseline = json.loads((ROOT / ".secrets.baseline").read_text())
    seen = {(file, one["hashed_secret"]) for file, found in baseline["results"].items() for one in found}
    known = {"plugins_used": baseline["plugins_used"], "filters_used": [
        one for one in baseline["filters_used"] if "baseline" not in one["path"]]}
    with transient_settings(known):
        found = SecretsCollection(root=str(ROOT))
        beside = ROOT.glob("[!.]*")  # no git: in a container it may refuse a folder that is somebody else's
        within = (path for folder in FOLDERS for path in (ROOT / folder).rglob("*"))
        for path in sorted(path for path in (*beside, *within) if path.is_file()):
            name = str(path.relative_to(ROOT))
            if not LEFT_OUT.search(name) and "__pycache__" not in name:
                found.scan_file(name)
        fresh = [f"{file}:{one.line_number}: {one.type}" for file, one in found if (file, one.secret_hash) not in seen]
        planted = SecretsCollection(root=str(tmp_path))
        (tmp_path / "planted.py").write_text(f"key = 'AKIA{'QX7RPL2MWT9KDZ3V'}'\n")
        planted.scan_file("planted.py")
    assert not fresh
    assert [one.type for _, one in planted] == ["AWS Access Key"], "it would be found"
