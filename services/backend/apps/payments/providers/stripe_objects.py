"""Stripe's objects and ours: pure translation, the same for live answers, webhook events and the fake provider.

Shapes: https://docs.stripe.com/api (checkout.session, payment_intent, charge, refund, event). Fields that a version
of the API does not send are read as empty.
"""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from apps.payments.providers.base import CardFacts, PaymentFacts, RefundFacts, RefundRequest, SessionRequest
from apps.payments.states import PaymentStatus, RefundStatus

Object = Mapping[str, Any]

REFERENCE = "meshop_reference"
_ORDER = "meshop_order"


def session_params(request: SessionRequest) -> dict[str, Any]:
    """Parameters of ``POST /v1/checkout/sessions``. A pure function of the request: a repeated call must be equal."""
    metadata = {REFERENCE: str(request.reference), _ORDER: request.order_number}
    intent: dict[str, Any] = {"metadata": metadata, "description": f"Order {request.order_number}"}
    params: dict[str, Any] = {
        "mode": "payment",
        "client_reference_id": str(request.reference),
        "metadata": metadata,
        "payment_intent_data": intent,
        "success_url": request.success_url,
        "cancel_url": request.cancel_url,
        "expires_at": int(request.expires_at.timestamp()),
        "line_items": [
            {
                "quantity": line.quantity,
                "price_data": {
                    "currency": request.currency.lower(),
                    "unit_amount": line.unit_amount_minor,
                    "product_data": {"name": line.name},
                },
            }
            for line in request.lines
        ],
    }
    if request.save_method:
        intent["setup_future_usage"] = "on_session"
    if request.customer_ref:
        params["customer"] = request.customer_ref
    else:
        params["customer_email"] = request.customer_email
        if request.save_method:
            params["customer_creation"] = "always"
    return params


def refund_params(request: RefundRequest) -> dict[str, Any]:
    """Parameters of ``POST /v1/refunds``. Our own words for the reason go into the metadata."""
    return {
        "payment_intent": request.intent_id,
        "amount": request.amount_minor,
        "reason": "requested_by_customer",
        "metadata": {REFERENCE: str(request.reference), "reason": request.reason[:300]},
    }


def session_facts(session: Object, at: datetime) -> PaymentFacts:
    """Facts of a checkout session, and of its intent and charge where they were expanded into it."""
    intent = session.get("payment_intent")
    inner = intent_facts(intent, at) if isinstance(intent, Mapping) else None
    captured = session.get("payment_status") in ("paid", "no_payment_required")
    return PaymentFacts(
        status=_session_status(session, inner),
        at=at,
        reference=_reference(session) or str(session.get("client_reference_id") or ""),
        session_id=session["id"],
        session_url=session.get("url") or "",
        intent_id=_id(intent),
        charge_id=inner.charge_id if inner else "",
        customer_ref=_id(session.get("customer")),
        captured_minor=int(session.get("amount_total") or 0) if captured else 0,
        currency=str(session.get("currency") or "").upper(),
        fee_minor=inner.fee_minor if inner else None,
        failure_code=inner.failure_code if inner else "",
        failure_message=inner.failure_message if inner else "",
        card=inner.card if inner else None,
    )


def _session_status(session: Object, intent: PaymentFacts | None) -> str:
    if session.get("payment_status") in ("paid", "no_payment_required"):
        return PaymentStatus.SUCCEEDED
    match session.get("status"):
        case "expired":
            return PaymentStatus.CANCELLED
        case "complete":
            # Confirmed with a slow method: a refusal comes later and is final.
            refused = intent is not None and intent.status == PaymentStatus.DECLINED
            return PaymentStatus.FAILED if refused else PaymentStatus.PENDING
    if intent is not None and intent.status in (PaymentStatus.REQUIRES_ACTION, PaymentStatus.DECLINED):
        return intent.status
    return PaymentStatus.CREATED


_INTENT_STATUS = {
    "requires_payment_method": PaymentStatus.CREATED,
    "requires_confirmation": PaymentStatus.CREATED,
    "requires_action": PaymentStatus.REQUIRES_ACTION,
    "requires_capture": PaymentStatus.PENDING,
    "processing": PaymentStatus.PENDING,
    "canceled": PaymentStatus.CANCELLED,
    "succeeded": PaymentStatus.SUCCEEDED,
}


def intent_facts(intent: Object, at: datetime) -> PaymentFacts:
    """Facts of a payment intent."""
    error = intent.get("last_payment_error") or {}
    status = _INTENT_STATUS.get(str(intent.get("status")), PaymentStatus.CREATED)
    if status == PaymentStatus.CREATED and error:
        status = PaymentStatus.DECLINED
    charge = intent.get("latest_charge")
    paid = status == PaymentStatus.SUCCEEDED
    return PaymentFacts(
        status=status,
        at=at,
        reference=_reference(intent),
        intent_id=intent["id"],
        charge_id=_id(charge) if paid else "",
        customer_ref=_id(intent.get("customer")),
        captured_minor=int(intent.get("amount_received") or 0),
        currency=str(intent.get("currency") or "").upper(),
        fee_minor=_fee(charge),
        failure_code=str(error.get("decline_code") or error.get("code") or "")[:80],
        failure_message=str(error.get("message") or "")[:300],
        card=_card(charge) if isinstance(charge, Mapping) and paid else None,
    )


