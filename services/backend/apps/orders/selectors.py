"""Reading carts and orders."""

from dataclasses import dataclass

from django.db.models import Prefetch, QuerySet
from django.db.models.functions import Coalesce

from apps.orders.errors import OrderNotFound
from apps.orders.models import CartItem, Order, OrderEvent, OrderItem


@dataclass(frozen=True, slots=True)
class CartLine:
    """A cart line at today's price. ``available`` is what can be sold now, 0 for hidden products."""

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
    rows = (
        CartItem.objects.filter(cart_id=cart_id)
        .order_by("id")
        .values_list(
            "id", "product_id", "product__name", "product__slug", "variant_id", "variant__name",
            Coalesce("variant__sku", "product__sku"), "quantity",
            Coalesce("variant__price_minor", "product__price_minor"), "product__currency",
            Coalesce("variant__stock_item_id", "product__stock_item_id"),
            "product__is_active", "variant__is_active",
            Coalesce("variant__stock_item__on_hand", "product__stock_item__on_hand"),
            Coalesce("variant__stock_item__reserved", "product__stock_item__reserved"),
        )
    )  # fmt: skip
    lines = []
    for *fields, product_shown, variant_shown, on_hand, reserved in rows:
        sellable = product_shown and variant_shown is not False and on_hand is not None
        lines.append(CartLine(*fields, available=on_hand - reserved if sellable else 0))  # type: ignore[misc]
    return lines


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
