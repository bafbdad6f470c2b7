"""``GET /api/audit/``: for those with the permission, filtered, by cursor. The admin shows and does not edit."""

from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

import pytest
from django.contrib.auth.models import Permission
from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from apps.audit.models import AuditEntry
from apps.audit.services import audit_record
from tests.support.api import client_of
from tests.support.factories import user_make

pytestmark = pytest.mark.django_db(transaction=True)
URL = "/api/audit/"


@pytest.fixture
def auditor():
    user = user_make(is_staff=True)
    user.user_permissions.add(Permission.objects.get(codename="view_auditentry"))
    return client_of(user)


@transaction.atomic
def record(action="test.act", target="test:1", actor="a program", **states):
    audit_record(actor=actor, action=action, target=target, after=states or {"n": 1})


def sequences(client, **query):
    answer = client.get(URL, query)
    assert answer.status_code == 200, answer.content
    return [row["sequence"] for row in answer.json()["results"]]


def test_who_may_read():
    assert client_of().get(URL).status_code == 401
    staff = user_make(is_staff=True)
    staff.user_permissions.set(Permission.objects.exclude(content_type__app_label="audit"))
    assert client_of(staff).get(URL).status_code == 403


@pytest.mark.parametrize("method", ["post", "put", "patch", "delete"])
def test_nobody_writes(auditor, method):
    assert getattr(auditor, method)(URL, {}, format="json").status_code == 405


def test_an_entry(auditor):
    boss = user_make(email="boss@example.com")
    record("product.update", "product:7", boss, price_minor=5)
    entry = AuditEntry.objects.get()
    (row,) = auditor.get(URL).json()["results"]
    assert datetime.fromisoformat(row.pop("at")) == entry.at
    assert row == {
        "sequence": 1,
        "actor_id": boss.pk,
        "actor": "boss@example.com",
        "action": "product.update",
        "target": "product:7",
        "before": {},
        "after": {"price_minor": 5},
        "request_id": "",
        "previous_hash": "0" * 64,
        "hash": entry.hash,
    }


def test_filters(auditor):
    boss = user_make()
    record("a.b", "x:1")
    record("a.b", "x:2", boss)
    record("a.c", "x:1", boss)
    assert sequences(auditor) == [3, 2, 1]
    assert sequences(auditor, actor=boss.pk) == [3, 2]
    assert sequences(auditor, action="a.b") == [2, 1]
    assert sequences(auditor, target="x:1") == [3, 1]
    assert sequences(auditor, target="x:1", actor=boss.pk) == [3]
    at = AuditEntry.objects.get(sequence=2).at
    assert sequences(auditor, since=at.isoformat()) == [3, 2]
    assert sequences(auditor, until=at.isoformat()) == [1]
    assert sequences(auditor, until=(datetime.now(UTC) - timedelta(days=1)).isoformat()) == []


@pytest.mark.parametrize(
    "query",
    [
        {"actor": "x"},
        {"actor": "0"},
        {"actor": "9" * 19},
        {"actor": "9" * 40},
        {"action": "a\x00"},
        {"target": "t" * 121},
        {"since": "yesterday"},
        {"until": "2026-13-01"},
        {"until": "0001-01-01T00:00:00+14:00"},
        {"cursor": "abc"},
        {"page_size": "0"},
    ],
)
def test_bad_filters(auditor, query):
    assert auditor.get(URL, query).status_code == 400


def test_pages_by_cursor(auditor):
    for number in range(7):
        record(target=f"x:{number}")
    seen, path, queries = [], f"{URL}?cursor=&page_size=3", []
    while path:
        with CaptureQueriesContext(connection) as captured:
            body = auditor.get(path).json()
        queries.append(len(captured))
        seen += [row["sequence"] for row in body["results"]]
        record(target="later")  # shifts nothing
        path = body["next"] and "?".join(urlsplit(body["next"])[2:4])
    assert seen == [7, 6, 5, 4, 3, 2, 1]
    assert len(set(queries)) == 1


def test_the_admin_shows_and_does_not_edit():
    client = Client()
    client.force_login(user_make(is_staff=True, is_superuser=True))
    record()
    entry = AuditEntry.objects.get()
    for model, pk in (("auditentry", entry.pk), ("audithead", 1)):
        assert client.get(reverse(f"admin:audit_{model}_changelist"), {"q": "test:1"}).status_code == 200
        assert client.get(reverse(f"admin:audit_{model}_change", args=[pk])).status_code == 200
        assert client.get(reverse(f"admin:audit_{model}_add")).status_code == 403
        assert client.post(reverse(f"admin:audit_{model}_change", args=[pk]), {}).status_code == 403
        assert (
            client.post(reverse(f"admin:audit_{model}_delete", args=[pk]), {"post": "y"}).status_code == 403
        )
