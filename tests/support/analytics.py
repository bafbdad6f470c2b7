"""Orders with a life, and what analytics make of them."""

from datetime import datetime
from typing import Any

from django.forms.models import model_to_dict

from apps.analytics.models import CategoryAnalytics, DailySales, ProductAnalytics, UserActivity
from apps.analytics.selectors.differences import CHECKS, check_run, totals_compare
from apps.orders.models import Order, OrderItem
from apps.orders.services.orders import order_deliver, order_mark_paid, order_ship
from tests.support.delivery import events_deliver
from tests.support.factories import user_make
from tests.support.payments import order_make

AGGREGATES = (DailySales, ProductAnalytics, CategoryAnalytics, UserActivity)


def sold_make(*, until: str = "paid", **options: Any) -> Order:
    """An order that has come so far: ``placed``, ``paid``, ``shipped`` or ``delivered``."""
    order, staff = order_make(**options), user_make(is_staff=True)
    if until != "placed":
        order_mark_paid(order_id=order.pk)
    if until in ("shipped", "delivered"):
        order_ship(order_id=order.pk, actor=staff)
    if until == "delivered":
        order_deliver(order_id=order.pk, actor=staff)
    return Order.objects.get(pk=order.pk)


def imported_make(*lines: tuple[str, int, int], at: datetime, **fields: Any) -> Order:
    """An order as an import leaves it, of ``(sku, quantity, price)``; no event tells of it."""
    total = sum(quantity * price for _, quantity, price in lines)
    order = Order.objects.create(
        **{
            "number": f"N-{Order.objects.count() + 1:06}", "status": "delivered", "payment_status": "paid",
            "currency": "GBP", "subtotal_minor": total, "total_minor": total, "created_at": at,
        }
        | fields
    )  # fmt: skip
    OrderItem.objects.bulk_create(
        OrderItem(
            order=order, sku=sku, name=f"Article {sku}", quantity=quantity, unit_price_minor=price,
            line_total_minor=quantity * price,
        )
        for sku, quantity, price in lines
    )  # fmt: skip
    return order


def differing() -> dict[str, int]:
    """Tables that are not what a recount of the orders says, and in how many rows."""
    found = {check.name: check_run(check).differing for check in CHECKS}
    assert all(total.agrees for total in totals_compare()) or any(found.values())
    return {name: count for name, count in found.items() if count}


def counted(*, times: int = 1) -> dict[str, Any]:
    """Deliver what waits, check it against a recount, and return the one day there is (of the last day: its row)."""
    events_deliver(times=times)
    assert differing() == {}
    row = DailySales.objects.order_by("-day").first()
    return model_to_dict(row, exclude=["id"]) if row else {}


def everything() -> dict[str, list[dict[str, Any]]]:
    """All aggregates, with their keys: changes when anything does, even a row that is written anew."""
    return {model.__name__: list(model.objects.order_by("pk").values()) for model in AGGREGATES}
