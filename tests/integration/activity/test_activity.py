"""What visitors do becomes rows, once, and nobody waits for it."""

import uuid
from datetime import timedelta

import pytest
from django.utils import timezone

from apps.activity import keys, services
from apps.activity.models import Activity
from apps.activity.selectors import recently_viewed_ids
from apps.activity.services import activity_flush, activity_note, activity_prune
from apps.core.models import OutboxEvent
from apps.core.redis_client import redis_client
from tests.support.api import client_of
from tests.support.factories import product_make, user_make

pytestmark = pytest.mark.django_db


def rows():
    return [(row.kind, row.user_id, row.product_id, row.quantity) for row in Activity.objects.order_by("id")]


def test_a_look_and_every_change_of_a_cart_is_written_down():
    user, product, other = user_make(), product_make(stock=9), product_make(stock=9)
    client = client_of(user)
    assert client.post(f"/api/products/{product.slug}/view/").status_code == 204
    for one in (product, other):
        cart = client.post(
            "/api/orders/cart/add/", {"product_id": one.pk, "quantity": 2}, format="json"
        ).json()
    first, second = (f"/api/orders/cart/items/{item['id']}/" for item in cart["items"])
    assert client.put(first, {"quantity": 5}, format="json").status_code == 200
    assert client.delete(second).status_code == 200
    assert client.delete("/api/orders/cart/clear/").status_code == 200
    assert rows() == []
    assert activity_flush() == 6
    assert rows() == [
        ("viewed", user.pk, product.pk, 0), ("added", user.pk, product.pk, 2), ("added", user.pk, other.pk, 2),
        ("set", user.pk, product.pk, 5), ("removed", user.pk, other.pk, 0), ("removed", user.pk, product.pk, 0),
    ]  # fmt: skip
    assert abs(Activity.objects.first().at - timezone.now()) < timedelta(minutes=1)
    assert activity_flush() == 0


def test_refused_changes_are_not():
    client, product = client_of(user_make()), product_make(stock=1)
    assert (
        client.post(
            "/api/orders/cart/add/", {"product_id": product.pk, "quantity": 2}, format="json"
        ).status_code
        == 409
    )
    assert client.delete("/api/orders/cart/items/1/").status_code == 404
    assert client.post("/api/products/no-such-thing/view/").status_code == 404
    assert client.post(f"/api/products/{product_make(is_active=False).pk}/view/").status_code == 404
    assert activity_flush() == 0


def test_a_guest_is_one_visitor_whose_token_is_not_kept():
    product, token = product_make(stock=9), str(uuid.uuid4())
    client = client_of()
    cart = client.post(
        "/api/orders/cart/add/", {"product_id": product.pk, "quantity": 1}, format="json"
    ).json()
    client.post(f"/api/products/{product.pk}/view/", headers={"X-Cart-Token": cart["token"]})
    client_of().post(f"/api/products/{product.pk}/view/", headers={"X-Cart-Token": token})
    client_of().post(f"/api/products/{product.pk}/view/")
    activity_flush()
    mine, again, other, nobody = Activity.objects.order_by("id").values_list("visitor", flat=True)
    assert mine == again != other
    assert nobody == ""
    assert cart["token"] not in mine
    assert rows()[0] == ("added", None, product.pk, 1)


def test_looking_again_within_half_an_hour_is_the_same_view():
    user, product = user_make(), product_make()
    for _ in range(3):
        client_of(user).post(f"/api/products/{product.pk}/view/")
    assert activity_flush() == 1


def test_what_was_viewed_is_known_at_once_latest_first():
    user = user_make()
    for product in (1, 2, 3, 1):
        activity_note(kind=Activity.Kind.VIEWED, user_id=user.pk, token=None, product_ids=[product])
    assert recently_viewed_ids(user_id=user.pk, token=None, limit=2) == [1, 3]
    assert recently_viewed_ids(user_id=user.pk, token=None, limit=9) == [1, 3, 2]
    assert recently_viewed_ids(user_id=None, token="x", limit=9) == []
    assert recently_viewed_ids(user_id=None, token=None, limit=9) == []


def test_a_flush_that_dies_before_it_deletes_doubles_nothing(monkeypatch):
    activity_note(kind=Activity.Kind.ADDED, user_id=1, token=None, product_ids=[7, 8], quantity=1)
    with monkeypatch.context() as broken:
        broken.setattr(services, "redis_client", lambda: Deaf(redis_client()))
        with pytest.raises(ConnectionAbortedError):
            activity_flush()
    assert len(rows()) == 2
    assert activity_flush() == 0
    assert len(rows()) == 2
    assert redis_client().xlen(keys.STREAM) == 0
    (event,) = OutboxEvent.objects.filter(type="activity.recorded")
    ids = list(Activity.objects.order_by("id").values_list("pk", flat=True))
    assert event.payload == {"first_id": ids[0], "last_id": ids[-1], "count": 2}


class Deaf:
    """Redis that is read and cannot be told to forget."""

    def __init__(self, client):
        self._client = client

    def xrange(self, *arguments, **options):
        return self._client.xrange(*arguments, **options)

    def xdel(self, *_):
        raise ConnectionAbortedError


def test_batches_end(monkeypatch):
    monkeypatch.setattr(services, "_BATCH", 3)
    activity_note(kind=Activity.Kind.ADDED, user_id=1, token=None, product_ids=range(7), quantity=1)
    assert activity_flush() == 7
    assert [row[2] for row in rows()] == list(range(7))


def test_without_redis_shopping_goes_on(monkeypatch, settings):
    lost = redis_client().__class__.from_url("redis://127.0.0.1:1/0", socket_timeout=0.1)
    monkeypatch.setattr(services, "redis_client", lambda: lost)
    product = product_make(stock=3)
    client = client_of(user_make())
    assert client.post(f"/api/products/{product.pk}/view/").status_code == 204
    assert (
        client.post(
            "/api/orders/cart/add/", {"product_id": product.pk, "quantity": 1}, format="json"
        ).status_code
        == 200
    )
    assert activity_flush() == 0


def test_what_was_long_ago_is_forgotten():
    for days in (1, 91):
        Activity.objects.create(
            entry=str(days), kind="viewed", visitor="", product_id=1, quantity=0,
            at=timezone.now() - timedelta(days=days),
        )  # fmt: skip
    assert activity_prune() == 1
    assert Activity.objects.get().entry == "1"
