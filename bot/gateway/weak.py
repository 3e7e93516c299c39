"""Secrets that could be guessed are refused at the start, before anything listens."""

from __future__ import annotations

import re

SHORTEST = 16  # characters
DIFFERENT = 6  # characters that differ from one another
_GUESSED = re.compile(r"change.?me|change.?this|passw[o0]rd|example|letmein|qwerty|123456", re.IGNORECASE)


class WeakSecret(ValueError):
    """Names the setting, never the secret."""


def refuse_weak(name: str, secret: str) -> None:
    """Raises `WeakSecret` where `secret` is short, repeats itself, or is one of those that everybody tries."""
    if len(secret) < SHORTEST or len(set(secret)) < DIFFERENT or _GUESSED.search(secret):
        raise WeakSecret(f"{name} is missing or could be guessed. Make one with: openssl rand -hex 24")
