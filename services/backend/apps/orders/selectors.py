"""Reading carts and orders."""

from dataclasses import dataclass
from datetime import datetime

from django.db import connection
from django.db.models import Prefetch, QuerySet

from apps.orders.errors import OrderNotFound
from apps.orders.models import Order, OrderEvent, OrderItem, ReturnRequest

#: In the order of the fields of :class:`CartLine`. Written out because each change of a cart answers with all of it.
_CART_LINES = """
SELECT i.id, p.id, p.name, p.slug, v.id, v.name, COALESCE(v.sku, p.sku), i.quantity,
    CASE WHEN i.held_until > now() THEN LEAST(i.held_price_minor, COALESCE(v.price_minor, p.price_minor))
        ELSE COALESCE(v.price_minor, p.price_minor) END, p.currency, s.id,
    CASE WHEN p.is_active AND v.is_active IS NOT FALSE THEN COALESCE(s.on_hand - s.reserved, 0) ELSE 0 END,
    CASE WHEN i.held_until > now() AND i.held_price_minor < COALESCE(v.price_minor, p.price_minor) THEN i.held_until END
FROM orders_cartitem i
JOIN products_product p ON p.id = i.product_id
LEFT JOIN products_productvariant v ON v.id = i.variant_id
LEFT JOIN inventory_stockitem s ON s.id = COALESCE(v.stock_item_id, p.stock_item_id)
WHERE i.cart_id = %s
ORDER BY i.id
"""


@dataclass(frozen=True, slots=True)
class CartLine:
    """A cart line at today's price, or at the lower one that it keeps until ``held_until``.

    ``available`` is what can be sold now, 0 for hidden products.
    """

    id: int
    product_id: int
    product_name: str
    product_slug: str
    variant_id: int | None
    variant_name: str | None
    sku: str
    quantity: int
    unit_price_minor: int
    currency: str
    stock_item_id: int
    available: int
    held_until: datetime | None

    @property
    def line_total_minor(self) -> int:
        """Price of the line."""
        return self.unit_price_minor * self.quantity

    @property
    def name(self) -> str:
        """What an order calls it."""
        return f"{self.product_name} — {self.variant_name}" if self.variant_id else self.product_name


def cart_lines_get(*, cart_id: int) -> list[CartLine]:
    """Return all lines of a cart in one query, oldest first."""
    with connection.cursor() as cursor:
        cursor.execute(_CART_LINES, [cart_id])
        return [CartLine(*row) for row in cursor.fetchall()]


def order_list(*, user_id: int | None, status: str | None = None) -> QuerySet[Order]:
    """Orders with their lines: one user's, or everybody's for ``None``."""
    orders = Order.objects.prefetch_related(Prefetch("items", OrderItem.objects.order_by("id")))
    if user_id is not None:
        orders = orders.filter(user_id=user_id)
    return orders.filter(status=status) if status else orders


def order_get(*, order_id: int, user_id: int | None) -> Order:
    """One order with its lines; ``user_id`` limits it to that user's. Raises :class:`OrderNotFound`."""
    order = order_list(user_id=user_id).filter(pk=order_id).first()
    if order is None:
        raise OrderNotFound()
    return order


def order_with_buyer_get(*, order_id: int) -> Order:
    """One order with its lines and its buyer. Raises :class:`OrderNotFound`."""
    order = order_list(user_id=None).select_related("user").filter(pk=order_id).order_by().first()
    if order is None:
        raise OrderNotFound()
    return order


def order_timeline(*, order_id: int) -> QuerySet[OrderEvent]:
    """What happened to an order, oldest first."""
    return OrderEvent.objects.filter(order_id=order_id).order_by("id")


def order_has_product(*, user_id: int, product_id: int) -> bool:
    """Tell whether the user has bought the product: an order that is paid and not cancelled contains it."""
    return (
        OrderItem.objects.filter(order__user_id=user_id, product_id=product_id)
        .exclude(order__status=Order.Status.CANCELLED)
        .exclude(order__status=Order.Status.PENDING)
        .exists()
    )


def order_returns(*, order_id: int) -> QuerySet[ReturnRequest]:
    """Return requests of an order, newest first."""
    return ReturnRequest.objects.filter(order_id=order_id).order_by("-id")
