"""A text classifier over the sentence embedding, character n-grams and words.

The one model behind the topics (Rasa's environment) and the danger detector (the gateway's). Character
n-grams catch the typos and text-speak that the embedding misses, words the terms of art. It is a multinomial
logistic regression on the sum of two kernels, how near two texts are in meaning and in wording, against the
training lines themselves. The wording's part is linear and so is folded back onto the hashed features; the
model is a few plain arrays, and reading one back runs no code. docs/decisions/0003 says why.
"""

from __future__ import annotations

import re
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
HELD_OUT = 5  # one line in so many is kept back to learn how sure to be
NEIGHBOURS = 4.0  # how much more of a softened label goes to a near class than to a far one
JITTER = 1e-3
PASSES = (25, 150)  # at least, at most; then a third of them again, with the lines kept back


@dataclass(frozen=True)
class Settings:
    """What the classifier is made with; config.yml carries the values in use."""

    char_low: int = 2
    char_high: int = 5
    word_high: int = 2
    buckets: int = 2**15  # of each kind of feature
    narrowness: float = 2.0  # of the kernel on the embedding: how fast likeness in meaning fades
    enough: float = 120.0  # examples a class from which wording counts as much as meaning; with fewer, less
    softness: float = 0.2  # the share of a label that is spread over the other classes, the near ones first
    strictness: float = 200.0  # how far the weights may go; the C of a logistic regression
    landmarks: int = 4000  # lines the others are compared with, at most
    work: int = 250_000  # lines times passes of the optimiser: few lines get more passes, within PASSES


