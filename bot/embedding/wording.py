"""What a text's wording is to the classifier: its character n-grams, words and pairs of words, hashed and weighted.

A word's n-grams are worked out once and remembered: carers' words are mostly the same few thousand.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from itertools import pairwise
from zlib import crc32

import numpy as np
import numpy.typing as npt
from scipy import sparse

BUCKETS = 2**15  # of n-grams, and as many of words
LENGTHS = range(2, 6)  # characters of an n-gram; it never reaches over a word's edge
CUT = 40  # characters of a word that are read, so that what is remembered stays small
FEATURES = 2 * BUCKETS
COMMON = 1000  # features, the most frequent
_WORDS = re.compile(r"\w+")

Floats = npt.NDArray[np.float32]


class Counts:
    """How often each feature occurs in each of the texts."""

    def __init__(self, texts: Sequence[str]) -> None:
        """`texts` as `classifier.normal` makes them."""
        found = [_features(text) + row * FEATURES for row, text in enumerate(texts)]
        places, self._counts = np.unique(np.concatenate(found), return_counts=True)
        self._columns = (places % FEATURES).astype(np.int32)
        self._halves = places // BUCKETS  # two a text
        self._shape = (len(texts), FEATURES)

    def rarity(self) -> Floats:
        """Smoothed inverse document frequency of each feature; 0 for what occurs nowhere."""
        seen = np.bincount(self._columns, minlength=FEATURES)
        weights: Floats = np.where(seen > 0, np.log((1 + self._shape[0]) / (1 + seen)) + 1, 0).astype(np.float32)
        return weights

    def weighted(self, rarity: Floats) -> sparse.csr_matrix:
        """A row a text: sub-linear tf-idf, of length 1 over the n-grams and of length 1 over the words."""
        return sparse.csr_matrix((self._weights(rarity), self._columns, self._starts()), shape=self._shape)

    def times(self, rarity: Floats, table: Floats, rows: npt.NDArray[np.int32] | None = None) -> Floats:
        """`weighted(rarity) @ table`, for a few texts without what it takes to make a sparse matrix.

        `rows`: the row of `table` that has each feature, where it hasn't one for every feature.
        """
        weights, places = self._weights(rarity), self._columns if rows is None else rows[self._columns]
        said = [weights[start:end] @ table[places[start:end]] for start, end in pairwise(self._starts().tolist())]
        return np.stack(said)

    def _weights(self, rarity: Floats) -> Floats:
        weights: Floats = (1 + np.log(self._counts, dtype=np.float32)) * rarity[self._columns]
        length = np.sqrt(np.bincount(self._halves, weights * weights, 2 * self._shape[0])).astype(np.float32)
        weights /= np.maximum(length, np.float32(1e-9))[self._halves]
        return weights

    def _starts(self) -> npt.NDArray[np.int32]:
        """Where each text's features begin, and where the last one's end."""
        return np.searchsorted(self._halves, 2 * np.arange(self._shape[0] + 1)).astype(np.int32)


def in_common(wording: sparse.csr_matrix, chosen: npt.NDArray[np.int64]) -> Floats:
    """How much wording each row has in common with each of those `chosen`: `wording @ wording[chosen].T`, as an array.

    What is in most texts makes most of the work, and dense arithmetic does it ten times as fast.
    """
    seen = np.bincount(wording.indices, minlength=FEATURES)
    common = np.zeros(FEATURES, bool)
    common[np.argpartition(-seen, COMMON)[:COMMON]] = True
    dense = wording[:, common].toarray()
    rare = wording.copy()
    rare.data[common[rare.indices]] = 0
    rare.eliminate_zeros()
    products: Floats = dense @ dense[chosen].T + (rare @ rare[chosen].T).toarray()
    return products


def _features(text: str) -> npt.NDArray[np.int64]:
    """The features of a text, one entry an occurrence."""
    words = _WORDS.findall(text)
    said = [BUCKETS + crc32(word.encode()) % BUCKETS for word in (*words, *map(" ".join, pairwise(words)))]
    return np.concatenate([*(_ngrams(word[:CUT]) for word in text.split()), np.array(said, np.int64)])


@lru_cache(maxsize=10_000)
def _ngrams(word: str) -> npt.NDArray[np.int64]:
    edged = f" {word} "
    return np.array([crc32(edged[at:at + size].encode()) % BUCKETS for size in LENGTHS for at in range(len(edged) - size + 1)])
