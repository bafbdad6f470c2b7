"""Refunds: by amount, by lines, in full; never more than was received, never twice."""

import pytest

from apps.core.models import OutboxEvent
from apps.orders.models import Order
from apps.payments.errors import RefundExceedsCaptured, RefundFailed, RefundLineInvalid
from apps.payments.models import Payment, Refund, Transaction, TransactionLine
from apps.payments.providers.base import ProviderUnavailable
from apps.payments.selectors import ledger_audit
from apps.payments.services.reconcile import payments_reconcile
from apps.payments.services.refunds import payment_refund
from meshop_shared.errors import ValidationFailed
from tests.support.factories import user_make
from tests.support.payments import deliver, event_make, order_make, payment_open
from tests.support.threads import run_together

pytestmark = pytest.mark.django_db(transaction=True)


def paid(stripe, **order) -> Payment:
    payment = payment_open(order_make(**order))
    deliver(*stripe.pay(payment.session_id))
    payment.refresh_from_db()
    return payment


def refund(payment: Payment, *, amount=None, lines=None, key=None, reason="Broken", actor=None) -> Refund:
    return payment_refund(
        payment_id=payment.pk,
        amount=amount,
        lines=lines,
        reason=reason,
        actor=actor or user_make(),
        idempotency_key=key,
        record=lambda made: None,
    )


def balances() -> dict[str, int]:
    totals: dict[str, int] = {}
    for account, amount in TransactionLine.objects.values_list("account", "amount_minor"):
        totals[account] = totals.get(account, 0) + amount
    return {account: amount for account, amount in totals.items() if amount}


def test_full_refund(stripe):
    payment = paid(stripe)
    made = refund(payment)
    assert (made.status, made.amount_minor) == ("succeeded", payment.captured_minor)
    payment.refresh_from_db()
    assert payment.refunded_minor == payment.refund_reserved_minor == payment.captured_minor
    assert Order.objects.get().payment_status == "refunded"
    assert stripe.refunds()[0]["amount"] == payment.captured_minor
    assert balances() == {"revenue": -2_000, "refunds": 2_000}
    assert ledger_audit() == []
    types = OutboxEvent.objects.filter(type__startswith="refund.").order_by("pk")
    assert list(types.values_list("type", flat=True)) == ["refund.requested", "refund.succeeded"]
    assert list(payment.order.events.values_list("type", flat=True))[-2:] == ["refund_requested", "refunded"]


def test_partial_refunds_to_the_last_penny(stripe):
    payment = paid(stripe)
    for amount in ("10.00", "14.94"):
        refund(payment, amount=amount)
        assert Order.objects.get().payment_status == "partially_refunded"
    with pytest.raises(RefundExceedsCaptured) as error:
        refund(payment, amount="0.02")
    assert error.value.extra == {"refundable": "0.01"}
    refund(payment, amount="0.01")
    assert Order.objects.get().payment_status == "refunded"
    assert balances() == {"revenue": -2_000, "refunds": 2_000}
    with pytest.raises(RefundExceedsCaptured):
        refund(payment)
    assert ledger_audit() == []


def test_lines_take_their_share_of_shipping(stripe):
    payment = paid(stripe, prices=(500, 250))  # 2 × 5.00 + 2 × 2.50 + 4.95 shipping
    first, second = payment.order.items.order_by("pk")
    made = refund(payment, lines=[{"product_id": first.product_id, "variant_id": None, "quantity": 1}])
    assert made.lines == [{"order_item_id": first.pk, "quantity": 1, "goods": 500, "shipping": 165, "tax": 0}]
    made = refund(payment, lines=[{"order_item_id": second.pk, "quantity": 2}])
    assert (made.lines[0]["goods"], made.lines[0]["shipping"]) == (500, 165)
    with pytest.raises(RefundLineInvalid) as error:
        refund(payment, lines=[{"order_item_id": first.pk, "quantity": 2}])
    assert error.value.extra == {"refundable": {first.pk: 1, second.pk: 0}}
    made = refund(payment, lines=[{"order_item_id": first.pk, "quantity": 1}])
    assert made.lines[0]["shipping"] == 165
    assert balances() == {"revenue": -1_500, "refunds": 1_500}
    payment.refresh_from_db()
    assert payment.refunded_minor == payment.captured_minor
    assert ledger_audit() == []


def test_lines_after_an_amount_stop_at_what_was_captured(stripe):
    payment = paid(stripe)
    refund(payment, amount="20.00")
    (item,) = payment.order.items.all()
    with pytest.raises(RefundExceedsCaptured):
        refund(payment, lines=[{"order_item_id": item.pk, "quantity": 1}])
    assert Refund.objects.count() == 1


@pytest.mark.parametrize("line", [{"order_item_id": 10**9}, {"product_id": 10**9, "variant_id": None}])
def test_lines_of_other_orders_are_refused(stripe, line):
    payment = paid(stripe)
    with pytest.raises(RefundLineInvalid):
        refund(payment, lines=[{**line, "quantity": 1}])


@pytest.mark.parametrize("amount", ["0", "0.001", "0.00"])
def test_amounts_that_are_none(stripe, amount):
    payment = paid(stripe)
    with pytest.raises(ValidationFailed):
        refund(payment, amount=amount)


def test_nothing_can_be_returned_before_it_arrived(stripe):
    payment = payment_open()
    with pytest.raises(RefundExceedsCaptured):
        refund(payment, amount="1.00")


