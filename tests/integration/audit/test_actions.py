"""What staff do, over the API and in the admin, is recorded with before and after; what customers do is not."""

import pytest
from django.contrib.auth.models import Group, Permission
from django.core.management import call_command
from django.test import Client
from django.urls import reverse

from apps.accounts.models import User
from apps.audit.models import AuditEntry
from apps.orders.services.orders import order_mark_paid
from apps.products.models import ProductVariant
from apps.products.services.products import product_create, product_update
from apps.products.services.reviews import review_create
from tests.support.api import client_of
from tests.support.factories import product_make, user_make, variant_make
from tests.support.payments import deliver, order_make, payment_open

pytestmark = pytest.mark.django_db


@pytest.fixture
def root():
    return user_make(is_staff=True, is_superuser=True, email="root@example.com")


@pytest.fixture
def api(root):
    return client_of(root, **{"X-Request-Id": "request-0001"})


@pytest.fixture
def admin(root):
    client = Client(headers={"X-Request-Id": "request-0002"})
    client.force_login(root)
    return client


def recorded():
    """What has been recorded, without the changes."""
    return [(entry.action, entry.target) for entry in AuditEntry.objects.order_by("id")]


def changes(action):
    """Before and after of the one entry of this kind."""
    entry = AuditEntry.objects.get(action=action)
    assert entry.actor_label == "root@example.com"
    assert entry.actor_id == User.objects.get(email="root@example.com").pk
    return entry.before, entry.after


def test_price_and_stock_of_a_product(api):
    product = product_make(price_minor=1_000, stock=10)
    answer = api.patch(
        f"/api/products/{product.pk}/", {"price": "12.50", "stock": 7, "tags": ["Tea"]}, format="json"
    )
    assert answer.status_code == 200
    assert recorded() == [("stock.set", f"stock:{product.sku}"), ("product.update", f"product:{product.pk}")]
    assert changes("product.update") == (
        {"price_minor": 1_000, "tags": []},
        {"price_minor": 1_250, "tags": ["Tea"]},
    )
    assert changes("stock.set") == (
        {"on_hand": 10, "available": 10},
        {"on_hand": 7, "available": 7},
    )
    assert set(AuditEntry.objects.values_list("request_id", flat=True)) == {"request-0001"}


def test_what_changes_nothing_is_not_recorded(api):
    product = product_make(price_minor=1_000, stock=10)
    api.patch(f"/api/products/{product.pk}/", {"price": "10.00", "stock": 10}, format="json")
    assert recorded() == []


def test_a_refused_change_is_not_recorded(api):
    product = product_make()
    other = product_make()
    body = {"price": "1.00", "sku": other.sku}
    assert api.patch(f"/api/products/{product.pk}/", body, format="json").status_code == 409
    assert recorded() == []


def test_create_and_hide_a_product(api):
    body = {"sku": "KET-1", "name": "Kettle", "price": "9.00", "stock": 3}
    pk = api.post("/api/products/", body, format="json").json()["id"]
    assert api.delete(f"/api/products/{pk}/").status_code == 204
    assert recorded() == [
        ("stock.create", "stock:KET-1"),
        ("product.create", f"product:{pk}"),
        ("product.deactivate", f"product:{pk}"),
    ]
    before, after = changes("product.create")
    assert before == {}
    assert (after["sku"], after["price_minor"], after["is_active"]) == ("KET-1", 900, True)
    assert changes("product.deactivate") == ({"is_active": True}, {"is_active": False})
    assert changes("stock.create") == ({}, {"on_hand": 3})


def test_variants(api):
    product = product_make(stock=None)
    kept = variant_make(product=product, stock=4, price_minor=500)
    gone = variant_make(product=product)
    body = {
        "variants": [
            {"sku": kept.sku, "name": kept.name, "price": "6.00", "stock": 9},
            {"sku": "NEW", "name": "New"},
        ]
    }
    assert api.patch(f"/api/products/{product.pk}/", body, format="json").status_code == 200
    new = ProductVariant.objects.get(sku="NEW")
    assert recorded() == [
        ("variant.retire", f"variant:{gone.pk}"),
        ("variant.update", f"variant:{kept.pk}"),
        ("stock.set", f"stock:{kept.sku}"),
        ("variant.create", f"variant:{new.pk}"),
    ]
    assert changes("variant.update") == ({"price_minor": 500}, {"price_minor": 600})
    assert changes("variant.retire") == ({"is_active": True}, {"is_active": False})


