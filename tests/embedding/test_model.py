"""The sentence embedding: the files it trusts, and that a sentence's numbers are its own."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from bot.embedding.carried import LONGEST, mark, packed, unpacked
from bot.embedding.kept import embed_kept
from bot.embedding.model import RECORD, TOKENIZER, WEIGHTS, ModelFileError, SentenceEmbedding, model_folder
from bot.embedding.quantise import FETCHED, quantise

LINES = ["my grandson needs a school place", "sgo allowance??", "They've stopped the money, who do I ring?"]


@pytest.fixture(scope="module")
def embedding() -> SentenceEmbedding:
    return SentenceEmbedding()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of the model's folder that may be spoilt."""
    for name in (WEIGHTS, RECORD, TOKENIZER):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(model_folder() / name, tmp_path / name)
    return tmp_path


def test_a_sentence_has_the_same_numbers_alone_and_among_many(embedding: SentenceEmbedding) -> None:
    many = embedding.embed(LINES * 40)  # enough for several threads
    for line, among in zip(LINES, many, strict=False):
        assert np.array_equal(embedding.embed([line])[0], among)
    assert np.allclose(np.linalg.norm(many, axis=1), 1, atol=1e-5)
    assert embedding.embed([]).shape == (0, 384)


def test_meaning_is_near_meaning(embedding: SentenceEmbedding) -> None:
    money, allowance, school = embedding.embed(["how much money do I get", "what is the allowance worth", "school uniform"])
    assert money @ allowance > money @ school + 0.1


def test_the_parts_of_a_story_are_read_in_their_place_past_the_cut_too(embedding: SentenceEmbedding) -> None:
    parts = [*LINES * 12, "school " * 200 + "place", *LINES]
    vectors = embedding.embed_with_parts(" ".join(parts), parts)
    assert vectors.shape == (1 + len(parts), 384)
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)
    alone = embedding.embed(LINES)
    for at in (0, 12, 33, 37):  # in the first reading, and in later ones
        near = alone @ vectors[1 + at:4 + at].T
        assert (near.argmax(axis=1) == range(3)).all()


@pytest.mark.parametrize("name", [WEIGHTS, TOKENIZER])
def test_a_changed_file_is_refused_by_name(folder: Path, name: str) -> None:
    (folder / name).write_bytes((folder / name).read_bytes() + b" ")
    with pytest.raises(ModelFileError, match=rf"{re.escape(Path(name).name)} has sha256 .*make setup"):
        SentenceEmbedding(folder)


@pytest.mark.parametrize("name", [WEIGHTS, RECORD, TOKENIZER])
def test_a_missing_file_is_named_with_what_to_do(folder: Path, name: str) -> None:
    (folder / name).unlink()
    with pytest.raises(ModelFileError, match=rf"{re.escape(Path(name).name)} is missing: run `make setup`"):
        SentenceEmbedding(folder)


def test_an_operator_may_bring_another_file(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SIGNPOST_SHA256_MODEL", (folder / RECORD).read_text().strip())
    (folder / RECORD).unlink()
    SentenceEmbedding(folder)
    monkeypatch.setenv("SIGNPOST_SHA256_MODEL", "0" * 64)
    with pytest.raises(ModelFileError):
        SentenceEmbedding(folder)


def test_the_weights_come_out_of_the_fetched_file_the_same_each_time(tmp_path: Path) -> None:
    (tmp_path / FETCHED).parent.mkdir(parents=True)
    (tmp_path / FETCHED).symlink_to(model_folder() / FETCHED)
    code = "import sys, pathlib; from bot.embedding.quantise import quantise; quantise(pathlib.Path(sys.argv[1]))"
    path = f"{model_folder()}:{Path(__file__).resolve().parents[2]}"
    subprocess.run([sys.executable, "-c", code, tmp_path], check=True, env={"PYTHONPATH": path}, capture_output=True)
    assert (tmp_path / RECORD).read_text() == (model_folder() / RECORD).read_text()


def test_another_fetched_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / FETCHED).parent.mkdir(parents=True)
    (tmp_path / FETCHED).write_bytes(b"something else")
    with pytest.raises(ModelFileError, match=r"model\.safetensors has sha256"):
        quantise(tmp_path)


def test_embeddings_are_kept_and_only_new_lines_worked_out(embedding: SentenceEmbedding, tmp_path: Path) -> None:
    class Counting:
        worked_out: list[str] = []  # noqa: RUF012

        def embed(self, texts: list[str]) -> np.ndarray:
            self.worked_out += texts
            return embedding.embed(texts)

    counting, path = Counting(), tmp_path / "models" / "kept.npz"
    first = embed_kept(counting, LINES[:2], path)  # type: ignore[arg-type]
    again = embed_kept(counting, LINES, path)  # type: ignore[arg-type]
    assert counting.worked_out == LINES
    assert np.array_equal(first, again[:2])



def test_what_another_has_read_is_not_read_again(embedding: SentenceEmbedding, monkeypatch: pytest.MonkeyPatch) -> None:
    text, parts = "she came in june. who do i ring about school", ["she came in june.", "who do i ring about school"]
    own = embedding.embed_with_parts(text, parts)
    sent = json.loads(json.dumps(packed(text, embedding.read(text), embedding.weights)))
    assert "june" not in str(sent)
    for wrong in (None, {}, sent | {"weights": "others"}, sent | {"of": mark("another text")}):
        assert unpacked(text, wrong, embedding.weights) is None
    came = unpacked(text, sent, embedding.weights)
    monkeypatch.setattr(SentenceEmbedding, "read", None)
    assert np.array_equal(embedding.embed_with_parts(text, parts, came), own)


def test_a_long_text_is_too_much_to_carry(embedding: SentenceEmbedding) -> None:
    long = "word " * LONGEST
    assert packed(long, embedding.read(long), embedding.weights) is None
