"""Events become deliveries, in the transaction that marks the event; the calls are made after it."""

from apps.core.events import Event
from apps.webhooks.services.deliveries import deliveries_intend


def on_event(event: Event) -> None:
    """Queue the event for every endpoint that wants it."""
    deliveries_intend(event=event)
