"""Writing carts."""

import uuid

from django.db import connection, transaction

from apps.inventory.errors import InsufficientStock
from apps.orders.errors import CartFull, CartItemNotFound, CurrencyMismatch, ProductNotFound, VariantNotFound
from apps.orders.locks import cart_lock, guest_cart_lock
from apps.orders.models import Cart, CartItem
from apps.orders.selectors import CartLine, cart_lines_get
from apps.products.sellable import SellableUnit, sellable_units_get
from meshop_shared.errors import ValidationFailed

MAX_LINES = 200
MAX_QUANTITY = 10_000


def cart_get_or_create(*, user_id: int) -> Cart:
    """Return the user's cart, made on first use."""
    cart = Cart.objects.filter(user_id=user_id).first()
    return cart or Cart.objects.get_or_create(user_id=user_id)[0]


def guest_cart_get_or_create(*, token: str | None) -> Cart:
    """Return the guest cart of ``token``, or a new one with a new token if there is none."""
    try:
        known = uuid.UUID(token) if token else None
    except ValueError:
        known = None
    cart = Cart.objects.filter(token=known, user__isnull=True).first() if known else None
    return cart or Cart.objects.create()


def unit_get(*, product_id: int, variant_id: int | None) -> SellableUnit:
    """Find what is to be sold. Raises ``ProductNotFound``, ``VariantNotFound`` or a validation error."""
    unit = sellable_units_get([(product_id, variant_id)]).get((product_id, variant_id))
    if unit is None:
        raise VariantNotFound() if variant_id is not None else ProductNotFound()
    if unit.needs_variant:
        raise ValidationFailed.for_field("variant_id", "This product is sold by variant; choose one.")
    return unit


def shortage(*, product_id: int, variant_id: int | None, requested: int, available: int) -> InsufficientStock:
    """Build the error for one line."""
    line = {
        "product_id": product_id,
        "variant_id": variant_id,
        "requested": requested,
        "available": max(available, 0),
    }
    return InsufficientStock(extra={"lines": [line]})


_REMOVE = "DELETE FROM orders_cartitem WHERE cart_id = %s"
_ADD = """
INSERT INTO orders_cartitem AS item (cart_id, product_id, variant_id, quantity)
VALUES (%(cart)s, %(product)s, %(variant)s, %(quantity)s)
ON CONFLICT (cart_id, product_id, variant_id) DO UPDATE SET quantity = item.quantity + excluded.quantity
WHERE item.quantity + excluded.quantity <= %(at_most)s
RETURNING id
"""


@transaction.atomic
def cart_item_add(*, cart_id: int, product_id: int, variant_id: int | None, quantity: int) -> list[CartLine]:
    """Add units to a cart, onto an existing line if there is one; return the cart's lines.

    Raises ``InsufficientStock`` when the line would exceed what is available, and nothing changes.
    """
    unit = unit_get(product_id=product_id, variant_id=variant_id)
    at_most = min(unit.available, MAX_QUANTITY)
    if quantity > at_most:
        raise shortage(
            product_id=product_id, variant_id=variant_id, requested=quantity, available=unit.available
        )
    with connection.cursor() as cursor:
        cursor.execute(
            _ADD,
            {
                "cart": cart_id,
                "product": product_id,
                "variant": variant_id,
                "quantity": quantity,
                "at_most": at_most,
            },
        )
        added = cursor.fetchone()
    lines = cart_lines_get(cart_id=cart_id)
    if added is None:
        held = sum(
            line.quantity for line in lines if (line.product_id, line.variant_id) == (product_id, variant_id)
        )
        raise shortage(
            product_id=product_id, variant_id=variant_id, requested=held + quantity, available=unit.available
        )
    if any(line.currency != unit.currency for line in lines):
        raise CurrencyMismatch()
    if len(lines) > MAX_LINES:
        raise CartFull()
    return lines


@transaction.atomic
def cart_item_set_quantity(*, cart_id: int, item_id: int, quantity: int) -> list[CartLine]:
    """Set the quantity of a line. Raises ``CartItemNotFound`` and ``InsufficientStock``."""
    if not CartItem.objects.filter(pk=item_id, cart_id=cart_id).update(quantity=quantity):
        raise CartItemNotFound()
    lines = cart_lines_get(cart_id=cart_id)
    line = next(line for line in lines if line.id == item_id)
    if quantity > line.available:
        raise shortage(
            product_id=line.product_id,
            variant_id=line.variant_id,
            requested=quantity,
            available=line.available,
        )
    return lines


def cart_item_remove(*, cart_id: int, item_id: int) -> int:
    """Take a line out; the product that it was of. Raises ``CartItemNotFound``."""
    removed = _removed(f"{_REMOVE} AND id = %s RETURNING product_id", cart_id, item_id)
    if not removed:
        raise CartItemNotFound()
    return removed[0]


def cart_clear(*, cart_id: int) -> list[int]:
    """Take all lines out; the products that they were of."""
    return _removed(f"{_REMOVE} RETURNING product_id", cart_id)


def _removed(statement: str, *values: int) -> list[int]:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return [row[0] for row in cursor.fetchall()]


_MERGE = """
INSERT INTO orders_cartitem AS mine (cart_id, product_id, variant_id, quantity, held_price_minor, held_until)
SELECT %(cart)s, guest.product_id, guest.variant_id, guest.quantity, guest.held_price_minor, guest.held_until
FROM orders_cartitem guest
JOIN products_product product ON product.id = guest.product_id
WHERE guest.cart_id = %(guest)s AND product.currency = coalesce(%(currency)s, product.currency)
ORDER BY guest.id
ON CONFLICT (cart_id, product_id, variant_id) DO UPDATE SET quantity = greatest(
    mine.quantity,
    excluded.quantity,
    least(mine.quantity + excluded.quantity, %(at_most)s, (
        SELECT stock.on_hand - stock.reserved FROM inventory_stockitem stock
        WHERE stock.id = coalesce(
            (SELECT v.stock_item_id FROM products_productvariant v WHERE v.id = mine.variant_id),
            (SELECT p.stock_item_id FROM products_product p WHERE p.id = mine.product_id)
        )
    ))
)
"""


@transaction.atomic
def cart_merge(*, user_id: int, token: str | None) -> None:
    """Pour the guest cart of ``token`` into the user's and remove it. An unknown token changes nothing.

    Quantities add, capped by stock, but never below what either cart had: nothing the customer chose is lost.
    Lines in another currency than the user's cart stay behind, for one cart has one currency.
    """
    try:
        uuid.UUID(token or "")
    except ValueError:
        return
    assert token is not None
    cart_get_or_create(user_id=user_id)
    cart_id = cart_lock(user_id=user_id)
    guest_id = guest_cart_lock(token=token)
    if guest_id is None:
        return
    currency = (
        CartItem.objects.filter(cart_id=cart_id)  # type: ignore[misc]
        .order_by("id")
        .values_list("product__currency", flat=True)
        .first()
    )
    with connection.cursor() as cursor:
        cursor.execute(
            _MERGE, {"cart": cart_id, "guest": guest_id, "currency": currency, "at_most": MAX_QUANTITY}
        )
    Cart.objects.filter(pk=guest_id).delete()
