"""Return requests."""

from collections.abc import Sequence
from typing import Any

from django.contrib.auth.base_user import AbstractBaseUser
from django.db import transaction
from django.utils import timezone

from apps.audit.services import audit_record
from apps.orders.errors import NotReturnable, ReturnDecided, ReturnExists
from apps.orders.locks import order_lock, return_lock
from apps.orders.models import Order, ReturnRequest
from apps.orders.services.timeline import order_record
from meshop_shared.errors import ValidationFailed

_RETURNABLE = (Order.Status.SHIPPED, Order.Status.DELIVERED)
Status = ReturnRequest.Status


@transaction.atomic
def return_request(
    *, order_id: int, actor: AbstractBaseUser, items: Sequence[tuple[str, int]] | None, reason: str
) -> ReturnRequest:
    """Ask to send an order back; ``items`` are ``(sku, quantity)``, ``None`` means all of it.

    Raises ``NotReturnable``, ``ReturnExists`` and ``ValidationFailed``.
    """
    order = order_lock(order_id=order_id)
    if order.status not in _RETURNABLE:
        raise NotReturnable(extra={"status": order.status})
    if order.returns.filter(status=Status.REQUESTED).exists():
        raise ReturnExists()
    wanted = ReturnRequest.objects.create(
        order=order, items=_items(order, items), reason=reason, created_at=timezone.now()
    )
    order_record(order, "return_requested", actor=actor, data={"return_id": wanted.pk})
    return wanted


@transaction.atomic
def return_decide(*, return_id: int, approve: bool, actor: AbstractBaseUser) -> ReturnRequest:
    """Approve or reject an open request. Raises ``ReturnNotFound`` and ``ReturnDecided``."""
    wanted = return_lock(return_id=return_id)
    if wanted.status != Status.REQUESTED:
        raise ReturnDecided(extra={"status": wanted.status})
    wanted.status = Status.APPROVED if approve else Status.REJECTED
    wanted.decided_at = timezone.now()
    wanted.save(update_fields=["status", "decided_at"])
    order_record(wanted.order, f"return_{wanted.status}", actor=actor, data={"return_id": wanted.pk})
    audit_record(
        actor=actor,
        action="return.decide",
        target=f"return:{wanted.pk}",
        before={"status": str(Status.REQUESTED)},
        after={"status": str(wanted.status), "number": wanted.order.number},
    )
    return wanted


def _items(order: Order, asked: Sequence[tuple[str, int]] | None) -> list[dict[str, Any]]:
    bought: dict[str, tuple[str, int]] = {}
    for line in order.items.all():
        bought[line.sku] = (line.name, bought.get(line.sku, ("", 0))[1] + line.quantity)
    if asked is None:
        asked = [(sku, quantity) for sku, (_, quantity) in bought.items()]
    totals: dict[str, int] = {}
    for sku, quantity in asked:
        totals[sku] = totals.get(sku, 0) + quantity
    for sku, quantity in totals.items():
        if quantity > bought.get(sku, ("", 0))[1]:
            raise ValidationFailed.for_field("items", f"The order has not so many of {sku}.")
    return [{"sku": sku, "name": bought[sku][0], "quantity": quantity} for sku, quantity in totals.items()]
