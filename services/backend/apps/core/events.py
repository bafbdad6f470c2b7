"""Writing to the outbox. Publishing is the relay's business."""

from typing import Any

import structlog

from apps.core.models import OutboxEvent


def event_emit(*, type: str, aggregate: str, payload: dict[str, Any], version: int = 1) -> OutboxEvent:
    """Record a fact in the current transaction. Call inside ``transaction.atomic``."""
    request_id = structlog.contextvars.get_contextvars().get("request_id", "")
    return OutboxEvent.objects.create(
        type=type,
        version=version,
        aggregate=aggregate,
        payload=payload,
        headers={"request_id": request_id} if request_id else {},
    )
