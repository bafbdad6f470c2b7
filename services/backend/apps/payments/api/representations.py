"""Payments as JSON-ready dicts."""

from typing import Any

from apps.payments.models import Payment, PaymentMethod, Refund, Transaction
from apps.payments.states import PaymentStatus
from meshop_shared.money import minor_to_decimal_string


def session_to_dict(payment: Payment) -> dict[str, Any]:
    """Shape of :class:`~apps.payments.api.serializers.CheckoutSessionOutput`."""
    return {"session_id": payment.session_id, "url": payment.session_url, "payment_id": payment.pk}


def payment_to_dict(payment: Payment) -> dict[str, Any]:
    """Shape of :class:`~apps.payments.api.serializers.PaymentOutput`."""

    def money(minor: int) -> str:
        return minor_to_decimal_string(minor, payment.currency)

    return {
        "id": payment.pk,
        "order_id": payment.order_id,
        "order_number": payment.order.number,
        "status": shown_status(payment),
        "provider": payment.provider,
        "session_id": payment.session_id,
        "url": (payment.session_url or None) if payment.is_open else None,
        "currency": payment.currency,
        "amount": money(payment.amount_minor),
        "captured": money(payment.captured_minor),
        "refunded": money(payment.refunded_minor),
        "refundable": money(payment.refundable_minor),
        "failure_code": payment.failure_code,
        "refunds": [refund_to_dict(refund, payment) for refund in sorted(payment.refunds.all(), key=_by_id)],
        "created_at": payment.created_at,
        "updated_at": payment.updated_at,
    }


def shown_status(payment: Payment) -> str:
    """The status, with refunds taken into account."""
    if payment.status != PaymentStatus.SUCCEEDED or not payment.refunded_minor:
        return str(payment.status)
    return "refunded" if payment.refunded_minor == payment.captured_minor else "partially_refunded"


def refund_to_dict(refund: Refund, payment: Payment) -> dict[str, Any]:
    """Shape of :class:`~apps.payments.api.serializers.RefundOutput`."""
    return {
        "id": refund.pk,
        "payment_id": payment.pk,
        "status": str(refund.status),
        "origin": str(refund.origin),
        "amount": minor_to_decimal_string(refund.amount_minor, payment.currency),
        "currency": payment.currency,
        "reason": refund.reason,
        "lines": [
            {
                "order_item_id": line["order_item_id"],
                "quantity": line["quantity"],
                "amount": minor_to_decimal_string(
                    line["goods"] + line["shipping"] + line["tax"], payment.currency
                ),
            }
            for line in refund.lines
        ],
        "created_at": refund.created_at,
    }


def transaction_to_dict(entry: Transaction) -> dict[str, Any]:
    """Shape of :class:`~apps.payments.api.serializers.TransactionOutput`."""
    lines = sorted(entry.lines.all(), key=_by_id)

    def money(minor: int) -> str:
        return minor_to_decimal_string(minor, entry.currency)

    return {
        "id": entry.pk,
        "type": str(entry.kind),
        "payment_id": entry.payment_id,
        "order_id": entry.payment.order_id,
        "refund_id": entry.refund_id,
        "currency": entry.currency,
        "amount": money(sum(line.amount_minor for line in lines if line.amount_minor > 0)),
        "lines": [{"account": str(line.account), "amount": money(line.amount_minor)} for line in lines],
        "created_at": entry.created_at,
    }


def method_to_dict(method: PaymentMethod) -> dict[str, Any]:
    """Shape of :class:`~apps.payments.api.serializers.PaymentMethodOutput`."""
    return {
        "id": method.pk,
        "brand": method.brand,
        "last4": method.last4,
        "exp_month": method.exp_month,
        "exp_year": method.exp_year,
        "created_at": method.created_at,
    }


def _by_id(row: Any) -> int:
    return int(row.pk)
