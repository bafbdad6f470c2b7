"""Phase verify: is the new generation what the catalogue is?

While customers buy and staff edit, stores are a moment behind the rows. So every difference is given the chance to be a
change under way: it is written once more from the rows and looked at again. What still differs is a fault, and a
generation with one fault is not put to use.
"""

from collections.abc import Iterator
from typing import Any

from apps.core.failpoints import failpoint
from apps.products.models import Product
from apps.search.documents import documents_of
from apps.search.errors import GenerationBroken
from apps.search.generations.catching_up import marks_settle
from apps.search.generations.golden import golden_queries
from apps.search.generations.journal import generation_expect, generation_get, generation_move
from apps.search.generations.models import IndexGeneration
from apps.search.generations.progress import Report, silent
from apps.search.generations.sampling import sample_ids
from apps.search.generations.stores import GenerationStore, stores_configured
from apps.search.services.indexing import dirty_mark

SAMPLE = 500
ROUNDS = 5
_PAGE = 5_000
#: More differences than this are no changes under way.
_TOO_MANY = 10_000


def generation_verify(*, name: str, report: Report = silent) -> IndexGeneration:
    """Compare ids of all products, contents of a sample, and answers to golden queries; note what was found.

    Safe to repeat. Raises :class:`GenerationBroken` with the faults; the generation stays as it was then.
    """
    generation = generation_get(name)
    generation_expect(generation, "built", "verified", "kept")
    stores = stores_configured()
    found: dict[str, Any] = {"documents": Product.objects.count()}
    faults: dict[str, Any] = {}
    for store_name in generation.stores:
        store = stores[store_name]
        store.refresh(name)
        wrong = _settled(generation, store, id_differences(store, name))
        sample = sample_ids(SAMPLE)
        other = _settled(generation, store, content_differences(store, name, sample))
        found[store_name] = {"count": store.count(name), "sampled": len(sample)}
        if wrong or other:
            faults[store_name] = {"ids": sorted(wrong)[:20], "contents": sorted(other)[:20]}
    golden, bad = golden_queries(generation)
    found |= golden
    if bad:
        faults["golden"] = bad
    failpoint("reindex.compared")
    report(phase="verify", generation=name, passed=not faults, faults=faults, **found)
    if faults:
        raise GenerationBroken(extra=faults)
    IndexGeneration.objects.filter(pk=name).update(report=found)
    if generation.state == "built":
        generation_move(generation, "verified")
    failpoint("reindex.verified")
    return generation_get(name)


def id_differences(store: GenerationStore, generation: str) -> set[int]:
    """Products that only one of database and store has. Streams both in id order. Raises :class:`GenerationBroken`."""
    differing: set[int] = set()
    position = 0
    while True:
        rows = _ids_after(position)
        stored = store.ids_after(generation, position, limit=_PAGE)
        ends = [ids[-1] for ids in (rows, stored) if len(ids) == _PAGE]
        upto = min(ends) if ends else max([*rows[-1:], *stored[-1:], position])
        differing |= {pk for pk in rows if pk <= upto} ^ {pk for pk in stored if pk <= upto}
        if len(differing) > _TOO_MANY:
            raise GenerationBroken(extra={store.name: {"ids": len(differing)}})
        if not ends:
            return differing
        position = upto


def content_differences(store: GenerationStore, generation: str, ids: list[int]) -> set[int]:
    """Those whose stored content is not that of their rows."""
    differing: set[int] = set()
    for part in _parts(ids):
        expected = {pk: store.fingerprint(found) for pk, found in documents_of(part).documents.items()}
        stored = store.fingerprints(generation, part)
        differing |= {pk for pk in part if expected.get(pk) != stored.get(pk)}
    return differing


def _settled(generation: IndexGeneration, store: GenerationStore, differing: set[int]) -> set[int]:
    """What differs still, after it had the chance to be written."""
    for _ in range(ROUNDS):
        if not differing:
            break
        dirty_mark(product_ids=sorted(differing))
        marks_settle(with_vectors="vectors" in generation.stores)
        store.refresh(generation.name)
        differing = content_differences(store, generation.name, sorted(differing))
    return differing


def _ids_after(position: int) -> list[int]:
    return list(Product.objects.filter(pk__gt=position).order_by("pk").values_list("pk", flat=True)[:_PAGE])


def _parts(ids: list[int]) -> Iterator[list[int]]:
    for begin in range(0, len(ids), SAMPLE):
        yield ids[begin : begin + SAMPLE]
