"""Reviews: one each, cleaned, moderated, counted exactly, voted helpful by others."""

import pytest
from django.conf import settings
from django.contrib.auth.models import Permission

from apps.core.models import OutboxEvent
from apps.products.models import Product, ProductReview
from apps.products.services.reviews import review_create
from tests.support.factories import product_make, user_make

pytestmark = pytest.mark.django_db
URL = "/api/products/reviews/"


def review(client, product, rating=5, **fields):
    response = client.post(URL, {"product_id": product.pk, "rating": rating} | fields)
    assert response.status_code == 201, response.content
    return response.json()


def shown(client, product, query=""):
    response = client.get(f"/api/products/{product.pk}/reviews/{query}")
    assert response.status_code == 200, response.content
    return [row["id"] for row in response.json()["results"]]


def rating_of(product):
    product.refresh_from_db()
    return product.rating, product.review_count


@pytest.fixture
def product():
    return product_make()


@pytest.fixture
def moderated_before(monkeypatch):
    """``REVIEW_MODERATION=pre``."""
    monkeypatch.setattr(settings, "MESHOP", settings.MESHOP.model_copy(update={"review_moderation": "pre"}))


class TestWriting:
    def test_shape(self, customer, product):
        body = review(
            customer, product, 4, title="Sturdy", body="Keeps\nwarm.", helpful_count=9, status="approved"
        )
        assert {name: body[name] for name in body if name not in ("id", "created_at", "updated_at")} == {
            "product_id": product.pk, "rating": 4, "title": "Sturdy", "body": "Keeps\nwarm.",
            "verified_purchase": False, "helpful_count": 0, "status": "approved",
            "user": {"id": customer.user.pk, "name": "Ada K"},
        }  # fmt: skip
        assert customer.user.email not in str(body)
        assert customer.get(f"{URL}{body['id']}/").json() == body

    def test_once_per_person_and_product(self, customer, stranger, product):
        review(customer, product, 5)
        response = customer.post(URL, {"product_id": product.pk, "rating": 1})
        assert (response.status_code, response.json()["code"]) == (409, "review_exists")
        review(stranger, product, 1)
        review(customer, product_make(), 1)
        assert rating_of(product) == (3, 2)

    def test_purchases_are_verified_by_whom_settings_name(self, customer, product, settings):
        settings.PURCHASE_CHECKER = "tests.integration.products.purchases.bought_everything"
        assert review(customer, product)["verified_purchase"] is True
        settings.PURCHASE_CHECKER = None
        assert review(customer, product_make())["verified_purchase"] is False

    def test_who_and_what(self, guest, customer, product):
        body = {"product_id": product.pk, "rating": 5}
        assert guest.post(URL, body).status_code == 401
        for product_id in (2**62, product_make(is_active=False).pk):
            response = customer.post(URL, body | {"product_id": product_id})
            assert (response.status_code, response.json()["code"]) == (404, "product_not_found")
        assert not ProductReview.objects.exists()

    @pytest.mark.parametrize(
        ("field", "value"),
        [("rating", value) for value in (None, 0, 6, -1, 3.5, 3.0, "5", "good", True, [], {}, 10**30)]
        + [("title", value) for value in (["a"], 5, "x" * 121)]
        + [("body", value) for value in ({}, 5, "x" * 5001)]
        + [("product_id", value) for value in (None, "x", 0, -1, 1.5, True, [], 2**63)],
    )
    def test_bad_fields_are_named(self, customer, product, field, value):
        response = customer.post(URL, {"product_id": product.pk, "rating": 5} | {field: value})
        assert response.status_code == 400, response.content
        assert list(response.json()["extra"]["fields"]) == [field]
        assert not ProductReview.objects.exists()

    @pytest.mark.parametrize(
        "text", ["<script>alert(1)</script>", "<img src=x onerror=alert(1)>", "&lt;svg onload=alert(1)&gt;"]
    )
    def test_markup_does_not_survive(self, customer, product, text):
        made = review(customer, product, title=f"Nice {text}", body=f"Before {text} after")
        assert (made["title"], made["body"].split()) == ("Nice", ["Before", "after"])


class TestReading:
    def test_newest_first_and_other_orders(self, guest, product):
        made = [review_create(user=user_make(), product_id=product.pk, rating=rating) for rating in (3, 5, 1)]
        ProductReview.objects.filter(pk=made[0].pk).update(helpful_count=5)
        first, second, third = (entry.pk for entry in made)
        assert shown(guest, product) == [third, second, first]
        assert shown(guest, product, "?ordering=helpful") == [first, third, second]
        assert shown(guest, product, "?ordering=rating") == [second, first, third]
        response = guest.get(f"/api/products/{product.pk}/reviews/?ordering=x")
        assert "ordering" in response.json()["extra"]["fields"]

    def test_takes_the_same_queries_for_any_number(self, guest, product, django_assert_max_num_queries):
        for _ in range(25):
            review_create(user=user_make(), product_id=product.pk, rating=3)
        with django_assert_max_num_queries(3):
            assert len(shown(guest, product, "?page_size=25")) == 25

    def test_by_slug_and_by_cursor(self, guest, product):
        made = [review_create(user=user_make(), product_id=product.pk, rating=3).pk for _ in range(5)]
        body = guest.get(f"/api/products/{product.slug}/reviews/?cursor=&page_size=2").json()
        seen = [row["id"] for row in body["results"]]
        while body["next"]:
            body = guest.get(body["next"]).json()
            seen += [row["id"] for row in body["results"]]
        assert seen == made[::-1]


