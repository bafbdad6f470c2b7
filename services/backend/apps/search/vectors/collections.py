"""Writing to Qdrant: collections, points with versions, the alias.

Qdrant has no external versioning, so the version is part of the payload and a point is replaced only by one that is not
older (a condition that Qdrant checks as it writes). What is deleted leaves a point that says so, for as long as a late
write may still be under way; searches filter by ``is_active``, which it does not have.
"""

import time
from collections.abc import Sequence

from qdrant_client import models

from apps.search.documents import Document, Rendered
from apps.search.elastic.index import Written
from apps.search.vectors.client import QdrantAccess
from apps.search.vectors.encoding import texts_encode
from apps.search.vectors.points import (
    GONE,
    VERSION,
    facts_fingerprint,
    point_facts,
    point_fingerprint,
    point_text,
)
from meshop_shared.embeddings.port import DIMENSIONS

ALIAS = "products-text"
#: A deletion is remembered so long against writes that were under way before it.
GONE_S = 600
_BATCH = 128
#: Score of equal texts, but for what rounding costs.
_SAME = 0.999
#: Vectors that a collection collects before it indexes them; none while it is being filled.
_INDEX_FROM, _NEVER = 20_000, 0
_FILTERED = {
    "is_active": models.PayloadSchemaType.BOOL,
    "in_stock": models.PayloadSchemaType.BOOL,
    "category_ids": models.PayloadSchemaType.INTEGER,
    "brand": models.PayloadSchemaType.KEYWORD,
    "price_minor": models.PayloadSchemaType.INTEGER,
    VERSION: models.PayloadSchemaType.INTEGER,
}
_THERE = models.Filter(must=[models.IsEmptyCondition(is_empty=models.PayloadField(key=GONE))])


