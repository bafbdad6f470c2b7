"""Row locks of this app. All payments of an order are locked together, by primary key, and before the order itself."""

from typing import Any
from uuid import UUID

from django.db.models import QuerySet

from apps.payments.errors import PaymentNotFound
from apps.payments.models import Payment


def payment_lock(*, payment_id: int) -> Payment:
    """Lock a payment and its siblings until the transaction ends. Raises :class:`PaymentNotFound`."""
    found = _lock(pk=payment_id)
    if found is None:
        raise PaymentNotFound()
    return found


def payment_lock_by_names(
    *, reference: UUID | None, session_id: str, intent_id: str, provider: str
) -> Payment | None:
    """Lock the payment that an observation is about, by whichever name it gives; ``None`` if we know none of them."""
    names = {"reference": reference, "session_id": session_id, "intent_id": intent_id}
    found = (_lock(provider=provider, **{name: value}) for name, value in names.items() if value)
    return next((payment for payment in found if payment is not None), None)


def _lock(**which: Any) -> Payment | None:
    """Lock the siblings of the payment that ``which`` describes, and return that one."""
    siblings = _locked(order__in=Payment.objects.filter(**which).values("order"))
    return next(
        (one for one in siblings if all(getattr(one, name) == value for name, value in which.items())), None
    )


def payments_lock_of_order(*, order_id: int) -> list[Payment]:
    """Lock all payments of an order until the transaction ends."""
    return list(_locked(order_id=order_id))


def _locked(**which: Any) -> QuerySet[Payment]:
    return Payment.objects.select_for_update().filter(**which).order_by("pk")
