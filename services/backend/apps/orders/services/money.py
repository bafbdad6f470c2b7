"""What the payments of an order do to the order. Called by the payments app, which holds the amounts."""

from django.db import transaction
from django.utils import timezone

from apps.orders.locks import order_lock
from apps.orders.models import Order


@transaction.atomic(savepoint=False)
def order_payment_status_set(*, order_id: int, received_minor: int, returned_minor: int) -> None:
    """Set where the money is, from what all payments of the order have received and returned."""
    order = order_lock(order_id=order_id)
    status = payment_status_of(
        total_minor=order.total_minor, received_minor=received_minor, returned_minor=returned_minor
    )
    if order.payment_status != status:
        order.payment_status, order.updated_at = status, timezone.now()
        order.save(update_fields=["payment_status", "updated_at"])


def payment_status_of(*, total_minor: int, received_minor: int, returned_minor: int) -> Order.PaymentStatus:
    """The status that amounts mean. An order that was paid twice and had one returned is paid."""
    kept = received_minor - returned_minor
    if kept >= total_minor and (received_minor or not total_minor):
        return Order.PaymentStatus.PAID
    if kept > 0:
        return Order.PaymentStatus.PARTIALLY_REFUNDED
    return Order.PaymentStatus.REFUNDED if returned_minor else Order.PaymentStatus.UNPAID
