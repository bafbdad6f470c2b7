"""The products of the shop in memory: their vectors, their words and the values of their attributes.

They come from the feature table ``ai_product`` and follow it. Vectors are kept in the AI PostgreSQL by a digest of the
text, so a replica that starts encodes only what nobody encoded before.
"""

import hashlib
import json
import re
import threading
from collections import defaultdict
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import psycopg
import structlog

from meshop_shared.ai.features import FeatureStore
from meshop_shared.embeddings.port import DIMENSIONS, TextEncoder

log = structlog.get_logger(__name__)

Vectors = npt.NDArray[np.float32]
_BATCH = 500
_CONNECT_S = 3
_SCHEMA = """
CREATE TABLE IF NOT EXISTS ai_text_vector (
    encoder text NOT NULL, digest bytea NOT NULL, vector bytea NOT NULL, PRIMARY KEY (encoder, digest)
)
"""
#: A row may be committed this long after it was stamped, so looks overlap.
_OVERLAP = "15 minutes"
_CHANGED = f"""
SELECT product_id, sku, name, words, attributes, shown, changed_at FROM ai_product
WHERE changed_at > %s::timestamptz - interval '{_OVERLAP}' ORDER BY product_id
"""  # noqa: S608
_STATE = "SELECT count(*), coalesce(max(changed_at), '-infinity')::text FROM ai_product"


