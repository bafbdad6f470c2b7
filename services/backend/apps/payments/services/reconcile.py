"""Finding and mending what a crash, a lost answer or a lost webhook left between the provider and us."""

from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from datetime import timedelta

import structlog
from django.conf import settings
from django.db import transaction
from django.db.models import F, Q, QuerySet
from django.utils import timezone

from apps.orders.models import Order
from apps.payments.bootstrap import payment_provider
from apps.payments.locks import payment_lock, payments_lock_of_order
from apps.payments.metrics import MENDED
from apps.payments.models import Payment, PaymentMethod, Refund
from apps.payments.providers.base import PaymentFacts
from apps.payments.services.checkout import checkout_session_ensure
from apps.payments.services.methods import payment_method_detach
from apps.payments.services.observations import payment_observe
from apps.payments.services.refund_observations import refund_observe
from apps.payments.services.refund_reservations import refund_rest_reserve
from apps.payments.services.refunds import refund_submit
from apps.payments.services.webhooks import events_finish
from apps.payments.states import OPEN, UNDECIDED, PaymentStatus, RefundStatus
from meshop_shared.errors import MeshopError

log = structlog.get_logger(__name__)

_SHORTEST, _LONGEST = timedelta(minutes=1), timedelta(hours=1)
_FEE_PATIENCE = timedelta(days=1)
_EVENT_PATIENCE = timedelta(days=3)


@dataclass(frozen=True, slots=True)
class Mended:
    """How many of each were looked at and changed."""

    events: int
    payments: int
    refunds: int
    cancelled_orders: int
    methods: int

    @property
    def total(self) -> int:
        """All of them."""
        return self.events + self.payments + self.refunds + self.cancelled_orders + self.methods


def payments_reconcile(*, everything: bool = False, limit: int = 500) -> Mended:
    """Bring payments and refunds to where the provider says they are; ``everything`` ignores what is not due yet.

    Idempotent and safe beside itself and all else: it only uses the steps of the normal flows. What the provider
    does not answer to is left for the next time.
    """
    ahead = timedelta(days=400) if everything else timedelta()
    mended = Mended(
        events=events_finish(limit=limit, give_up=_EVENT_PATIENCE),
        cancelled_orders=_count(_paid_cancelled_orders(limit), order_closed_settle),
        payments=_count(_due_payments(ahead, limit), payment_check),
        refunds=_count(_due_refunds(ahead, limit), refund_check),
        methods=_count(_detaching_methods(limit), _method_detach),
    )
    for what, count in asdict(mended).items():
        if count:
            MENDED.labels(what).inc(count)
    return mended


def payment_check(payment_id: int) -> bool:
    """Ask how one payment stands and take it in; close the page of an order that cannot be paid any more.

    Return whether that changed anything. Raises what the provider raises.
    """
    payment = Payment.objects.select_related("order", "user").get(pk=payment_id)
    before = (payment.session_id, payment.status)
    _put_off(payment)
    if not payment.session_id:
        payment = checkout_session_ensure(payment=payment)
    payment = _observe(payment, payment_provider().session_retrieve(session_id=payment.session_id))
    order_status = Order.objects.values_list("status", flat=True).get(pk=payment.order_id)
    if payment.is_open and payment.status != PaymentStatus.PENDING and order_status != Order.Status.PENDING:
        payment = _observe(payment, payment_provider().session_expire(session_id=payment.session_id))
    return (payment.session_id, payment.status) != before


@transaction.atomic(savepoint=False)
def _observe(payment: Payment, facts: PaymentFacts) -> Payment:
    payment = payment_lock(payment_id=payment.pk)
    payment_observe(payment=payment, facts=facts)
    return payment


def _put_off(payment: Payment) -> None:
    """Look again later, and ever later the older it gets; not at all for a fee that nobody knows after a day."""
    now = timezone.now()
    age = now - payment.created_at
    given_up = payment.status == PaymentStatus.SUCCEEDED and age > _FEE_PATIENCE
    next_check_at = None if given_up else now + max(_SHORTEST, min(age / 2, _LONGEST))
    Payment.objects.filter(pk=payment.pk).update(next_check_at=next_check_at)


