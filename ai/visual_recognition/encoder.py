"""The slot for an image encoder: any ONNX graph from pictures to vectors. Colour alone describes without one."""

import hashlib
from dataclasses import replace

import cv2
import fsspec
import numpy as np
import onnxruntime

from visual_recognition.descriptors import COLOURS, Described, Floats, describe
from visual_recognition.pictures import Pixels

#: Part of likeness that the encoder decides, where there is one: it knows shapes and things, colour does not.
_PART = 0.8
_SIDE = 224
#: What CLIP and DINOv2 were taught with is within 0.01 of these; a graph's metadata ``mean`` and ``std`` go before.
_MEAN, _STD = "0.485,0.456,0.406", "0.229,0.224,0.225"


class Encoder:
    """One graph with an input of N × 3 × height × width; of an output of tokens, the first counts."""

    def __init__(self, content: bytes) -> None:
        """Raises what onnxruntime raises for bytes that are no graph, and ``ValueError`` for another input."""
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        self._session = onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])
        self.digest = hashlib.sha256(content).hexdigest()[:12]
        (given, *_) = self._session.get_inputs()
        if len(given.shape) != 4 or (given.shape[1] not in (3, None) and not isinstance(given.shape[1], str)):
            raise ValueError("an encoder takes N × 3 × height × width")
        self._name = given.name
        height, width = (size if isinstance(size, int) else _SIDE for size in given.shape[2:])
        self._size = (width, height)
        told = self._session.get_modelmeta().custom_metadata_map
        self._mean, self._std = (
            np.array([float(part) for part in told.get(name, usual).split(",")], np.float32)
            for name, usual in (("mean", _MEAN), ("std", _STD))
        )

    def encode(self, pixels: Pixels) -> Floats:
        """A vector of unit length."""
        shown = cv2.resize(pixels, self._size, interpolation=cv2.INTER_AREA).astype(np.float32) / 255
        batch = ((shown - self._mean) / self._std).transpose(2, 0, 1)[None]
        (output, *_) = self._session.run(None, {self._name: batch})
        vector = np.asarray(output, np.float32)
        vector = vector[0, 0] if vector.ndim == 3 else vector[0].ravel()
        return np.asarray(vector / max(float(np.linalg.norm(vector)), 1e-9), np.float32)


class Describer:
    """Describes pictures in one way; ``name`` tells vectors of different ways apart."""

    def __init__(self, encoder: Encoder | None = None) -> None:
        self._encoder = encoder
        self.name = "colour1" + (f"-{encoder.digest}" if encoder else "")
        blank = np.zeros((32, 32, 3), np.uint8)
        self.size = COLOURS + (len(encoder.encode(blank)) if encoder else 0)

    def describe(self, pixels: Pixels) -> Described:
        """Colour and local features, joined by what the encoder sees."""
        described = describe(pixels)
        if self._encoder is None:
            return described
        parts = (np.sqrt(1 - _PART) * described.vector, np.sqrt(_PART) * self._encoder.encode(pixels))
        return replace(described, vector=np.concatenate(parts).astype(np.float32))


def describer_load(address: str) -> Describer:
    """With the encoder at an address, or without one. Raises ``OSError`` and what onnxruntime raises."""
    if not address:
        return Describer()
    with fsspec.open(address, "rb") as file:
        return Describer(Encoder(file.read()))