def test_many_at_once_never_return_more_than_was_received(stripe):
    payment = paid(stripe)  # 24.95
    results = run_together([lambda: refund(payment, amount="3.00")] * 20, at_once=20)
    made = [result for result in results if isinstance(result, Refund)]
    assert len(made) == 8
    assert {type(result) for result in results} == {Refund, RefundExceedsCaptured}
    assert sum(bank["amount"] for bank in stripe.refunds()) == 2_400
    payment.refresh_from_db()
    assert payment.refunded_minor == 2_400
    assert ledger_audit() == []


def test_the_same_key_is_one_refund(stripe):
    payment, actor = paid(stripe), user_make()
    first = refund(payment, amount="1.00", key="k", actor=actor)
    assert refund(payment, amount="1.00", key="k", actor=actor).pk == first.pk
    assert len(stripe.refunds()) == 1


@pytest.mark.parametrize("trouble", ["drop", "late", "500", "429", "busy"])
def test_without_an_answer_the_refund_is_decided_and_finished_later(stripe, trouble):
    payment = paid(stripe)
    stripe.trouble.append(trouble)
    made = refund(payment, amount="5.00")
    assert made.status == "requested"
    payment.refresh_from_db()
    assert (payment.refund_reserved_minor, payment.refunded_minor) == (500, 0)
    payments_reconcile(everything=True)
    made.refresh_from_db()
    assert made.status == "succeeded"
    assert len(stripe.refunds()) == 1
    assert ledger_audit() == []


def test_a_lost_refund_is_found_even_when_the_provider_has_forgotten_the_key(stripe):
    payment = paid(stripe)
    stripe.trouble.append("late")
    made = refund(payment, amount="5.00")
    for name in [name for name in stripe.store._objects if name.startswith("key:")]:
        del stripe.store._objects[name]
    payments_reconcile(everything=True)
    made.refresh_from_db()
    assert made.status == "succeeded"
    assert len(stripe.refunds()) == 1


def test_a_refused_refund_frees_its_amount(stripe):
    payment = paid(stripe)
    intent = stripe.store.get(payment.intent_id)
    stripe.store.put(intent["id"], intent | {"amount_received": 0})
    with pytest.raises(RefundFailed) as error:
        refund(payment)
    assert error.value.extra["reason"] == "charge_already_refunded"
    payment.refresh_from_db()
    assert payment.refund_reserved_minor == payment.refunded_minor == 0
    assert Order.objects.get().payment_status == "paid"
    assert ledger_audit() == []


def test_a_refund_that_the_bank_sends_back_is_reversed(stripe):
    payment = paid(stripe)
    made = refund(payment, amount="5.00")
    _, events = stripe.bank.refund_settle(made.provider_refund_id, succeeds=False)
    events[0]["created"] += 60
    deliver(*events, *events)
    payment.refresh_from_db()
    made.refresh_from_db()
    assert made.status == "failed"
    assert payment.refund_reserved_minor == payment.refunded_minor == 0
    assert Order.objects.get().payment_status == "paid"
    assert Transaction.objects.filter(kind="refund_reversed").count() == 1
    assert ledger_audit() == []


def test_a_refund_made_at_the_provider_is_counted(stripe):
    payment = paid(stripe)
    params = {"payment_intent": payment.intent_id, "amount": "495"}
    _, events = stripe.bank.refund_create(params, key="dashboard")
    assert deliver(*events, *events) == ["applied", "applied"]
    made = Refund.objects.get()
    assert (made.origin, made.amount_minor, made.status) == ("provider", 495, "succeeded")
    with pytest.raises(RefundExceedsCaptured):
        refund(payment, amount="20.01")
    assert ledger_audit() == []


def test_a_refund_heard_of_before_its_payment_waits_for_it(stripe):
    payment = payment_open()
    events = stripe.pay(payment.session_id)
    intent_id = events[-1]["data"]["object"]["payment_intent"]
    _, refunded = stripe.bank.refund_create({"payment_intent": intent_id, "amount": "100"}, key="dashboard")
    assert deliver(*refunded) == ["waiting"]
    deliver(*events)
    payment.refresh_from_db()
    assert payment.refunded_minor == 100
    assert ledger_audit() == []


def test_a_refund_webhook_may_come_before_our_own_answer(stripe):
    payment = paid(stripe)
    stripe.trouble.append("late")
    made = refund(payment, amount="1.00")
    deliver(event_make("refund.created", stripe.refunds()[0]))
    made.refresh_from_db()
    assert made.status == "succeeded"
    payments_reconcile(everything=True)
    assert len(stripe.refunds()) == 1


def test_the_first_try_asks_once_and_a_second_looks_first(stripe):
    payment, actor = paid(stripe), user_make()
    stripe.calls.clear()
    stripe.trouble.append("500")
    refund(payment, amount="1.00", key="k", actor=actor)
    refund(payment, amount="1.00", key="k", actor=actor)
    assert stripe.calls == ["POST /v1/refunds", "GET /v1/refunds", "POST /v1/refunds"]


def test_the_record_is_written_with_the_result(stripe):
    payment = paid(stripe)

    def fail(made: Refund) -> None:
        raise ProviderUnavailable()

    with pytest.raises(ProviderUnavailable):
        payment_refund(
            payment_id=payment.pk, amount="1.00", lines=None, reason="x", actor=user_make(),
            idempotency_key=None, record=fail,
        )  # fmt: skip
    assert Refund.objects.get().status == "requested"  # its result was not committed without the answer
    payments_reconcile(everything=True)
    assert Refund.objects.get().status == "succeeded"
    assert len(stripe.refunds()) == 1
