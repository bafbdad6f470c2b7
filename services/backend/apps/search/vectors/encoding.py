"""Vectors of texts, encoded once: a text that has been seen costs one look into a table.

The table outlives restarts, and Elasticsearch and Qdrant; the key is the text's hash and the encoder's name. It is
bounded by :data:`ROWS_MAX`: what was not used for longest goes first (:func:`vectors_prune`).
"""

import hashlib
from collections.abc import Sequence
from functools import cache
from pathlib import Path

import numpy as np
from django.conf import settings
from django.db import connection

from meshop_shared.embeddings.port import DIMENSIONS, TextEncoder, text_encoder

#: Half-precision numbers keep a cosine to five digits and take half the space: 768 bytes for a text.
_STORED = np.dtype("<f2")
ROWS_MAX = 2_000_000
_PRUNE = 10_000

_KNOWN = """
SELECT digest, vector, used_on < current_date FROM search_textvector WHERE encoder = %s AND digest = ANY(%s)
"""
_USED = "UPDATE search_textvector SET used_on = current_date WHERE encoder = %s AND digest = ANY(%s)"
_STORE = """
INSERT INTO search_textvector (encoder, digest, vector, used_on)
SELECT %s, digest, vector, current_date FROM unnest(%s::bytea[], %s::bytea[]) AS new (digest, vector)
ORDER BY digest ON CONFLICT DO NOTHING
"""
_FORGET = """
DELETE FROM search_textvector WHERE id IN (
    SELECT id FROM search_textvector ORDER BY used_on, id LIMIT least(%s, greatest(0,
        (SELECT count(*) FROM search_textvector) - %s)))
"""


def texts_encode(texts: Sequence[str]) -> np.ndarray:
    """One row of float32 for each text; encodes those that the table does not have, and remembers them."""
    if not texts:
        return np.zeros((0, DIMENSIONS), dtype=np.float32)
    encoder = encoder_of_settings()
    digests = [text_digest(text) for text in texts]
    known = _known(encoder.name, sorted(set(digests)))
    missing = {digest: text for digest, text in zip(digests, texts, strict=True) if digest not in known}
    if missing:
        fresh = encoder.encode(list(missing.values())).astype(_STORED)
        known.update(zip(missing, fresh, strict=True))
        with connection.cursor() as cursor:
            cursor.execute(_STORE, [encoder.name, list(missing), [row.tobytes() for row in fresh]])
    return np.array([known[digest] for digest in digests], dtype=np.float32)


def text_digest(text: str) -> bytes:
    """Key of a text: 16 bytes."""
    return hashlib.blake2b(text.encode(), digest_size=16).digest()


def vectors_prune(*, rows_max: int = ROWS_MAX) -> int:
    """Forget what was not used for longest, beyond ``rows_max`` texts; how many."""
    deleted = 0
    with connection.cursor() as cursor:
        while True:
            cursor.execute(_FORGET, [_PRUNE, rows_max])
            deleted += cursor.rowcount
            if cursor.rowcount < _PRUNE:
                return deleted


def encoder_of_settings() -> TextEncoder:
    """The process's encoder."""
    return _encoder(settings.MESHOP.text_model)


@cache
def _encoder(folder: Path | None) -> TextEncoder:
    return text_encoder(folder)


def _known(encoder: str, digests: list[bytes]) -> dict[bytes, np.ndarray]:
    with connection.cursor() as cursor:
        cursor.execute(_KNOWN, [encoder, digests])
        rows = cursor.fetchall()
        if aged := [bytes(digest) for digest, _, is_aged in rows if is_aged]:
            cursor.execute(_USED, [encoder, aged])
    return {bytes(digest): np.frombuffer(vector, dtype=_STORED) for digest, vector, _ in rows}
