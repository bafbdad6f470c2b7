"""The process dies by SIGKILL at each commit boundary of checkout, webhook and refund; nothing is lost or doubled.

Whoever died does not come back: the client repeats its request, Stripe its webhook, and the reconciler runs. All
three, and each of them alone where it can help. Relay and consumers have their matrix in tests/chaos.
"""

import re
from collections import Counter
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.utils import timezone

from apps.core.models import IdempotencyRecord, OutboxEvent
from apps.inventory.models import StockMovement
from apps.inventory.selectors import stock_drift_list
from apps.orders.models import Order
from apps.orders.services.orders import order_cancel
from apps.payments.models import Payment, Refund, Transaction
from apps.payments.selectors import ledger_audit
from apps.payments.services.reconcile import payments_reconcile
from tests.support.api import client_of
from tests.support.factories import user_make
from tests.support.forks import die_at
from tests.support.payments import deliver, order_make, payment_open, signed
from tools.paths import BACKEND

pytestmark = pytest.mark.django_db(transaction=True)

CHECKOUT = (
    "checkout.opening",
    "checkout.opened",
    "checkout.called",
    "checkout.recording",
    "checkout.recorded",
)
WEBHOOK = ("webhook.checked", "webhook.stored", "webhook.applying", "webhook.applied")
REFUND = ("refund.reserving", "refund.reserved", "refund.called", "refund.recording", "refund.recorded")
KEY = {"Idempotency-Key": "a1"}


def test_every_failpoint_of_payments_is_in_the_matrix():
    source = "".join(path.read_text() for path in (BACKEND / "apps" / "payments").rglob("*.py"))
    assert set(re.findall(r'failpoint\("([^"]+)"\)', source)) == {*CHECKOUT, *WEBHOOK, *REFUND}


def checkout(order: Order) -> Any:
    body = {"order_id": order.pk, "success_url": "https://a.example/", "cancel_url": "https://b.example/"}
    return client_of(order.user, **KEY).post("/api/payments/create-checkout-session/", body, format="json")


def refund(payment: Payment, staff: Any, amount: str = "5.00") -> Any:
    body = {"amount": amount, "reason": "Broken"}
    return client_of(staff, **KEY).post(f"/api/payments/{payment.pk}/refund/", body, format="json")


def webhook(event: dict[str, Any]) -> Any:
    payload, signature = signed(event)
    return client_of().post(
        "/api/payments/webhook/", payload, content_type="application/json", HTTP_STRIPE_SIGNATURE=signature
    )


def staff_make() -> Any:
    staff = user_make(is_staff=True)
    staff.user_permissions.add(Permission.objects.get(codename="add_refund"))
    return staff


def leases_end() -> None:
    IdempotencyRecord.objects.filter(status_code=None).update(
        claimed_until=timezone.now() - timedelta(seconds=1)
    )


def facts_of(order: Order) -> Counter[str]:
    about = [f"order:{order.pk}", *(f"payment:{p.pk}" for p in order.payments.all())]
    about += [f"refund:{r.pk}" for r in Refund.objects.filter(payment__order=order)]
    return Counter(OutboxEvent.objects.filter(aggregate__in=about).values_list("type", flat=True))


def assert_paid_once(order: Order) -> None:
    order.refresh_from_db()
    assert (order.status, order.payment_status) == ("processing", "paid")
    assert facts_of(order) == {"order.placed": 1, "order.paid": 1, "payment.succeeded": 1}
    kinds = Counter(Transaction.objects.exclude(kind="fee").values_list("kind", flat=True))
    assert kinds == {"capture": 1, "sale": 1}
    assert StockMovement.objects.filter(kind="sale").count() == 1
    assert ledger_audit() == stock_drift_list() == []


@pytest.mark.parametrize("reconciled", [False, True], ids=["client", "reconciler-and-client"])
@pytest.mark.parametrize("place", CHECKOUT)
def test_checkout_dies(stripe, place, reconciled):
    order = order_make()
    die_at(place, lambda: checkout(order))
    if reconciled:
        payments_reconcile(everything=True)
        payments_reconcile(everything=True)
    first = checkout(order)
    if first.status_code == 409:
        assert first.json()["code"] == "idempotency_in_flight"
        leases_end()
        first = checkout(order)
    again = checkout(order)
    assert (first.status_code, again.content) == (201, first.content)
    assert again["Idempotent-Replayed"] == "true"
    payment = Payment.objects.get()
    (session,) = stripe.sessions()
    assert first.json() == {
        "session_id": session["id"],
        "url": session["url"],
        "payment_id": payment.pk,
    }
    deliver(*stripe.pay(session["id"]))
    assert_paid_once(order)


