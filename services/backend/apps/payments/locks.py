"""Row locks of this app. All payments of an order are locked together, by primary key, and before the order itself."""

from typing import Any
from uuid import UUID

from django.db.models import QuerySet

from apps.payments.errors import PaymentNotFound
from apps.payments.models import Payment


def payment_lock(*, payment_id: int) -> Payment:
    """Lock a payment and its siblings until the transaction ends. Raises :class:`PaymentNotFound`."""
    found = _lock(Payment.objects.filter(pk=payment_id), payment_id=payment_id)
    if found is None:
        raise PaymentNotFound()
    return found


def payment_lock_by_names(
    *, reference: UUID | None, session_id: str, intent_id: str, provider: str
) -> Payment | None:
    """Lock the payment that an observation is about, by whichever name it gives; ``None`` if we know none of them."""
    ours = Payment.objects.filter(provider=provider)
    names: list[dict[str, object]] = [{"reference": reference}] if reference else []
    names += [{"session_id": session_id}] if session_id else []
    names += [{"intent_id": intent_id}] if intent_id else []
    for name in names:
        found = ours.filter(**name).values_list("pk", flat=True).first()
        if found is not None:
            return _lock(Payment.objects.filter(pk=found), payment_id=found)
    return None


def _lock(chosen: QuerySet[Payment], *, payment_id: int) -> Payment | None:
    siblings = _locked(order__in=chosen.values("order"))
    return next((payment for payment in siblings if payment.pk == payment_id), None)


def payments_lock_of_order(*, order_id: int) -> list[Payment]:
    """Lock all payments of an order until the transaction ends."""
    return list(_locked(order_id=order_id))


def _locked(**which: Any) -> QuerySet[Payment]:
    """Payments with their orders, of which only what never changes may be used: they are not locked."""
    return (
        Payment.objects.select_for_update(of=("self",)).select_related("order").filter(**which).order_by("pk")
    )
