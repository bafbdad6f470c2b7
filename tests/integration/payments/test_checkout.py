"""An order is paid: page, webhook, order, stock and ledger."""

from datetime import timedelta

import pytest
from django.db import transaction
from django.utils import timezone

from apps.core.models import OutboxEvent
from apps.inventory.models import StockItem
from apps.inventory.selectors import stock_drift_list
from apps.orders.errors import OrderNotFound
from apps.orders.models import Order
from apps.orders.services.orders import order_cancel
from apps.payments.bootstrap import payment_provider
from apps.payments.errors import OrderNotPayable
from apps.payments.models import Payment, PaymentMethod, Transaction
from apps.payments.providers.base import ProviderRefused, ProviderUnavailable
from apps.payments.selectors import ledger_audit
from apps.payments.services.reconcile import payments_reconcile
from tests.support.factories import user_make
from tests.support.payments import deliver, order_make, payment_open
from tests.support.threads import run_together

pytestmark = pytest.mark.django_db(transaction=True)


def test_paid_order_is_processed_and_booked(stripe):
    order = order_make(prices=(1_000, 333))
    payment = payment_open(order)
    assert payment.session_url.startswith("https://checkout.stripe.test/cs_")
    assert deliver(*stripe.pay(payment.session_id)) == ["applied"] * 3
    payment.refresh_from_db()
    order.refresh_from_db()
    assert (payment.status, payment.captured_minor) == ("succeeded", order.total_minor)
    assert (order.status, order.payment_status) == ("processing", "paid")
    assert payment.charge_id
    assert payment.intent_id
    assert set(StockItem.objects.values_list("on_hand", "reserved")) == {(8, 0)}
    assert [entry.kind for entry in Transaction.objects.order_by("pk")] == ["capture", "sale"]
    assert ledger_audit() == stock_drift_list() == []
    emitted = OutboxEvent.objects.filter(type__in=["order.paid", "payment.succeeded"])
    assert sorted(emitted.values_list("type", flat=True)) == ["order.paid", "payment.succeeded"]
    assert list(order.events.values_list("type", flat=True)) == ["placed", "paid"]


def test_the_page_shows_the_lines_and_asks_for_the_total(stripe):
    order = order_make(prices=(1_000,))
    payment_open(order)
    (session,) = stripe.sessions()
    assert session["amount_total"] == order.total_minor == 2_000 + 495


def test_asking_again_returns_the_open_page(stripe):
    order = order_make()
    assert payment_open(order).pk == payment_open(order, success_url="https://other.example/").pk
    assert len(stripe.sessions()) == 1


def test_at_once_one_payment_and_one_page(stripe):
    order = order_make()
    results = run_together([lambda: payment_open(order).session_id] * 20, at_once=20)
    pages = {result for result in results if isinstance(result, str)}
    assert len(pages) == len(stripe.sessions()) == Payment.objects.count() == 1


def test_somebody_elses_order_does_not_exist(stripe):
    order = order_make()
    order.user = user_make()
    with pytest.raises(OrderNotFound):
        payment_open(order)


def test_cancelled_paid_and_overdue_orders_cannot_be_paid(stripe):
    cancelled, paid, overdue = order_make(), order_make(), order_make()
    order_cancel(order_id=cancelled.pk, actor=cancelled.user)
    deliver(*stripe.pay(payment_open(paid).session_id))
    Order.objects.filter(pk=overdue.pk).update(expires_at=timezone.now() - timedelta(seconds=1))
    for order in (cancelled, paid, overdue):
        with pytest.raises(OrderNotPayable):
            payment_open(order)


@pytest.mark.parametrize("trouble", ["drop", "late", "500", "429", "busy", "garbage"])
def test_without_an_answer_repeating_is_safe(stripe, trouble):
    order = order_make()
    stripe.trouble.append(trouble)
    with pytest.raises(ProviderUnavailable):
        payment_open(order)
    assert payment_open(order).session_id == stripe.sessions()[0]["id"]
    assert len(stripe.sessions()) == Payment.objects.count() == 1


