"""Saying what happened. :func:`event_emit` writes to the outbox; publishing is the relay's business."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import structlog
from django.db import connection, transaction

from apps.core.models import OutboxEvent
from meshop_shared.events import EventPayload, event_schema, payload_check
from meshop_shared.tracing import traceparent_current

#: PostgreSQL channel that wakes the relay.
WAKE_CHANNEL = "meshop_outbox"


@dataclass(frozen=True, slots=True)
class Event:
    """An event as its consumers get it: at least once, in no guaranteed order."""

    id: UUID
    type: str
    version: int
    #: What it is about, as ``order:17``.
    aggregate: str
    payload: EventPayload
    created_at: datetime
    headers: dict[str, str]

    @classmethod
    def from_message(cls, message: dict[str, Any]) -> "Event":
        """Read what :func:`event_message` wrote, maybe by a newer release: fields unknown here are ignored.

        Raises ``UnknownEvent`` and ``pydantic.ValidationError``.
        """
        schema = event_schema(message["type"], message["version"])
        return cls(
            id=UUID(message["id"]),
            type=message["type"],
            version=message["version"],
            aggregate=message["aggregate"],
            payload=schema.model_validate(message["payload"], extra="ignore"),
            created_at=datetime.fromisoformat(message["created_at"]),
            headers=message["headers"],
        )


def event_message(row: OutboxEvent) -> dict[str, Any]:
    """The JSON form in which an event travels."""
    return {
        "id": str(row.event_id),
        "type": row.type,
        "version": row.version,
        "aggregate": row.aggregate,
        "payload": row.payload,
        "created_at": row.created_at.isoformat(),
        "headers": row.headers,
    }


def event_emit(*, type: str, aggregate: str, payload: dict[str, Any], version: int = 1) -> OutboxEvent:
    """Record a fact in the current transaction and wake the relay once that commits.

    Call inside ``transaction.atomic``. The payload must fit the schema in :mod:`meshop_shared.events`: raises
    ``UnknownEvent`` and ``pydantic.ValidationError``, which are mistakes of the caller.
    """
    request_id = structlog.contextvars.get_contextvars().get("request_id", "")
    headers = {"request_id": request_id, "traceparent": traceparent_current()}
    row = OutboxEvent.objects.create(
        type=type,
        version=version,
        aggregate=aggregate,
        payload=payload_check(type, version, payload),
        headers={name: value for name, value in headers.items() if value},
    )
    if all(entry[1] is not relay_wake for entry in connection.run_on_commit):
        transaction.on_commit(relay_wake, robust=True)
    return row


def relay_wake() -> None:
    """Tell the relay that there is something to publish. Losing this costs the relay's poll interval, no event.

    Sent after the commit, in a transaction of its own: PostgreSQL lets one notifying transaction commit at a time
    and holds the others back until its log has reached the disk, which halves the rate of concurrent orders. A
    transaction that only notifies waits for no disk.
    """
    with connection.cursor() as cursor:
        cursor.execute(f"NOTIFY {WAKE_CHANNEL}")
