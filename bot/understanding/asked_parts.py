"""Which part of a topic's answer a message asks for, learned from what carers ask (nlu/asked).

'He has no diagnosis' asks for no part by its name, and comes near to sentences of several. So what each part is asked by
is learned: kernel ridge regression, on how alike two messages are in meaning and in wording. It is solved in one step, and
what is kept are plain arrays.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import numpy as np
import numpy.typing as npt
from scipy import sparse

from bot.embedding.classifier import main_axes
from bot.embedding.wording import FEATURES, Counts, in_common

Floats = npt.NDArray[np.float32]
Part = tuple[str, str]  # (topic, facet)

DIMENSIONS = 128  # of meaning, the main ones: with all 384 no more is found, and it takes three times as long
NARROWNESS = 2.0  # how fast likeness in meaning fades
WORDING = 0.5  # what likeness in wording counts beside it
AKIN = 0.15  # how far a message that asks for a facet asks for the same facet of another topic
RIDGE = 3.0


class AskedParts:
    """Made by `learn` or from `arrays`; `scores` says how likely each facet of a topic is what was asked."""

    def __init__(self, arrays: Mapping[str, npt.NDArray[np.generic]]) -> None:
        """`arrays`: as `learn` gives them."""
        meaning = arrays["meaning"].astype(np.float32)
        self._axes = main_axes(meaning, DIMENSIONS)
        self._meaning = meaning @ self._axes
        self._rarity = arrays["rarity"].astype(np.float32)
        weights = arrays["weights"].astype(np.float32)
        # Likeness in wording is linear, so what each line's says is summed by feature; of those that occur, to be small.
        occurring, columns = np.unique(arrays["columns"], return_inverse=True)
        wording = sparse.csr_matrix((arrays["wording"].astype(np.float32), columns, arrays["starts"]),
                                    shape=(len(weights), len(occurring)))
        self._said = (np.float32(WORDING) * (wording.T @ weights)).astype(np.float16)
        self._rows = np.zeros(FEATURES, np.int32)  # what occurs in no line is as rare as 0, and so is any row's
        self._rows[occurring] = np.arange(len(occurring))
        self._of_topic: dict[str, tuple[list[str], Floats, list[int]]] = {}
        names = [str(name).split("/") for name in arrays["parts"].tolist()]
        for topic in {topic for topic, _ in names}:
            mine = [column for column, (of, _) in enumerate(names) if of == topic]
            self._of_topic[topic] = [names[column][1] for column in mine], np.ascontiguousarray(weights[:, mine].T), mine

    @staticmethod
    def learn(texts: Sequence[str], parts: Sequence[Part], meaning: Floats) -> dict[str, npt.NDArray[np.generic]]:
        """`texts` as `classifier.normal` makes them, with the part that answers each, and their embeddings."""
        names = sorted(set(parts))
        facets = np.array([facet for _, facet in names])
        wanted = AKIN * (np.array([facet for _, facet in parts])[:, None] == facets).astype(np.float32)
        wanted[np.arange(len(parts)), [names.index(part) for part in parts]] = 1.0
        counts = Counts(texts)
        rarity = counts.rarity()
        wording = counts.weighted(rarity)
        main = meaning @ main_axes(meaning, DIMENSIONS)
        alike = _in_meaning(main, main) + np.float32(WORDING) * in_common(wording, np.arange(len(texts)))
        alike[np.diag_indices_from(alike)] += RIDGE
        weights = np.linalg.solve(alike, wanted)
        return {"meaning": meaning.astype(np.float16), "rarity": rarity, "weights": weights.astype(np.float16),
                "wording": wording.data.astype(np.float16), "columns": wording.indices, "starts": wording.indptr,
                "parts": np.array(["/".join(name) for name in names])}

    def scores(self, text: str, vector: Floats, topics: Iterable[str]) -> dict[str, dict[str, float]]:
        """{topic: {facet: about 0 to 1}} for a message as `classifier.normal` makes it, with its embedding."""
        wording = Counts([text]).times(self._rarity, self._said, self._rows)[0]
        alike = _in_meaning(vector @ self._axes, self._meaning)
        found: dict[str, dict[str, float]] = {}
        for topic in topics:
            facets, weights, mine = self._of_topic.get(topic, ([], self._meaning[:0], []))
            scores = weights @ alike + wording[mine] if facets else []
            found[topic] = dict(zip(facets, scores, strict=True))
        return found


def _in_meaning(one: Floats, others: Floats) -> Floats:
    """0-1: a Gaussian of the distance between unit vectors."""
    near: Floats = np.exp(np.float32(NARROWNESS) * (one @ others.T - 1))
    return near
