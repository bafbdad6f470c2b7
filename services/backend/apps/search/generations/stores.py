"""The stores of the index behind one face, so that a phase does the same in each."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol

from django.conf import settings
from django.utils.module_loading import import_string

from apps.search.documents import Document, Rendered, checksum
from apps.search.elastic.client import elastic_client
from apps.search.elastic.index import ElasticIndex
from apps.search.errors import GenerationRefused

#: Elasticsearch, and Qdrant. A swap goes the other way round, so that what most searches ask comes last.
TEXT, VECTORS = "text", "vectors"

if TYPE_CHECKING:
    from apps.search.vectors.collections import VectorCollections


class GenerationStore(Protocol):
    """A store whose generations have places of their own, and an alias that says which is searched.

    Every call is safe to repeat. Raises ``EngineUnavailable`` and ``EngineRefused``.
    """

    name: str
    alias: str

    def create(self, generation: str, *, shards: int, replicas: int) -> None:
        """Make an empty place that is quick to fill; it may be there already."""

    def generations(self) -> list[str]:
        """All that have a place."""

    def exists(self, generation: str) -> bool:
        """Whether it has one."""

    def write(self, generations: Sequence[str], rendered: Rendered) -> object:
        """Store documents and deletions; a newer version that is there stays."""

    def finish(self, generation: str, *, replicas: int) -> None:
        """Make it quick to search."""

    def refresh(self, generation: str) -> None:
        """Let searches see what has been written."""

    def count(self, generation: str) -> int:
        """Products that it has."""

    def active(self) -> str | None:
        """What the alias points to. Raises ``LookupError`` when that is not one generation."""

    def point(self, generation: str, *, previous: str | None) -> None:
        """Move the alias in one step. Raises, changing nothing, when it did not point to ``previous``."""

    def unpoint(self, generation: str) -> None:
        """Take the alias away."""

    def delete(self, generation: str) -> None:
        """Delete what there is of it. Raises ``RuntimeError`` for what is searched."""

    def ids_after(self, generation: str, position: int, *, limit: int) -> list[int]:
        """Ids of the products that it has, ascending."""

    def fingerprint(self, document: Document) -> str:
        """What :meth:`fingerprints` should say of a document."""

    def fingerprints(self, generation: str, ids: Sequence[int]) -> dict[int, str]:
        """Of what is stored, by id."""


class TextStore(ElasticIndex):
    """Elasticsearch."""

    name = TEXT

    def create(self, generation: str, *, shards: int = 1, replicas: int = 0) -> None:
        """Without replicas: what is being filled is copied once, at the end (:meth:`finish`)."""
        super().create(generation, shards=shards)

    def fingerprint(self, document: Document) -> str:
        """Of all its fields."""
        return checksum(document)

    def fingerprints(self, generation: str, ids: Sequence[int]) -> dict[int, str]:
        """Of all stored fields."""
        return {pk: checksum(found) for pk, found in self.documents(generation, ids).items()}


def stores_configured() -> dict[str, GenerationStore]:
    """Those that the settings name, the text first. Raises :class:`GenerationRefused` when there is none.

    Vectors never go without the text: they only help a search that Elasticsearch answers.
    """
    if not settings.MESHOP.elasticsearch_url:
        raise GenerationRefused("ELASTICSEARCH_URL is not set: PostgreSQL searches, and needs no index.")
    found: dict[str, GenerationStore] = {TEXT: text_store()}
    if settings.MESHOP.qdrant_url:
        found[VECTORS] = vector_store()
    return found


def text_store() -> TextStore:
    """The indices of this deployment's Elasticsearch."""
    return TextStore(elastic_client(settings.MESHOP.elasticsearch_url))


def vector_store() -> "VectorCollections":
    """The collections of this deployment's Qdrant. Loaded when asked for: its client is large."""
    store: VectorCollections = import_string("apps.search.vectors.bootstrap.vector_collections")()
    return store
