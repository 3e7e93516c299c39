"""A linear text classifier over the sentence embedding, character n-grams and words.

The one model behind the topics (Rasa's environment) and the danger detector (the gateway's). Character
n-grams catch the typos and text-speak that the embedding misses, words the terms of art. The sparse
features go through a truncated SVD for training only: everything is linear, so its weights are folded back
onto the hashed features, and the model is three plain arrays. Reading one back runs no code.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from scipy import sparse
from sklearn.feature_extraction.text import HashingVectorizer

from bot.embedding.model import SentenceEmbedding

Floats = npt.NDArray[np.float32]
KINDS = ("char_wb", "word")


@dataclass(frozen=True)
class Settings:
    """What the classifier is made with; config.yml carries the values in use."""

    char_low: int = 2
    char_high: int = 5
    word_high: int = 2
    buckets: int = 2**15  # of each kind of feature
    char_weight: float = 0.7
    word_weight: float = 0.7
    char_dimensions: int = 800
    word_dimensions: int = 600
    strictness: float = 40.0  # LogisticRegression's C
    iterations: int = 60


class TextClassifier:
    """Made by `train` or `load`; `probabilities` gives one row a text, one column a class."""

    def __init__(self, settings: Settings, classes: Sequence[str], dense: Floats, hashed: Floats, bias: Floats,
                 idf: Floats) -> None:
        self.settings = settings
        self.classes = list(classes)
        self._dense, self._hashed, self._bias, self._idf = dense, hashed, bias, idf
        self._hashers = _hashers(settings)

    @classmethod
    def train(cls, embedding: SentenceEmbedding, texts: Sequence[str], labels: Sequence[str],
              settings: Settings | None = None, vectors: Floats | None = None) -> TextClassifier:
        """Fit on `texts` and `labels` of the same length; `vectors` are their embeddings where already known."""
        from sklearn.linear_model import LogisticRegression  # slow to import, and only training needs it

        settings = settings or Settings()
        texts = [normal(t) for t in texts]
        counts = [h.transform(texts) for h in _hashers(settings)]
        idf = np.stack([_idf(c) for c in counts])
        dense = embedding.embed(texts) if vectors is None else vectors
        reduced, bases = [dense], []
        for rows, weights, kind in zip(counts, idf, KINDS, strict=True):
            points, basis = _reduced(_weighted(rows, weights), *_shape(settings, kind))
            reduced.append(points)
            bases.append(basis)
        model = LogisticRegression(C=settings.strictness, max_iter=settings.iterations, class_weight="balanced")
        model.fit(np.hstack(reduced).astype(np.float32), list(labels))  # in float64 it takes four times as long
        weights, bias = _both_classes(model.coef_, model.intercept_)
        width, hashed = dense.shape[1], []
        for basis in bases:  # fold the SVD into the weights of the hashed features
            hashed.append(basis @ weights[:, width : width + basis.shape[1]].T)
            width += basis.shape[1]
        return cls(settings, list(model.classes_), weights[:, : dense.shape[1]].T.astype(np.float32),
                   np.vstack(hashed).astype(np.float32), bias.astype(np.float32), idf)

    def probabilities(self, vectors: Floats, texts: Sequence[str]) -> Floats:
        """Class probabilities, shape (len(texts), len(classes)), of texts with their embeddings `vectors`."""
        texts = [normal(t) for t in texts]
        rows = sparse.hstack([_weighted(h.transform(texts), w) for h, w in zip(self._hashers, self._idf, strict=True)])
        scores = vectors @ self._dense + rows.tocsr() @ self._hashed + self._bias
        scores = np.exp(scores - scores.max(axis=1, keepdims=True))
        shares: Floats = scores / scores.sum(axis=1, keepdims=True)
        return shares

    def save(self, path: Path) -> None:
        """Write the arrays to `path` (.npz)."""
        settings = np.array(list(asdict(self.settings).values()), dtype=np.float64)
        np.savez_compressed(path, classes=np.array(self.classes), dense=self._dense, bias=self._bias,
                            hashed=self._hashed.astype(np.float16), idf=self._idf.astype(np.float16), settings=settings)

    @classmethod
    def load(cls, path: Path) -> TextClassifier:
        """Read what `save` wrote; never unpickles."""
        with np.load(path, allow_pickle=False) as kept:
            names, values = list(Settings.__dataclass_fields__), kept["settings"].tolist()
            whole = {"char_weight", "word_weight", "strictness"}
            given = {n: v if n in whole else int(v) for n, v in zip(names, values, strict=True)}
            return cls(Settings(**given), kept["classes"].tolist(), kept["dense"], kept["hashed"].astype(np.float32),
                       kept["bias"], kept["idf"].astype(np.float32))


def normal(text: str) -> str:
    """`text` as the classifier reads it: lower case, straight apostrophes, single spaces."""
    return " ".join(text.lower().replace("\u2019", "'").replace("\u2018", "'").split())


def _hashers(settings: Settings) -> list[HashingVectorizer]:
    ranges = ((settings.char_low, settings.char_high), (1, settings.word_high))
    return [HashingVectorizer(analyzer=kind, ngram_range=span, n_features=settings.buckets, alternate_sign=False,
                              norm=None, lowercase=False, token_pattern=r"(?u)\b\w+\b" if kind == "word" else None)
            for kind, span in zip(KINDS, ranges, strict=True)]


def _shape(settings: Settings, kind: str) -> tuple[int, float]:
    """(dimensions, weight) of a kind of feature."""
    if kind == "word":
        return settings.word_dimensions, settings.word_weight
    return settings.char_dimensions, settings.char_weight


def _idf(counts: sparse.csr_matrix) -> Floats:
    """Smoothed inverse document frequency; 0 for what occurs nowhere."""
    seen = np.asarray((counts > 0).sum(axis=0)).ravel()
    weights: Floats = np.where(seen > 0, np.log((1 + counts.shape[0]) / (1 + seen)) + 1, 0).astype(np.float32)
    return weights


def _weighted(counts: sparse.csr_matrix, idf: Floats) -> sparse.csr_matrix:
    """Sub-linear tf-idf rows of length 1."""
    rows = sparse.csr_matrix(counts, dtype=np.float32)
    rows.data = (1 + np.log(rows.data)) * idf[rows.indices]
    lengths = np.sqrt(np.asarray(rows.multiply(rows).sum(axis=1)).ravel())
    rows.data /= np.repeat(np.maximum(lengths, 1e-9), np.diff(rows.indptr))
    return rows


def _reduced(rows: sparse.csr_matrix, dimensions: int, weight: float) -> tuple[Floats, Floats]:
    """(points, basis): rows @ basis = points."""
    from sklearn.decomposition import TruncatedSVD

    svd = TruncatedSVD(min(dimensions, min(rows.shape) - 1), n_iter=2, random_state=0)
    points = svd.fit_transform(rows)
    return (points * weight).astype(np.float32), (svd.components_.T * weight).astype(np.float32)


def _both_classes(weights: npt.NDArray[np.float64], bias: npt.NDArray[np.float64]) -> tuple[
        npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """sklearn keeps one row for two classes."""
    if len(bias) > 1:
        return weights, bias
    return np.vstack([-weights, weights]) / 2, np.concatenate([-bias, bias]) / 2
