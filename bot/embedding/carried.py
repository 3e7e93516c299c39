"""What one process has read of a text, on its way to another: the gateway looks for danger first, and asks the same model as
Rasa does. The model takes longer than all else that a turn needs."""

from __future__ import annotations

import base64
import hashlib
from typing import Any

import numpy as np

from bot.embedding.model import DIMENSIONS, Pieces

LONGEST = 64  # word pieces; as many take 130 kB, and Rasa's door has a limit


def mark(text: str) -> str:
    """What a text is known by on its way."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def packed(text: str, read: Pieces, weights: str) -> dict[str, Any] | None:
    """For JSON: what was read of the text with the model of these weights; None where that is too much."""
    if read.vectors.ndim == 1 or len(read.spans) > LONGEST:
        return None
    vectors = base64.b64encode(np.ascontiguousarray(read.vectors, "<f4").tobytes()).decode("ascii")
    return {"of": mark(text), "weights": weights, "spans": read.spans, "vectors": vectors}


def unpacked(text: str, came: dict[str, Any] | None, weights: str) -> Pieces | None:
    """What was read of this very text with the same weights; None for anything else, as while a new version is rolled out."""
    if not came or (came.get("of"), came.get("weights")) != (mark(text), weights):
        return None
    vectors = np.frombuffer(base64.b64decode(came["vectors"]), "<f4").reshape(-1, DIMENSIONS)
    return Pieces([(start, end) for start, end in came["spans"]], vectors)