def test_orders_over_the_api(api):
    order, cancelled = order_make(), order_make()
    order_mark_paid(order_id=order.pk)
    for step in ("ship", "deliver"):
        body = {"tracking": "T-1"} if step == "ship" else None
        assert api.post(f"/api/orders/{order.pk}/{step}/", body, format="json").status_code == 200
    assert (
        api.post(f"/api/orders/{cancelled.pk}/cancel/", {"reason": "Fraud"}, format="json").status_code == 200
    )
    assert recorded() == [
        ("order.ship", f"order:{order.pk}"),
        ("order.deliver", f"order:{order.pk}"),
        ("order.cancel", f"order:{cancelled.pk}"),
    ]
    assert changes("order.ship") == (
        {"status": "processing"},
        {"status": "shipped", "number": order.number, "tracking": "T-1"},
    )
    assert changes("order.cancel")[1]["reason"] == "Fraud"


@pytest.mark.parametrize(("action", "result"), [("ship", "shipped"), ("cancel", "cancelled")])
def test_orders_in_the_admin(admin, action, result):
    order = order_make()
    order_mark_paid(order_id=order.pk)
    admin.post(reverse("admin:orders_order_changelist"), {"action": action, "_selected_action": [order.pk]})
    assert recorded() == [(f"order.{action}", f"order:{order.pk}")]
    before, after = changes(f"order.{action}")
    assert (before["status"], after["status"]) == ("processing", result)
    assert AuditEntry.objects.get().request_id == "request-0002"


@pytest.mark.django_db(transaction=True)
def test_refunds(api, stripe):
    payment = payment_open()
    deliver(*stripe.pay(payment.session_id))
    body = {"amount": "5.00", "reason": "Broken"}
    url = f"/api/payments/{payment.pk}/refund/"
    for _ in range(2):  # a repetition refunds nothing and records nothing
        assert api.post(url, body, format="json", HTTP_IDEMPOTENCY_KEY="k").status_code == 201
    assert recorded() == [("refund.request", f"payment:{payment.pk}")]
    before, after = changes("refund.request")
    assert before == {"refund_reserved_minor": 0}
    assert (after["refund_reserved_minor"], after["amount_minor"], after["reason"]) == (500, 500, "Broken")
    body["amount"] = "1000.00"
    assert api.post(url, body, format="json").status_code == 409
    assert len(recorded()) == 1


def test_customers_are_not_recorded():
    customer, product = user_make(), product_make()
    order = order_make(user=customer)
    client = client_of(customer)
    assert client.post(f"/api/orders/{order.pk}/cancel/", {}, format="json").status_code == 200
    paid = order_make(user=customer)
    order_mark_paid(order_id=paid.pk)
    review = {"product_id": product.pk, "rating": 5}
    pk = client.post("/api/products/reviews/", review, format="json").json()["id"]
    assert client.patch(f"/api/products/reviews/{pk}/", {"rating": 4}, format="json").status_code == 200
    assert client.delete(f"/api/products/reviews/{pk}/").status_code == 204
    assert recorded() == []


def test_programs_without_a_name_are_not_recorded():
    product = product_create(data={"sku": "A", "name": "A", "price_minor": 1, "stock": 1})
    product_update(product_id=product.pk, data={"price_minor": 2, "stock": 5})
    assert recorded() == []


def test_reviews(api, admin):
    product = product_make()
    first = review_create(user=user_make(), product_id=product.pk, rating=1)
    second = review_create(user=user_make(), product_id=product.pk, rating=1)
    api.patch(f"/api/products/reviews/{first.pk}/", {"status": "rejected"}, format="json")
    api.delete(f"/api/products/reviews/{first.pk}/")
    body = {"action": "reject", "_selected_action": [second.pk]}
    admin.post(reverse("admin:products_productreview_changelist"), body)
    assert recorded() == [
        ("review.moderate", f"review:{first.pk}"),
        ("review.delete", f"review:{first.pk}"),
        ("review.moderate", f"review:{second.pk}"),
    ]


