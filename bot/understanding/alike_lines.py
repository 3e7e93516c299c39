"""What a message in a conversation asks for, by the lines that are like it: which topic, which part of its answer, and
whether it goes on from what was said.

'He has no diagnosis' asks for nothing by its name, and comes near to sentences of several parts. So what each part is
asked by is learned from what carers ask (nlu/asked) and from whole conversations (nlu/talks): kernel ridge regression, on
how alike two messages are in meaning and in wording. It is solved in one step, and what is kept are plain arrays.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from scipy import sparse

from bot.embedding.classifier import main_axes
from bot.embedding.wording import FEATURES, Counts, in_common
from bot.understanding.talks import KINDS, Said
from bot.understanding.titles import Question

Floats = npt.NDArray[np.float32]
Arrays = dict[str, npt.NDArray[np.generic]]

DIMENSIONS = 128  # of meaning, the main ones: with all 384 no more is found, and it takes three times as long
NARROWNESS = 2.0  # how fast likeness in meaning fades
WORDING = 0.5  # what likeness in wording counts beside it
AKIN = 0.15  # how far a message that asks for a facet asks for the same facet of another topic
RIDGE = 3.0


class Learned(NamedTuple):
    """`arrays` make an `AlikeLines`; the others are what it would say of each message of a conversation, a row each, had
    it never seen a line of that message's writer: columns as `arrays`' parts, as `names`, and as KINDS."""

    arrays: Arrays
    names: list[str]
    parts: Floats
    topics: Floats
    kinds: Floats


class Reading(NamedTuple):
    """How like each line a message is in meaning, and what its wording says of each part, topic and kind."""

    near: Floats
    said: Floats


class AlikeLines:
    """Made by `learn` or from its arrays. A `reading` of a message is what the rest is told from."""

    def __init__(self, arrays: Mapping[str, npt.NDArray[np.generic]]) -> None:
        """`arrays`: as `learn` gives them."""
        self._meaning, self._axes = arrays["meaning"].astype(np.float32), arrays["axes"].astype(np.float32)
        self._rarity, self._usual = arrays["rarity"].astype(np.float32), arrays["usual"].astype(np.float32)
        weights = arrays["weights"].astype(np.float32)
        self._wording, self._wording_axes = arrays["wording"], arrays["wording_axes"].astype(np.float32)
        self._rows = np.zeros(FEATURES, np.int32)  # what occurs in no line is as rare as 0, and so is any row's
        self._rows[arrays["features"]] = np.arange(len(self._wording))
        self.names: list[str] = arrays["topics"].tolist()
        named = [str(name).split("/") for name in arrays["parts"].tolist()]
        after = len(named) + len(self.names)
        self._topics = _Columns.of(weights, range(len(named), after))
        self._kinds = _Columns.of(weights, range(after, weights.shape[1]))
        self._parts: dict[str, tuple[list[str], _Columns]] = {}
        for topic in {topic for topic, _ in named}:
            mine = [column for column, (of, _) in enumerate(named) if of == topic]
            self._parts[topic] = [named[column][1] for column in mine], _Columns.of(weights, mine)

    @staticmethod
    def learn(asked: Sequence[Question], said: Sequence[Said], texts: Sequence[str], meaning: Floats) -> Learned:
        """From lines of both sorts; `texts`, as `classifier.normal` makes them, and their embeddings are those of `asked`
        and then of `said`."""
        from scipy.linalg import cho_solve, cholesky  # only training needs it

        lines = [*asked, *said]
        names = sorted({line.topic for line in lines if line.topic})
        parts = sorted({(line.topic, line.facet) for line in lines if line.topic and line.facet})
        usual = np.array([[line.kind == kind for kind in KINDS] for line in said], np.float32).reshape(-1, len(KINDS))
        mean = usual.mean(axis=0) if said else np.zeros(len(KINDS), np.float32)
        kinds = np.vstack([np.zeros((len(asked), len(KINDS)), np.float32), usual - mean])
        of_topic = np.array([[line.topic == name for name in names] for line in lines], np.float32)
        wanted = np.hstack([_of_part(lines, parts), of_topic, kinds])
        counts = Counts(texts)
        rarity = counts.rarity()
        wording = counts.weighted(rarity)
        axes = main_axes(meaning, DIMENSIONS)
        main = meaning @ axes
        alike = _in_meaning(main, main) + np.float32(WORDING) * in_common(wording, np.arange(len(texts)))
        alike[np.diag_indices_from(alike)] += RIDGE
        root = cholesky(alike, lower=True, overwrite_a=True, check_finite=False)
        weights = cho_solve((root, True), wanted, check_finite=False)
        ours = slice(len(asked), None)
        unseen = _unseen(wanted[ours], weights[ours], root[ours, ours], [line.writer for line in said])
        of_parts, topics, kinds = np.split(unseen, [len(parts), len(parts) + len(names)], axis=1)
        return Learned({
            "meaning": main.astype(np.float16), "axes": axes.astype(np.float16), "rarity": rarity,
            "weights": weights.astype(np.float16), **_by_feature(wording, weights),
            "parts": np.array(["/".join(part) for part in parts]), "topics": np.array(names), "usual": mean,
        }, names, of_parts, topics, kinds + mean)

    def reading(self, text: str, vector: Floats) -> Reading:
        """Of a message as `classifier.normal` makes it, with its embedding."""
        said = Counts([text]).times(self._rarity, self._wording, self._rows)[0] @ self._wording_axes
        return Reading(_in_meaning(vector @ self._axes, self._meaning), said)

    def parts(self, reading: Reading, topics: Iterable[str]) -> dict[str, dict[str, float]]:
        """{topic: {facet: how likely it is what was asked, about 0 to 1}}; nothing for a topic without lines."""
        found: dict[str, dict[str, float]] = {}
        for topic in self._parts.keys() & topics:
            facets, columns = self._parts[topic]
            found[topic] = dict(zip(facets, columns.told(reading).tolist(), strict=True))
        return found

    def topics(self, reading: Reading) -> Floats:
        """How likely each topic of `names` is what was asked, about 0 to 1."""
        return self._topics.told(reading)

    def kinds(self, reading: Reading) -> Floats:
        """How likely the message is of each of KINDS, about 0 to 1."""
        likely: Floats = self._kinds.told(reading) + self._usual
        return likely


class _Columns(NamedTuple):
    """Some of what is learned: a row of weights for each, so that one is read from memory in order."""

    rows: Floats
    columns: list[int]

    @classmethod
    def of(cls, weights: Floats, columns: Iterable[int]) -> _Columns:
        mine = list(columns)
        return cls(np.ascontiguousarray(weights[:, mine].T), mine)

    def told(self, reading: Reading) -> Floats:
        told: Floats = self.rows @ reading.near + reading.said[self.columns]
        return told


def _by_feature(wording: sparse.csr_matrix, weights: Floats) -> Arrays:
    """What each feature says. Likeness in wording is linear, so what each line's says is summed by feature, of those that
    occur, and of that the main directions are kept: with all of them no more is found, and it takes 40 MB."""
    features, columns = np.unique(wording.indices, return_inverse=True)
    of_lines = sparse.csr_matrix((wording.data, columns, wording.indptr), shape=(wording.shape[0], len(features)))
    says = np.float32(WORDING) * (of_lines.T @ weights)
    axes = main_axes(says, DIMENSIONS)
    return {"features": features, "wording": (says @ axes).astype(np.float16), "wording_axes": axes.T.astype(np.float16)}


def _of_part(lines: Sequence[Question | Said], parts: Sequence[tuple[str, str]]) -> Floats:
    """What each line says of each part: all of its own, a little of the same facet of other topics."""
    facets = np.array([facet for _, facet in parts])
    wanted = AKIN * (np.array([line.facet or "" for line in lines])[:, None] == facets).astype(np.float32)
    column = {part: number for number, part in enumerate(parts)}
    for row, line in enumerate(lines):
        if line.topic and line.facet:
            wanted[row, column[line.topic, line.facet]] = 1.0
    return wanted


def _unseen(wanted: Floats, weights: Floats, root: Floats, writers: Sequence[str]) -> Floats:
    """What is said of lines by what all other writers' lines teach, without learning anew: for ridge regression, the
    error on lines left out together is the inverse's block on the weights of those lines.

    `root`: the last rows and columns of the kernel's lower triangular root, which give as many of the kernel's inverse.
    """
    from scipy.linalg import solve_triangular

    if not len(root):
        return np.zeros_like(wanted)
    turned = solve_triangular(root, np.eye(len(root), dtype=np.float32), lower=True, check_finite=False)
    said = np.zeros_like(wanted)
    for writer in set(writers):
        mine = np.flatnonzero([one == writer for one in writers])
        block = turned[:, mine].T @ turned[:, mine]
        said[mine] = wanted[mine] - np.linalg.solve(block, weights[mine])
    return said


def _in_meaning(one: Floats, others: Floats) -> Floats:
    """0-1: a Gaussian of the distance between unit vectors."""
    near: Floats = np.exp(np.float32(NARROWNESS) * (one @ others.T - 1))
    return near