def test_a_page_that_cannot_be_made_ends_the_payment(stripe):
    order = order_make()
    payment_open(order)
    Payment.objects.update(session_id="", success_url="https://changed.example/")  # as if written by a bug
    with pytest.raises(ProviderRefused):
        payment_open(order)
    assert Payment.objects.get().status == "failed"
    assert payment_open(order).session_id
    assert OutboxEvent.objects.filter(type="payment.failed").count() == 1


def test_a_provider_must_not_be_called_inside_a_transaction(stripe):
    with transaction.atomic(), pytest.raises(RuntimeError):
        payment_provider()


def test_declined_then_paid_on_the_same_page(stripe):
    payment = payment_open()
    deliver(*stripe.pay(payment.session_id, "4000000000009995"))
    payment.refresh_from_db()
    assert (payment.status, payment.failure_code) == ("declined", "insufficient_funds")
    assert payment_open(payment.order).pk == payment.pk
    deliver(*stripe.pay(payment.session_id))
    payment.refresh_from_db()
    assert (payment.status, payment.failure_code) == ("succeeded", "")


def test_authentication_then_paid(stripe):
    payment = payment_open()
    deliver(*stripe.pay(payment.session_id, "4000002500003155"))
    payment.refresh_from_db()
    assert payment.status == "requires_action"
    deliver(*stripe.pay(payment.session_id, "4000002500003155", authenticated=True))
    payment.refresh_from_db()
    assert payment.status == "succeeded"


@pytest.mark.parametrize(("succeeds", "status"), [(True, "succeeded"), (False, "failed")])
def test_slow_money(stripe, succeeds, status):
    payment = payment_open()
    deliver(*stripe.pay(payment.session_id, "bank_debit"))
    payment.refresh_from_db()
    assert payment.status == "pending"
    assert payment.order.status == "pending"
    _, events = stripe.bank.settle(payment.session_id, succeeds=succeeds)
    deliver(*events)
    payment.refresh_from_db()
    assert payment.status == status
    if not succeeds:
        assert payment_open(payment.order).pk != payment.pk


def test_an_expired_page_frees_the_order_for_another(stripe):
    payment = payment_open()
    _, events = stripe.bank.session_expire(payment.session_id)
    deliver(*events)
    payment.refresh_from_db()
    assert payment.status == "cancelled"
    assert payment_open(payment.order).pk != payment.pk


def test_a_card_is_kept_only_when_asked(stripe):
    deliver(*stripe.pay(payment_open().session_id))
    assert not PaymentMethod.objects.exists()
    payment = payment_open(save_method=True)
    deliver(*stripe.pay(payment.session_id))
    method = PaymentMethod.objects.get()
    assert (method.user_id, method.brand, method.last4) == (payment.user_id, "visa", "4242")
    again = payment_open(order_make(user=payment.user))
    assert again.customer_ref == method.customer_ref != ""
    assert stripe.sessions()[-1]["customer"] == method.customer_ref


def test_the_fee_is_booked_once_when_it_is_known(stripe):
    payment = payment_open()
    deliver(*stripe.pay(payment.session_id))
    payments_reconcile(everything=True)
    payments_reconcile(everything=True)
    entry = Transaction.objects.get(kind="fee")
    fee = payment.amount_minor * 15 // 1000 + 20
    assert sorted(entry.lines.values_list("account", "amount_minor")) == [
        ("fees", fee),
        ("provider_balance", -fee),
    ]
    payment.refresh_from_db()
    assert payment.next_check_at is None
    assert ledger_audit() == []


def test_an_order_that_costs_nothing_is_paid_without_money(stripe):
    order = order_make(prices=(0,))
    Order.objects.filter(pk=order.pk).update(shipping_minor=0, total_minor=0)
    payment = payment_open(order)
    deliver(*stripe.pay(payment.session_id))
    order.refresh_from_db()
    assert (order.status, order.payment_status) == ("processing", "paid")
    assert not Transaction.objects.filter(lines__isnull=False).exists()
