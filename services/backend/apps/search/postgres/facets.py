"""Facets in PostgreSQL: one statement for each, over the matches under all filters but its own."""

from collections import defaultdict
from collections.abc import Callable
from typing import Any

import orjson
from django.db import connection
from django.db.models import QuerySet

from apps.products.filters import IN_STOCK, ProductFilterSet
from apps.products.models import Product
from apps.search.facets import PRICE_STEPS, RATINGS, FacetCounts, facets_shape

Matches = Callable[[ProductFilterSet], QuerySet[Product]]
#: Facet → the parameters that are its own.
_OWN = {
    "category": ("category",),
    "brand": ("brand",),
    "price": ("min_price", "max_price"),
    "rating": ("min_rating",),
    "in_stock": ("in_stock",),
}
_STATEMENTS = {
    "category": """
        SELECT above.id, count(*) FROM products_product p JOIN products_category own ON own.id = p.category_id
        JOIN products_category above ON above.path = ANY(
            ARRAY(SELECT left(own.path, part) FROM generate_series(4, length(own.path), 4) part))
        WHERE p.id IN ({matches}) GROUP BY 1""",
    "brand": "SELECT brand, count(*) FROM products_product WHERE id IN ({matches}) AND brand <> '' GROUP BY 1",
    "price": """
        SELECT width_bucket(price_minor, %s::bigint[]), count(*) FROM products_product
        WHERE id IN ({matches}) GROUP BY 1""",
    "rating": "SELECT floor(rating)::int, count(*) FROM products_product WHERE id IN ({matches}) GROUP BY 1",
    "attributes": """
        SELECT name, value::text, count(DISTINCT id) FROM (
            SELECT p.id, pair.key AS name, pair.value FROM products_product p, jsonb_each(p.attributes) pair
            WHERE p.id IN ({matches})
            UNION ALL
            SELECT v.product_id, pair.key, pair.value FROM products_productvariant v, jsonb_each(v.attributes) pair
            WHERE v.is_active AND v.product_id IN ({matches})
        ) pairs GROUP BY 1, 2""",
}


def facets_count(filters: ProductFilterSet, matches: Matches) -> dict[str, Any]:
    """Facets in the shape of the port."""
    counts = FacetCounts()
    under = {name: matches(_without(filters, own)) for name, own in _OWN.items()}
    counts.categories = dict(_rows("category", under["category"]))
    counts.brands = dict(_rows("brand", under["brand"]))
    prices = dict(_rows("price", under["price"], list(PRICE_STEPS)))
    counts.prices = [prices.get(number, 0) for number in range(len(PRICE_STEPS) + 1)]
    ratings = _rows("rating", under["rating"])
    counts.ratings = {stars: sum(number for floor, number in ratings if floor >= stars) for stars in RATINGS}
    counts.stock = _stock(under["in_stock"])
    counts.attributes = _attributes(matches(filters))
    for name in filters.attributes:
        own = _attributes(matches(_without(filters, (f"attr.{name}",))))
        counts.attributes[name] = own.get(name, {})
    return facets_shape(counts)


def _without(filters: ProductFilterSet, names: tuple[str, ...]) -> ProductFilterSet:
    if not any(name in filters.data for name in names):
        return filters
    reduced = ProductFilterSet({name: value for name, value in filters.data.items() if name not in names})
    reduced.validate()
    return reduced


def _rows(name: str, matches: QuerySet[Product], *leading: Any) -> list[Any]:
    statement = _STATEMENTS[name]
    ids, parameters = matches.order_by().values("pk").query.sql_with_params()
    times = statement.count("{matches}")
    with connection.cursor() as cursor:
        cursor.execute(statement.format(matches=ids), [*leading, *parameters * times])
        return cursor.fetchall()


def _stock(matches: QuerySet[Product]) -> dict[bool, int]:
    found: dict[bool, int] = defaultdict(int)
    ids = matches.order_by().values("pk")
    for in_stock in Product.objects.filter(pk__in=ids).values_list(IN_STOCK, flat=True):
        found[in_stock] += 1
    return found


def _attributes(matches: QuerySet[Product]) -> dict[str, dict[Any, int]]:
    found: dict[str, dict[Any, int]] = defaultdict(dict)
    for name, value, number in _rows("attributes", matches):
        found[name][orjson.loads(value)] = number
    return found
