"""What a message is about where something was spoken of: a weighing of signs, learned from whole conversations (nlu/talks).

'Every one I ring is full' says nothing by itself; after an answer on school places it does. Each topic is weighed by how
likely the message is about it by itself, by how likely lines alike to it are, and, where it was spoken of, by whether the
message sounds as if it went on, went back or began anew. A message that only tells, or is out of scope, is weighed beside
the topics. It is a logistic regression with 22 weights, the same for every topic.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from bot.understanding.talks import BESIDE, GOES_BACK, GOES_ON, KINDS, NEW, PLAIN, Said

Floats = npt.NDArray[np.float32]
STRICTNESS = 3.0  # what a weight of 1 costs, once every sign varies by 1
FAINT = 1e-3  # a share of probability that is as good as none
SOUNDS = (GOES_ON, NEW, GOES_BACK)
# Where the weights of each stand: every topic's, those of the last one spoken of, of one before it, of each of BESIDE's kinds
PLACED, OF_BESIDE = 3 + len(SOUNDS), 4
LAST = 2
BEFORE = LAST + PLACED
BESIDES = BEFORE + PLACED
SIGNS = BESIDES + OF_BESIDE * len(BESIDE)


@dataclass(frozen=True)
class Signs:
    """What is known of a message before it is weighed: its shares by itself, 0-1, and what lines alike to it say."""

    alone: Mapping[str, float]  # of each topic, and of BESIDE's kinds
    follows: float  # the share of all that only makes sense after something else ('how do I apply?')
    alike: Mapping[str, float]  # of each topic
    kinds: Floats  # as KINDS


def weighed(weights: Floats, topics: Sequence[str], signs: Signs, spoken: Sequence[str]) -> dict[str, float]:
    """How likely the message is about each of `topics`, or of each of BESIDE's kinds; all sum to 1. `spoken`: newest first."""
    scores = _signs(topics, signs, spoken) @ weights
    shares = np.exp(scores - scores.max())
    return dict(zip((*topics, *BESIDE), (shares / shares.sum()).tolist(), strict=True))


def learn(said: Sequence[Said], signs: Sequence[Signs], topics: Sequence[str]) -> Floats:
    """The weights under which what the conversations' messages are about is likeliest; `signs` of each one in `said`."""
    from scipy.optimize import minimize

    used = [(s, of) for s, of in zip(said, signs, strict=True) if s.spoken and (s.topic or s.kind) in (*topics, *BESIDE)]
    rows = np.stack([_signs(topics, of, s.spoken) for s, of in used]).astype(np.float64)
    right = np.array([(*topics, *BESIDE).index(s.topic or s.kind) for s, _ in used])
    spread = rows.reshape(-1, SIGNS).std(axis=0) + 1e-6
    rows /= spread
    own = rows[np.arange(len(right)), right]

    def loss(weights: npt.NDArray[np.float64]) -> tuple[float, npt.NDArray[np.float64]]:
        scores = rows @ weights
        scores -= scores.max(axis=1, keepdims=True)
        shares = np.exp(scores)
        shares /= shares.sum(axis=1, keepdims=True)
        slope = np.einsum("nc,ncs->s", shares, rows) - own.sum(axis=0) + 2 * STRICTNESS * weights
        cost = -np.log(shares[np.arange(len(right)), right] + 1e-12).sum() + STRICTNESS * (weights**2).sum()
        return float(cost), slope

    found = minimize(loss, np.zeros(SIGNS), jac=True, method="L-BFGS-B", options={"maxiter": 500}).x / spread
    weights: Floats = found.astype(np.float32)
    return weights


def _signs(topics: Sequence[str], signs: Signs, spoken: Sequence[str]) -> Floats:
    """A row for each topic, then for each of BESIDE; a column a sign."""
    rows = np.zeros((len(topics) + len(BESIDE), SIGNS), np.float32)
    kinds = dict(zip(KINDS, signs.kinds.tolist(), strict=True))
    follows, sounds = _log(signs.follows), [kinds[kind] for kind in SOUNDS]
    for row, topic in zip(rows, topics, strict=False):
        alone = _log(signs.alone.get(topic, 0.0))
        row[:LAST] = alone, signs.alike.get(topic, 0.0)
        if topic in spoken:
            start = LAST if topic == spoken[0] else BEFORE
            row[start:start + PLACED] = 1.0, alone, follows, *sounds
    for number, kind in enumerate(BESIDE):
        start = BESIDES + OF_BESIDE * number
        rows[len(topics) + number, start:start + OF_BESIDE] = (
            1.0, _log(signs.alone.get(kind, 0.0)), kinds[kind], kinds[PLAIN[0]])
    return rows


def _log(share: float) -> float:
    """The logarithm of a share, 0 for one that is as good as none."""
    return float(np.log1p(share / FAINT))
