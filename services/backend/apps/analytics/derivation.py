"""What orders contribute, derived from what they are now. The one definition of every measure.

Both statements take ``%(orders)s`` (ids) and ``%(zone)s`` (name of a time zone). They read the tables of orders and
payments as they are at this moment, so it does not matter which events led here, how often, or in which order.
"""

_ORDERS = """
SELECT o.id, o.user_id, o.currency, o.status, (o.created_at AT TIME ZONE %(zone)s)::date AS day, o.subtotal_minor,
    o.shipping_minor, o.tax_minor, o.discount_minor, o.total_minor,
    CASE WHEN o.total_minor < 0 THEN 'credit' WHEN o.status = 'cancelled' THEN 'cancelled'
        WHEN o.status = 'pending' THEN 'pending' ELSE 'sale' END AS kind
FROM orders_order o WHERE o.id = ANY(%(orders)s)
"""
_REFUNDS = """
SELECT o.id AS order_id, o.user_id, o.currency, (r.status_at AT TIME ZONE %(zone)s)::date AS day, r.amount_minor,
    r.lines
FROM o JOIN payments_payment p ON p.order_id = o.id JOIN payments_refund r ON r.payment_id = p.id
WHERE o.kind = 'sale' AND r.status = 'succeeded'
"""

#: order_id, day, currency, user_id, then ``ORDER_MEASURES``.
ORDER_ROWS = f"""
WITH o AS ({_ORDERS}), refund AS ({_REFUNDS})
SELECT o.id AS order_id, o.day, o.currency, o.user_id,
    (kind <> 'credit')::int AS placed_orders, CASE WHEN kind <> 'credit' THEN total_minor ELSE 0 END AS placed_minor,
    (kind = 'cancelled')::int AS cancelled_orders,
    CASE WHEN kind = 'cancelled' THEN total_minor ELSE 0 END AS cancelled_minor,
    (kind = 'sale')::int AS orders,
    CASE WHEN kind = 'sale' THEN coalesce(i.units, 0) ELSE 0 END AS units,
    CASE WHEN kind = 'sale' THEN subtotal_minor ELSE 0 END AS subtotal_minor,
    CASE WHEN kind = 'sale' THEN shipping_minor ELSE 0 END AS shipping_minor,
    CASE WHEN kind = 'sale' THEN tax_minor ELSE 0 END AS tax_minor,
    CASE WHEN kind = 'sale' THEN discount_minor ELSE 0 END AS discount_minor,
    CASE WHEN kind = 'sale' THEN total_minor ELSE 0 END AS total_minor,
    (kind = 'sale' AND status IN ('shipped', 'delivered'))::int AS shipped_orders,
    (kind = 'sale' AND status = 'delivered')::int AS delivered_orders,
    0 AS refunds, 0 AS refunded_minor,
    (kind = 'credit')::int AS credit_notes, CASE WHEN kind = 'credit' THEN -total_minor ELSE 0 END AS credited_minor
FROM o LEFT JOIN (
    SELECT order_id, sum(quantity) AS units FROM orders_orderitem WHERE order_id = ANY(%(orders)s) GROUP BY order_id
) i ON i.order_id = o.id
UNION ALL
SELECT order_id, day, currency, user_id, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, amount_minor, 0, 0 FROM refund
"""  # noqa: S608

#: order_id, day, currency, article_id, then ``ARTICLE_MEASURES``. A line counts once per order and article.
ARTICLE_ROWS = f"""
WITH o AS ({_ORDERS}), refund AS ({_REFUNDS}), item AS (
    SELECT i.id, i.order_id, a.id AS article_id, i.quantity, i.line_total_minor
    FROM orders_orderitem i JOIN analytics_soldarticle a ON a.sku = i.sku WHERE i.order_id = ANY(%(orders)s)
)
SELECT o.id AS order_id, o.day, o.currency, item.article_id, 1 AS lines, sum(item.quantity) AS units,
    sum(item.line_total_minor) AS revenue_minor, 0 AS returned_units, 0 AS returned_minor
FROM o JOIN item ON item.order_id = o.id WHERE o.kind = 'sale' GROUP BY o.id, o.day, o.currency, item.article_id
UNION ALL
SELECT o.id, o.day, o.currency, item.article_id, 0, 0, 0, -item.quantity, -item.line_total_minor
FROM o JOIN item ON item.order_id = o.id WHERE o.kind = 'credit'
UNION ALL
SELECT refund.order_id, refund.day, refund.currency, item.article_id, 0, 0, 0, (line->>'quantity')::bigint,
    (line->>'goods')::bigint
FROM refund CROSS JOIN jsonb_array_elements(refund.lines) AS line
JOIN item ON item.id = (line->>'order_item_id')::bigint
"""  # noqa: S608