def product_form(**fields):
    management = {
        f"{prefix}-{name}": value
        for prefix in ("variants", "images")
        for name, value in (("TOTAL_FORMS", 0), ("INITIAL_FORMS", 0))
    }
    return {"description": "", "brand": "", "attributes": "{}", "is_active": "on", **management, **fields}


def test_products_in_the_admin(admin):
    product = product_make(price_minor=1_000, stock=10)
    body = product_form(sku=product.sku, name=product.name, slug=product.slug, price="11.00", stock="4")
    url = reverse("admin:products_product_change", args=[product.pk])
    assert admin.post(url, body).status_code == 302
    assert changes("product.update") == ({"price_minor": 1_000}, {"price_minor": 1_100})
    assert changes("stock.set")[1] == {"on_hand": 4, "available": 4}
    body = {"action": "delete_selected", "_selected_action": [product.pk], "post": "yes"}
    admin.post(reverse("admin:products_product_changelist"), body)
    assert changes("product.deactivate") == ({"is_active": True}, {"is_active": False})


PROFILE = {"profile-TOTAL_FORMS": "0", "profile-INITIAL_FORMS": "0"}


def test_roles_in_the_admin(admin):
    user, group = user_make(first_name="Ada"), Group.objects.get(name="orders")
    permission = Permission.objects.get(codename="add_refund")
    body = {
        "email": user.email, "first_name": "Ada", "last_name": "", "is_active": "on", "is_staff": "on",
        "groups": [group.pk], "user_permissions": [permission.pk],
    }  # fmt: skip
    url = reverse("admin:accounts_user_change", args=[user.pk])
    assert admin.post(url, body | PROFILE).status_code == 302
    assert changes("user.update") == (
        {"is_staff": False, "groups": [], "permissions": []},
        {"is_staff": True, "groups": ["orders"], "permissions": ["payments.add_refund"]},
    )
    password = {"usable_password": "true", "password1": "silver-Teapot-77", "password2": "silver-Teapot-77"}
    admin.post(reverse("admin:auth_user_password_change", args=[user.pk]), password)
    assert changes("user.set_password") == ({}, {"password": "set"})
    admin.post(reverse("admin:accounts_user_delete", args=[user.pk]), {"post": "yes"})
    assert changes("user.delete")[0]["email"] == user.email
    assert not User.objects.filter(pk=user.pk).exists()


def test_a_refused_password_is_not_recorded(admin):
    user = user_make()
    url = reverse("admin:auth_user_password_change", args=[user.pk])
    body = {"usable_password": "true", "password1": "x", "password2": "y"}
    assert admin.post(url, body).status_code == 200
    assert recorded() == []


def test_groups_in_the_admin(admin):
    permission = Permission.objects.get(codename="view_auditentry")
    body = {"name": "auditors", "permissions": [permission.pk]}
    assert admin.post(reverse("admin:auth_group_add"), body).status_code == 302
    pk = Group.objects.get(name="auditors").pk
    url = reverse("admin:auth_group_change", args=[pk])
    assert admin.post(url, {"name": "auditors", "permissions": []}).status_code == 302
    delete = {"action": "delete_selected", "_selected_action": [pk], "post": "yes"}
    assert admin.post(reverse("admin:auth_group_changelist"), delete).status_code == 302
    assert recorded() == [(f"group.{verb}", f"group:{pk}") for verb in ("create", "update", "delete")]
    assert changes("group.create")[1] == {"name": "auditors", "permissions": ["audit.view_auditentry"]}
    assert changes("group.update") == ({"permissions": ["audit.view_auditentry"]}, {"permissions": []})


def test_an_administrator_made_on_the_command_line(capsys):
    user = user_make(email="new@example.com")
    for _ in range(2):
        call_command("admin_ensure", email="new@example.com", password="copper-Kettle-42")
    entry = AuditEntry.objects.get()
    assert (entry.actor_label, entry.actor_id) == ("manage.py admin_ensure", None)
    assert (entry.action, entry.target) == ("user.admin_ensure", f"user:{user.pk}")
    assert (entry.before["is_superuser"], entry.after["is_superuser"]) == (False, True)
    assert "copper" not in str(entry.after)
