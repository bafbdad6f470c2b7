"""Growing and clearing the demo catalogue."""

from collections.abc import Callable
from functools import partial

from django.conf import settings
from django.db import connection, transaction

from apps.core.events import event_emit
from apps.core.response_cache import CATALOGUE, stamp_bump
from apps.products.imports.demo.generator import SKU_PREFIX, demo_article, demo_sku
from apps.products.imports.demo.tiles import tiles_ensure
from apps.products.imports.races import repeat_on_race
from apps.products.imports.statements import KNOWN_PRODUCTS
from apps.products.imports.taxonomy import Taxonomy
from apps.products.imports.upsert import articles_upsert
from apps.products.models import Product
from meshop_shared.money import currency_exponent

BATCH = 5_000


def demo_catalogue_grow(*, products: int, seed: int, progress: Callable[[int], None]) -> int:
    """Add those of the first ``products`` demo products that are missing; return how many were.

    Existing ones are left exactly as they are, edits included. Every batch is its own transaction, so a stopped run
    goes on where it was; the last one tells the rest of the shop.
    """
    tiles_ensure()
    taxonomy, created = Taxonomy(), 0
    for start in range(1, products + 1, BATCH):
        numbers = range(start, min(start + BATCH, products + 1))
        grow = partial(_grow, numbers, seed, taxonomy, created, is_last=numbers.stop > products)
        created += repeat_on_race(grow, before_repeat=taxonomy.forget)
        progress(len(numbers))
    if created:
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE products_product, products_productimage, inventory_stockitem")
    return created


@transaction.atomic
def _grow(numbers: range, seed: int, taxonomy: Taxonomy, created_before: int, *, is_last: bool) -> int:
    skus = {demo_sku(seed=seed, number=number): number for number in numbers}
    present = _present(list(skus))
    currency = settings.MESHOP.shop_currency
    exponent = currency_exponent(currency)
    missing = [
        demo_article(seed=seed, number=number, currency=currency, exponent=exponent)
        for sku, number in skus.items()
        if sku not in present
    ]
    created = articles_upsert(articles=missing, taxonomy=taxonomy).created
    if is_last and created_before + created:
        event_emit(
            type="catalogue.imported",
            aggregate="catalogue:demo",
            payload={"source": "demo", "seed": seed, "created": created_before + created, "updated": 0},
        )
    return created


def _present(skus: list[str]) -> set[str]:
    with connection.cursor() as cursor:
        cursor.execute(KNOWN_PRODUCTS, [skus])
        return {row[0] for row in cursor.fetchall()}


def demo_catalogue_clear(*, progress: Callable[[int], None]) -> int:
    """Delete every demo product of every seed; return how many. Stock ledgers stay: they are never deleted."""
    demo = Product.objects.filter(sku__startswith=f"{SKU_PREFIX}-").order_by("pk")
    deleted = 0
    while ids := list(demo.values_list("pk", flat=True)[:BATCH]):
        with transaction.atomic():
            Product.objects.filter(pk__in=ids).delete()
            stamp_bump(CATALOGUE)
        deleted += len(ids)
        progress(len(ids))
    return deleted
