"""Does the index hold what the tables hold? A sample is compared, and what differs can be mended."""

import random
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from django.db.models import Max

from apps.products.models import Product
from apps.search.documents import checksum, documents_of
from apps.search.elastic.index import ElasticIndex
from apps.search.models import DirtyProduct
from apps.search.services.indexing import dirty_mark, index_catch_up
from apps.search.stores import elastic_index

BATCH = 500
#: Most ids of a kind that a report names.
MAX_NAMED = 20


@dataclass(slots=True)
class Drift:
    """What was compared, and the ids that differ. What waits to be indexed is late, not wrong, and does not count."""

    generation: str
    compared: int = 0
    waiting: int = 0
    missing: list[int] = field(default_factory=list)
    outdated: list[int] = field(default_factory=list)
    surplus: list[int] = field(default_factory=list)

    @property
    def ids(self) -> list[int]:
        """All that differ."""
        return sorted({*self.missing, *self.outdated, *self.surplus})

    def report(self, *, repaired: int) -> dict[str, Any]:
        """For machines: numbers, and the first ids of each kind."""
        kinds = {name: ids for name, ids in asdict(self).items() if isinstance(ids, list)}
        return {
            "generation": self.generation,
            "compared": self.compared,
            "waiting": self.waiting,
            **{name: len(ids) for name, ids in kinds.items()},
            "ids": {name: ids[:MAX_NAMED] for name, ids in kinds.items() if ids},
            "repaired": repaired,
        }


def index_audit(*, sample: int | None, seed: int | None = None) -> Drift:
    """Compare ``sample`` products with the index that is searched, or all for ``None``, a batch at a time.

    A sample is so many ranges of ids, drawn anywhere and looked at from both sides: products that the index lacks are
    found, and documents that the tables lack. Raises ``LookupError`` when nothing is searched.
    """
    index = elastic_index()
    generation = index.active()
    if generation is None:
        raise LookupError("There is no index that is searched.")
    drift = Drift(generation)
    last = max(Product.objects.aggregate(last=Max("pk"))["last"] or 0, index.last_id(generation))
    ranges: Sequence[int] = range(0, last, BATCH)
    if sample is not None and sample < last:
        chance = random.Random(seed)  # noqa: S311 - a sample, no secret
        ranges = sorted(chance.sample(ranges, min(len(ranges), -(-sample // BATCH))))
    for start in ranges:
        _compare(drift, index, generation, _ids(index, generation, start))
    return drift


def index_repair(drift: Drift) -> int:
    """Index again what differs; return how many. What Elasticsearch does not take now, the sweep brings later."""
    for at in range(0, len(drift.ids), BATCH):
        dirty_mark(product_ids=drift.ids[at : at + BATCH])
    index_catch_up()
    return len(drift.ids)


def _ids(index: ElasticIndex, generation: str, start: int) -> list[int]:
    """Ids above ``start``, up to ``BATCH`` further, that the tables or the index have."""
    end = start + BATCH
    rows = Product.objects.filter(pk__gt=start, pk__lte=end).values_list("pk", flat=True)
    stored = (pk for pk in index.ids_after(generation, start, limit=BATCH) if pk <= end)
    return sorted({*rows, *stored})


def _compare(drift: Drift, index: ElasticIndex, generation: str, ids: Sequence[int]) -> None:
    """Twice where there is a difference: a change may have come between the two readings."""
    wrong = _differing(index, generation, ids)
    wrong = _differing(index, generation, list(wrong)) if wrong else {}
    waiting = set(
        DirtyProduct.objects.filter(product_id__in=list(wrong)).values_list("product_id", flat=True)
    )
    drift.compared += len(ids)
    drift.waiting += len(waiting)
    for pk, kind in wrong.items():
        if pk not in waiting:
            getattr(drift, kind).append(pk)


def _differing(index: ElasticIndex, generation: str, ids: Sequence[int]) -> dict[int, str]:
    stored = index.documents(generation, ids)
    documents = documents_of(ids).documents
    wrong = dict.fromkeys(documents.keys() - stored.keys(), "missing")
    wrong |= dict.fromkeys(stored.keys() - documents.keys(), "surplus")
    return wrong | {
        pk: "outdated"
        for pk in documents.keys() & stored.keys()
        if checksum(documents[pk]) != checksum(stored[pk])
    }
