"""Many payments at once, and everything that a provider would say about them, in the order in which it happened."""

import random
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import cycle
from typing import Any
from uuid import uuid4

from django.db.models import Sum
from django.utils import timezone

from apps.accounts.models import User
from apps.core.models import OutboxEvent
from apps.inventory.models import StockItem, StockReservation
from apps.orders.models import Order, OrderItem
from apps.payments.models import Payment, StripeEvent
from apps.payments.providers.base import SessionLine, SessionRequest
from apps.payments.providers.fake_bank import BankRefused, FakeBank
from apps.payments.providers.stripe_objects import session_params
from tests.support.factories import product_make, user_make
from tests.support.stripe_server import MemoryStore

Event = dict[str, Any]
PRICE, SHIPPING = 1_999, 495


@dataclass
class Universe:
    """One copy of the same story: ``payments`` by their place in it, and the ``events`` about them, oldest first."""

    payments: list[Payment]
    events: list[Event] = field(default_factory=list)
    forgeries: list[Event] = field(default_factory=list)


def universe_make(*, payments: int, seed: int) -> Universe:
    """Tell the story of ``seed`` to a fresh set of orders and payments; every eleventh order has been cancelled."""
    universe = Universe(_payments_make(user_make(), payments))
    choice, now = random.Random(seed), timezone.now().timestamp()
    clock = [now - 7_200.0]
    bank = FakeBank(MemoryStore(), clock=lambda: clock[0], page_url="https://checkout.test/")
    stories = [_story(bank, payment, choice) for payment in universe.payments]
    while stories:
        clock[0] = min(clock[0] + 0.25, now)
        story = choice.choice(stories)
        events = next(story, None)
        if events is None:
            stories.remove(story)
        else:
            universe.events += events
    universe.forgeries = [_forgery(payment) for payment in universe.payments]
    return universe


def _payments_make(user: User, count: int) -> list[Payment]:
    """Orders of one unit each, of ten products in turn, and their payments. In bulk: services would take minutes."""
    products = [product_make(stock=count, price_minor=PRICE) for _ in range(10)]
    now, prefix = timezone.now(), uuid4().hex[:12]
    orders = Order.objects.bulk_create(
        Order(
            number=f"{prefix}-{index}", user=user, currency="GBP", subtotal_minor=PRICE, shipping_minor=SHIPPING,
            total_minor=PRICE + SHIPPING, expires_at=now + timedelta(hours=1),
            status="cancelled" if index % 11 == 10 else "pending",
        )
        for index in range(count)
    )  # fmt: skip
    OrderItem.objects.bulk_create(
        OrderItem(
            order=order, product=product, sku=product.sku, name="Mug", quantity=1, unit_price_minor=PRICE,
            line_total_minor=PRICE,
        )
        for order, product in zip(orders, cycle(products), strict=False)
    )  # fmt: skip
    pairs = zip(orders, cycle(products), strict=False)
    waiting = [(order, product) for order, product in pairs if order.status == "pending"]
    StockReservation.objects.bulk_create(
        StockReservation(
            stock_item_id=product.stock_item_id, quantity=1, reference=order.number,
            status=StockReservation.Status.LIVE, expires_at=now + timedelta(hours=1),
        )
        for order, product in waiting
    )  # fmt: skip
    for item_id, units in Counter(product.stock_item_id for _, product in waiting).items():
        StockItem.objects.filter(pk=item_id).update(reserved=units)
    return Payment.objects.bulk_create(
        Payment(
            order=order, user=user, provider="stripe", status_at=datetime(2020, 1, 1, tzinfo=UTC), currency="GBP",
            amount_minor=order.total_minor, success_url="https://shop.example/", cancel_url="https://shop.example/",
            session_expires_at=now + timedelta(hours=1), next_check_at=now + timedelta(hours=1),
        )
        for order in orders
    )  # fmt: skip


