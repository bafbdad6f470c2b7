"""Any sequence of refunds, failures and cancellations through the services: never more than was captured.

The arithmetic alone goes through far more sequences in tests/unit/payments/test_refund_sequences.py; here it is held
to the rows, the provider's own sums and the ledger.
"""

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from apps.orders.errors import InvalidTransition
from apps.orders.services.orders import order_cancel
from apps.payments.errors import RefundExceedsCaptured, RefundLineInvalid
from apps.payments.models import Payment
from apps.payments.selectors import ledger_audit
from apps.payments.services.reconcile import payments_reconcile
from apps.payments.services.refunds import payment_refund
from apps.payments.states import REFUND_GONE, RefundStatus
from meshop_shared.money import minor_to_decimal_string
from tests.support.payments import deliver, event_make, order_make, payment_open

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(300)]

STEPS = st.one_of(
    st.tuples(st.just("amount"), st.integers(1, 3_000)),
    st.tuples(st.just("lines"), st.lists(st.integers(0, 2), min_size=3, max_size=3)),
    st.tuples(st.just("rest"), st.none()),
    st.tuples(st.just("fail"), st.integers(0, 9)),
    st.tuples(st.just("cancel"), st.none()),
)


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(
    prices=st.lists(st.integers(1, 1_500), min_size=1, max_size=3),
    quantity=st.integers(1, 3),
    steps=st.lists(STEPS, min_size=1, max_size=8),
)
def test_never_more_than_was_captured(stripe, prices, quantity, steps):
    payment = payment_open(order_make(prices=tuple(prices), quantity=quantity))
    deliver(*stripe.pay(payment.session_id))
    for step, argument in steps:
        take(stripe, payment, step, argument)
        assert_within_what_was_captured(stripe, payment)
    assert ledger_audit() == []


def take(stripe: Any, payment: Payment, step: str, argument: Any) -> None:
    """One step; what the services refuse has changed nothing, which the caller sees."""
    payment.refresh_from_db()
    if step == "fail":
        standing = [made for made in payment.refunds.order_by("pk") if made.status == RefundStatus.SUCCEEDED]
        if standing:
            made = standing[argument % len(standing)]
            bank = stripe.store.get(made.provider_refund_id)
            deliver(event_make("refund.failed", {**bank, "status": "failed", "failure_reason": "unknown"}))
            stripe.store.put(bank["id"], {**bank, "status": "failed"}, payment.intent_id)
    elif step == "cancel":
        try:
            order_cancel(order_id=payment.order_id, actor=payment.user)
        except InvalidTransition:
            return
        payments_reconcile(everything=True)
    else:
        amount = minor_to_decimal_string(argument, payment.currency) if step == "amount" else None
        items = payment.order.items.order_by("pk")
        wanted = zip(items, argument, strict=False) if step == "lines" else ()
        lines = [{"order_item_id": item.pk, "quantity": units} for item, units in wanted if units]
        if step == "lines" and not lines:
            return
        try:
            refund(payment, amount, lines or None)
        except (RefundExceedsCaptured, RefundLineInvalid):
            pass


def refund(payment: Payment, amount: str | None, lines: list[dict[str, Any]] | None) -> None:
    payment_refund(
        payment_id=payment.pk,
        amount=amount,
        lines=lines,
        reason="Broken",
        actor=payment.user,
        idempotency_key=None,
        record=lambda made: None,
    )


def assert_within_what_was_captured(stripe: Any, payment: Payment) -> None:
    payment.refresh_from_db()
    made = list(payment.refunds.values_list("status", "amount_minor"))
    standing = sum(amount for status, amount in made if status not in REFUND_GONE)
    assert standing == payment.refund_reserved_minor <= payment.captured_minor
    assert (
        sum(amount for status, amount in made if status == RefundStatus.SUCCEEDED) == payment.refunded_minor
    )
    bank = [one for one in stripe.refunds() if one["payment_intent"] == payment.intent_id]
    assert sum(one["amount"] for one in bank if one["status"] == "succeeded") == payment.refunded_minor
