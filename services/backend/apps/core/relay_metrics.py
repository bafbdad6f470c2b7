"""What the relay shows to Prometheus."""

from prometheus_client import Counter, Gauge, Histogram

from apps.core.measures import gauges_read

EVENTS_PUBLISHED = Counter("meshop_events_published_total", "Events that the broker has confirmed.", ["type"])
PUBLISH_SECONDS = Histogram(
    "meshop_event_publish_seconds",
    "From writing an event to its publication.",
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0, 30.0, 300.0),
)
RELAY_FAILURES = Counter("meshop_relay_failures_total", "Rounds that had to be given up.", ["reason"])
OUTBOX_WAITING = Gauge("meshop_outbox_waiting", "Events not published yet.", multiprocess_mode="livemax")
OUTBOX_AGE = Gauge("meshop_outbox_age_seconds", "Age of the oldest of them.", multiprocess_mode="livemax")
RETRIES_WAITING = Gauge(
    "meshop_event_retries", "Failed deliveries to be repeated.", multiprocess_mode="livemax"
)
DEAD_LETTERS = Gauge(
    "meshop_event_dead_letters", "Deliveries that were given up.", multiprocess_mode="livemax"
)

_MEASURE = """
SELECT (SELECT count(*) FROM core_outboxevent WHERE published_at IS NULL),
       (SELECT greatest(0, extract(epoch FROM clock_timestamp() - created_at)) FROM core_outboxevent
        WHERE published_at IS NULL ORDER BY id LIMIT 1),
       (SELECT count(*) FROM core_eventretry WHERE NOT is_dead),
       (SELECT count(*) FROM core_eventretry WHERE is_dead)
"""


def backlog_measure() -> None:
    """Bring the gauges up to date."""
    gauges_read(_MEASURE, OUTBOX_WAITING, OUTBOX_AGE, RETRIES_WAITING, DEAD_LETTERS)
