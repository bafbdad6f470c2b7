"""Deliveries that were given up are made again by staff, from the admin."""

import uuid

import pytest
from django.utils import timezone

from apps.core.inbox import retries_replay
from apps.core.models import EventRetry

pytestmark = [pytest.mark.integration, pytest.mark.django_db]


def retry(**fields):
    return EventRetry.objects.create(event_id=uuid.uuid4(), consumer="c", message={}, attempts=8, **fields)


def test_what_was_given_up_is_due_at_once_and_what_is_under_way_is_left_alone():
    dead, waiting, under_way = retry(is_dead=True), retry(due_at=timezone.now()), retry()
    assert retries_replay(ids=[dead.pk, waiting.pk, under_way.pk]) == 2
    for row in (dead, waiting):
        row.refresh_from_db()
        assert (row.is_dead, row.attempts) == (False, 1)
        assert row.due_at <= timezone.now()
    under_way.refresh_from_db()
    assert (under_way.attempts, under_way.due_at) == (8, None)


@pytest.mark.parametrize(("superuser", "changed"), [(True, True), (False, False)])
def test_only_those_who_may_change_deliveries_replay_them(client, django_user_model, superuser, changed):
    person = django_user_model.objects.create(
        email="staff@example.com", is_staff=True, is_superuser=superuser
    )
    client.force_login(person)
    row = retry(is_dead=True)
    client.post("/admin/core/eventretry/", {"action": "replay", "_selected_action": [row.pk]})
    row.refresh_from_db()
    assert row.is_dead is not changed
