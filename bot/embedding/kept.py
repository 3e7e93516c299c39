"""Embeddings kept between trainings: the two models learn from the same lines, and most lines stay as they were."""

from __future__ import annotations

import fcntl
import hashlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from bot.embedding.model import ROOT, SentenceEmbedding, model_folder, weights_sha256


def kept_file() -> Path:
    """Another model file, another cache."""
    return ROOT / "models" / f"embeddings-{weights_sha256(model_folder())[:12]}.npz"


def key(text: str) -> str:
    """What a text's embedding is kept under."""
    return hashlib.sha256(text.encode()).hexdigest()[:24]


def embed_kept(embedding: SentenceEmbedding, texts: Sequence[str], path: Path | None = None) -> npt.NDArray[np.float32]:
    """As `embedding.embed(texts)`, but not anew for what `path` (default `kept_file()`) holds; it holds `texts` afterwards."""
    path = path or kept_file()
    path.parent.mkdir(exist_ok=True)
    with path.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # both models are trained at once: the second waits for the first's, and has them
        return _embed_kept(embedding, texts, path)


def _embed_kept(embedding: SentenceEmbedding, texts: Sequence[str], path: Path) -> npt.NDArray[np.float32]:
    keys = [key(text) for text in texts]
    known: dict[str, npt.NDArray[np.float32]] = {}
    if path.is_file():
        with np.load(path, allow_pickle=False) as kept:
            known = dict(zip(kept["keys"].tolist(), kept["vectors"], strict=True))
    new = {k: text for k, text in zip(keys, texts, strict=True) if k not in known}
    known |= dict(zip(new, embedding.embed(list(new.values())), strict=True))
    if new:
        np.savez(path, keys=np.array(list(known)), vectors=np.stack(list(known.values())))
    return np.stack([known[k] for k in keys])
