"""What the operator exports."""

from prometheus_client import Counter, Gauge, Histogram

LEADER = Gauge("meshop_operator_leader", "1 while this one holds the Lease.")
TRANSITIONS = Counter(
    "meshop_operator_transitions_total", "Transitions of objects.", ["kind", "phase", "reason"]
)
PHASE_SECONDS = Histogram(
    "meshop_operator_phase_seconds", "Time that objects were in a phase.", ["kind", "phase"],
    buckets=(1, 5, 15, 60, 300, 900, 3600, 14400, 86400),
)  # fmt: skip
RECONCILE_SECONDS = Histogram(
    "meshop_operator_reconcile_seconds", "Time of one look at an object.", ["kind"],
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
)  # fmt: skip
FAILURES = Counter("meshop_operator_reconcile_failures_total", "Looks that failed.", ["kind", "error"])
REINDEX_SPEED = Gauge(
    "meshop_reindex_documents_per_second", "Documents that a build writes in a second.", ["name"]
)
ROLLOUT_WEIGHT = Gauge("meshop_rollout_weight", "Percent of requests that a canary gets.", ["service"])
ANALYSIS_VALUE = Gauge("meshop_rollout_analysis_value", "What a metric was.", ["service", "metric", "track"])
