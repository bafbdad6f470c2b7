"""What this app shows to Prometheus."""

from django.db import transaction
from prometheus_client import Counter, Gauge

from apps.core.measures import gauges_read
from apps.orders.models import Order

ORDERS = Counter("meshop_orders_total", "Steps of orders: placed, paid, shipped, cancelled …", ["step"])
REVENUE = Counter("meshop_revenue_minor_total", "Totals of paid orders, in minor units.", ["currency"])
OVERDUE = Gauge(
    "meshop_orders_overdue", "Unpaid orders that should have expired.", multiprocess_mode="livemax"
)
OVERDUE_AGE = Gauge(
    "meshop_orders_overdue_seconds",
    "For how long the oldest of them should have.",
    multiprocess_mode="livemax",
)

_OVERDUE = """
SELECT count(*), greatest(0, extract(epoch FROM clock_timestamp() - min(expires_at)))
FROM inventory_stockreservation WHERE status = 'live' AND expires_at < clock_timestamp()
"""


def step_count(order: Order, step: str) -> None:
    """Count a step once its transaction has committed. ``step`` is one of the timeline's few."""

    def count() -> None:
        ORDERS.labels(step).inc()
        if step == "paid":
            REVENUE.labels(order.currency).inc(order.total_minor)

    transaction.on_commit(count, robust=True)


def overdue_measure() -> None:
    """Look for reservations that nobody has ended: the sweep has stopped, or the clock is wrong."""
    gauges_read(_OVERDUE, OVERDUE, OVERDUE_AGE)
