"""Which products and categories the sold articles belong to, as the catalogue is today.

The sums of categories follow the catalogue: when an article moves, so do its sales of all days.
"""

from collections.abc import Sequence

from django.db import connection, transaction
from django.db.backends.utils import CursorWrapper

from apps.analytics.locks import writer_lock
from apps.analytics.measures import ARTICLE_MEASURES
from apps.analytics.sums import CATEGORY_SUMS

#: An SKU is a product's or a variant's. Paths of the category tree grow by four characters with each level.
_LOOKUP = """
SELECT named.sku, named.name AS line_name, p.id AS product_id, coalesce(v.name, '') AS variant_name,
    p.name AS product_name,
    coalesce((
        SELECT array_agg(above.id ORDER BY above.path) FROM products_category own
        JOIN products_category above ON above.path = ANY(ARRAY(
            SELECT left(own.path, n) FROM generate_series(4, length(own.path), 4) AS n))
        WHERE own.id = p.category_id
    ), '{{}}') AS categories
FROM ({named}) AS named
LEFT JOIN products_productvariant v ON v.sku = named.sku
LEFT JOIN products_product p ON p.id = coalesce(v.product_id, (SELECT id FROM products_product WHERE sku = named.sku))
"""
_NAME = """CASE WHEN product_id IS NULL THEN line_name WHEN variant_name = '' THEN product_name
    ELSE product_name || ' — ' || variant_name END"""
_UNKNOWN = """
SELECT DISTINCT ON (i.sku) i.sku, i.name FROM orders_orderitem i
WHERE i.order_id = ANY(%(orders)s) AND NOT EXISTS (SELECT 1 FROM analytics_soldarticle a WHERE a.sku = i.sku)
ORDER BY i.sku, i.id DESC
"""
_ADD = f"""
INSERT INTO analytics_soldarticle (sku, name, product_id, categories)
SELECT sku, left({_NAME}, 400), product_id, categories FROM ({_LOOKUP.format(named=_UNKNOWN)}) AS found ORDER BY sku
ON CONFLICT (sku) DO NOTHING
"""  # noqa: S608
_MOVED_TABLE = """
CREATE TEMP TABLE IF NOT EXISTS analytics_moved_article (
    article_id bigint, name text, product_id bigint, old_categories bigint[], new_categories bigint[]
) ON COMMIT DELETE ROWS
"""
_KNOWN = "SELECT sku, name FROM analytics_soldarticle WHERE %(product)s::bigint IS NULL OR product_id = %(product)s"
_MOVED = f"""
INSERT INTO pg_temp.analytics_moved_article
SELECT a.id, now.name, now.product_id, a.categories, now.categories
FROM (
    SELECT sku, left({_NAME}, 400) AS name, product_id, categories FROM ({_LOOKUP.format(named=_KNOWN)}) AS found
) AS now
JOIN analytics_soldarticle a ON a.sku = now.sku
WHERE (a.name, a.product_id, a.categories) IS DISTINCT FROM (now.name, now.product_id, now.categories)
"""  # noqa: S608


def _moved_sums() -> str:
    """Differences of categories: what moved articles have sold, off the old ones and onto the new ones."""
    none = "CASE WHEN cardinality({0}) = 0 THEN ARRAY[NULL::bigint] ELSE {0} END"
    sides = []
    for sign, side in (("-", "moved.old_categories"), ("", "moved.new_categories")):
        measures = ", ".join(f"{sign}sold.{name} AS {name}" for name in ARTICLE_MEASURES)
        sides.append(
            f"SELECT sold.day, category_id, sold.currency, {measures} FROM pg_temp.analytics_moved_article moved "  # noqa: S608
            f"JOIN analytics_productanalytics sold ON sold.article_id = moved.article_id "
            f"CROSS JOIN LATERAL unnest({none.format(side)}) AS category_id"
        )
    keys, sums = ", ".join(CATEGORY_SUMS.key), ", ".join(f"sum({name})::bigint" for name in ARTICLE_MEASURES)
    something = " OR ".join(f"sum({name}) <> 0" for name in ARTICLE_MEASURES)
    return (
        f"SELECT {keys}, {sums} FROM ({' UNION ALL '.join(sides)}) AS both_sides "  # noqa: S608
        f"GROUP BY {keys} HAVING {something}"
    )


def articles_add(cursor: CursorWrapper, *, order_ids: Sequence[int]) -> None:
    """Note what these orders name and nobody has named before. The caller is the writer."""
    cursor.execute(_ADD, {"orders": list(order_ids)})


@transaction.atomic
def articles_refresh(*, product_id: int | None = None) -> int:
    """Follow the catalogue: names, products and categories of the articles of one product, or of all.

    Returns how many articles were not as the catalogue has them. Repeating it returns 0.
    """
    writer_lock()
    with connection.cursor() as cursor:
        cursor.execute(_MOVED_TABLE)
        cursor.execute("DELETE FROM pg_temp.analytics_moved_article")
        cursor.execute(_MOVED, {"product": product_id})
        moved = cursor.rowcount
        if moved:
            cursor.execute(CATEGORY_SUMS.add(_moved_sums()))
            cursor.execute(
                "UPDATE analytics_soldarticle a SET name = m.name, product_id = m.product_id, "
                "categories = m.new_categories FROM pg_temp.analytics_moved_article m WHERE m.article_id = a.id"
            )
            cursor.execute(CATEGORY_SUMS.sweep())
    return moved
