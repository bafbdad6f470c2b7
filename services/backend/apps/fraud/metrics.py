"""What this app shows to Prometheus."""

from prometheus_client import Gauge

from apps.core.measures import gauges_read

WAITING = Gauge("meshop_fraud_reviews_waiting", "Orders that wait for a person.", multiprocess_mode="livemax")
AGE = Gauge(
    "meshop_fraud_review_age_seconds",
    "For how long the oldest of them has waited.",
    multiprocess_mode="livemax",
)

_OPEN = """
SELECT count(*), greatest(0, extract(epoch FROM clock_timestamp() - min(created_at)))
FROM fraud_fraudreview WHERE status = 'open'
"""


def reviews_measure() -> None:
    """Look for reviews that nobody has decided."""
    gauges_read(_OPEN, WAITING, AGE)
