"""The one table of how orders move."""

from apps.orders.models import Order

Status = Order.Status

TRANSITIONS: dict[str, frozenset[str]] = {
    Status.PENDING: frozenset({Status.PROCESSING, Status.CANCELLED}),
    Status.PROCESSING: frozenset({Status.SHIPPED, Status.CANCELLED}),
    Status.SHIPPED: frozenset({Status.DELIVERED}),
    Status.DELIVERED: frozenset(),
    Status.CANCELLED: frozenset(),
}


def transition_allowed(source: str, target: str) -> bool:
    """Tell whether an order in ``source`` may move to ``target``."""
    return target in TRANSITIONS[source]
