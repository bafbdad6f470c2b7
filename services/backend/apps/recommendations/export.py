"""Order lines for the training of recommendations."""

from pathlib import Path

from django.db import connection

#: One row per sold article of a known customer. The customer is a number; names and addresses stay here.
_LINES = """
COPY (
    SELECT o.user_id AS customer, COALESCE(p.sku, i.sku) AS sku, COALESCE(p.name, i.name) AS name,
        (o.created_at AT TIME ZONE 'UTC')::date AS day, i.quantity, i.unit_price_minor / 100.0 AS price, o.id AS "order"
    FROM orders_order o
    JOIN orders_orderitem i ON i.order_id = o.id
    LEFT JOIN products_product p ON p.id = i.product_id
    WHERE o.user_id IS NOT NULL AND o.status <> 'cancelled' AND i.quantity > 0 AND i.unit_price_minor > 0
    ORDER BY o.id, i.id
) TO STDOUT WITH (FORMAT csv, HEADER)
"""


def order_lines_export(*, file: Path) -> int:
    """Write all order lines as CSV and return the size in bytes. Streams: memory does not grow with the shop.

    ``file`` appears whole or not at all.
    """
    part = file.with_name(f"{file.name}.part")
    connection.ensure_connection()
    with part.open("wb") as output, connection.connection.cursor() as cursor, cursor.copy(_LINES) as copy:
        for block in copy:
            output.write(block)
    part.replace(file)
    return file.stat().st_size
