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
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from scipy import sparse

from bot.embedding.model import SentenceEmbedding
from bot.embedding.wording import Counts, in_common

Floats = npt.NDArray[np.float32]
HELD_OUT = 5  # one line in so many is kept back to learn how sure to be
NEIGHBOURS = 4.0  # how much more of a softened label goes to a near class than to a far one
JITTER = 1e-3
PASSES = (25, 150)  # at least, at most; then a third of them again, with the lines kept back


@dataclass(frozen=True)
class Settings:
    """What the classifier is made with; config.yml carries the values in use."""

    dimensions: int = 256  # of meaning, the main ones, in which texts are compared; all where lines are few
    narrowness: float = 2.0  # of the kernel on the embedding: how fast likeness in meaning fades
    enough: float = 120.0  # examples a class from which wording counts as much as meaning; with fewer, less
    softness: float = 0.2  # the share of a label that is spread over the other classes, the near ones first
    strictness: float = 200.0  # how far the weights may go; the C of a logistic regression
    landmarks: int = 4000  # lines the others are compared with, at most
    work: int = 250_000  # lines times passes of the optimiser: few lines get more passes, within PASSES


class Fitted(NamedTuple):
    """The model itself."""

    axes: Floats  # (384, dimensions): the main directions of meaning
    landmarks: Floats  # (landmarks, dimensions)
    near: Floats  # (landmarks, classes): what nearness to a landmark says
    hashed: Floats  # (features, classes): what wording says
    rarity: Floats  # (features,)
    bias: Floats  # (classes,)


class TextClassifier:
    """Made by `train` or `load`; `probabilities` gives one row a text, one column a class."""

    def __init__(self, settings: Settings, classes: Sequence[str], fitted: Fitted) -> None:
        self.settings = settings
        self.classes = list(classes)
        self._fitted = fitted

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
        counts = Counts([normal(t) for t in [*texts, *names]])
        rarity = counts.rarity()
        wording = counts.weighted(rarity)
        trust = np.float32(max(1.0, settings.enough * len(classes) / len(label)))
        order = np.random.default_rng(0).permutation(len(label))
        chosen = np.sort(order[: settings.landmarks])
        axes = main_axes(meaning, settings.dimensions if len(label) > settings.landmarks else meaning.shape[1])
        main = meaning @ axes
        kernel = trust * _likeness(main[chosen], main, settings) + in_common(wording, chosen)
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
        return cls(settings, classes.tolist(), Fitted(axes, main[chosen], np.ascontiguousarray(trust * alpha),
                                                      wording[chosen].T @ alpha, rarity, fitted[-1]))

    def probabilities(self, vectors: Floats, texts: Sequence[str]) -> Floats:
        """Class probabilities, shape (len(texts), len(classes)), of texts with their embeddings `vectors`."""
        model = self._fitted
        near = _likeness(vectors @ model.axes, model.landmarks, self.settings)
        wording = Counts([normal(t) for t in texts]).times(model.rarity, model.hashed)
        return _shares(near.T @ model.near + wording + model.bias)

    def save(self, path: Path) -> None:
        """Write the arrays to `path` (.npz), in half precision."""
        settings = np.array(list(asdict(self.settings).values()), dtype=np.float64)
        small = {name: array.astype(np.float16) for name, array in self._fitted._asdict().items()}
        np.savez_compressed(path, classes=np.array(self.classes), settings=settings, **small)

    @classmethod
    def load(cls, path: Path) -> TextClassifier:
        """Read what `save` wrote; never unpickles. Raises `ValueError` for a file of another version."""
        with np.load(path, allow_pickle=False) as kept:
            if not {*Fitted._fields} <= {*kept.files}:
                raise ValueError(f"{path} was made by another version: run `make train`")
            kinds = {name: type(value) for name, value in asdict(Settings()).items()}
            values = zip(kinds.items(), kept["settings"].tolist(), strict=True)
            fitted = Fitted(*(kept[name].astype(np.float32) for name in Fitted._fields))
            return cls(Settings(**{name: kind(value) for (name, kind), value in values}), kept["classes"].tolist(), fitted)


def normal(text: str) -> str:
    """`text` as the classifier reads it: lower case, straight apostrophes, single spaces."""
    return " ".join(text.lower().replace("\u2019", "'").replace("\u2018", "'").split())


def main_axes(meaning: Floats, dimensions: int) -> Floats:
    """The directions in which the rows reach furthest, a column each."""
    _, axes = np.linalg.eigh(meaning.T @ meaning)
    main: Floats = np.ascontiguousarray(axes[:, -dimensions:])
    return main


def _likeness(vectors: Floats, landmarks: Floats, settings: Settings) -> Floats:
    """How near in meaning, 0-1, a row a landmark and a column a vector: a Gaussian of the distance between unit vectors."""
    near: Floats = np.exp(np.float32(settings.narrowness) * (landmarks @ vectors.T - 1))
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
