"""Prices that carts keep for a while when a product becomes dearer."""

from datetime import datetime

from django.db import connection

_HOLD = """
UPDATE orders_cartitem item SET
    held_price_minor = CASE WHEN item.held_until > now() THEN least(item.held_price_minor, %(price)s)
        ELSE %(price)s END,
    held_until = CASE WHEN item.held_until > now() AND item.held_price_minor <= %(price)s THEN item.held_until
        ELSE %(until)s END
WHERE item.product_id = %(product)s AND (
    item.variant_id IS NULL
    OR EXISTS (SELECT 1 FROM products_productvariant v WHERE v.id = item.variant_id AND v.price_minor IS NULL))
"""


def cart_prices_hold(*, product_id: int, price_minor: int, until: datetime) -> int:
    """Let every cart that has the product keep this price until then; how many lines. Call before the price changes.

    A lower price that a line holds already is kept, with its own time. Variants with a price of their own are not
    meant. Whoever puts the product into a cart later pays the new price.
    """
    with connection.cursor() as cursor:
        cursor.execute(_HOLD, {"product": product_id, "price": price_minor, "until": until})
        return cursor.rowcount
