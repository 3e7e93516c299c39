"""A linear text classifier over the sentence embedding and character n-grams.

The one model behind the topics (Rasa's environment) and the danger detector (the gateway's).
Character n-grams catch the typos and text-speak that the embedding misses; both go, scaled, into one
multinomial logistic regression. It is kept as plain arrays, so that reading one back runs no code.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from scipy import sparse
from sklearn.feature_extraction.text import HashingVectorizer
from sklearn.linear_model import LogisticRegression

from bot.embedding.model import SentenceEmbedding

Floats = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Settings:
    """What the classifier is made with; config.yml carries the values in use."""

    ngram_low: int = 2
    ngram_high: int = 5
    buckets: int = 2**15
    ngram_weight: float = 0.5
    strictness: float = 10.0  # LogisticRegression's C
    iterations: int = 200


class TextClassifier:
    """Made by `train` or `load`; `probabilities` gives one row a text, one column a class."""

    def __init__(self, settings: Settings, classes: Sequence[str], weights: Floats, bias: Floats, idf: Floats) -> None:
        self.settings = settings
        self.classes = list(classes)
        self._weights, self._bias, self._idf = weights, bias, idf
        self._hasher = _hasher(settings)

    @classmethod
    def train(cls, embedding: SentenceEmbedding, texts: Sequence[str], labels: Sequence[str],
              settings: Settings = Settings(), vectors: Floats | None = None) -> TextClassifier:  # noqa: B008
        """Fit on `texts` and `labels` of the same length; `vectors` are their embeddings where already known."""
        counts = _hasher(settings).transform(map(normal, texts))
        document_frequency = np.asarray((counts > 0).sum(axis=0)).ravel()
        idf = (np.log((1 + len(texts)) / (1 + document_frequency)) + 1).astype(np.float32)
        dense = embedding.embed([normal(t) for t in texts]) if vectors is None else vectors
        features = sparse.hstack([sparse.csr_matrix(dense), _weighted(counts, idf, settings)]).tocsr()
        model = LogisticRegression(C=settings.strictness, max_iter=settings.iterations, class_weight="balanced")
        model.fit(features, list(labels))
        weights, bias = model.coef_, model.intercept_
        if len(model.classes_) == 2:  # sklearn keeps one row for two classes
            weights, bias = np.vstack([-weights, weights]), np.concatenate([-bias, bias])
            weights, bias = weights / 2, bias / 2
        return cls(settings, list(model.classes_), weights.astype(np.float32), bias.astype(np.float32), idf)

    def probabilities(self, vectors: Floats, texts: Sequence[str]) -> Floats:
        """Class probabilities, shape (len(texts), len(classes)), of texts with their embeddings `vectors`."""
        ngrams = _weighted(self._hasher.transform(map(normal, texts)), self._idf, self.settings)
        width = vectors.shape[1]
        scores = vectors @ self._weights[:, :width].T + ngrams @ self._weights[:, width:].T + self._bias
        scores = np.exp(scores - scores.max(axis=1, keepdims=True))
        shares: Floats = scores / scores.sum(axis=1, keepdims=True)
        return shares

    def save(self, path: Path) -> None:
        """Write the arrays to `path` (.npz)."""
        chosen = self.settings
        np.savez_compressed(
            path, classes=np.array(self.classes), bias=self._bias, idf=self._idf,
            weights=self._weights.astype(np.float16),
            settings=np.array([chosen.ngram_low, chosen.ngram_high, chosen.buckets, chosen.ngram_weight,
                               chosen.strictness, chosen.iterations]),
        )

    @classmethod
    def load(cls, path: Path) -> TextClassifier:
        """Read what `save` wrote; never unpickles."""
        with np.load(path, allow_pickle=False) as kept:
            low, high, buckets, weight, strictness, iterations = kept["settings"].tolist()
            settings = Settings(int(low), int(high), int(buckets), weight, strictness, int(iterations))
            return cls(settings, kept["classes"].tolist(), kept["weights"].astype(np.float32), kept["bias"], kept["idf"])


def normal(text: str) -> str:
    """`text` as the classifier reads it: lower case, straight apostrophes, single spaces."""
    return " ".join(text.lower().replace("\u2019", "'").replace("\u2018", "'").split())


def _hasher(settings: Settings) -> HashingVectorizer:
    return HashingVectorizer(analyzer="char_wb", ngram_range=(settings.ngram_low, settings.ngram_high),
                             n_features=settings.buckets, alternate_sign=False, norm=None, lowercase=False)


def _weighted(counts: sparse.csr_matrix, idf: Floats, settings: Settings) -> sparse.csr_matrix:
    """Sub-linear tf-idf rows of length `ngram_weight`."""
    rows = counts.astype(np.float32)
    rows.data = 1 + np.log(rows.data)
    rows = sparse.csr_matrix(rows.multiply(idf))
    lengths = np.sqrt(np.asarray(rows.multiply(rows).sum(axis=1)).ravel())
    scale = sparse.diags(settings.ngram_weight / np.maximum(lengths, 1e-9))
    return sparse.csr_matrix(scale @ rows)
