"""What this app shows to Prometheus."""

from prometheus_client import Counter, Gauge

from apps.inventory.selectors import stock_drift_list

REFUSED = Counter(
    "meshop_stock_refusals_total", "Orders refused because there was too little: the oversell guard."
)
LOST = Counter(
    "meshop_stock_reservations_lost_total", "Payments that came after their stock was given to others."
)
DRIFT = Gauge(
    "meshop_stock_drift_items",
    "Items whose levels disagree with their ledger, up to 100.",
    multiprocess_mode="livemax",
)


def drift_measure() -> None:
    """Compare levels with movements and reservations."""
    DRIFT.set(len(stock_drift_list()))
