"""What this app shows to Prometheus."""

from prometheus_client import Counter, Histogram

ATTEMPTS = Counter(
    "meshop_webhook_attempts_total", "Calls of merchants' endpoints, by how they ended.", ["outcome"]
)
SECONDS = Histogram(
    "meshop_webhook_seconds",
    "Time that endpoints take to answer.",
    buckets=(0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0),
)
DISABLED = Counter("meshop_webhook_endpoints_disabled_total", "Endpoints disabled because they kept failing.")