class VectorCollections:
    """The collections of one Qdrant; answers to the same calls as :class:`apps.search.elastic.index.ElasticIndex`."""

    name = "vectors"

    def __init__(self, access: QdrantAccess, *, alias: str = ALIAS) -> None:
        self._access, self.alias = access, alias

    def physical(self, generation: str) -> str:
        """Name of the collection of a generation."""
        return f"{self.alias}-{generation}"

    def create(self, generation: str, *, shards: int = 1, replicas: int = 0) -> None:
        """Make an empty collection, ready to be filled; it may be there already."""
        with self._access.opened() as client:
            if client.collection_exists(self.physical(generation)):
                return
            client.create_collection(
                self.physical(generation),
                vectors_config=models.VectorParams(size=DIMENSIONS, distance=models.Distance.COSINE),
                shard_number=shards,
                replication_factor=replicas + 1,
                optimizers_config=models.OptimizersConfigDiff(indexing_threshold=_NEVER),
            )
            if not self._access.is_local:
                for field, schema in _FILTERED.items():
                    client.create_payload_index(self.physical(generation), field, schema)

    def generations(self) -> list[str]:
        """All that have a collection: each hears of every change."""
        with self._access.opened() as client:
            names = [one.name for one in client.get_collections().collections]
        return sorted(
            name.removeprefix(f"{self.alias}-") for name in names if name.startswith(f"{self.alias}-")
        )

    def exists(self, generation: str) -> bool:
        """Whether its collection is there."""
        with self._access.opened() as client:
            return bool(client.collection_exists(self.physical(generation)))

    def write(self, generations: Sequence[str], rendered: Rendered) -> Written:
        """Store documents and deletions in each of ``generations``; a newer version that is there stays.

        How many were outdated is not known: Qdrant does not tell. Raises :class:`EngineUnavailable`.
        """
        points = _points(rendered)
        not_newer = models.Filter(
            must=[models.FieldCondition(key=VERSION, range=models.Range(lte=rendered.version))]
        )
        with self._access.opened() as client:
            for generation in generations:
                for begin in range(0, len(points), _BATCH):
                    client.upsert(
                        self.physical(generation),
                        points[begin : begin + _BATCH],
                        update_filter=not_newer,
                        wait=True,
                    )
        return Written(len(points) * len(generations), 0)

    def finish(self, generation: str, *, replicas: int) -> None:
        """Let a filled collection build its index; the number of replicas was decided when it was made."""
        with self._access.opened() as client:
            client.update_collection(
                self.physical(generation),
                optimizers_config=models.OptimizersConfigDiff(indexing_threshold=_INDEX_FROM),
            )

    def refresh(self, generation: str) -> None:
        """Nothing to do: writes are waited for."""

    def count(self, generation: str) -> int:
        """Products that have a point."""
        with self._access.opened() as client:
            return client.count(self.physical(generation), count_filter=_THERE, exact=True).count

    def active(self) -> str | None:
        """The generation that the alias points to."""
        with self._access.opened() as client:
            for one in client.get_aliases().aliases:
                if one.alias_name == self.alias:
                    return one.collection_name.removeprefix(f"{self.alias}-")
        return None

    def point(self, generation: str, *, previous: str | None) -> None:
        """Move the alias in one step. Raises ``LookupError``, changing nothing, when it does not point to ``previous``.

        Qdrant cannot compare and set, so only one process at a time may do this.
        """
        if (found := self.active()) != previous:
            raise LookupError(f"the alias {self.alias} points to {found}, not to {previous}")
        steps: list[models.AliasOperations] = []
        if previous is not None:
            steps.append(models.DeleteAliasOperation(delete_alias=models.DeleteAlias(alias_name=self.alias)))
        create = models.CreateAlias(collection_name=self.physical(generation), alias_name=self.alias)
        steps.append(models.CreateAliasOperation(create_alias=create))
        with self._access.opened() as client:
            client.update_collection_aliases(steps)

    def unpoint(self, generation: str) -> None:
        """Take the alias away; for going back to where there was none."""
        if self.active() != generation:
            raise LookupError(f"the alias {self.alias} does not point to {generation}")
        delete = models.DeleteAliasOperation(delete_alias=models.DeleteAlias(alias_name=self.alias))
        with self._access.opened() as client:
            client.update_collection_aliases([delete])

    def delete(self, generation: str) -> None:
        """Delete a collection, if it is there. Refuses the one that is searched."""
        if self.active() == generation:
            raise RuntimeError(f"{generation} is searched")
        with self._access.opened() as client:
            if client.collection_exists(self.physical(generation)):
                client.delete_collection(self.physical(generation))

    def ids_after(self, generation: str, position: int, *, limit: int) -> list[int]:
        """Ids of products that have a point, above ``position``, ascending."""
        with self._access.opened() as client:
            records, _ = client.scroll(
                self.physical(generation), scroll_filter=_THERE, limit=limit, offset=position + 1,
                with_payload=False, with_vectors=False,
            )  # fmt: skip
        return [int(record.id) for record in records]

    def fingerprint(self, document: Document) -> str:
        """What :meth:`fingerprints` should say of it."""
        return point_fingerprint(document)

    def fingerprints(self, generation: str, ids: Sequence[int]) -> dict[int, str]:
        """Of stored points, by id."""
        with self._access.opened() as client:
            records = client.retrieve(self.physical(generation), list(ids), with_payload=True)
        return {
            int(record.id): facts_fingerprint(record.payload)
            for record in records
            if record.payload and GONE not in record.payload
        }

    def finds(self, generation: str, documents: Sequence[Document]) -> int:
        """How many of them have, as nearest to their text, a point of the same text."""
        vectors = texts_encode([point_text(document) for document in documents])
        found = 0
        with self._access.opened() as client:
            for vector in vectors:
                nearest = client.query_points(
                    self.physical(generation),
                    query=vector.tolist(),
                    query_filter=_THERE,
                    limit=1,
                    with_payload=False,
                )
                found += not vector.any() or bool(nearest.points and nearest.points[0].score > _SAME)
        return found

    def forget_gone(self, generation: str) -> None:
        """Remove deletions that no late write can contradict any more."""
        old = models.Filter(
            must=[models.FieldCondition(key=GONE, range=models.Range(lt=time.time() - GONE_S))]
        )
        with self._access.opened() as client:
            client.delete(
                self.physical(generation), points_selector=models.FilterSelector(filter=old), wait=True
            )


def _points(rendered: Rendered) -> list[models.PointStruct]:
    documents = rendered.documents
    vectors = texts_encode([point_text(document) for document in documents.values()])
    points = [
        models.PointStruct(
            id=pk, vector=vector.tolist(), payload={**point_facts(document), VERSION: rendered.version}
        )
        for (pk, document), vector in zip(documents.items(), vectors, strict=True)
    ]
    gone = {GONE: time.time(), VERSION: rendered.version}
    return points + [
        models.PointStruct(id=pk, vector=[0.0] * DIMENSIONS, payload=gone) for pk in rendered.missing
    ]
