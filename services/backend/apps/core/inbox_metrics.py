"""What a worker shows to Prometheus: its tasks, and the events that it delivers to consumers."""

from prometheus_client import Counter, Gauge, Histogram

TASKS = Counter("meshop_tasks_total", "Tasks that have ended.", ["task", "state"])
TASK_SECONDS = Histogram(
    "meshop_task_seconds",
    "Time that a task takes.",
    ["task"],
    buckets=(0.005, 0.01, 0.05, 0.1, 0.5, 1.0, 5.0, 30.0, 300.0),
)
TASKS_RUNNING = Gauge("meshop_tasks_running", "Tasks at work.", multiprocess_mode="livesum")
DELIVERIES = Counter(
    "meshop_event_deliveries_total", "Events delivered to consumers, by outcome.", ["consumer", "outcome"]
)
EVENT_LAG = Histogram(
    "meshop_event_lag_seconds",
    "From writing an event to the end of its effect.",
    ["consumer"],
    buckets=(0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0, 30.0, 300.0, 3600.0),
)
