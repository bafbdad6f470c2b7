"""Money that arrives when the order cannot be paid any more goes back by itself, and everybody can see why."""

from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from apps.core.events import Event, event_message
from apps.core.models import OutboxEvent
from apps.inventory.models import StockItem
from apps.inventory.selectors import stock_drift_list
from apps.orders.models import Order
from apps.orders.services.orders import order_cancel, order_expire
from apps.orders.services.placing import order_place
from apps.payments.consumers import on_order_closed, on_refund_requested
from apps.payments.models import Payment, Refund, Transaction
from apps.payments.selectors import ledger_audit
from apps.payments.services.reconcile import payments_reconcile
from tests.support.factories import product_make, user_make
from tests.support.payments import ADDRESS, deliver, event_make, order_make, payment_open

pytestmark = pytest.mark.django_db(transaction=True)


def overdue(order: Order) -> None:
    past = timezone.now() - timedelta(seconds=1)
    Order.objects.filter(pk=order.pk).update(expires_at=past)
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE inventory_stockreservation SET expires_at = %s WHERE reference = %s", [past, order.number]
        )


def assert_returned(order: Order, payment: Payment) -> None:
    order.refresh_from_db()
    payment.refresh_from_db()
    assert (order.status, order.payment_status) == ("cancelled", "refunded")
    assert payment.refunded_minor == payment.refund_reserved_minor == payment.captured_minor > 0
    assert list(payment.refunds.values_list("origin", "status")) == [("automatic", "succeeded")]
    assert [entry.kind for entry in Transaction.objects.order_by("pk")] == ["capture", "refund"]
    assert ledger_audit() == stock_drift_list() == []


def test_paid_after_cancellation(stripe):
    payment = payment_open()
    order = payment.order
    order_cancel(order_id=order.pk, actor=order.user)
    deliver(*stripe.pay(payment.session_id))
    order.refresh_from_db()
    assert order.payment_status == "paid"
    assert [e.type for e in order.events.all()] == ["placed", "cancelled", "payment_returned"]
    payments_reconcile()
    assert_returned(order, payment)
    assert order.events.last().type == "refunded"
    assert len(stripe.refunds()) == 1


def test_paid_after_expiry(stripe):
    payment = payment_open()
    overdue(payment.order)
    assert order_expire(order_id=payment.order_id)
    deliver(*stripe.pay(payment.session_id))
    payments_reconcile()
    assert_returned(payment.order, payment)


def test_paid_when_somebody_else_has_taken_the_goods(stripe):
    product = product_make(stock=1)
    order = _order_of(product)
    payment = payment_open(order)
    overdue(order)
    other = _order_of(product)  # takes the overdue unit; the first order is still pending
    deliver(*stripe.pay(payment.session_id))
    payments_reconcile()
    assert_returned(order, payment)
    assert "goods had been sold" in order.events.get(type="payment_returned").message
    other.refresh_from_db()
    assert other.status == "pending"
    assert StockItem.objects.get().reserved == 1


def _order_of(product):
    order, _ = order_place(
        user=user_make(),
        items=[((product.pk, None), 1)],
        shipping_address=ADDRESS,
        billing_address=ADDRESS,
    )
    return order


def test_paid_overdue_but_not_yet_expired_keeps_its_goods(stripe):
    payment = payment_open()
    overdue(payment.order)
    deliver(*stripe.pay(payment.session_id))
    payment.order.refresh_from_db()
    assert payment.order.status == "processing"


def test_second_payment_of_one_order_goes_back(stripe):
    first = payment_open()
    stripe.pay(first.session_id)  # paid, but nobody has told us
    Payment.objects.update(status="cancelled")  # as if its expiry had been announced
    second = payment_open(first.order)
    deliver(*stripe.pay(second.session_id))
    deliver(*stripe.events)
    payments_reconcile()
    order = Order.objects.get()
    assert (order.status, order.payment_status) == ("processing", "paid")
    first.refresh_from_db()
    second.refresh_from_db()
    assert (first.refunded_minor, second.refunded_minor) == (first.amount_minor, 0)
    assert "paid already" in order.events.get(type="payment_returned").message
    assert ledger_audit() == []