@pytest.mark.parametrize("place", CHECKOUT)
def test_checkout_dies_and_the_order_is_cancelled(stripe, place):
    """Nobody can pay on a page that was made for an order which is gone."""
    order = order_make()
    die_at(place, lambda: checkout(order))
    order_cancel(order_id=order.pk, actor=order.user)
    payments_reconcile(everything=True)
    assert {session["status"] for session in stripe.sessions()} <= {"expired"}
    assert not Payment.objects.exclude(status="cancelled").exists()


@pytest.mark.parametrize("rescue", ["stripe repeats", "reconciler", "both"])
@pytest.mark.parametrize("place", WEBHOOK)
def test_webhook_dies(stripe, place, rescue):
    payment = payment_open()
    events = stripe.pay(payment.session_id)
    die_at(place, lambda: webhook(events[0]))
    if rescue != "stripe repeats":
        payments_reconcile(everything=True)
    if rescue != "reconciler":
        assert {webhook(event).status_code for event in [*events, *events]} == {200}
    assert_paid_once(payment.order)


@pytest.mark.parametrize("place", WEBHOOK)
def test_webhook_of_a_late_payment_dies(stripe, place):
    payment = payment_open()
    order_cancel(order_id=payment.order_id, actor=payment.user)
    events = stripe.pay(payment.session_id)
    die_at(place, lambda: webhook(events[0]))
    payments_reconcile(everything=True)
    deliver(*events)
    payments_reconcile(everything=True)
    assert_returned_once(stripe, payment, payment.amount_minor, origin="automatic")


def assert_returned_once(stripe: Any, payment: Payment, amount: int, *, origin: str = "staff") -> None:
    payment.refresh_from_db()
    made = Refund.objects.get()
    assert (made.status, made.amount_minor, made.origin) == ("succeeded", amount, origin)
    assert [bank["amount"] for bank in stripe.refunds()] == [amount]
    assert payment.refunded_minor == payment.refund_reserved_minor == amount
    facts = facts_of(payment.order)
    assert (facts["refund.requested"], facts["refund.succeeded"]) == (1, 1)
    assert Transaction.objects.filter(kind="refund").count() == 1
    assert ledger_audit() == stock_drift_list() == []


@pytest.mark.parametrize("rescue", ["client", "reconciler", "both"])
@pytest.mark.parametrize("place", REFUND)
def test_refund_dies(stripe, place, rescue):
    staff, payment = staff_make(), payment_open()
    deliver(*stripe.pay(payment.session_id))
    die_at(place, lambda: refund(payment, staff))
    if rescue != "client":
        payments_reconcile(everything=True)
    if place == "refund.reserving" and rescue == "reconciler":
        assert not Refund.objects.exists()  # nothing had been promised
        assert stripe.refunds() == []
        return
    if rescue != "reconciler":
        leases_end()
        first, again = refund(payment, staff), refund(payment, staff)
        assert (first.status_code, again.content) == (201, first.content), first.content
        assert refund(payment, staff, "6.00").status_code == 422
    deliver(*stripe.events)
    assert_returned_once(stripe, payment, 500)


@pytest.mark.parametrize("place", ["refund.called", "refund.recording", "refund.recorded"])
def test_the_reconciler_dies_while_it_refunds(stripe, place):
    payment = payment_open()
    deliver(*stripe.pay(payment.session_id))
    order_cancel(order_id=payment.order_id, actor=payment.user)
    die_at(place, lambda: payments_reconcile())
    Refund.objects.filter(status="requested").update(next_check_at=timezone.now())
    payments_reconcile()
    assert_returned_once(stripe, payment, payment.amount_minor, origin="automatic")


@pytest.mark.parametrize("place", ["checkout.called", "checkout.recording", "checkout.recorded"])
def test_the_reconciler_dies_while_it_makes_a_page(stripe, place):
    order = order_make()
    die_at("checkout.opened", lambda: checkout(order))
    die_at(place, lambda: payments_reconcile(everything=True))
    payments_reconcile(everything=True)
    leases_end()
    assert checkout(order).status_code == 201
    assert len(stripe.sessions()) == Payment.objects.count() == 1


def test_the_same_key_is_refused_until_the_lease_of_the_dead_ends(stripe):
    order = order_make()
    die_at("checkout.called", lambda: checkout(order))
    assert checkout(order).json()["code"] == "idempotency_in_flight"
    leases_end()
    assert checkout(order).status_code == 201
