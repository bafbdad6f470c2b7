"""MiniLM's forward pass written out in numpy, one text at a time, without padding: what the fast encoder is held to.

Reads the published weights by itself and shares nothing with the encoder but the tokenizer's vocabulary.
"""

import json
from pathlib import Path

import numpy as np
from scipy.special import erf

HEADS, EPSILON = 12, 1e-12


class Reference:
    """The network by its definition (Devlin et al., 2019), in double precision."""

    def __init__(self, folder: Path) -> None:
        raw = (folder / "model.safetensors").read_bytes()
        size = int.from_bytes(raw[:8], "little")
        self._weights = {}
        for name, about in json.loads(raw[8 : 8 + size]).items():
            if about.get("dtype") == "F32":
                first, last = (8 + size + at for at in about["data_offsets"])
                values = np.frombuffer(raw[first:last], dtype="<f4").reshape(about["shape"])
                self._weights[name] = values.astype(np.float64)

    def encode(self, ids: list[int]) -> np.ndarray:
        """The vector of one text, given as word pieces with their marks of begin and end."""
        state = self._of("embeddings.word_embeddings.weight")[ids]
        state = state + self._of("embeddings.position_embeddings.weight")[: len(ids)]
        state = state + self._of("embeddings.token_type_embeddings.weight")[0]
        state = self._norm(state, "embeddings.LayerNorm")
        for number in range(6):
            state = self._layer(state, f"encoder.layer.{number}")
        mean = state.mean(axis=0)
        return mean / np.linalg.norm(mean)

    def _layer(self, state: np.ndarray, name: str) -> np.ndarray:
        heads = []
        asked, keys, values = (
            self._dense(state, f"{name}.attention.self.{part}") for part in ("query", "key", "value")
        )
        width = state.shape[1] // HEADS
        for head in range(HEADS):
            part = slice(head * width, (head + 1) * width)
            likeness = asked[:, part] @ keys[:, part].T / np.sqrt(width)
            shares = np.exp(likeness - likeness.max(axis=1, keepdims=True))
            heads.append(shares / shares.sum(axis=1, keepdims=True) @ values[:, part])
        attended = self._dense(np.concatenate(heads, axis=1), f"{name}.attention.output.dense")
        state = self._norm(state + attended, f"{name}.attention.output.LayerNorm")
        wide = self._dense(state, f"{name}.intermediate.dense")
        wide = wide * 0.5 * (1 + erf(wide / np.sqrt(2)))
        return self._norm(state + self._dense(wide, f"{name}.output.dense"), f"{name}.output.LayerNorm")

    def _dense(self, state: np.ndarray, name: str) -> np.ndarray:
        return state @ self._of(f"{name}.weight").T + self._of(f"{name}.bias")

    def _norm(self, state: np.ndarray, name: str) -> np.ndarray:
        centred = state - state.mean(axis=1, keepdims=True)
        spread = np.sqrt((centred**2).mean(axis=1, keepdims=True) + EPSILON)
        return centred / spread * self._of(f"{name}.weight") + self._of(f"{name}.bias")

    def _of(self, name: str) -> np.ndarray:
        return self._weights[name]
