"""What to watch about payments."""

from django.db import transaction
from prometheus_client import Counter, Gauge

from apps.core.measures import gauges_read

WEBHOOKS = Counter("meshop_payment_webhooks_total", "Webhook events by what became of them.", ["outcome"])
MENDED = Counter("meshop_payment_mended_total", "What the reconciler had to finish.", ["what"])
OUTCOMES = Counter("meshop_payments_total", "Payments by the status that they have reached.", ["status"])
EVENTS_WAITING = Gauge(
    "meshop_payment_events_waiting",
    "Webhook events that are stored and not applied.",
    multiprocess_mode="livemax",
)
EVENTS_AGE = Gauge(
    "meshop_payment_events_age_seconds", "Age of the oldest of them.", multiprocess_mode="livemax"
)

_WAITING = """
SELECT count(*), greatest(0, extract(epoch FROM clock_timestamp() - min(received_at)))
FROM payments_stripeevent WHERE state IN ('received', 'waiting', 'failed')
"""


def outcome_count(status: str) -> None:
    """Count a status once its transaction has committed."""
    transaction.on_commit(lambda: OUTCOMES.labels(status).inc(), robust=True)


def payments_measure() -> None:
    """Look for events that nobody has applied."""
    gauges_read(_WAITING, EVENTS_WAITING, EVENTS_AGE)
