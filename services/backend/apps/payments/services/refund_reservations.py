"""Deciding on refunds. Nothing is sent here: a refund is set aside in its payment, and sent after the commit."""

from collections import Counter
from collections.abc import Mapping
from typing import Any

from django.contrib.auth.base_user import AbstractBaseUser
from django.db.models import F
from django.utils import timezone

from apps.core.events import event_emit
from apps.orders.models import Order, OrderItem
from apps.payments.amounts import Line, Shares, amount_shares, line_shares, lines_amount
from apps.payments.errors import RefundExceedsCaptured, RefundLineInvalid
from apps.payments.models import Payment, Refund
from apps.payments.services.ledger import order_shares
from apps.payments.states import RefundStatus
from meshop_shared.money import minor_to_decimal_string

_GONE = (RefundStatus.FAILED, RefundStatus.CANCELLED)


def refund_rest_reserve(*, payment: Payment, reason: str) -> Refund | None:
    """Set aside all that is left of a locked payment, to be returned without anybody asking."""
    if payment.refundable_minor <= 0:
        return None
    return refund_reserve(
        payment=payment, amount_minor=payment.refundable_minor, origin=Refund.Origin.AUTOMATIC, reason=reason
    )


def refund_reserve(
    *,
    payment: Payment,
    amount_minor: int | None = None,
    units: Mapping[int, int] | None = None,
    origin: Refund.Origin,
    reason: str,
    actor: AbstractBaseUser | None = None,
    idempotency_key: str = "",
    provider_refund_id: str = "",
) -> Refund:
    """Set aside an amount, the price of returned ``units`` by order item id, or all that is left, in a locked payment.

    Raises :class:`RefundExceedsCaptured` and :class:`RefundLineInvalid`. The condition of the UPDATE is what makes
    it impossible to return more than was received.
    """
    wanted = _units_shares(payment, units) if units else None
    amount = wanted.total if wanted else payment.refundable_minor if amount_minor is None else amount_minor
    if amount <= 0:
        raise (RefundExceedsCaptured(extra=_left(payment)) if not units else RefundLineInvalid())
    reserved = Payment.objects.filter(
        pk=payment.pk, refund_reserved_minor__lte=F("captured_minor") - amount
    ).update(refund_reserved_minor=F("refund_reserved_minor") + amount, updated_at=timezone.now())
    if not reserved:
        raise RefundExceedsCaptured(extra=_left(payment))
    payment.refresh_from_db(fields=["refund_reserved_minor"])
    shares = amount_shares(amount, remaining=_remaining(payment, amount), wanted=wanted)
    refund = Refund.objects.create(
        payment=payment,
        origin=origin,
        amount_minor=amount,
        goods_minor=shares.goods,
        shipping_minor=shares.shipping,
        tax_minor=shares.tax,
        reason=reason,
        lines=[{"order_item_id": key, "quantity": count} for key, count in (units or {}).items()],
        status_at=payment.created_at,
        actor_id=actor.pk if actor else None,
        idempotency_key=idempotency_key,
        provider_refund_id=provider_refund_id,
        next_check_at=timezone.now(),
    )
    if origin != Refund.Origin.PROVIDER:
        refund_emit(refund, "refund.requested")
    return refund


def units_by_item(*, order_id: int, lines: list[dict[str, Any]]) -> dict[int, int]:
    """Translate lines ``{order_item_id | product_id, variant_id?, quantity}`` to units by order item id.

    Raises :class:`RefundLineInvalid` for what the order does not contain.
    """
    items = OrderItem.objects.filter(order_id=order_id).values_list("pk", "product_id", "variant_id")
    by_unit: dict[tuple[int | None, int | None], int] = {
        (product, variant): pk for pk, product, variant in items if product is not None
    }
    known = {pk for pk, _, _ in items}
    units: Counter[int] = Counter()
    for line in lines:
        item = line.get("order_item_id") or by_unit.get((line.get("product_id", 0), line.get("variant_id")))
        if item is None or item not in known:
            raise RefundLineInvalid(extra={"line": line})
        units[item] += line["quantity"]
    return dict(units)


def refund_emit(refund: Refund, type: str, **more: str) -> None:
    """Say what happened to a refund."""
    payment = refund.payment
    event_emit(
        type=type,
        aggregate=f"refund:{refund.pk}",
        payload={
            "refund_id": refund.pk,
            "payment_id": payment.pk,
            "order_id": payment.order_id,
            "number": payment.order.number,
            "user_id": payment.user_id,
            "currency": payment.currency,
            "amount_minor": refund.amount_minor,
            "reason": refund.reason,
            **more,
        },
    )


def _units_shares(payment: Payment, units: Mapping[int, int]) -> Shares:
    order: Order = payment.order
    lines = [Line(item.pk, item.quantity, item.line_total_minor) for item in order.items.all()]
    shares = line_shares(
        lines, discount=order.discount_minor, shipping=order.shipping_minor, tax=order.tax_minor
    )
    returned: Counter[int] = Counter()
    for refund in _standing(payment):
        for line in refund.lines:
            returned[line["order_item_id"]] += line["quantity"]
    try:
        return lines_amount(units, lines=lines, shares=shares, returned=returned)
    except ValueError as error:
        left = {line.id: line.quantity - returned[line.id] for line in lines}
        raise RefundLineInvalid(extra={"refundable": left}) from error


def _remaining(payment: Payment, amount: int) -> Shares:
    """What is left of each part of the order; for money that paid for no order, all of it counts as goods."""
    whole = order_shares(payment.order)
    if payment.captured_minor != whole.total:
        return Shares(goods=amount)
    for refund in _standing(payment):
        whole -= Shares(refund.goods_minor, refund.shipping_minor, refund.tax_minor)
    return whole


def _standing(payment: Payment) -> list[Refund]:
    return [refund for refund in payment.refunds.all() if refund.status not in _GONE]


def _left(payment: Payment) -> dict[str, str]:
    return {"refundable": minor_to_decimal_string(payment.refundable_minor, payment.currency)}