def test_another_amount_than_asked_for_goes_back(stripe):
    payment = payment_open()
    events = stripe.pay(payment.session_id)
    for event in events:
        for name in ("amount_total", "amount_received", "amount_captured"):
            if name in event["data"]["object"]:
                event["data"]["object"][name] -= 1
    deliver(*events)
    payment.refresh_from_db()
    assert payment.captured_minor == payment.amount_minor - 1
    assert payment.order.status == "pending"
    payments_reconcile()
    payment.refresh_from_db()
    assert payment.refunded_minor == payment.captured_minor
    assert ledger_audit() == []


def test_cancelling_a_paid_order_returns_the_money(stripe):
    payment = payment_open()
    deliver(*stripe.pay(payment.session_id))
    order_cancel(order_id=payment.order_id, actor=payment.user)
    consume("order.cancelled", on_order_closed)
    payment.order.refresh_from_db()
    payment.refresh_from_db()
    assert payment.order.payment_status == "refunded"
    assert payment.refunded_minor == payment.captured_minor
    kinds = Transaction.objects.order_by("pk").values_list("kind", flat=True)
    assert list(kinds) == ["capture", "sale", "refund"]
    assert ledger_audit() == stock_drift_list() == []


def test_the_reconciler_finds_a_cancelled_order_that_no_consumer_saw(stripe):
    payment = payment_open()
    deliver(*stripe.pay(payment.session_id))
    order_cancel(order_id=payment.order_id, actor=payment.user)
    payments_reconcile()
    payments_reconcile()
    payment.refresh_from_db()
    assert payment.refunded_minor == payment.captured_minor
    assert len(stripe.refunds()) == Refund.objects.count() == 1


def test_cancelling_an_unpaid_order_closes_its_page(stripe):
    payment = payment_open()
    order_cancel(order_id=payment.order_id, actor=payment.user)
    consume("order.cancelled", on_order_closed)
    payment.refresh_from_db()
    assert payment.status == "cancelled"
    assert stripe.sessions()[0]["status"] == "expired"


def test_an_automatic_refund_is_sent_without_waiting_for_the_reconciler(stripe):
    payment = payment_open()
    order_cancel(order_id=payment.order_id, actor=payment.user)
    deliver(*stripe.pay(payment.session_id))
    consume("refund.requested", on_refund_requested)
    assert_returned(payment.order, payment)


def test_a_refused_automatic_refund_is_not_tried_for_ever(stripe):
    payment = payment_open()
    order_cancel(order_id=payment.order_id, actor=payment.user)
    deliver(*stripe.pay(payment.session_id))
    intent = stripe.store.get(Payment.objects.get().intent_id)
    stripe.store.put(intent["id"], intent | {"amount_received": 0})  # the bank refuses
    for _ in range(3):
        payments_reconcile(everything=True)
    assert Refund.objects.get().status == "failed"
    assert payment.order.events.filter(type="refund_failed").count() == 1
    assert sum(call == "POST /v1/refunds" for call in stripe.calls) == 1
    assert ledger_audit() == []


def test_payment_of_an_order_that_was_marked_paid_by_hand_goes_back(stripe):
    payment = payment_open()
    order_cancel(order_id=payment.order_id, actor=payment.user)
    facts = stripe.pay(payment.session_id)[-1]["data"]["object"]
    deliver(event_make("checkout.session.completed", facts))
    deliver(event_make("checkout.session.completed", facts))
    assert Refund.objects.count() == 1


def consume(type: str, handler) -> None:
    """Deliver the outbox events of a type to a consumer, as the worker does."""
    for row in OutboxEvent.objects.filter(type=type):
        handler(Event.from_message(event_message(row)))


def test_order_make_makes_what_the_tests_think(stripe):
    assert order_make().total_minor == 2_495
