"""Consumers that leave traces, and the traces."""

from collections import Counter
from uuid import UUID

from django.db import connection

from apps.core.events import Event

TABLE = "tests_effect"


def effects_create() -> None:
    """Make the table of effects. It has no unique key: a second effect must show, not fail."""
    with connection.cursor() as cursor:
        cursor.execute(f"CREATE TABLE IF NOT EXISTS {TABLE} (event_id uuid, consumer text)")
        cursor.execute(f"TRUNCATE {TABLE}")


def effect_count(event: Event) -> None:
    """Consumer: leave a trace."""
    with connection.cursor() as cursor:
        cursor.execute(f"INSERT INTO {TABLE} VALUES (%s, 'tests.count')", [event.id])


def effect_refuse(event: Event) -> None:
    """Consumer: always fail."""
    raise RuntimeError("this consumer never can")


def effect_then_refuse(event: Event) -> None:
    """Consumer: leave a trace, then fail."""
    effect_count(event)
    effect_refuse(event)


def effects() -> Counter[UUID]:
    """How often each event has had its effect."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT event_id, count(*) FROM {TABLE} GROUP BY 1")
        return Counter(dict(cursor.fetchall()))
