"""Moving orders along."""

from django.contrib.auth.base_user import AbstractBaseUser
from django.db import transaction
from django.utils import timezone

from apps.audit.services import audit_record
from apps.core.faults import fault
from apps.inventory.reservations import stock_claim, stock_release
from apps.inventory.services import StockLine, stock_return
from apps.orders.errors import InvalidTransition, OrderOnHold
from apps.orders.locks import order_lock
from apps.orders.models import Order
from apps.orders.services.timeline import order_record
from apps.orders.states import transition_allowed

Status = Order.Status


def _move(order: Order, target: Order.Status) -> None:
    if not transition_allowed(order.status, target):
        raise InvalidTransition(extra={"status": order.status, "wanted": str(target)})
    order.status, order.updated_at = target, timezone.now()
    order.save(update_fields=["status", "payment_status", "updated_at"])


@transaction.atomic
def order_mark_paid(*, order_id: int, actor: AbstractBaseUser | None = None) -> Order:
    """Claim the reserved stock of a paid order and start processing it. Raises ``ReservationLost``."""
    order = order_lock(order_id=order_id)
    order.payment_status = Order.PaymentStatus.PAID
    _move(order, Status.PROCESSING)
    stock_claim(reference=order.number)
    order_record(order, "paid", actor=actor)
    return order


@transaction.atomic
def order_ship(*, order_id: int, actor: AbstractBaseUser, tracking: str = "") -> Order:
    """Hand a paid order to the carrier. Raises ``OrderOnHold`` while somebody looks at it."""
    order = order_lock(order_id=order_id)
    before = order.status
    if order.held_until is not None and order.held_until > timezone.now():
        raise OrderOnHold(extra={"held_until": order.held_until.isoformat()})
    _move(order, Status.SHIPPED)
    data = {"tracking": tracking} if tracking else {}
    order_record(order, "shipped", actor=actor, data=data)
    _audit("order.ship", order, before, actor, data)
    return order


@transaction.atomic
def order_deliver(*, order_id: int, actor: AbstractBaseUser) -> Order:
    """Note that a shipped order has arrived."""
    order = order_lock(order_id=order_id)
    before = order.status
    _move(order, Status.DELIVERED)
    order_record(order, "delivered", actor=actor)
    _audit("order.deliver", order, before, actor)
    return order


@transaction.atomic
def order_cancel(*, order_id: int, actor: AbstractBaseUser, reason: str = "") -> Order:
    """Cancel an order that has not been shipped; its stock can be sold again at once."""
    order = order_lock(order_id=order_id)
    before = order.status
    claimed = before == Status.PROCESSING
    _move(order, Status.CANCELLED)
    if claimed:
        _stock_give_back(order, actor)
    else:
        stock_release(reference=order.number)
    data = {"reason": reason} if reason else {}
    order_record(order, "cancelled", actor=actor, data=data)
    if actor.pk != order.user_id:
        _audit("order.cancel", order, before, actor, data)
    return order


def _audit(
    action: str, order: Order, before: str, actor: AbstractBaseUser, data: dict[str, str] | None = None
) -> None:
    """Record what staff did; what buyers do with their own orders is in the timeline only."""
    audit_record(
        actor=actor,
        action=action,
        target=f"order:{order.pk}",
        before={"status": before},
        after={"status": order.status, "number": order.number, **(data or {})},
    )


def _stock_give_back(order: Order, actor: AbstractBaseUser | None) -> None:
    items = order.items.select_related("product", "variant")
    lines = [
        StockLine(unit.stock_item_id, item.quantity)
        for item in items
        if (unit := item.variant or item.product) is not None and unit.stock_item_id is not None
    ]
    stock_return(lines=lines, reference=order.number, actor=actor)


@transaction.atomic
def order_expire(*, order_id: int) -> bool:
    """Cancel an order that was not paid in time; ``False`` if it has been paid or cancelled meanwhile."""
    order = order_lock(order_id=order_id)
    if order.status != Status.PENDING or order.expires_at is None or order.expires_at > timezone.now():
        return False
    _move(order, Status.CANCELLED)
    stock_release(reference=order.number)
    order_record(order, "expired")
    return True


def orders_expire(*, limit: int = 500) -> int:
    """Expire up to ``limit`` overdue orders, each in a transaction of its own; return how many were looked at."""
    if fault("late-sweep"):
        return 0
    overdue = Order.objects.filter(status=Status.PENDING, expires_at__lte=timezone.now()).order_by(
        "expires_at"
    )
    order_ids = list(overdue.values_list("pk", flat=True)[:limit])
    for order_id in order_ids:
        order_expire(order_id=order_id)
    return len(order_ids)