class TestChanging:
    def test_the_author_changes_it_and_the_mean_follows(self, customer, product):
        made = review(customer, product, 5, title="Good", body="Fine")
        changed = customer.patch(f"{URL}{made['id']}/", {"rating": 2}).json()
        assert (changed["rating"], changed["title"], changed["body"]) == (2, "Good", "Fine")
        assert rating_of(product) == (2, 1)
        replaced = customer.put(f"{URL}{made['id']}/", {"rating": 3}).json()
        assert (replaced["rating"], replaced["title"], replaced["body"]) == (3, "", "")
        assert rating_of(product) == (3, 1)
        assert customer.put(f"{URL}{made['id']}/", {"title": "x"}).status_code == 400

    def test_the_author_removes_it(self, customer, product):
        made = review(customer, product)
        assert customer.delete(f"{URL}{made['id']}/").status_code == 204
        assert rating_of(product) == (0, 0)
        assert customer.delete(f"{URL}{made['id']}/").status_code == 404
        types = list(OutboxEvent.objects.order_by("id").values_list("type", flat=True))
        assert types == ["review.created", "review.deleted"]

    @pytest.mark.parametrize("method", ["put", "patch", "delete"])
    def test_nobody_else_does(self, customer, stranger, guest, product, method):
        made = review(customer, product, 5)
        body = {"rating": 1, "status": "rejected"}
        assert getattr(stranger, method)(f"{URL}{made['id']}/", body).status_code == 404
        assert getattr(guest, method)(f"{URL}{made['id']}/", body).status_code == 401
        assert rating_of(product) == (5, 1)

    @pytest.mark.parametrize("key", ["0", "-1", "x", "1.5", str(2**63), str(10**30), "%00", "²"])
    def test_unknown_ids(self, customer, key):
        for method in ("get", "put", "patch", "delete"):
            assert getattr(customer, method)(f"{URL}{key}/").status_code == 404
        assert customer.post(f"{URL}{key}/helpful/").status_code == 404


class TestModeration:
    def test_links_wait_for_staff(self, customer, stranger, guest, staff, product):
        made = review(customer, product, 5, body="Cheaper at https://spam.example")
        assert made["status"] == "pending"
        assert shown(guest, product) == shown(stranger, product) == []
        assert shown(customer, product) == [made["id"]]
        assert rating_of(product) == (0, 0)
        assert stranger.get(f"{URL}{made['id']}/").status_code == 404
        assert staff.patch(f"{URL}{made['id']}/", {"status": "approved"}).json()["status"] == "approved"
        assert shown(guest, product) == [made["id"]]
        assert rating_of(product) == (5, 1)

    def test_before_showing(self, moderated_before, customer, guest, product):
        assert review(customer, product)["status"] == "pending"
        assert shown(guest, product) == []

    def test_rewriting_does_not_undo_a_rejection(self, customer, staff, guest, product):
        made = review(customer, product, 1)
        staff.patch(f"{URL}{made['id']}/", {"status": "rejected"})
        assert rating_of(product) == (0, 0)
        assert customer.patch(f"{URL}{made['id']}/", {"body": "Again"}).json()["status"] == "pending"
        assert shown(guest, product) == []

    def test_an_approved_review_that_gains_a_link_waits_again(self, customer, product):
        made = review(customer, product)
        assert (
            customer.patch(f"{URL}{made['id']}/", {"body": "www.spam.example"}).json()["status"] == "pending"
        )
        assert rating_of(product) == (0, 0)

    def test_authors_do_not_approve_themselves_nor_staff_rewrite(self, customer, staff, product):
        made = review(customer, product, body="www.spam.example")
        for client, body in ((customer, {"status": "approved"}), (staff, {"rating": 1})):
            response = client.patch(f"{URL}{made['id']}/", body)
            assert (response.status_code, response.json()["code"]) == (403, "permission_denied")
        response = staff.patch(f"{URL}{made['id']}/", {"status": "excellent"})
        assert "status" in response.json()["extra"]["fields"]

    def test_moderating_and_deleting_are_permissions_of_their_own(self, customer, stranger, product):
        made = review(customer, product, body="www.spam.example")
        stranger.user.user_permissions.set(Permission.objects.filter(codename="moderate_review"))
        assert stranger.patch(f"{URL}{made['id']}/", {"status": "approved"}).status_code == 200
        assert stranger.delete(f"{URL}{made['id']}/").status_code == 404
        stranger.user.user_permissions.set(Permission.objects.filter(codename="delete_productreview"))
        assert stranger.delete(f"{URL}{made['id']}/").status_code == 204


class TestHelpful:
    def test_once_and_not_ones_own(self, customer, stranger, guest, product):
        made = review(customer, product)
        path = f"{URL}{made['id']}/helpful/"
        assert guest.post(path).status_code == 401
        response = stranger.post(path)
        assert (response.status_code, response.json()["helpful_count"]) == (200, 1)
        response = stranger.post(path)
        assert (response.status_code, response.json()["code"]) == (409, "already_voted")
        response = customer.post(path)
        assert (response.status_code, response.json()["code"]) == (403, "own_review")
        assert ProductReview.objects.get().helpful_count == 1

    def test_hidden_reviews_get_no_votes(self, customer, stranger, product):
        made = review(customer, product, body="www.spam.example")
        assert stranger.post(f"{URL}{made['id']}/helpful/").status_code == 404

    def test_reviews_of_hidden_products_are_hidden(self, customer, stranger, guest, product):
        made = review(customer, product)
        Product.objects.update(is_active=False)
        assert guest.get(f"{URL}{made['id']}/").status_code == 404
        assert stranger.post(f"{URL}{made['id']}/helpful/").status_code == 404
