"""Wording as features: what is alike, what counts, and that it is the same however many texts there are."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.embedding.wording import Counts, in_common

LINES = ["my grandson needs a school place", "my grandson needs a school plase", "sgo allowance stopped", "",
         "💷 £20 a week??"]


def test_a_typo_leaves_most_in_common_and_another_matter_little() -> None:
    counts = Counts(LINES)
    alike = in_common(counts.weighted(counts.rarity()), np.arange(len(LINES)))
    assert alike[0, 1] > 1.0 > 0.2 > alike[0, 2]
    assert alike[0, 0] == pytest.approx(2, abs=1e-5)  # of length 1 by its n-grams, and by its words
    assert not alike[3].any()


def test_what_is_in_every_text_says_least() -> None:
    rarity = Counts(["the bus", "the train", "the tram"]).rarity()
    said = Counts(["the bus"]).weighted(rarity)
    assert rarity[said.indices].min() == pytest.approx(1)
    assert rarity[said.indices].max() > 1.5
    assert not Counts(["qqq"]).weighted(rarity).data.any()


def test_dense_and_sparse_arithmetic_agree() -> None:
    draw = np.random.default_rng(0)
    texts = [" ".join(draw.choice(["rent", "school", "nan", "sgo", "court", "the", "help", "money"], 9)) for _ in range(300)]
    counts = Counts(texts)
    rows, chosen = counts.weighted(counts.rarity()), np.arange(0, 300, 7)
    assert np.allclose(in_common(rows, chosen), (rows @ rows[chosen].T).toarray(), atol=1e-5)


def test_a_few_texts_are_multiplied_without_a_matrix_to_the_same_effect() -> None:
    counts = Counts(LINES)
    rarity, table = counts.rarity(), np.random.default_rng(0).normal(size=(2**16, 3)).astype(np.float32)
    wanted = counts.weighted(rarity) @ table
    assert np.abs(wanted).max() > 0.5
    assert np.allclose(counts.times(rarity, table), wanted, atol=1e-5)
    occurring = np.flatnonzero(rarity)
    rows = np.zeros(2**16, np.int32)
    rows[occurring] = np.arange(len(occurring))
    said = Counts(["a school place", "of zzz"])
    assert np.allclose(said.times(rarity, table[occurring], rows), said.weighted(rarity) @ table, atol=1e-5)


@given(st.lists(st.text(max_size=60), min_size=1, max_size=5))
def test_a_text_has_the_same_features_alone_and_among_others(texts: list[str]) -> None:
    together = Counts(texts).weighted(np.ones(2**16, np.float32)).toarray()
    for row, text in zip(together, texts, strict=True):
        assert np.allclose(row, Counts([text]).weighted(np.ones(2**16, np.float32)).toarray()[0])
