"""Deciding on refunds. Nothing is sent here: a refund is set aside in its payment, and sent after the commit."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from django.contrib.auth.base_user import AbstractBaseUser
from django.db.models import F
from django.utils import timezone

from apps.core.events import event_emit
from apps.orders.models import OrderItem
from apps.payments.amounts import Line, Shares, line_shares, units_shares
from apps.payments.errors import RefundExceedsCaptured, RefundLineInvalid
from apps.payments.models import Payment, Refund
from apps.payments.services.ledger import refund_line_shares
from apps.payments.states import REFUND_GONE
from meshop_shared.money import minor_to_decimal_string


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
    lines = _lines_priced(payment, units) if units else []
    amount = payment.refundable_minor if amount_minor is None else amount_minor
    if units:
        amount = sum(line["goods"] + line["shipping"] + line["tax"] for line in lines)
    if amount <= 0:
        raise (RefundExceedsCaptured(extra=_left(payment)) if not units else RefundLineInvalid())
    reserved = Payment.objects.filter(
        pk=payment.pk, refund_reserved_minor__lte=F("captured_minor") - amount
    ).update(refund_reserved_minor=F("refund_reserved_minor") + amount, updated_at=timezone.now())
    if not reserved:
        raise RefundExceedsCaptured(extra=_left(payment))
    payment.refresh_from_db(fields=["refund_reserved_minor"])
    refund = Refund.objects.create(
        payment=payment,
        origin=origin,
        amount_minor=amount,
        reason=reason,
        lines=lines,
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


def _lines_priced(payment: Payment, units: Mapping[int, int]) -> list[dict[str, int]]:
    """What the units cost with their share of discount, shipping and tax, given what went back before."""
    order = payment.order
    lines = [Line(item.pk, item.quantity, item.line_total_minor) for item in order.items.all()]
    wholes = line_shares(
        lines, discount=order.discount_minor, shipping=order.shipping_minor, tax=order.tax_minor
    )
    before, paid = _returned_units(payment)
    priced = []
    try:
        for line in (line for line in lines if line.id in units):
            shares = units_shares(
                wholes[line.id], quantity=line.quantity, units=units[line.id], before=before[line.id],
                paid=paid.get(line.id, Shares()),
            )  # fmt: skip
            priced.append({"order_item_id": line.id, "quantity": units[line.id], **asdict(shares)})
    except ValueError as error:
        left = {line.id: line.quantity - before[line.id] for line in lines}
        raise RefundLineInvalid(extra={"refundable": left}) from error
    return priced


def _returned_units(payment: Payment) -> tuple[Counter[int], dict[int, Shares]]:
    """Units that went back or are about to, and what for, by order item id."""
    units: Counter[int] = Counter()
    paid: dict[int, Shares] = {}
    for refund in payment.refunds.exclude(status__in=REFUND_GONE):
        for line in refund.lines:
            units[line["order_item_id"]] += line["quantity"]
        for item, shares in refund_line_shares(refund).items():
            paid[item] = paid.get(item, Shares()) + shares
    return units, paid


def _left(payment: Payment) -> dict[str, str]:
    return {"refundable": minor_to_decimal_string(payment.refundable_minor, payment.currency)}
