"""Creating and updating products by the batch: a handful of statements whatever the size of the batch."""

import json
from collections.abc import Sequence
from dataclasses import astuple, dataclass
from typing import Any

from django.db import connection, transaction
from django.db.backends.utils import CursorWrapper
from django.utils.text import slugify

from apps.core.response_cache import CATALOGUE, stamp_bump
from apps.inventory.services import stock_items_bulk_create
from apps.products.imports import statements
from apps.products.imports.copying import copy_rows
from apps.products.imports.records import ArticleRecord, Rejection, UpsertResult
from apps.products.imports.taxonomy import Taxonomy
from apps.products.services.search_extra import search_extra_refresh
from apps.products.slugs import RESERVED

STOCK_REFERENCE = "catalogue import"


@dataclass(slots=True)
class _Known:
    """What the shop has of the SKUs in a batch."""

    product_ids: dict[str, int]
    variant_owners: dict[str, str]
    with_variants: set[str]


@transaction.atomic
def articles_upsert(*, articles: Sequence[ArticleRecord], taxonomy: Taxonomy) -> UpsertResult:
    """Create or update one product per article, matched by SKU, which must be unique within the batch.

    Repeating it changes nothing. Never touches what the file cannot know: stock levels of existing units, slugs,
    ratings, ``is_active``. Articles that cannot be stored without breaking a SKU come back as rejected. Safe beside a
    live shop; two imports at once must be kept apart by the caller (see :mod:`apps.products.imports.lock`).
    """
    known = _known(articles)
    rejected = [rejection for article in articles if (rejection := _conflict(article, known))]
    refused = {rejection.line for rejection in rejected}
    accepted = [article for article in articles if article.line not in refused]
    if not accepted:
        return UpsertResult(rejected=rejected)
    stock_ids = _open_ledgers(accepted, known)
    with connection.cursor() as cursor:
        cursor.execute(statements.CREATE_STAGES)
        _stage_products(cursor, accepted, known, stock_ids, taxonomy)
        _stage_variants(cursor, accepted, stock_ids)
        cursor.execute("ANALYZE import_product, import_variant")
        created, changed = _apply(cursor, any_known=bool(known.product_ids))
    if created or changed:
        stamp_bump(CATALOGUE)
    return UpsertResult(
        created=len(created),
        updated=len(changed),
        unchanged=len(accepted) - len(created) - len(changed),
        rejected=rejected,
    )


def _known(articles: Sequence[ArticleRecord]) -> _Known:
    skus = [article.sku for article in articles]
    all_skus = skus + [variant.sku for article in articles for variant in article.variants or ()]
    with connection.cursor() as cursor:
        cursor.execute(statements.KNOWN_PRODUCTS, [all_skus])
        product_ids = dict(cursor.fetchall())
        cursor.execute(statements.KNOWN_VARIANTS, [all_skus])
        variant_owners = dict(cursor.fetchall())
        cursor.execute(statements.PRODUCTS_WITH_VARIANTS, [skus])
        return _Known(product_ids, variant_owners, {row[0] for row in cursor.fetchall()})


def _conflict(article: ArticleRecord, known: _Known) -> Rejection | None:
    """Why this article cannot be stored beside what the shop already has."""
    if article.sku in known.variant_owners:
        return Rejection(article.line, "sku_taken", f"{article.sku} is a variant of another product")
    for variant in article.variants or ():
        if known.variant_owners.get(variant.sku, article.sku) != article.sku:
            return Rejection(article.line, "sku_taken", f"{variant.sku} is a variant of another product")
        if variant.sku in known.product_ids:
            return Rejection(article.line, "sku_taken", f"{variant.sku} is a product")
    kept = article.variants is None or bool(article.variants) == (article.sku in known.with_variants)
    if article.sku in known.product_ids and not kept:
        # Carts and open orders hold the units that the product has now.
        return Rejection(article.line, "variants_conflict", "cannot switch between with and without variants")
    return None


def _open_ledgers(articles: Sequence[ArticleRecord], known: _Known) -> dict[str, int]:
    quantities: dict[str, int] = {}
    for article in articles:
        if article.variants:
            new = (variant for variant in article.variants if variant.sku not in known.variant_owners)
            quantities.update((variant.sku, variant.stock) for variant in new)
        elif article.sku not in known.product_ids:
            quantities[article.sku] = article.stock
    return stock_items_bulk_create(quantities=quantities, reference=STOCK_REFERENCE)


def _stage_products(
    cursor: CursorWrapper,
    articles: Sequence[ArticleRecord],
    known: _Known,
    stock_ids: dict[str, int],
    taxonomy: Taxonomy,
) -> None:
    taxonomy.prepare(
        paths=(article.category for article in articles if article.category),
        tags=(name for article in articles for name in article.tags or ()),
    )
    rows: list[tuple[Any, ...]] = []
    for article in articles:
        category, tags = article.category, article.tags
        rows.append(
            (
                known.product_ids.get(article.sku),
                article.sku,
                _slug(article),
                article.name,
                article.description,
                article.brand,
                category is not None,
                taxonomy.category_id(category) if category else None,
                None if tags is None else taxonomy.tag_ids(tags),
                article.price_minor,
                article.currency,
                None if article.attributes is None else json.dumps(article.attributes),
                None if article.variants else stock_ids.get(article.sku),
                " ".join([*(category or ()), *sorted(tags or ())]),
                article.is_active,
                article.created_at,
                *(astuple(article.image) if article.image else (None, None, None)),
            )
        )
    copy_rows(cursor, statements.COPY_PRODUCTS, rows)


def _stage_variants(
    cursor: CursorWrapper, articles: Sequence[ArticleRecord], stock_ids: dict[str, int]
) -> None:
    rows = (
        (
            article.sku,
            variant.sku,
            variant.name,
            json.dumps(variant.attributes),
            variant.price_minor,
            stock_ids.get(variant.sku),
        )
        for article in articles
        for variant in article.variants or ()
    )
    copy_rows(cursor, statements.COPY_VARIANTS, rows)


def _slug(article: ArticleRecord) -> str:
    """Words of the name, then the SKU: unique unless two SKUs differ only in signs."""
    slug = f"{slugify(article.name)[:140].strip('-_')}-{slugify(article.sku)}".strip("-_")
    return f"p-{slug}".strip("-") if not slug or slug.isdigit() or slug in RESERVED else slug


def _apply(cursor: CursorWrapper, *, any_known: bool) -> tuple[set[int], set[int]]:
    """Merge the staged rows; return ids of created and of changed products."""
    created = _ids(cursor, statements.INSERT_PRODUCTS)
    cursor.execute(statements.LINK_PRODUCTS)
    parameters = {"created": list(created)}
    cursor.execute(statements.PRICE_HISTORY, parameters)
    changed: set[int] = set()
    for statement in statements.CHANGES if any_known else ():
        changed |= _ids(cursor, statement)
    for statement in statements.ADDITIONS:
        changed |= _ids(cursor, statement)
    changed -= created
    cursor.execute(statements.INSERT_IMAGES, parameters)
    if changed:
        search_extra_refresh(product_ids=sorted(changed))
    return created, changed


def _ids(cursor: CursorWrapper, statement: str) -> set[int]:
    cursor.execute(statement)
    return {row[0] for row in cursor.fetchall()}