class Catalogue:
    """Shared by the thread that follows the table and the requests."""

    def __init__(self, *, database_url: str, encoder: TextEncoder, has_vectors: bool = True) -> None:
        """Without vectors, only words are followed: others know what is near."""
        self._url, self._encoder = database_url, encoder
        self._lock = threading.Lock()
        self._products: list[int] = []
        self._row: dict[int, int] = {}
        self._digest: dict[int, bytes] = {}
        self._vectors: Vectors = np.zeros((1_024, DIMENSIONS if has_vectors else 0), np.float32)
        self._words: dict[str, set[int]] = defaultdict(set)
        self._words_of: dict[int, frozenset[str]] = {}
        self._sku: dict[str, int] = {}
        self._state: tuple[int, str] | None = None
        #: Attribute → value in lower case → value as the catalogue writes it.
        self.values: dict[str, dict[str, str]] = {}

    def __len__(self) -> int:
        return len(self._products)

    def near(self, vector: Vectors, *, limit: int) -> list[tuple[int, float]]:
        """The products nearest to a vector of length 1, with their cosines, best first."""
        with self._lock:
            scores = self._vectors[: len(self._products)] @ vector
            best = np.argpartition(-scores, limit)[:limit] if limit < len(scores) else np.arange(len(scores))
            best = best[np.argsort(-scores[best], kind="stable")]
            return [(self._products[row], float(scores[row])) for row in best]

    def named(self, text: str) -> int | None:
        """The product whose SKU the text is, in any case."""
        product = self._sku.get(text.lower())
        return product if product in self._row else None

    def has(self, word: str) -> bool:
        """Whether some product has this word."""
        return any(self._words.get(one) for one in words_of(word))

    def common_words(self, most: int) -> list[str]:
        """Words that at least two products have, those of most products first."""
        with self._lock:
            counted = [(len(products), word) for word, products in self._words.items() if len(products) > 1]
        return [word for _, word in sorted(counted, key=lambda one: (-one[0], one[1]))[:most]]

    def has_all(self, text: str) -> bool:
        """Whether some product has every word of the text."""
        with self._lock:
            found = sorted((self._words.get(word, set()) for word in words_of(text)), key=len)
            return bool(found) and bool(set.intersection(*found))

    def follow(self) -> int:
        """Bring changes of the table here; the number of changed products. Raises ``psycopg.Error``."""
        with psycopg.connect(self._url, connect_timeout=_CONNECT_S) as connection:
            state = connection.execute(_STATE).fetchone()
            assert state is not None
            if state == self._state:
                return 0
            since = self._state[1] if self._state else "-infinity"
            changed = 0
            with connection.cursor(name="products") as cursor:
                cursor.itersize = _BATCH
                cursor.execute(_CHANGED, [since])
                while rows := cursor.fetchmany(_BATCH):
                    changed += self._take(connection, rows)
        self._state = state
        if changed:
            log.info("catalogue followed", changed=changed, products=len(self))
        return changed

    def prepare(self) -> None:
        """Make the tables. Raises ``psycopg.Error``."""
        FeatureStore(self._url).prepare()
        with psycopg.connect(self._url, connect_timeout=_CONNECT_S) as connection:
            connection.execute("SELECT pg_advisory_xact_lock(hashtext('meshop_ai features'))")
            connection.execute(_SCHEMA)

    def _take(self, connection: psycopg.Connection, rows: Sequence[tuple[Any, ...]]) -> int:
        """Bring rows of the table here; the number of those that were not here already."""
        texts = {row[0]: text_of(name=row[2], words=row[3]) for row in rows if row[5]}
        digests = {
            product: hashlib.blake2b(text.encode(), digest_size=16).digest()
            for product, text in texts.items()
        }
        new = [product for product, digest in digests.items() if self._digest.get(product) != digest]
        vectors = self._encoded(connection, [(digests[product], texts[product]) for product in new])
        gone = [row[0] for row in rows if not row[5] and row[0] in self._row]
        with self._lock:
            for product in gone:
                self._remove(product)
            for product, vector in zip(new, vectors, strict=True):
                self._put(product, digests[product], vector)
            for product, sku, name, words, attributes, shown, _ in rows:
                if shown:
                    self._index(product, words_of(f"{sku} {name} {words}"))
                    self._sku[sku.lower()] = product
                    self._learn(json.loads(attributes))
        return len(new) + len(gone)

    def _encoded(self, connection: psycopg.Connection, wanted: list[tuple[bytes, str]]) -> Vectors:
        """Vectors of texts by their digests: kept ones, or made and kept now."""
        if not self._vectors.shape[1]:
            return np.zeros((len(wanted), 0), np.float32)
        digests = [digest for digest, _ in wanted]
        kept: dict[bytes, bytes] = dict(
            connection.execute(
                "SELECT digest, vector FROM ai_text_vector WHERE encoder = %s AND digest = ANY(%s)",
                [self._encoder.name, digests],
            ).fetchall()
        )
        missing = {digest: text for digest, text in wanted if digest not in kept}
        made = self._encoder.encode(list(missing.values())).astype(np.float16) if missing else ()
        fresh = {digest: vector.tobytes() for digest, vector in zip(missing, made, strict=True)}
        with connection.cursor() as cursor:
            cursor.executemany(
                "INSERT INTO ai_text_vector (encoder, digest, vector) VALUES (%s, %s, %s) ON CONFLICT DO NOTHING",
                [(self._encoder.name, digest, vector) for digest, vector in fresh.items()],
            )
        found = kept | fresh
        return np.array([np.frombuffer(found[digest], np.float16) for digest in digests], np.float32).reshape(
            -1, DIMENSIONS
        )

    def _learn(self, attributes: dict[str, Any]) -> None:
        """Remember values that a text may name; they stay when their last product goes, which finds nothing then."""
        for name, value in attributes.items():
            if isinstance(value, str):
                self.values.setdefault(name, {})[value.lower()] = value

    def _put(self, product: int, digest: bytes, vector: Vectors) -> None:
        row = self._row.setdefault(product, len(self._products))
        if row == len(self._products):
            self._products.append(product)
            if row == len(self._vectors):
                self._vectors = np.concatenate([self._vectors, np.zeros_like(self._vectors)])
        self._vectors[row] = vector
        self._digest[product] = digest

    def _remove(self, product: int) -> None:
        """The last row takes the place of the one that goes."""
        row, last = self._row.pop(product), self._products.pop()
        if last != product:
            self._products[row], self._row[last] = last, row
            self._vectors[row] = self._vectors[len(self._products)]
        del self._digest[product]
        self._index(product, frozenset())

    def _index(self, product: int, words: frozenset[str]) -> None:
        for word in self._words_of.pop(product, frozenset()) - words:
            self._words[word].discard(product)
        for word in words:
            self._words[word].add(product)
        if words:
            self._words_of[product] = words


def words_of(text: str) -> frozenset[str]:
    """Words in lower case, without the ``s`` of a plural."""
    return frozenset(_singular(word) for word in re.findall(r"\w+", text.lower()))


def _singular(word: str) -> str:
    return word[:-1] if len(word) > 3 and word.endswith("s") and not word.endswith("ss") else word


def text_of(*, name: str, words: str) -> str:
    """What is encoded of a product: its name, and the beginning of what else is said about it."""
    return f"{name}. {words[:400]}".strip() if words else name
