"""The inbox: everybody sees their own."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps.core.api.fields import MAX_ID
from tests.support.api import client_of
from tests.support.factories import notification_make, user_make

pytestmark = pytest.mark.django_db
INBOX = "/api/notifications/"


@pytest.fixture
def ada():
    return user_make()


def ids(response):
    assert response.status_code == 200, response.content
    return [entry["id"] for entry in response.json()["results"]]


def test_what_an_entry_says(ada):
    entry = notification_make(user=ada, title="Order M-1 is on its way", kind="order.shipped")
    (shown,) = client_of(ada).get(INBOX).json()["results"]
    assert shown.pop("created_at").endswith("Z")
    assert shown == {
        "id": entry.pk,
        "kind": "order.shipped",
        "title": "Order M-1 is on its way",
        "body": "",
        "data": {"order_id": 1},
        "is_read": False,
    }


def test_newest_first_by_page_and_by_cursor(ada):
    made = [notification_make(user=ada).pk for _ in range(5)][::-1]
    notification_make(user=user_make())
    client = client_of(ada)
    assert client.get(INBOX).json()["count"] == 5
    assert ids(client.get(INBOX, {"page": 2, "page_size": 2})) == made[2:4]
    seen, url = [], f"{INBOX}?cursor=&page_size=2"
    while url:
        answer = client.get(url).json()
        seen += [entry["id"] for entry in answer["results"]]
        url = answer["next"] and answer["next"].partition("8000")[2]
    assert seen == made


def test_a_page_costs_the_same_for_1_and_50_entries(ada):
    counts = []
    for number in (1, 49):
        for _ in range(number):
            notification_make(user=ada)
        client = client_of(ada)
        with CaptureQueriesContext(connection) as queries:
            client.get(INBOX, {"page_size": 100})
        counts.append(len(queries))
    assert counts[0] == counts[1] <= 4


def test_read_and_unread(ada):
    first, second = notification_make(user=ada), notification_make(user=ada)
    client = client_of(ada)
    answers = [client.post(f"{INBOX}{first.pk}/read/") for _ in range(2)]
    assert [(a.status_code, a.json()["is_read"]) for a in answers] == [(200, True)] * 2
    assert ids(client.get(INBOX, {"unread": "true"})) == [second.pk]
    assert ids(client.get(INBOX, {"unread": "false"})) == [second.pk, first.pk]
    assert client.get(INBOX, {"unread": "1"}).json()["extra"]["fields"].keys() == {"unread"}


def test_reading_again_keeps_the_first_time(ada):
    entry = notification_make(user=ada)
    client_of(ada).post(f"{INBOX}{entry.pk}/read/")
    entry.refresh_from_db()
    first = entry.read_at
    client_of(ada).post(f"{INBOX}{entry.pk}/read/")
    client_of(ada).post(f"{INBOX}read-all/")
    entry.refresh_from_db()
    assert entry.read_at == first


def test_read_all_is_about_ones_own(ada):
    for _ in range(3):
        notification_make(user=ada)
    other = notification_make(user=user_make())
    client = client_of(ada)
    assert client.post(f"{INBOX}read-all/").json() == {"updated": 3}
    assert client.post(f"{INBOX}read-all/").json() == {"updated": 0}
    other.refresh_from_db()
    assert other.read_at is None


@pytest.mark.parametrize("staff", [False, True])
def test_other_peoples_entries_do_not_exist(ada, staff):
    """Red if the entry is looked up without its user."""
    theirs = notification_make(user=user_make())
    client = client_of(user_make(is_superuser=True) if staff else ada)
    response = client.post(f"{INBOX}{theirs.pk}/read/")
    assert (response.status_code, response.json()["code"]) == (404, "not_found")
    assert ids(client.get(INBOX)) == []
    theirs.refresh_from_db()
    assert theirs.read_at is None


@pytest.mark.parametrize("number", [0, 999_999, MAX_ID, MAX_ID + 1, 10**40])
def test_unknown_ids(ada, number):
    assert client_of(ada).post(f"{INBOX}{number}/read/").status_code == 404


@pytest.mark.parametrize(("method", "path"), [("get", ""), ("post", "1/read/"), ("post", "read-all/")])
def test_guests_have_no_inbox(method, path):
    response = getattr(client_of(), method)(f"{INBOX}{path}")
    assert (response.status_code, response.json()["code"]) == (401, "not_authenticated")
