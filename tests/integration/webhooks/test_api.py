"""Staff manage endpoints and look into deliveries."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import Group, Permission
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from apps.accounts.models import User
from apps.core.api.fields import MAX_ID
from apps.webhooks.models import WebhookDelivery, WebhookEndpoint
from apps.webhooks.services import endpoints
from apps.webhooks.services.sending import deliveries_send_due
from tests.support.api import client_of
from tests.support.factories import user_make
from tests.support.receiver import Reply
from tests.support.threads import run_together
from tests.support.webhooks import emit, endpoint_make, happen, time_passes

pytestmark = pytest.mark.django_db
BASE = "/api/webhooks"
URL = "https://erp.example.com/meshop"
BODY = {"url": URL, "events": ["order.*"]}


def staff(*codenames: str) -> User:
    user = user_make(is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__in=codenames))
    return user


@pytest.fixture
def client():
    user = user_make(is_staff=True)
    user.groups.add(Group.objects.get(name="integrations"))
    return client_of(user)


@pytest.fixture
def production(settings, development):
    settings.MESHOP = settings.MESHOP.model_copy(update={"webhook_targets": "public"})


def code(response):
    return response.status_code, response.json()["code"]


class TestEndpoints:
    def test_the_secret_is_shown_once(self, client):
        made = client.post(f"{BASE}/endpoints/", BODY)
        assert made.status_code == 201
        assert made["Cache-Control"] == "no-store"
        secret = made.json()["secret"]
        assert secret.startswith("whsec_")
        endpoint = WebhookEndpoint.objects.get()
        assert endpoint.secret == secret
        for path in (f"{BASE}/endpoints/", f"{BASE}/endpoints/{endpoint.pk}/"):
            assert secret not in client.get(path).content.decode()
        assert (
            secret
            not in client.patch(f"{BASE}/endpoints/{endpoint.pk}/", {"description": "x"}).content.decode()
        )
        shown = client.get(f"{BASE}/endpoints/{endpoint.pk}/").json()
        assert (shown["url"], shown["events"], shown["is_enabled"]) == (URL, ["order.*"], True)

    def test_change_and_delete(self, client):
        endpoint = endpoint_make(URL)
        path = f"{BASE}/endpoints/{endpoint.pk}/"
        changes = {
            "url": f"{URL}/2",
            "events": ["refund.succeeded"],
            "description": "ERP",
            "is_enabled": False,
        }
        changed = client.patch(path, changes).json()
        assert {name: changed[name] for name in changes} == changes
        assert changed["disabled_reason"] == "Disabled by staff."
        again = client.patch(path, {"is_enabled": True}).json()
        assert (again["is_enabled"], again["disabled_reason"], again["disabled_at"]) == (True, "", None)
        assert client.delete(path).status_code == 204
        assert code(client.delete(path)) == (404, "webhook_endpoint_not_found")

    @pytest.mark.parametrize(
        ("change", "field"),
        [
            ({"url": "http://erp.example.com/"}, "url"),
            ({"url": "https://169.254.169.254/latest/"}, "url"),
            ({"url": "https://localhost@8.8.8.8/"}, "url"),
            ({"url": "https://8.8.8.8:6379/"}, "url"),
            ({"url": f"https://a.example/{'x' * 2_000}"}, "url"),
            ({"url": 1}, "url"),
            ({"events": []}, "events"),
            ({"events": ["user.*"]}, "events"),
            ({"events": ["order.paid", "refund.requested"]}, "events"),
            ({"events": "order.*"}, "events"),
            ({"events": {"a": 1}}, "events"),
            ({"events": ["order.*"] * 51}, "events"),
            ({"description": "x" * 201}, "description"),
        ],
    )
    def test_bad_input(self, client, production, change, field):
        endpoint = endpoint_make(URL)
        for response in (
            client.post(f"{BASE}/endpoints/", BODY | change),
            client.patch(f"{BASE}/endpoints/{endpoint.pk}/", change),
        ):
            assert response.status_code == 400
            assert field in response.json()["extra"]["fields"]
        assert WebhookEndpoint.objects.count() == 1

    def test_a_null_character(self, client):
        assert code(client.post(f"{BASE}/endpoints/", BODY | {"url": "https://a\x00.b/"})) == (
            400,
            "malformed_body",
        )

    def test_rotation(self, client):
        endpoint = endpoint_make(URL)
        path = f"{BASE}/endpoints/{endpoint.pk}/rotate-secret/"
        first = client.post(path, {})
        assert first["Cache-Control"] == "no-store"
        assert first.json()["secret"] != endpoint.secret
        rotated = WebhookEndpoint.objects.get()
        assert endpoints.endpoint_keys(rotated) == [first.json()["secret"], endpoint.secret]
        hours = (rotated.previous_secret_until - timezone.now()) / timedelta(hours=1)
        assert 23.9 < hours <= 24
        at_once = client.post(path, {"overlap_hours": 0}).json()
        assert at_once["previous_secret_until"] is None
        assert endpoints.endpoint_keys(WebhookEndpoint.objects.get()) == [at_once["secret"]]
        for hours in (-1, 169, 1.5, True, "24", None):
            assert client.post(path, {"overlap_hours": hours}, format="json").status_code == 400

    @pytest.mark.django_db(transaction=True)
    def test_no_more_than_so_many_also_at_once(self, client, monkeypatch):
        """Red without the lock of creations."""
        monkeypatch.setattr(endpoints, "MAX_ENDPOINTS", 5)
        results = run_together([lambda: client_of(USER()).post(f"{BASE}/endpoints/", BODY)] * 12, at_once=12)
        assert sorted(answer.status_code for answer in results) == [201] * 5 + [409] * 7
        assert code(client.post(f"{BASE}/endpoints/", BODY)) == (409, "too_many_webhook_endpoints")
        assert WebhookEndpoint.objects.count() == 5


def USER():
    return staff("add_webhookendpoint")


@pytest.mark.django_db(transaction=True)
class TestDeliveries:
    def test_what_became_of_it(self, client, receiver):
        receiver.replies.append(Reply(503, b"<h1>Busy</h1>"))
        endpoint = endpoint_make(receiver.url)
        happen()
        time_passes()
        deliveries_send_due()
        (listed,) = client.get(f"{BASE}/deliveries/").json()["results"]
        shown = client.get(f"{BASE}/deliveries/{listed['id']}/").json()
        assert {name: shown[name] for name in listed} == listed
        assert (listed["endpoint_id"], listed["state"], listed["attempts"]) == (endpoint.pk, "delivered", 2)
        assert listed["next_attempt_at"] is None
        assert shown["body"].encode() == receiver.got[0].body
        first, second = shown["attempt_log"]
        assert (first["number"], first["status_code"], first["response"]) == (1, 503, "<h1>Busy</h1>")
        assert (second["number"], second["status_code"], second["error"]) == (2, 200, "")
        assert 0 <= second["duration_ms"] < 2_000

    def test_filters(self, client, receivers):
        well, ill = receivers(), receivers()
        ill.always = Reply(500)
        first, second = endpoint_make(well.url), endpoint_make(ill.url)
        happen(count=2)

        def count(**filters):
            return client.get(f"{BASE}/deliveries/", filters).json()["count"]

        assert (count(), count(endpoint_id=first.pk), count(state="queued")) == (4, 2, 2)
        assert (count(endpoint_id=second.pk, state="delivered"), count(endpoint_id=MAX_ID)) == (0, 0)
        for bad in ({"state": "lost"}, {"endpoint_id": "x"}, {"endpoint_id": 0}, {"endpoint_id": MAX_ID + 1}):
            assert client.get(f"{BASE}/deliveries/", bad).status_code == 400

    def test_pages_cost_the_same_for_1_and_30(self, client, receiver):
        endpoint_make(receiver.url)
        counts = []
        for number in (1, 29):
            happen(count=number)
            with CaptureQueriesContext(connection) as queries:
                client.get(f"{BASE}/deliveries/", {"page_size": 100})
                client.get(f"{BASE}/endpoints/")
            counts.append(len(queries))
        assert counts[0] == counts[1]

    def test_replay(self, client, receiver):
        endpoint_make(receiver.url)
        happen()
        delivery = WebhookDelivery.objects.get()
        replayed = client.post(f"{BASE}/deliveries/{delivery.pk}/replay/")
        assert (replayed.status_code, replayed.json()["state"]) == (202, "queued")
        assert deliveries_send_due() == 1
        first, again = receiver.got
        assert (first.headers["webhook-id"], first.body) == (again.headers["webhook-id"], again.body)
        shown = client.get(f"{BASE}/deliveries/{delivery.pk}/").json()
        assert [attempt["number"] for attempt in shown["attempt_log"]] == [1, 2]

    def test_replay_does_not_wait_for_the_pause(self, client, receiver):
        receiver.replies.append(Reply(500))
        endpoint_make(receiver.url)
        happen()
        client.post(f"{BASE}/deliveries/{WebhookDelivery.objects.get().pk}/replay/")
        assert deliveries_send_due() == 1
        assert WebhookDelivery.objects.get().state == "delivered"

    def test_replay_refused(self, client, receiver):
        endpoint = endpoint_make(receiver.url)
        happen()
        delivery = WebhookDelivery.objects.get()
        path = f"{BASE}/deliveries/{delivery.pk}/replay/"
        under_way = {"state": "sending", "next_attempt_at": timezone.now() + timedelta(minutes=1)}
        WebhookDelivery.objects.update(**under_way)
        assert code(client.post(path)) == (409, "webhook_delivery_under_way")
        WebhookDelivery.objects.update(next_attempt_at=timezone.now())
        assert client.post(path).status_code == 202  # its sender has died
        client.patch(f"{BASE}/endpoints/{endpoint.pk}/", {"is_enabled": False})
        assert code(client.post(path)) == (409, "webhook_endpoint_disabled")
        assert code(client.post(f"{BASE}/endpoints/{endpoint.pk}/replay-failed/")) == (
            409,
            "webhook_endpoint_disabled",
        )

    def test_all_that_was_given_up_is_replayed(self, client, receiver, settings):
        settings.MESHOP = settings.MESHOP.model_copy(update={"webhook_disable_after": 1})
        receiver.replies.append(Reply(500))
        endpoint = endpoint_make(receiver.url)
        happen(count=1)
        assert WebhookDelivery.objects.get().state == "failed"
        client.patch(f"{BASE}/endpoints/{endpoint.pk}/", {"is_enabled": True})
        emit()
        happen()
        assert client.post(f"{BASE}/endpoints/{endpoint.pk}/replay-failed/").json() == {"queued": 1}
        deliveries_send_due()
        assert set(WebhookDelivery.objects.values_list("state", flat=True)) == {"delivered"}
        assert client.post(f"{BASE}/endpoints/{endpoint.pk}/replay-failed/").json() == {"queued": 0}


CALLS = [
    ("get", "endpoints/", "view_webhookendpoint"),
    ("post", "endpoints/", "add_webhookendpoint"),
    ("get", "endpoints/1/", "view_webhookendpoint"),
    ("patch", "endpoints/1/", "change_webhookendpoint"),
    ("delete", "endpoints/1/", "delete_webhookendpoint"),
    ("post", "endpoints/1/rotate-secret/", "change_webhookendpoint"),
    ("post", "endpoints/1/replay-failed/", "change_webhookdelivery"),
    ("get", "deliveries/", "view_webhookdelivery"),
    ("get", "deliveries/1/", "view_webhookdelivery"),
    ("post", "deliveries/1/replay/", "change_webhookdelivery"),
]


@pytest.mark.parametrize(("method", "path", "codename"), CALLS)
def test_who_may(method, path, codename):
    every = Permission.objects.filter(content_type__app_label="webhooks").exclude(codename=codename)
    others = staff(*every.values_list("codename", flat=True))

    def status(user):
        return getattr(client_of(user), method)(f"{BASE}/{path}").status_code

    assert status(None) == 401
    assert status(user_make()) == status(others) == 403
    assert status(staff(codename)) in (200, 400, 404)


@pytest.mark.parametrize("number", [0, MAX_ID, MAX_ID + 1, 10**40])
@pytest.mark.parametrize(
    ("method", "path"),
    [(method, path.replace("1", "{}", 1)) for method, path, _ in CALLS if "1" in path],
)
def test_unknown_ids(client, method, path, number):
    assert getattr(client, method)(f"{BASE}/{path.format(number)}", {}).status_code == 404