def _story(bank: FakeBank, payment: Payment, choice: random.Random) -> Any:
    """Steps in the life of one payment; each yields the events that it causes."""
    request = SessionRequest(
        reference=payment.reference, order_number=payment.order.number, currency="GBP",
        lines=(SessionLine("Mug", payment.amount_minor, 1),), success_url=payment.success_url,
        cancel_url=payment.cancel_url, expires_at=payment.session_expires_at, customer_ref="",
        customer_email="a@example.com", save_method=False,
    )  # fmt: skip
    session_id = bank.session_create(session_params(request), key=str(payment.reference))["id"]
    for _ in range(choice.randint(0, 15)):
        yield bank.confirm(session_id, card=choice.choice(["4000000000000002", "4000000000009995"]))[1]
    if choice.random() < 0.3:
        yield bank.confirm(session_id, card="4000002500003155")[1]
    ending = choice.random()
    if ending < 0.08:
        yield bank.session_expire(session_id)[1]
        return
    if ending < 0.12:
        return
    if ending < 0.3:
        yield bank.confirm(session_id, card="bank_debit")[1]
        session, events = bank.settle(session_id, succeeds=choice.random() < 0.7)
        yield events
        if session["payment_status"] != "paid":
            return
    else:
        session, events = bank.confirm(session_id, card="4242424242424242")
        yield events
    if payment.order.status == "cancelled":
        return
    for number in range(choice.randint(0, 3)):
        refund_id = None
        try:
            params = {"payment_intent": session["payment_intent"], "amount": choice.randint(1, 1_500)}
            pending = {"metadata": {"reason": "fake=pending"}} if choice.random() < 0.5 else {}
            refund, events = bank.refund_create({**params, **pending}, key=f"{session_id}-{number}")
            refund_id = refund["id"] if pending else None
        except BankRefused:
            continue
        yield events
        if refund_id:
            yield bank.refund_settle(refund_id, succeeds=choice.random() < 0.8)[1]


def _forgery(payment: Payment) -> Event:
    """Somebody claims to have paid."""
    session = {
        "id": f"cs_forged_{payment.pk}", "object": "checkout.session", "status": "complete",
        "payment_status": "paid", "amount_total": payment.amount_minor, "currency": "gbp",
        "payment_intent": f"pi_forged_{payment.pk}", "metadata": {"meshop_reference": str(payment.reference)},
    }  # fmt: skip
    return {
        "id": f"evt_forged_{payment.pk}",
        "object": "event",
        "type": "checkout.session.completed",
        "created": int(timezone.now().timestamp()),
        "data": {"object": session},
    }


def universe_state(universe: Universe) -> list[dict[str, Any]]:
    """What has become of each payment, in words that are the same in every universe."""
    numbers = [payment.pk for payment in universe.payments]
    payments = Payment.objects.select_related("order").prefetch_related("refunds").in_bulk(numbers)
    books = Payment.objects.filter(pk__in=numbers).values_list("pk", "transactions__lines__account")
    balances: dict[int, Counter[str]] = {pk: Counter() for pk in numbers}
    for pk, account, amount in books.annotate(amount=Sum("transactions__lines__amount_minor")):
        if amount:
            balances[pk][account] = amount
    said = Counter(OutboxEvent.objects.values_list("aggregate", "type"))
    told = Counter(StripeEvent.objects.values_list("payment_id", "state", "type"))
    return [_told(payments[pk], balances[pk], said, told) for pk in numbers]


def _told(payment: Payment, balances: Any, said: Any, told: Any) -> dict[str, Any]:
    return {
        "payment": (
            payment.status, payment.failure_code, payment.captured_minor, payment.refund_reserved_minor,
            payment.refunded_minor, bool(payment.intent_id), bool(payment.charge_id),
        ),
        "order": (payment.order.status, payment.order.payment_status),
        "refunds": sorted(
            (r.origin, r.status, r.amount_minor) for r in payment.refunds.all()
        ),
        "ledger": dict(balances),
        "paid": said[f"order:{payment.order_id}", "order.paid"],
        "succeeded": said[f"payment:{payment.pk}", "payment.succeeded"],
        "events": sorted((s, t, n) for (pk, s, t), n in told.items() if pk == payment.pk),
    }  # fmt: skip
