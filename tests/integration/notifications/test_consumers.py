"""Each event becomes one mail and one entry in the inbox, however often it is delivered."""

from datetime import timedelta

import pytest
from django.core import mail
from django.db import transaction
from django.utils import timezone

from apps.core.events import event_emit
from apps.notifications.consumers import TOLD
from apps.notifications.models import EmailLog, EmailTemplate, Notification
from apps.orders.models import Order
from apps.orders.services.orders import (
    order_cancel,
    order_deliver,
    order_mark_paid,
    order_ship,
    orders_expire,
)
from tests.support.api import client_of
from tests.support.delivery import events_deliver
from tests.support.factories import user_make
from tests.support.payments import order_make

pytestmark = pytest.mark.django_db(transaction=True)


def paid(order):
    order_mark_paid(order_id=order.pk)


def shipped(order):
    paid(order)
    order_ship(order_id=order.pk, actor=order.user, tracking="1Z9")


def delivered(order):
    shipped(order)
    order_deliver(order_id=order.pk, actor=order.user)


def cancelled(order):
    order_cancel(order_id=order.pk, actor=order.user, reason="Changed my mind")


def expired(order):
    Order.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    orders_expire()


def refunded(order):
    fields = {
        "payment_id": 1,
        "refund_id": 1,
        "order_id": order.pk,
        "number": order.number,
        "currency": "GBP",
    }
    with transaction.atomic():
        event_emit(
            type="refund.succeeded",
            aggregate="refund:1",
            payload=fields | {"user_id": order.user_id, "amount_minor": 1_250, "reason": "Broken"},
        )


LIVES = {
    "order.placed": (lambda order: None, "20.00"),
    "order.paid": (paid, "24.95 GBP"),
    "order.shipped": (shipped, "1Z9"),
    "order.delivered": (delivered, "arrived"),
    "order.cancelled": (cancelled, "Changed my mind"),
    "order.expired": (expired, "in time"),
    "refund.succeeded": (refunded, "12.50 GBP"),
}


def test_every_event_that_is_told_is_tried_here():
    assert LIVES.keys() == TOLD.keys()


@pytest.mark.parametrize("type", LIVES)
def test_one_mail_and_one_entry(type):
    happens, words = LIVES[type]
    order = order_make()
    if type != "order.placed":
        events_deliver()
        mail.outbox.clear()
    happens(order)
    types = events_deliver(times=3)
    assert types[-1] == type
    mine = [sent for sent in mail.outbox if sent.subject == mail.outbox[-1].subject]
    (sent,) = mine
    assert sent.to == [order.user.email]
    assert order.number in sent.subject
    assert words in sent.body
    (html,) = sent.alternatives
    assert words in html[0]
    assert html[1] == "text/html"
    entry = Notification.objects.get(kind=type)
    assert (entry.user_id, entry.data) == (order.user_id, {"order_id": order.pk, "number": order.number})
    assert order.number in entry.title
    assert set(EmailLog.objects.values_list("state", "attempts")) == {("sent", 1)}
    assert len(mail.outbox) == EmailLog.objects.count() - (type != "order.placed")


def test_the_mail_shows_what_was_ordered():
    order = order_make(prices=(1_000, 250), quantity=3)
    events_deliver()
    body = mail.outbox[0].body
    for item in order.items.all():
        assert f"3 x {item.name} ({item.sku})" in body
    assert "Shipping 4.95" in body
    assert "Total 42.45 GBP" in body
    assert "Discount" not in body


def test_nobody_is_told_about_a_closed_account():
    order = order_make(user=user_make(is_active=False))
    events_deliver()
    assert mail.outbox == []
    assert not Notification.objects.filter(user=order.user).exists()


def test_staff_change_the_words():
    EmailTemplate.objects.filter(key="order_confirmation").update(
        subject="Thanks {{ customer.first_name }}", text="{{ order.total }}", html=""
    )
    order_make(user=user_make(first_name="Grace"))
    events_deliver()
    assert (mail.outbox[0].subject, mail.outbox[0].body) == ("Thanks Grace", "24.95")
    assert mail.outbox[0].alternatives == []


def test_a_missing_row_means_the_first_words():
    EmailTemplate.objects.all().delete()
    order = order_make()
    events_deliver()
    assert mail.outbox[0].subject == f"Your order {order.number}"


def test_names_cannot_write_headers_or_markup():
    user = user_make(first_name="Ada\r\nBcc: all@example.com", last_name="<b>")
    EmailTemplate.objects.filter(key="order_confirmation").update(subject="{{ customer.first_name }}")
    order_make(user=user)
    events_deliver()
    message = mail.outbox[0].message()
    assert message["Bcc"] is None
    assert message["Subject"] == "Ada Bcc: all@example.com"
    assert mail.outbox[0].recipients() == [user.email]


def test_the_shop_itself_tells_when_an_order_is_placed_over_the_api():
    user, order = (order := order_make()).user, order
    events_deliver()
    listed = client_of(user).get("/api/notifications/").json()["results"]
    assert [entry["title"] for entry in listed] == [f"We have your order {order.number}"]
