"""Phase plan: decide what is built, write it down, make the empty places."""

from dataclasses import asdict, dataclass
from typing import Any

from django.db import connection, transaction
from django.db.models import Max, Min
from django.utils import timezone

from apps.core.failpoints import failpoint
from apps.products.models import Product
from apps.search.errors import GenerationRefused
from apps.search.generations.journal import generation_open
from apps.search.generations.models import NAME, GenerationShard, IndexGeneration
from apps.search.generations.progress import Report, silent
from apps.search.generations.stores import TEXT, GenerationStore, stores_configured
from apps.search.locks import search_lock
from apps.search.services.synonyms import synonyms_publish
from meshop_shared.errors import ValidationFailed

#: What changes aliases and the journal's states does so under this lock.
CONTROL = "generations"
#: A transaction of the shop may commit events that are so much older than those that others have committed before.
IN_FLIGHT_S = 60
#: Ids are sampled to cut them into parts of equal size, however uneven they are.
_BOUNDS = """
SELECT percentile_disc(%s::float8[]) WITHIN GROUP (ORDER BY id) FROM products_product {sample}
"""
_SAMPLE_FROM = 100_000


@dataclass(frozen=True, slots=True)
class PlanOptions:
    """What whoever asks for a generation may decide."""

    #: Parts of the catalogue that may be built at the same time.
    shards: int = 1
    #: Documents a second that all of them together may read; 0 does not limit them.
    rate: int = 0
    #: Shards and replicas of the index in each store; replicas appear when it is full.
    index_shards: int = 1
    replicas: int = 0
    #: How long the generation that was replaced can be gone back to.
    keep_hours: float = 24.0


def generation_plan(
    *, name: str = "", options: PlanOptions | None = None, report: Report = silent
) -> IndexGeneration:
    """Begin a generation, or find the one of this ``name`` that has begun, with empty places in each store.

    Raises :class:`GenerationRefused` when another is on its way. Consumers write to every place there is, and the
    places are made before the first row is read: no change falls between them and the build.
    """
    options = options or PlanOptions()
    with search_lock(CONTROL):
        stores = stores_configured()
        generation = IndexGeneration.objects.filter(name=name).first() if name else None
        if generation is None:
            _adopt(stores)
            generation = _begin(name or timezone.now().strftime("%Y%m%d%H%M%S%f"), stores, options)
        failpoint("reindex.planned")
        if generation.state == "planned":
            for store_name in generation.stores:
                stores[store_name].create(
                    generation.name, shards=options.index_shards, replicas=generation.option("replicas")
                )
                failpoint("reindex.place_made")
            synonyms_publish()
            _divide(generation)
    report(
        phase="plan", generation=generation.name, replaces=generation.replaces, **generation.plan,
        vectors="Qdrant" if len(generation.stores) > 1 else "none: QDRANT_URL is not set",
    )  # fmt: skip
    return generation


def _begin(name: str, stores: dict[str, GenerationStore], options: PlanOptions) -> IndexGeneration:
    if other := generation_open():
        raise GenerationRefused(
            "Another generation is on its way: resume or abort it.",
            extra={"generation": other.name, "state": other.state},
        )
    if not NAME.fullmatch(name):
        raise ValidationFailed.for_field("generation", "Use lower-case letters, digits and _, 40 at most.")
    plan: dict[str, Any] = {"stores": list(stores), **asdict(options)}
    generation = IndexGeneration(
        name=name, plan=plan, replaces=stores[TEXT].active() or "", high_water=outbox_settled()
    )
    generation.caught_up = generation.high_water
    generation.save(force_insert=True)
    return generation


def _adopt(stores: dict[str, GenerationStore]) -> None:
    """Write down what is searched, if an older release or a lost journal left it unknown."""
    active = {name: store.active() for name, store in stores.items()}
    text = active[TEXT]
    if text and not IndexGeneration.objects.filter(state="live").exists():
        names = [name for name, found in active.items() if found == text]
        IndexGeneration.objects.update_or_create(
            name=text, defaults={"state": "live", "plan": {"stores": names, **asdict(PlanOptions())}}
        )


def outbox_settled() -> int:
    """The last event of the outbox whose transaction had surely ended, and every earlier one's."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT coalesce(max(id), 0) FROM core_outboxevent WHERE created_at < now() - make_interval(secs => %s)",
            [IN_FLIGHT_S],
        )
        return int(cursor.fetchone()[0])


@transaction.atomic
def _divide(generation: IndexGeneration) -> None:
    """Cut the products that there are into parts; those that come later reach the index as changes."""
    if generation.shards.exists():
        return
    parts = generation.option("shards")
    edges = Product.objects.aggregate(first=Min("pk"), last=Max("pk"))
    low, high = (edges["first"] or 1) - 1, edges["last"] or 0
    bounds = [low, *_cuts(parts), high]
    GenerationShard.objects.bulk_create(
        GenerationShard(
            generation=generation, store=store, number=number, first=bounds[number], last=bounds[number + 1],
            position=bounds[number],
        )
        for store in generation.stores
        for number in range(parts)
    )  # fmt: skip


def _cuts(parts: int) -> list[int]:
    if parts == 1:
        return []
    shares = [number / parts for number in range(1, parts)]
    with connection.cursor() as cursor:
        cursor.execute("SELECT reltuples FROM pg_class WHERE relname = 'products_product'")
        sample = "TABLESAMPLE SYSTEM (10)" if cursor.fetchone()[0] > _SAMPLE_FROM else ""
        cursor.execute(_BOUNDS.format(sample=sample), [shares])
        found = cursor.fetchone()[0]
    return list(found) if found else [0] * (parts - 1)
