"""Tickets as JSON-ready dicts."""

from typing import Any

from apps.support.models import Ticket


def ticket_to_dict(row: Ticket) -> dict[str, Any]:
    """Shape of :class:`~apps.support.api.serializers.TicketSerializer`."""
    return {
        "id": row.pk,
        "status": str(row.status),
        "subject": row.subject,
        "transcript": row.transcript,
        "conversation_id": row.conversation_id,
        "answer": row.answer,
        "created_at": row.created_at,
        "closed_at": row.closed_at,
    }
