"""Where the nearest products are looked for: in this process's memory, or in the shop's collection of Qdrant."""

from typing import Protocol

from qdrant_client import QdrantClient, models
from qdrant_client.http.exceptions import ApiException

from meshop_shared.errors import ServiceUnavailable
from semantic_search.catalogue import Vectors


class VectorsUnavailable(ServiceUnavailable):
    """503: Qdrant does not answer, or the shop has built no collection yet; the caller goes on with words."""

    code = "vectors_unavailable"
    message = "The nearest products cannot be looked for now."


class Nearest(Protocol):
    """Products by their vectors. :class:`semantic_search.catalogue.Catalogue` is one."""

    def near(self, vector: Vectors, *, limit: int) -> list[tuple[int, float]]:
        """The products nearest to a vector of length 1, with their cosines, best first."""


class QdrantNearest:
    """Asks the collection that the shop fills and swaps (``apps.search.vectors``) by its alias.

    It holds what the shop encodes, with the same encoder or the answers mean nothing. Only shown products count.
    """

    def __init__(self, client: QdrantClient, *, collection: str) -> None:
        self._client, self._collection = client, collection
        self._shown = models.Filter(
            must=[models.FieldCondition(key="is_active", match=models.MatchValue(value=True))]
        )

    def near(self, vector: Vectors, *, limit: int) -> list[tuple[int, float]]:
        """Raises :class:`VectorsUnavailable`."""
        try:
            answer = self._client.query_points(
                self._collection,
                query=vector.tolist(),
                query_filter=self._shown,
                limit=limit,
                with_payload=False,
            )
        except ApiException as error:
            raise VectorsUnavailable() from error
        return [(int(point.id), float(point.score)) for point in answer.points]
