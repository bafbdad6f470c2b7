"""Checkout sessions in three steps: write down what is wanted and commit, ask the provider, record and commit."""

from collections.abc import Callable
from datetime import timedelta

from django.conf import settings
from django.contrib.auth.base_user import AbstractBaseUser
from django.db import transaction
from django.utils import timezone

from apps.core.failpoints import failpoint
from apps.fraud.services.assessments import order_assess
from apps.orders.errors import OrderNotFound
from apps.orders.locks import order_lock
from apps.orders.models import Order, OrderItem
from apps.payments.bootstrap import payment_provider
from apps.payments.errors import OrderNotPayable
from apps.payments.locks import payment_lock
from apps.payments.models import Payment, PaymentMethod
from apps.payments.providers.base import PaymentFacts, ProviderRefused, SessionLine, SessionRequest
from apps.payments.services.observations import payment_observe
from apps.payments.states import OPEN, PaymentStatus

#: Stripe takes 30 minutes to 24 hours; the rest of the hour is for repeating a call that was lost.
_SESSION_LIFE = timedelta(hours=1)
#: How soon the reconciler looks after a session whose answer may have been lost.
_FIRST_CHECK = timedelta(minutes=2)
_MAX_LINES = 90
_MAX_NAME = 200


def checkout_session_create(
    *,
    user: AbstractBaseUser,
    order_id: int,
    success_url: str,
    cancel_url: str,
    save_method: bool,
    record: Callable[[Payment], None],
    ip: str | None = None,
) -> Payment:
    """Return a payment with a page on which the caller can pay their order; ``record`` runs in the last transaction.

    An order has one open page at a time: asking again, with whatever URLs, returns that one. The
    order is scored for fraud on the way, within the deadline of an AI service; whatever it scores, it can be paid.
    Raises ``OrderNotFound``, :class:`OrderNotPayable`, ``ProviderUnavailable`` and ``ProviderRefused``.
    """
    payment = _open(user, order_id, success_url, cancel_url, save_method)
    order_assess(order_id=payment.order_id, ip=ip, card=_known_card(payment))
    return checkout_session_ensure(payment=payment, record=record)


@transaction.atomic(savepoint=False)
def _open(
    user: AbstractBaseUser, order_id: int, success_url: str, cancel_url: str, save_method: bool
) -> Payment:
    """The first step: the order's open payment, made if there is none. The order's lock lets one caller make it."""
    order = order_lock(order_id=order_id)
    if order.user_id != user.pk:
        raise OrderNotFound()
    now = timezone.now()
    if order.status != Order.Status.PENDING or (order.expires_at is not None and order.expires_at <= now):
        raise OrderNotPayable(extra={"status": order.status, "payment_status": order.payment_status})
    provider = settings.MESHOP.payment_provider
    known = Payment.objects.filter(order=order, status__in=OPEN).first()
    if known is not None:
        return known
    payment = Payment.objects.create(
        order=order,
        user_id=user.pk,
        provider=provider,
        customer_ref=_customer_ref(user, provider),
        save_method=save_method,
        status_at=now,
        currency=order.currency,
        amount_minor=order.total_minor,
        success_url=success_url,
        cancel_url=cancel_url,
        session_expires_at=max(now + _SESSION_LIFE, order.expires_at or now),
        next_check_at=now + _FIRST_CHECK,
        created_at=now,
        updated_at=now,
    )
    failpoint("checkout.opening")
    transaction.on_commit(lambda: failpoint("checkout.opened"))
    return payment


def _known_card(payment: Payment) -> str | None:
    """The card that the customer paid with last, if any: most use it again."""
    paid = Payment.objects.filter(user_id=payment.user_id).exclude(card_fingerprint="")
    return paid.order_by("-pk").values_list("card_fingerprint", flat=True).first()


def checkout_session_ensure(*, payment: Payment, record: Callable[[Payment], None] | None = None) -> Payment:
    """Give a payment its page: the second and third step. Repeating it returns the page it has.

    Raises ``ProviderUnavailable``, after which repeating is safe, and ``ProviderRefused``, which ends the payment.
    """
    if payment.session_id:
        return _record(payment, None, record)
    request = _session_request(payment)
    try:
        facts = payment_provider().session_create(request)
    except ProviderRefused as error:
        _record(payment, _refused_facts(error), None)
        raise
    failpoint("checkout.called")
    return _record(payment, facts, record)


@transaction.atomic(savepoint=False)
def _record(
    payment: Payment, facts: PaymentFacts | None, record: Callable[[Payment], None] | None
) -> Payment:
    """The third step."""
    payment = payment_lock(payment_id=payment.pk)
    if facts is not None:
        payment_observe(payment=payment, facts=facts)
    if record is not None:
        record(payment)
    failpoint("checkout.recording")
    transaction.on_commit(lambda: failpoint("checkout.recorded"))
    return payment


def _refused_facts(error: ProviderRefused) -> PaymentFacts:
    code = str(error.extra.get("reason", ""))[:80]
    return PaymentFacts(status=PaymentStatus.FAILED, at=timezone.now(), failure_code=code)


def _session_request(payment: Payment) -> SessionRequest:
    """The request of a payment, made of what does not change, so that it can be repeated.

    But for the e-mail address: if that was changed meanwhile the provider refuses the repetition, the payment ends,
    and the customer's next attempt makes another.
    """
    return SessionRequest(
        reference=payment.reference,
        order_number=payment.order.number,
        currency=payment.currency,
        lines=tuple(_session_lines(payment.order)),
        success_url=payment.success_url,
        cancel_url=payment.cancel_url,
        expires_at=payment.session_expires_at,
        customer_ref=payment.customer_ref,
        customer_email=payment.user.email,
        save_method=payment.save_method,
    )


def _session_lines(order: Order) -> list[SessionLine]:
    """The order's lines, shipping and tax; one line for all of it where they would not add up or be too many."""
    items = list(OrderItem.objects.filter(order=order).order_by("pk"))
    if order.discount_minor or len(items) > _MAX_LINES:
        return [SessionLine(f"Order {order.number}", order.total_minor, 1)]
    lines = [SessionLine(item.name[:_MAX_NAME], item.unit_price_minor, item.quantity) for item in items]
    extras = (("Shipping", order.shipping_minor), ("Tax", order.tax_minor))
    return lines + [SessionLine(name, amount, 1) for name, amount in extras if amount]


def _customer_ref(user: AbstractBaseUser, provider: str) -> str:
    """The customer at the provider, if the user has a card there."""
    methods = PaymentMethod.objects.filter(user_id=user.pk, provider=provider).exclude(customer_ref="")
    return methods.order_by("-pk").values_list("customer_ref", flat=True).first() or ""