def charge_facts(charge: Object, at: datetime) -> PaymentFacts | None:
    """Facts of a captured charge; ``None`` for one that only holds the money."""
    if not (charge.get("paid") and charge.get("captured")):
        return None
    return PaymentFacts(
        status=PaymentStatus.SUCCEEDED,
        at=at,
        reference=_reference(charge),
        intent_id=_id(charge.get("payment_intent")),
        charge_id=charge["id"],
        customer_ref=_id(charge.get("customer")),
        captured_minor=int(charge.get("amount_captured") or 0),
        currency=str(charge.get("currency") or "").upper(),
        fee_minor=_fee(charge),
        card=_card(charge),
    )


_REFUND_STATUS = {
    "pending": RefundStatus.PENDING,
    "requires_action": RefundStatus.PENDING,
    "succeeded": RefundStatus.SUCCEEDED,
    "failed": RefundStatus.FAILED,
    "canceled": RefundStatus.CANCELLED,
}


def refund_facts(refund: Object, at: datetime) -> RefundFacts:
    """Facts of a refund."""
    return RefundFacts(
        status=_REFUND_STATUS.get(str(refund.get("status")), RefundStatus.PENDING),
        at=at,
        refund_id=refund["id"],
        intent_id=_id(refund.get("payment_intent")),
        amount_minor=int(refund["amount"]),
        currency=str(refund.get("currency") or "").upper(),
        reference=_reference(refund),
        failure_code=str(refund.get("failure_reason") or "")[:80],
    )


def _session_failed(session: Object, at: datetime) -> PaymentFacts:
    facts = session_facts(session, at)
    return PaymentFacts(
        status=PaymentStatus.FAILED,
        at=at,
        reference=facts.reference,
        session_id=facts.session_id,
        intent_id=facts.intent_id,
        failure_code="async_payment_failed",
    )


_READERS: dict[str, Callable[[Object, datetime], PaymentFacts | RefundFacts | None]] = {
    "checkout.session.completed": session_facts,
    "checkout.session.async_payment_succeeded": session_facts,
    "checkout.session.async_payment_failed": _session_failed,
    "checkout.session.expired": session_facts,
    "payment_intent.requires_action": intent_facts,
    "payment_intent.processing": intent_facts,
    "payment_intent.payment_failed": intent_facts,
    "payment_intent.succeeded": intent_facts,
    "payment_intent.canceled": intent_facts,
    "charge.succeeded": charge_facts,
    "charge.captured": charge_facts,
    "refund.created": refund_facts,
    "refund.updated": refund_facts,
    "refund.failed": refund_facts,
    "charge.refund.updated": refund_facts,
}
#: What to subscribe the webhook endpoint to. Others are stored and ignored.
EVENT_TYPES = tuple(_READERS)


def event_facts(type: str, object: Object, created: datetime) -> PaymentFacts | RefundFacts | None:
    """Facts that an event states; ``None`` when it says nothing about payments or refunds.

    Raises ``KeyError``, ``TypeError`` or ``ValueError`` when the object is not what its type promises.
    """
    reader = _READERS.get(type)
    return reader(object, created) if reader else None


def moment(seconds: int) -> datetime:
    """Stripe's time stamps are Unix seconds."""
    return datetime.fromtimestamp(seconds, UTC)


def _id(value: Any) -> str:
    """An id, given as such or inside an expanded object."""
    return str(value["id"]) if isinstance(value, Mapping) else str(value or "")


def _reference(object: Object) -> str:
    metadata = object.get("metadata")
    return str(metadata.get(REFERENCE) or "") if isinstance(metadata, Mapping) else ""


def _fee(charge: Any) -> int | None:
    balance = charge.get("balance_transaction") if isinstance(charge, Mapping) else None
    if not isinstance(balance, Mapping) or balance.get("currency") != charge.get("currency"):
        return None
    return int(balance.get("fee") or 0)


def _card(charge: Object) -> CardFacts | None:
    card = (charge.get("payment_method_details") or {}).get("card")
    if not isinstance(card, Mapping) or not charge.get("payment_method"):
        return None
    return CardFacts(
        ref=_id(charge["payment_method"]),
        customer_ref=_id(charge.get("customer")),
        brand=str(card.get("brand") or "card")[:30],
        last4=str(card.get("last4") or "")[:4],
        exp_month=int(card.get("exp_month") or 0),
        exp_year=int(card.get("exp_year") or 0),
        fingerprint=str(card.get("fingerprint") or "")[:64],
    )