def refund_check(refund_id: int) -> bool:
    """Have a refund carried out, or ask how it stands; whether that changed anything."""
    refund = Refund.objects.select_related("payment").get(pk=refund_id)
    if refund.status == RefundStatus.REQUESTED and not refund.provider_refund_id:
        return refund_submit(refund_id=refund_id).status != RefundStatus.REQUESTED
    facts = payment_provider().refund_retrieve(refund_id=refund.provider_refund_id)
    with transaction.atomic():
        refund_observe(provider=refund.payment.provider, facts=facts)
    return facts.status != refund.status


@transaction.atomic
def order_closed_settle(order_id: int) -> bool:
    """Decide to return what a cancelled order was paid, and to close its open pages; whether there was anything.

    A refund that the provider refused is not tried again: somebody has to look at it.
    """
    settled = False
    for payment in payments_lock_of_order(order_id=order_id):
        if payment.is_open:
            Payment.objects.filter(pk=payment.pk).update(next_check_at=timezone.now())
            settled = True
        elif payment.pk in _returnable(order_id=order_id).values_list("pk", flat=True):
            settled |= refund_rest_reserve(payment=payment, reason="The order was cancelled.") is not None
    return settled


def order_reconcile(order_id: int) -> None:
    """Do now what is due for one order, as far as the provider answers."""
    open_payments = Payment.objects.filter(order_id=order_id, status__in=OPEN)
    refunds = Refund.objects.filter(payment__order_id=order_id, status=RefundStatus.REQUESTED)
    _count(list(open_payments.values_list("pk", flat=True)), payment_check)
    _count(list(refunds.values_list("pk", flat=True)), refund_check)


def _method_detach(method_id: int) -> bool:
    payment_method_detach(method_id=method_id)
    return True


def _count(ids: Iterable[int], mend: Callable[[int], object]) -> int:
    """Mend each by itself; return how many changed. One that cannot be mended now does not stop the others."""
    changed = 0
    for pk in ids:
        try:
            changed += bool(mend(pk))
        except MeshopError as error:
            log.warning("not reconciled", step=getattr(mend, "__name__", ""), id=pk, **error.extra)
    return changed


def _returnable(**which: int) -> QuerySet[Payment]:
    """Payments that hold money of a cancelled order."""
    refused = Refund.objects.filter(origin=Refund.Origin.AUTOMATIC, status=RefundStatus.FAILED)
    return Payment.objects.filter(
        status=PaymentStatus.SUCCEEDED,
        order__status=Order.Status.CANCELLED,
        refund_reserved_minor__lt=F("captured_minor"),
        **which,
    ).exclude(refunds__in=refused)


def _paid_cancelled_orders(limit: int) -> list[int]:
    return list(_returnable().values_list("order_id", flat=True).distinct()[:limit])


def _due_payments(ahead: timedelta, limit: int) -> list[int]:
    closable = Q(status__in=OPEN) & ~Q(status=PaymentStatus.PENDING) & ~Q(order__status=Order.Status.PENDING)
    due = Q(next_check_at__lte=timezone.now() + ahead) | closable
    ours = Payment.objects.filter(due, provider=settings.MESHOP.payment_provider)
    return list(ours.order_by("next_check_at").values_list("pk", flat=True)[:limit])


def _due_refunds(ahead: timedelta, limit: int) -> list[int]:
    due = Refund.objects.filter(
        status__in=UNDECIDED,
        next_check_at__lte=timezone.now() + ahead,
        payment__provider=settings.MESHOP.payment_provider,
    )
    return list(due.order_by("next_check_at").values_list("pk", flat=True)[:limit])


def _detaching_methods(limit: int) -> list[int]:
    methods = PaymentMethod.objects.filter(
        status=PaymentMethod.Status.DETACHING, provider=settings.MESHOP.payment_provider
    )
    return list(methods.order_by("pk").values_list("pk", flat=True)[:limit])
