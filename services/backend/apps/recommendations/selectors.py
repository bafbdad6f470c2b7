"""What customers bought, and what may be shown: one statement each, over the tables of the apps below."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from django.db import connection

#: Days before the latest order that best sellers are counted over.
_BEST_SELLER_DAYS = 28
_SELLABLE = """
p.is_active AND (
    EXISTS (SELECT 1 FROM inventory_stockitem s WHERE s.id = p.stock_item_id AND s.on_hand > s.reserved)
    OR EXISTS (
        SELECT 1 FROM products_productvariant v JOIN inventory_stockitem s ON s.id = v.stock_item_id
        WHERE v.product_id = p.id AND v.is_active AND s.on_hand > s.reserved))
"""
_BY_SKU = f"SELECT p.sku, p.id, p.name FROM products_product p WHERE p.sku = ANY(%s) AND {_SELLABLE}"  # noqa: S608
_NAMES = "SELECT sku, id, name FROM products_product WHERE sku = ANY(%s)"
_SOLD = """
SELECT i.product_id FROM orders_order o JOIN orders_orderitem i ON i.order_id = o.id
JOIN products_product p ON p.id = i.product_id LEFT JOIN products_category c ON c.id = p.category_id
WHERE o.created_at > (SELECT max(created_at) FROM orders_order) - make_interval(days => %s)
    AND o.status <> 'cancelled' AND (%s::text IS NULL OR c.path LIKE %s)
GROUP BY i.product_id ORDER BY count(DISTINCT COALESCE(o.user_id, -o.id)) DESC, i.product_id DESC LIMIT %s
"""
_SELLABLE_OF = f"SELECT p.id FROM products_product p WHERE p.id = ANY(%s) AND {_SELLABLE}"  # noqa: S608
_NEWEST = f"SELECT p.id FROM products_product p WHERE {_SELLABLE} ORDER BY p.id DESC LIMIT %s"  # noqa: S608
_NEWEST_OF_BRANCH = f"""
SELECT p.id FROM products_product p JOIN products_category c ON c.id = p.category_id
WHERE c.path LIKE %s AND {_SELLABLE} ORDER BY p.id DESC LIMIT %s
"""  # noqa: S608
_BOUGHT = """
SELECT COALESCE(p.sku, i.sku), o.id, EXTRACT(EPOCH FROM now() - o.created_at) / 86400, i.quantity,
    i.unit_price_minor / 100.0
FROM orders_order o JOIN orders_orderitem i ON i.order_id = o.id LEFT JOIN products_product p ON p.id = i.product_id
WHERE o.user_id = %s AND o.status <> 'cancelled' AND i.quantity > 0
ORDER BY o.id DESC LIMIT %s
"""

_USER_CART = """
SELECT DISTINCT p.sku FROM orders_cart c JOIN orders_cartitem i ON i.cart_id = c.id
JOIN products_product p ON p.id = i.product_id WHERE c.user_id = %s ORDER BY p.sku LIMIT 200
"""
_GUEST_CART = _USER_CART.replace("c.user_id = %s", "c.user_id IS NULL AND c.token = %s")


@dataclass(frozen=True, slots=True)
class NamedProduct:
    """A product as a reason names it."""

    id: int
    name: str


def sellable_by_sku(*, skus: Sequence[str]) -> dict[str, NamedProduct]:
    """Products by SKU, those only that are shown and in stock."""
    return _named(_BY_SKU, skus)


def products_by_sku(*, skus: Sequence[str]) -> dict[str, NamedProduct]:
    """Products by SKU, whether or not they can be sold."""
    return _named(_NAMES, skus)


def best_seller_ids(*, branch: str | None, limit: int) -> list[int]:
    """Products with the most customers in the last weeks of sales, below the category with path ``branch`` or anywhere.

    Whether they can be sold now is not looked at: this is slow enough to be kept for a while.
    """
    below = None if branch is None else f"{branch}%"
    with connection.cursor() as cursor:
        cursor.execute(_SOLD, [_BEST_SELLER_DAYS, below, below, limit])
        return [row[0] for row in cursor.fetchall()]


def sellable_ids(*, product_ids: Sequence[int]) -> list[int]:
    """Those that are shown and in stock, in the order given."""
    with connection.cursor() as cursor:
        cursor.execute(_SELLABLE_OF, [list(product_ids)])
        found = {row[0] for row in cursor.fetchall()}
    return [pk for pk in product_ids if pk in found]


def newest_ids(*, branch: str | None, limit: int) -> list[int]:
    """The products added last that can be sold, below the category with path ``branch`` or anywhere."""
    with connection.cursor() as cursor:
        if branch is None:
            cursor.execute(_NEWEST, [limit])
        else:
            cursor.execute(_NEWEST_OF_BRANCH, [f"{branch}%", limit])
        return [row[0] for row in cursor.fetchall()]


def category_path(*, slug: str) -> str | None:
    """Where a category is in the tree."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT path FROM products_category WHERE slug = %s", [slug])
        found = cursor.fetchone()
    return str(found[0]) if found else None


def bought_lines(*, user_id: int, limit: int) -> list[dict[str, object]]:
    """A customer's latest bought lines, as the service asks for them."""
    with connection.cursor() as cursor:
        cursor.execute(_BOUGHT, [user_id, limit])
        return [
            {
                "sku": sku, "order": order, "days_ago": max(float(days), 0.0), "quantity": quantity,
                "price": float(price),
            }
            for sku, order, days, quantity, price in cursor.fetchall()
        ]  # fmt: skip


def skus_of(*, product_ids: Sequence[int]) -> list[str]:
    """SKUs of shown products in the order of ``product_ids``; unknown ids are left out."""
    if not product_ids:
        return []
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT id, sku FROM products_product WHERE is_active AND id = ANY(%s)", [list(product_ids)]
        )
        skus = dict(cursor.fetchall())
    return [skus[pk] for pk in product_ids if pk in skus]


def cart_skus(*, user_id: int | None, token: str | None) -> list[str]:
    """Product SKUs in a user's cart, or in the guest cart that ``token`` names; without such a cart none."""
    owner: int | UUID | None = user_id
    if user_id is None:
        try:
            owner = UUID(token or "")
        except ValueError:
            return []
    with connection.cursor() as cursor:
        cursor.execute(_USER_CART if user_id is not None else _GUEST_CART, [owner])
        return [row[0] for row in cursor.fetchall()]


def _named(statement: str, skus: Sequence[str]) -> dict[str, NamedProduct]:
    if not skus:
        return {}
    with connection.cursor() as cursor:
        cursor.execute(statement, [list(skus)])
        return {sku: NamedProduct(pk, name) for sku, pk, name in cursor.fetchall()}
