"""Carers' numbers at rest: sealed with a key, and known elsewhere by a pseudonym alone."""

from __future__ import annotations

import contextlib
import hashlib
import hmac
import os
import secrets
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

from cryptography.fernet import Fernet, InvalidToken, MultiFernet


class AddressKeysWrong(ValueError):
    """The keys can't be used; the message says what to mend."""


class Addresses:
    """Seals addresses and opens them again.

    `keys`: a pepper for the pseudonyms, then Fernet keys, the newest first: it seals, all of them open. The pepper
    never changes, because a STOP is remembered under the pseudonym.
    """

    def __init__(self, keys: str, again: Callable[[], str] | None = None) -> None:
        """`again`: reads the keys anew, which is tried where none of these fits. Raises `AddressKeysWrong`."""
        self._again = again
        self._take(keys)

    def _take(self, keys: str) -> None:
        pepper, *fernet = keys.replace(",", " ").split() or [""]
        if len(pepper) < 32 or not fernet:
            raise AddressKeysWrong("The address keys have to be a pepper of 32 characters or more and a Fernet key.")
        self._pepper = pepper.encode()
        try:
            self._fernet = MultiFernet([Fernet(key) for key in fernet])
        except ValueError as error:
            raise AddressKeysWrong("One of the address keys is not a Fernet key (32 bytes, URL-safe base64).") from error

    def pseudonym(self, channel: str, address: str) -> str:
        """64 hex digits that stand for the address on this channel; the same each time, and no way back."""
        return hmac.new(self._pepper, f"{channel}\0{address}".encode(), hashlib.sha256).hexdigest()

    def seal(self, address: str) -> str:
        """The address for the database."""
        return self._fernet.encrypt(address.encode()).decode()

    def open(self, sealed: str) -> str:
        """The address to send to. Raises `AddressKeysWrong` where no key fits."""
        try:
            return self._opened(sealed)
        except AddressKeysWrong:
            if self._again is None:
                raise
        self._take(self._again())  # they were rotated while we ran
        return self._opened(sealed)

    def _opened(self, sealed: str) -> str:
        try:
            return self._fernet.decrypt(sealed).decode()
        except InvalidToken as error:
            raise AddressKeysWrong("No address key opens this number: an old key is missing.") from error

    def renewed(self, sealed: str) -> str:
        """The same address under the newest key. Raises `AddressKeysWrong` where no key fits."""
        return self.seal(self.open(sealed))


def addresses_of(data: Path, given: str) -> Addresses:
    """With the keys of `keys_of`, read anew after a rotation. Raises `AddressKeysWrong`."""
    return Addresses(keys_of(data, given), lambda: keys_of(data, given))


def rotated(data: Path) -> Addresses:
    """A new key in the data folder's file. The one before it still opens, for what is being written; older ones are gone."""
    pepper, newest, *_ = keys_of(data, "").split()
    with _beside(data, f"{pepper}\n{Fernet.generate_key().decode()}\n{newest}\n") as fresh:
        fresh.replace(data / "address-keys")  # at once, or not at all
    return addresses_of(data, "")


def keys_of(data: Path, given: str) -> str:
    """The keys from the settings, else made once and kept in this installation's data folder, for its user alone."""
    kept = data / "address-keys"
    if given:
        return given
    if not kept.exists():
        with _beside(data, f"{secrets.token_urlsafe(32)}\n{Fernet.generate_key().decode()}\n") as made:
            try:
                os.link(made, kept)
            except FileExistsError:
                pass  # of several gateways that start at once, one wins
            except OSError as error:  # a share that knows no links
                raise AddressKeysWrong(f"Keys can't be made in {data} ({error.strerror}). Give them in SIGNPOST_ADDRESS_KEYS, "
                                       "as docs/operating.md says, or choose another folder with SIGNPOST_DATA.") from error
    return kept.read_text(encoding="utf-8")


@contextlib.contextmanager
def _beside(data: Path, text: str) -> Iterator[Path]:
    """A whole file with `text`, for this user alone, as long as the block runs or until it is put in its place."""
    with tempfile.NamedTemporaryFile("w", dir=data, prefix="address-keys-", encoding="utf-8", delete=False) as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    try:
        yield Path(file.name)
    finally:
        Path(file.name).unlink(missing_ok=True)
