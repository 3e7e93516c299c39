"""What one process has read of a text, on its way to another: the gateway looks for danger first, and asks the same model as
Rasa does. The model takes longer than all else that a turn needs."""

from __future__ import annotations

import base64
from typing import Any

import numpy as np

from bot.embedding.model import DIMENSIONS, Pieces, SentenceEmbedding, mark

LONGEST = 64  # word pieces; as many take 130 kB, and Rasa's door has a limit


def carried(embedding: SentenceEmbedding, text: str) -> dict[str, Any] | None:
    """For JSON: what `embedding` has read of the text a moment ago; None where it hasn't, or where that is too much."""
    read = embedding.lately(text)
    if read is None or read.vectors.ndim == 1 or len(read.spans) > LONGEST:
        return None
    vectors = base64.b64encode(np.ascontiguousarray(read.vectors, "<f4").tobytes()).decode("ascii")
    return {"of": mark(text), "weights": embedding.weights, "spans": read.spans, "vectors": vectors}


def take_over(embedding: SentenceEmbedding, text: str, read: dict[str, Any] | None) -> None:
    """Have `embedding` remember what came with the text; not what was read of another one, or with other weights, as while a
    new version is rolled out."""
    if read and (read["of"], read["weights"]) == (mark(text), embedding.weights):
        vectors = np.frombuffer(base64.b64decode(read["vectors"]), "<f4").reshape(-1, DIMENSIONS)
        embedding.remember(text, Pieces([(start, end) for start, end in read["spans"]], vectors))
