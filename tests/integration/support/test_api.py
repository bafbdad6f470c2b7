"""Policies, tickets, and the chat without its service."""

import uuid

import pytest
from django.contrib.auth.models import Permission

from apps.audit.models import AuditEntry
from apps.support.models import Policy, Ticket
from apps.support.services.tickets import MAX_OPEN
from tests.support.api import client_of
from tests.support.factories import product_make, user_make

pytestmark = pytest.mark.django_db
TICKETS = "/api/support/tickets/"


def staff(*codenames):
    user = user_make(is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__in=codenames))
    return user


def test_policies_carry_the_amounts_of_the_settings(django_assert_num_queries):
    Policy.objects.all().delete()
    Policy.objects.create(
        slug="shipping", title="Shipping", body="It costs {shipping_flat} {currency}.", keywords="a, b"
    )
    with django_assert_num_queries(1):
        (row,) = client_of().get("/api/support/policies/").json()["results"]
    assert row["body"] == "It costs 4.95 GBP."
    assert row["keywords"] == ["a", "b"]


def test_a_conversation_has_one_open_ticket():
    client, body = client_of(user_make()), {"subject": "Help", "conversation_id": str(uuid.uuid4())}
    first, again = client.post(TICKETS, body), client.post(TICKETS, body)
    assert first.status_code == 201
    assert again.json()["id"] == first.json()["id"]
    assert client.get(TICKETS).json()["count"] == 1


def test_tickets_are_their_owners():
    pk = client_of(user_make()).post(TICKETS, {"subject": "Help"}).json()["id"]
    stranger = client_of(user_make())
    assert stranger.get(f"{TICKETS}{pk}/").json()["code"] == "ticket_not_found"
    assert stranger.get(TICKETS).json()["count"] == 0
    assert stranger.get(f"{TICKETS}?scope=all").status_code == 403
    assert stranger.post(f"{TICKETS}{pk}/close/").status_code == 403
    assert client_of().get(TICKETS).status_code == 401


def test_staff_answer_and_close_once():
    buyer = client_of(user_make())
    pk = buyer.post(TICKETS, {"subject": "Help", "transcript": [{"role": "user", "text": "Hi"}]}).json()["id"]
    clerk = client_of(staff("view_ticket", "change_ticket"))
    assert clerk.get(f"{TICKETS}?scope=all&status=open").json()["count"] == 1
    assert clerk.post(f"{TICKETS}{pk}/close/", {"answer": "Done."}).json()["status"] == "closed"
    assert clerk.post(f"{TICKETS}{pk}/close/").json()["code"] == "ticket_closed"
    assert buyer.get(f"{TICKETS}{pk}/").json()["answer"] == "Done."
    assert AuditEntry.objects.filter(action="ticket.close").count() == 1


def test_nobody_floods_the_desk():
    client = client_of(user_make())
    for _ in range(MAX_OPEN):
        assert client.post(TICKETS, {"subject": "Help"}).status_code == 201
    assert client.post(TICKETS, {"subject": "Help"}).json()["code"] == "too_many_tickets"
    assert Ticket.objects.count() == MAX_OPEN


class TestChatWithoutItsService:
    def test_it_searches_and_cites(self):
        product = product_make(name="Copper kettle")
        body = client_of().post("/api/chat/", {"message": "copper kettle"}).json()
        assert (body["source"], body["model"], body["proposed_action"]) == ("fallback", None, None)
        assert body["citations"] == [
            {"marker": 1, "kind": "product", "title": product.name, "url": f"/api/products/{product.pk}/"}
        ]
        assert "Copper kettle costs 10.00 GBP. [1]" in body["reply"]

    def test_it_tells_callers_of_their_own_orders_only(self):
        buyer, product = user_make(), product_make()
        address = {"full_name": "A", "line1": "1", "city": "L", "postal_code": "N1", "country": "GB"}
        order = {"items": [{"product_id": product.pk, "quantity": 1}], "shipping_address": address}
        number = client_of(buyer).post("/api/orders/", order).json()["number"]
        asked = {"message": "Where is my order?"}
        assert f"Order {number} is pending. [1]" in client_of(buyer).post("/api/chat/", asked).json()["reply"]
        for other in (client_of(), client_of(user_make())):
            assert number not in other.post("/api/chat/", asked).content.decode()

    def test_it_confirms_nothing(self):
        conversation = str(uuid.uuid4())
        body = client_of().post("/api/chat/", {"conversation_id": conversation, "confirm": "x"}).json()
        assert body["conversation_id"] == conversation
        assert "I cannot say whether the change was made" in body["reply"]

    def test_it_streams_and_refuses(self):
        stream = {"HTTP_ACCEPT": "text/event-stream"}
        answer = client_of().post("/api/chat/", {"message": "kettle"}, **stream)
        assert answer.content.startswith(b"event: answer\ndata: {")
        for body in ({}, {"message": "a", "confirm": "b"}, {"confirm": "b"}, {"message": ["a"]}):
            refused = client_of().post("/api/chat/", body, **stream)
            assert (refused.status_code, refused.json()["code"]) == (400, "validation_error")
