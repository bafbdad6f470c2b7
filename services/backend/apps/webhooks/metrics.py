"""What this app shows to Prometheus."""

from prometheus_client import Counter, Gauge, Histogram

from apps.core.measures import gauges_read

ATTEMPTS = Counter(
    "meshop_webhook_attempts_total", "Calls of merchants' endpoints, by how they ended.", ["outcome"]
)
SECONDS = Histogram(
    "meshop_webhook_seconds",
    "Time that endpoints take to answer.",
    buckets=(0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0),
)
DISABLED = Counter("meshop_webhook_endpoints_disabled_total", "Endpoints disabled because they kept failing.")
WAITING = Gauge("meshop_webhook_deliveries_waiting", "Deliveries that are due.", multiprocess_mode="livemax")
LAG = Gauge(
    "meshop_webhook_lag_seconds", "For how long the oldest has been due.", multiprocess_mode="livemax"
)

_DUE = """
SELECT count(*), greatest(0, extract(epoch FROM clock_timestamp() - min(d.next_attempt_at)))
FROM webhooks_webhookdelivery d JOIN webhooks_webhookendpoint e ON e.id = d.endpoint_id
WHERE d.state = 'queued' AND d.next_attempt_at <= clock_timestamp() AND e.is_enabled
  AND (e.paused_until IS NULL OR e.paused_until <= clock_timestamp())
"""


def deliveries_measure() -> None:
    """Look for deliveries whose time has come: what they wait for is a worker."""
    gauges_read(_DUE, WAITING, LAG)
