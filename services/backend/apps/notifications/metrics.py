"""What this app shows to Prometheus."""

from prometheus_client import Counter, Gauge

from apps.core.measures import gauges_read

MAILS = Counter("meshop_mails_total", "Attempts at mails, by how they ended.", ["template", "state"])
WAITING = Gauge("meshop_mails_waiting", "Mails that are due.", multiprocess_mode="livemax")
LAG = Gauge(
    "meshop_mail_lag_seconds", "For how long the oldest of them has been due.", multiprocess_mode="livemax"
)

_DUE = """
SELECT count(*), greatest(0, extract(epoch FROM clock_timestamp() - min(next_attempt_at)))
FROM notifications_emaillog WHERE state IN ('queued', 'sending') AND next_attempt_at <= clock_timestamp()
"""


def mails_measure() -> None:
    """Look for mails whose time has come."""
    gauges_read(_DUE, WAITING, LAG)