class TextClassifier:
    """Made by `train` or `load`; `probabilities` gives one row a text, one column a class."""

    def __init__(self, settings: Settings, classes: Sequence[str], landmarks: Floats, near: Floats, hashed: Floats,
                 bias: Floats, idf: Floats) -> None:
        self.settings = settings
        self.classes = list(classes)
        self._landmarks, self._near, self._hashed, self._bias, self._idf = landmarks, near, hashed, bias, idf
        self._hashers = _hashers(settings)

    @classmethod
    def train(cls, embedding: SentenceEmbedding, texts: Sequence[str], labels: Sequence[str],
              settings: Settings | None = None, vectors: Floats | None = None) -> TextClassifier:
        """Fit on `texts` and `labels` of the same length; `vectors` are their embeddings where already known.

        The words of a class's name are an example of it too.
        """
        from scipy.linalg import cholesky, solve_triangular  # only training needs it

        settings = settings or Settings()
        classes, label = np.unique(np.array([*labels, *sorted(set(labels))]), return_inverse=True)
        names = [" ".join(re.split(r"[\W_]+", name)) for name in classes]
        known = embedding.embed([normal(t) for t in texts]) if vectors is None else vectors
        meaning = np.vstack([known, embedding.embed([normal(n) for n in names])])
        counts = [h.transform([normal(t) for t in [*texts, *names]]) for h in _hashers(settings)]
        idf = np.stack([_idf(c) for c in counts])
        wording = sparse.hstack([_weighted(c, w) for c, w in zip(counts, idf, strict=True)]).tocsr()
        order = np.random.default_rng(0).permutation(len(label))
        chosen = np.sort(order[: settings.landmarks])
        trust = np.float32(max(1.0, settings.enough * len(classes) / len(label)))
        kernel = trust * _likeness(meaning, meaning[chosen], settings) + (wording @ wording[chosen].T).toarray()
        among = kernel[chosen]
        among[np.diag_indices_from(among)] *= 1 + JITTER
        root = cholesky(among, lower=True, overwrite_a=True, check_finite=False)
        points = np.ascontiguousarray(solve_triangular(root, kernel.T, lower=True, check_finite=False).T)
        targets = _softened(meaning, label, settings.softness)[label]
        weights = (len(label) / len(classes) / np.bincount(label))[label].astype(np.float32)
        seen, kept = np.split(order, [-(len(order) // HELD_OUT)])  # those at the end are landmarks last
        passes = int(np.clip(settings.work // len(order), *PASSES))
        first = _fit(points[seen], targets[seen], weights[seen], settings.strictness, passes)
        sureness = _sureness(points[kept] @ first[:-1] + first[-1], label[kept])
        fitted = _fit(points, targets, weights, settings.strictness, passes // 3, first) * sureness
        alpha = solve_triangular(root, fitted[:-1], lower=True, trans="T", check_finite=False)
        return cls(settings, classes.tolist(), meaning[chosen], trust * alpha, wording[chosen].T @ alpha, fitted[-1], idf)

    def probabilities(self, vectors: Floats, texts: Sequence[str]) -> Floats:
        """Class probabilities, shape (len(texts), len(classes)), of texts with their embeddings `vectors`."""
        texts = [normal(t) for t in texts]
        scores = _likeness(vectors, self._landmarks, self.settings) @ self._near + self._bias
        for hasher, idf, hashed in zip(self._hashers, self._idf, np.split(self._hashed, len(KINDS)), strict=True):
            scores += _weighted(hasher.transform(texts), idf) @ hashed
        return _shares(scores)

    def save(self, path: Path) -> None:
        """Write the arrays to `path` (.npz)."""
        settings = np.array(list(asdict(self.settings).values()), dtype=np.float64)
        small = {name: getattr(self, f"_{name}").astype(np.float16) for name in ("landmarks", "near", "hashed", "idf")}
        np.savez_compressed(path, classes=np.array(self.classes), bias=self._bias, settings=settings, **small)

    @classmethod
    def load(cls, path: Path) -> TextClassifier:
        """Read what `save` wrote; never unpickles."""
        with np.load(path, allow_pickle=False) as kept:
            kinds = {name: type(value) for name, value in asdict(Settings()).items()}
            values = zip(kinds.items(), kept["settings"].tolist(), strict=True)
            large = [kept[name].astype(np.float32) for name in ("landmarks", "near", "hashed", "bias", "idf")]
            return cls(Settings(**{name: kind(value) for (name, kind), value in values}), kept["classes"].tolist(), *large)


def normal(text: str) -> str:
    """`text` as the classifier reads it: lower case, straight apostrophes, single spaces."""
    return " ".join(text.lower().replace("\u2019", "'").replace("\u2018", "'").split())


def _hashers(settings: Settings) -> list[HashingVectorizer]:
    ranges = ((settings.char_low, settings.char_high), (1, settings.word_high))
    return [HashingVectorizer(analyzer=kind, ngram_range=span, n_features=settings.buckets, alternate_sign=False,
                              norm=None, lowercase=False, dtype=np.float32,
                              token_pattern=r"(?u)\b\w+\b" if kind == "word" else None)
            for kind, span in zip(KINDS, ranges, strict=True)]


def _idf(counts: sparse.csr_matrix) -> Floats:
    """Smoothed inverse document frequency; 0 for what occurs nowhere."""
    seen = np.asarray((counts > 0).sum(axis=0)).ravel()
    weights: Floats = np.where(seen > 0, np.log((1 + counts.shape[0]) / (1 + seen)) + 1, 0).astype(np.float32)
    return weights


def _weighted(counts: sparse.csr_matrix, idf: Floats) -> sparse.csr_matrix:
    """Sub-linear tf-idf rows of length 1."""
    data = (1 + np.log(counts.data)) * idf[counts.indices]
    row = np.repeat(np.arange(counts.shape[0]), np.diff(counts.indptr))
    lengths = np.sqrt(np.bincount(row, data * data, counts.shape[0])).astype(np.float32)
    data /= np.maximum(lengths, np.float32(1e-9))[row]
    return sparse.csr_matrix((data, counts.indices, counts.indptr), shape=counts.shape, copy=False)


def _likeness(vectors: Floats, landmarks: Floats, settings: Settings) -> Floats:
    """How near in meaning, 0-1: a Gaussian of the distance between unit vectors."""
    near: Floats = np.exp(np.float32(settings.narrowness) * (vectors @ landmarks.T - 1))
    return near


def _softened(meaning: Floats, label: npt.NDArray[np.int64], softness: float) -> Floats:
    """What the model is to say of an example of each class (row): mostly the class, a little of those near it."""
    rows = sparse.csr_matrix((np.ones(len(label), np.float32), (label, np.arange(len(label)))))
    centres = rows @ meaning / np.bincount(label)[:, None] - meaning.mean(axis=0)
    centres /= np.maximum(np.linalg.norm(centres, axis=1, keepdims=True), 1e-9)
    others = np.exp(NEIGHBOURS * (centres @ centres.T))
    np.fill_diagonal(others, 0)
    others /= np.maximum(others.sum(axis=1, keepdims=True), 1e-9)
    wanted: Floats = ((1 - softness) * np.eye(len(others)) + softness * others).astype(np.float32)
    return wanted


def _fit(points: Floats, targets: Floats, weights: Floats, strictness: float, iterations: int,
         start: Floats | None = None) -> Floats:
    """Multinomial logistic regression: one column a class, the last row the bias."""
    from scipy.optimize import minimize

    shape = (points.shape[1] + 1, targets.shape[1])

    def loss(flat: npt.NDArray[np.float64]) -> tuple[float, npt.NDArray[np.float64]]:
        now = flat.reshape(shape).astype(np.float32)
        shares = _shares(points @ now[:-1] + now[-1])
        missed = (shares - targets) * weights[:, None]
        slope = np.vstack([points.T @ missed + now[:-1] / strictness, missed.sum(axis=0)])
        cost = -weights @ (targets * np.log(np.maximum(shares, 1e-12))).sum(axis=1)
        return float(cost + (now[:-1] ** 2).sum() / strictness / 2), slope.ravel().astype(np.float64)

    found = minimize(loss, np.zeros(shape).ravel() if start is None else start.ravel().astype(np.float64), jac=True,
                     method="L-BFGS-B", options={"maxiter": iterations, "ftol": 1e-5, "maxcor": 20})
    fitted: Floats = found.x.reshape(shape).astype(np.float32)
    return fitted


def _sureness(scores: Floats, label: npt.NDArray[np.int64]) -> np.float32:
    """The factor that makes scores of unseen lines most likely (the inverse of a temperature)."""
    factors = np.geomspace(0.25, 8, 101, dtype=np.float32)
    doubt = [-np.log(np.maximum(_shares(scores * f)[np.arange(len(label)), label], 1e-9)).mean() for f in factors]
    best: np.float32 = factors[int(np.argmin(doubt))]
    return best


def _shares(scores: Floats) -> Floats:
    """Softmax by row."""
    raised = np.exp(scores - scores.max(axis=1, keepdims=True))
    shares: Floats = raised / raised.sum(axis=1, keepdims=True)
    return shares
