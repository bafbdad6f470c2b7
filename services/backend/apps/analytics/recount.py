"""Counting everything again from the rows of orders, payments and catalogue, past contributions and sums.

Written apart from :mod:`apps.analytics.derivation` on purpose: what both agree on is not one mistake made twice. Every
statement takes ``%(zone)s`` and gives the key and the measures of the table that it checks.
"""

from apps.analytics.measures import ARTICLE_MEASURES, ORDER_MEASURES

_DAY = "(created_at AT TIME ZONE %(zone)s)::date"
_SOLD = "status NOT IN ('pending', 'cancelled') AND total_minor >= 0"
_PARTS = f"""
SELECT user_id, {_DAY} AS day, currency,
    count(*) FILTER (WHERE total_minor >= 0) AS placed_orders,
    sum(total_minor) FILTER (WHERE total_minor >= 0) AS placed_minor,
    count(*) FILTER (WHERE status = 'cancelled' AND total_minor >= 0) AS cancelled_orders,
    sum(total_minor) FILTER (WHERE status = 'cancelled' AND total_minor >= 0) AS cancelled_minor,
    count(*) FILTER (WHERE {_SOLD}) AS orders,
    0 AS units,
    sum(subtotal_minor) FILTER (WHERE {_SOLD}) AS subtotal_minor,
    sum(shipping_minor) FILTER (WHERE {_SOLD}) AS shipping_minor,
    sum(tax_minor) FILTER (WHERE {_SOLD}) AS tax_minor,
    sum(discount_minor) FILTER (WHERE {_SOLD}) AS discount_minor,
    sum(total_minor) FILTER (WHERE {_SOLD}) AS total_minor,
    count(*) FILTER (WHERE status IN ('shipped', 'delivered') AND total_minor >= 0) AS shipped_orders,
    count(*) FILTER (WHERE status = 'delivered' AND total_minor >= 0) AS delivered_orders,
    0 AS refunds, 0 AS refunded_minor,
    count(*) FILTER (WHERE total_minor < 0) AS credit_notes,
    -sum(total_minor) FILTER (WHERE total_minor < 0) AS credited_minor
FROM orders_order GROUP BY 1, 2, 3
UNION ALL
SELECT user_id, {_DAY}, currency, 0, 0, 0, 0, 0, sum(i.quantity), 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0
FROM orders_order o JOIN orders_orderitem i ON i.order_id = o.id WHERE {_SOLD} GROUP BY 1, 2, 3
UNION ALL
SELECT o.user_id, (r.status_at AT TIME ZONE %(zone)s)::date, o.currency, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
    count(*), sum(r.amount_minor), 0, 0
FROM payments_refund r JOIN payments_payment p ON p.id = r.payment_id JOIN orders_order o ON o.id = p.order_id
WHERE r.status = 'succeeded' AND o.status NOT IN ('pending', 'cancelled') AND o.total_minor >= 0 GROUP BY 1, 2, 3
"""  # noqa: S608
_LINES = f"""
SELECT i.sku, {_DAY} AS day, currency, count(DISTINCT o.id) AS lines, sum(quantity) AS units,
    sum(line_total_minor) AS revenue_minor, 0 AS returned_units, 0 AS returned_minor
FROM orders_orderitem i JOIN orders_order o ON o.id = i.order_id WHERE {_SOLD} GROUP BY 1, 2, 3
UNION ALL
SELECT i.sku, {_DAY}, currency, 0, 0, 0, -sum(quantity), -sum(line_total_minor)
FROM orders_orderitem i JOIN orders_order o ON o.id = i.order_id WHERE total_minor < 0 GROUP BY 1, 2, 3
UNION ALL
SELECT i.sku, (r.status_at AT TIME ZONE %(zone)s)::date, o.currency, 0, 0, 0, sum((line->>'quantity')::bigint),
    sum((line->>'goods')::bigint)
FROM payments_refund r CROSS JOIN jsonb_array_elements(r.lines) AS line
JOIN orders_orderitem i ON i.id = (line->>'order_item_id')::bigint JOIN orders_order o ON o.id = i.order_id
WHERE r.status = 'succeeded' AND o.status NOT IN ('pending', 'cancelled') AND o.total_minor >= 0 GROUP BY 1, 2, 3
"""  # noqa: S608
#: Each SKU with its categories: that of its product, and all above; none is a category too.
_BRANCHES = """
SELECT sku, above.id AS category_id FROM (
    SELECT sku, category_id FROM products_product
    UNION ALL SELECT v.sku, p.category_id FROM products_productvariant v JOIN products_product p ON p.id = v.product_id
) unit JOIN products_category own ON own.id = unit.category_id JOIN products_category above
    ON above.path IN (SELECT left(own.path, 4 * n) FROM generate_series(1, own.depth) AS n)
"""


def _summed(source: str, key: str, measures: tuple[str, ...]) -> str:
    sums = ", ".join(f"coalesce(sum({name}), 0)::bigint AS {name}" for name in measures)
    something = " OR ".join(f"sum({name}) <> 0" for name in measures)
    return f"SELECT {key}, {sums} FROM {source} GROUP BY {key} HAVING {something}"  # noqa: S608


DAILY = _summed(f"({_PARTS}) AS parts", "day, currency", ORDER_MEASURES)
USERS = _summed(f"({_PARTS}) AS parts WHERE user_id IS NOT NULL", "user_id, day, currency", ORDER_MEASURES)
ARTICLES = _summed(f"({_LINES}) AS parts", "sku, day, currency", ARTICLE_MEASURES)
CATEGORIES = _summed(
    f"({_LINES}) AS parts LEFT JOIN ({_BRANCHES}) AS branch USING (sku)",
    "category_id, day, currency",
    ARTICLE_MEASURES,
)
