"""The keys that seal carers' numbers."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from threading import Barrier

from bot.gateway.addresses import Addresses, keys_of, rotated

AT_ONCE = 8


def _first_look(together: Barrier, data: Path) -> str:
    together.wait(60)
    return keys_of(data, "")


def test_gateways_that_start_at_once_have_the_same_keys(tmp_path: Path) -> None:
    """A number sealed with a key that another start threw away could never be rung again."""
    together = Barrier(AT_ONCE)
    with ThreadPoolExecutor(AT_ONCE) as starting:
        for number in range(50):
            data = tmp_path / str(number)
            data.mkdir()
            looks = [starting.submit(partial(_first_look, together, data)) for _ in range(AT_ONCE)]
            found = {look.result() for look in looks}
            assert len(found) == 1 and Addresses(found.pop()).seal("+447700900123")
            assert [path.name for path in data.iterdir()] == ["address-keys"]
            assert (data / "address-keys").stat().st_mode & 0o777 == 0o600


def test_a_rotation_leaves_the_file_whole_and_for_its_user_alone(tmp_path: Path) -> None:
    umask = os.umask(0)
    try:
        sealed = Addresses(keys_of(tmp_path, "")).seal("+447700900123")
        assert rotated(tmp_path).open(sealed) == Addresses(keys_of(tmp_path, "")).open(sealed) == "+447700900123"
    finally:
        os.umask(umask)
    assert [(path.name, path.stat().st_mode & 0o777) for path in tmp_path.iterdir()] == [("address-keys", 0o600)]
