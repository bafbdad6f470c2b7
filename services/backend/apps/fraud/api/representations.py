"""Reviews as JSON-ready dicts."""

from typing import Any

from apps.fraud.models import FraudReview
from meshop_shared.money import minor_to_decimal_string


def review_to_dict(row: FraudReview) -> dict[str, Any]:
    """Shape of :class:`~apps.fraud.api.serializers.FraudReviewOutput`."""
    order = row.order
    return {
        "id": row.pk,
        "order": {
            "id": order.pk,
            "number": order.number,
            "status": str(order.status),
            "total": minor_to_decimal_string(order.total_minor, order.currency),
            "currency": order.currency,
            "held_until": order.held_until,
        },
        "status": str(row.status),
        "action": str(row.action),
        "probability": row.probability,
        "source": str(row.source),
        "model": row.model,
        "reasons": row.reasons,
        "expected_costs": row.expected_costs,
        "note": row.note,
        "decided_by": row.decided_by.get_username() if row.decided_by else None,
        "decided_at": row.decided_at,
        "fraud": row.fraud,
        "labelled_at": row.labelled_at,
        "created_at": row.created_at,
    }
