"""MiniLM by onnxruntime: sentences of like meaning have like vectors, whatever their words."""

import hashlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
from tokenizers import Encoding, Tokenizer

#: What the model was trained to read of a text, in word pieces; the rest is left out.
MAX_PIECES = 256
#: Padded word pieces of one batch: enough to keep the cores busy, and what bounds the memory of a call.
BATCH_PIECES = 2_048
UNITS = 384
LETTERS_OF_A_PIECE = 3
#: Texts that are tokenized at a time.
CHUNK = 1_024


class MiniLmEncoder:
    """Implements :class:`meshop_shared.embeddings.port.TextEncoder`; may be shared by threads.

    Texts are tokenized in chunks, sorted by length and cut into batches of about :data:`BATCH_PIECES`, each padded to
    its own longest text only. Texts that occur several times in a chunk are encoded once.
    """

    def __init__(self, folder: Path, *, threads: int = 0) -> None:
        model = (folder / "model.onnx").read_bytes()
        self.name = f"minilm-{hashlib.blake2b(model, digest_size=6).hexdigest()}"
        self._tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        self._tokenizer.no_padding()
        self._tokenizer.enable_truncation(MAX_PIECES)
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.log_severity_level = 3
        options.enable_mem_pattern = False  # no two batches are of one shape
        self._session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])

    def encode(self, texts: Sequence[str]) -> np.ndarray:
        """One row of 384 float32 for each text, of length 1, in their order."""
        vectors = np.zeros((len(texts), UNITS), dtype=np.float32)
        for begin in range(0, len(texts), CHUNK):
            chunk = texts[begin : begin + CHUNK]
            single = list(dict.fromkeys(chunk))
            found = self._encode_chunk(single)
            row = {text: at for at, text in enumerate(single)}
            vectors[begin : begin + len(chunk)] = found[[row[text] for text in chunk]]
        return vectors

    def knows(self, word: str) -> bool:
        """Whether its pieces are long enough to be parts of a word: names and noise fall into crumbs."""
        pieces = self._tokenizer.encode(word, add_special_tokens=False).tokens
        return word.isalpha() and len(word) >= LETTERS_OF_A_PIECE * len(pieces)

    def _encode_chunk(self, texts: list[str]) -> np.ndarray:
        pieces = self._tokenizer.encode_batch_fast(texts)
        vectors = np.zeros((len(texts), UNITS), dtype=np.float32)
        for batch in batches([len(one.ids) for one in pieces]):
            vectors[batch] = self._run([pieces[at] for at in batch])
        return vectors

    def _run(self, pieces: list[Encoding]) -> Any:
        longest = len(pieces[-1].ids)
        ids = np.zeros((len(pieces), longest), dtype=np.int64)
        mask = np.zeros((len(pieces), longest), dtype=np.int64)
        for row, one in enumerate(pieces):
            ids[row, : len(one.ids)] = one.ids
            mask[row, : len(one.ids)] = 1
        return self._session.run(["vectors"], {"ids": ids, "mask": mask})[0]


def batches(lengths: Sequence[int]) -> Iterator[list[int]]:
    """Places of texts of like length, shortest first; a batch padded to its longest has at most ``BATCH_PIECES``."""
    batch: list[int] = []
    for at in sorted(range(len(lengths)), key=lengths.__getitem__):
        if batch and (len(batch) + 1) * lengths[at] > BATCH_PIECES:
            yield batch
            batch = []
        batch.append(at)
    if batch:
        yield batch
