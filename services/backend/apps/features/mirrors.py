"""How rows of the shop become rows of the feature tables: one query each, for one event and for all of history."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.db import connection, transaction

from meshop_shared.ai.features import CARTS, PRICES, PRODUCTS, SALES, SEARCHES, STOCK, VIEWS, FeatureTable

_FETCH = 5_000


@dataclass(frozen=True)
class Mirror:
    """A feature table and its query; ``column`` is what an event names."""

    table: FeatureTable
    query: str
    column: str

    def rows(self, *, of: list[int]) -> list[tuple[Any, ...]]:
        """The rows of these orders or products, as they are now."""
        with connection.cursor() as cursor:
            cursor.execute(f"{self.query} WHERE {self.column} = ANY(%s)", [of])
            return cursor.fetchall()

    def all_rows(self) -> Iterator[tuple[Any, ...]]:
        """Every row, through a cursor of the server: memory does not grow with the shop."""
        connection.ensure_connection()
        with transaction.atomic(), connection.connection.cursor(name=self.table.name) as cursor:
            cursor.itersize = _FETCH
            yield from cursor.execute(self.query)


MIRRORS = {
    mirror.table.name: mirror
    for mirror in (
        Mirror(
            SALES,
            """
            SELECT i.id, o.id, o.user_id, COALESCE(p.sku, i.sku), COALESCE(p.name, i.name), COALESCE(c.slug, ''),
                o.created_at, i.quantity, i.unit_price_minor, o.status = 'cancelled'
            FROM orders_orderitem i
            JOIN orders_order o ON o.id = i.order_id
            LEFT JOIN products_product p ON p.id = i.product_id
            LEFT JOIN products_category c ON c.id = p.category_id
            """,
            column="o.id",
        ),
        Mirror(
            PRICES,
            """
            SELECT h.id, COALESCE(v.sku, p.sku), h.created_at, h.price_minor
            FROM products_pricehistory h
            JOIN products_product p ON p.id = h.product_id
            LEFT JOIN products_productvariant v ON v.id = h.variant_id
            """,
            column="p.id",
        ),
        Mirror(
            PRODUCTS,
            """
            SELECT p.id, p.updated_at, p.sku, p.name,
                concat_ws('. ', NULLIF(p.brand, ''), NULLIF(p.search_extra, ''), NULLIF(left(p.description, 1000), '')),
                p.attributes::text, p.is_active
            FROM products_product p
            """,
            column="p.id",
        ),
        Mirror(
            VIEWS,
            """
            SELECT a.id, a.visitor, a.user_id, p.sku, a.at
            FROM activity_activity a JOIN products_product p ON p.id = a.product_id AND a.kind = 'viewed'
            """,
            column="a.id",
        ),
        Mirror(
            CARTS,
            """
            SELECT a.id, a.visitor, a.user_id, p.sku, a.kind, a.quantity, a.at
            FROM activity_activity a JOIN products_product p ON p.id = a.product_id AND a.kind <> 'viewed'
            """,
            column="a.id",
        ),
        Mirror(
            SEARCHES,
            "SELECT s.id, s.day, s.text, s.searches, s.in_vain FROM search_searchedtext s",
            column="s.id",
        ),
        Mirror(
            STOCK,
            """
            SELECT m.id, COALESCE(p.sku, vp.sku, s.sku), m.created_at, m.quantity
            FROM inventory_stockmovement m
            JOIN inventory_stockitem s ON s.id = m.stock_item_id
            LEFT JOIN products_product p ON p.stock_item_id = s.id
            LEFT JOIN products_productvariant v ON v.stock_item_id = s.id
            LEFT JOIN products_product vp ON vp.id = v.product_id
            """,
            column="s.id",
        ),
    )
}
