"""What the relay reads from tables and servers for Prometheus, and how often.

Gauges of a backlog belong to no process: whoever measures them reads them where they are. With several relays each
shows the same, so a query takes their ``max``.
"""

from apps.core.measures import Measure

MEASURES = (
    Measure("apps.core.relay_metrics.backlog_measure", every_s=5),
    Measure("apps.core.queue_metrics.queues_measure", every_s=5),
    Measure("apps.core.datastore_metrics.database_measure", every_s=10),
    Measure("apps.core.datastore_metrics.redis_measure", every_s=10),
    Measure("apps.inventory.metrics.drift_measure", every_s=300),
    Measure("apps.search.metrics.index_measure", every_s=10),
    Measure("apps.orders.metrics.overdue_measure", every_s=10),
    Measure("apps.payments.metrics.payments_measure", every_s=10),
    Measure("apps.fraud.metrics.reviews_measure", every_s=10),
    Measure("apps.webhooks.metrics.deliveries_measure", every_s=10),
    Measure("apps.notifications.metrics.mails_measure", every_s=10),
)
