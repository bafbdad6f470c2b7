"""The admin writes through the services and shows a secret once."""

import pytest
from django.test import Client
from django.urls import reverse

from apps.webhooks.models import WebhookDelivery, WebhookEndpoint
from tests.support.factories import user_make
from tests.support.webhooks import endpoint_make, happen

pytestmark = pytest.mark.django_db
WORDS = {"url": "https://erp.example.com/", "description": "ERP", "events": "order.*,refund.succeeded"}


@pytest.fixture
def admin():
    client = Client()
    client.force_login(user_make(is_staff=True, is_superuser=True))
    return client


def url(name, *args):
    return reverse(f"admin:webhooks_{name}", args=args)


def act(admin, page, action, *rows):
    selected = {"action": action, "_selected_action": [row.pk for row in rows]}
    return admin.post(url(f"{page}_changelist"), selected, follow=True).content.decode()


def test_adding_shows_the_secret_once(admin):
    page = admin.post(url("webhookendpoint_add"), WORDS, follow=True).content.decode()
    endpoint = WebhookEndpoint.objects.get()
    assert endpoint.events == ["order.*", "refund.succeeded"]
    assert endpoint.secret.startswith("whsec_")
    assert endpoint.secret.replace("+", "&#x2B;") in page or endpoint.secret in page
    for path in (url("webhookendpoint_changelist"), url("webhookendpoint_change", endpoint.pk)):
        assert "whsec_" not in admin.get(path).content.decode()


@pytest.mark.parametrize(
    "change", [{"url": "ftp://a.example/"}, {"events": "user.*"}, {"events": ""}, {"url": "http://a@b/"}]
)
def test_what_the_services_refuse(admin, change):
    page = admin.post(url("webhookendpoint_add"), WORDS | change)
    assert page.status_code == 200
    assert set(page.context["adminform"].form.errors) == change.keys()
    assert not WebhookEndpoint.objects.exists()


def test_changing_switching_and_rotating(admin):
    endpoint = endpoint_make("https://a.example/")
    secret = endpoint.secret
    assert admin.post(url("webhookendpoint_change", endpoint.pk), WORDS).status_code == 302
    act(admin, "webhookendpoint", "disable", endpoint)
    endpoint.refresh_from_db()
    assert (endpoint.url, endpoint.is_enabled, endpoint.secret) == (WORDS["url"], False, secret)
    act(admin, "webhookendpoint", "enable", endpoint)
    assert "whsec_" in act(admin, "webhookendpoint", "rotate_secret", endpoint)
    endpoint.refresh_from_db()
    assert (endpoint.is_enabled, endpoint.previous_secret) == (True, secret)
    assert admin.post(url("webhookendpoint_delete", endpoint.pk), {"post": "yes"}).status_code == 302
    assert not WebhookEndpoint.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_deliveries_are_shown_and_replayed(admin, receiver):
    endpoint_make(receiver.url)
    happen()
    delivery = WebhookDelivery.objects.get()
    page = admin.get(url("webhookdelivery_change", delivery.pk)).content.decode()
    assert "thank you" in page
    act(admin, "webhookdelivery", "replay", delivery)
    delivery.refresh_from_db()
    assert delivery.state == "queued"
    WebhookEndpoint.objects.update(is_enabled=False)
    assert "is disabled" in act(admin, "webhookdelivery", "replay", delivery)


def test_without_permission(receiver):
    endpoint = endpoint_make(receiver.url)
    client = Client()
    client.force_login(user_make(is_staff=True))
    assert client.get(url("webhookendpoint_change", endpoint.pk)).status_code == 403
    assert client.get(url("webhookdelivery_changelist")).status_code == 403
