"""How much waits in the broker's queues."""

from typing import Any

from celery import current_app
from kombu.exceptions import OperationalError
from prometheus_client import Gauge

from apps.core.broker import QUEUES, dead_name

MESSAGES = Gauge(
    "meshop_queue_messages", "Messages that wait in a queue.", ["queue"], multiprocess_mode="livemax"
)
BROKER_UP = Gauge("meshop_broker_up", "1 while the broker answers.", multiprocess_mode="livemax")


def queues_measure() -> None:
    """Ask the broker. Raises ``kombu.exceptions.OperationalError`` and ``OSError`` when it is away."""
    BROKER_UP.set(0)
    try:
        with current_app.connection_for_read(connect_timeout=2) as connection:
            connection.ensure_connection(max_retries=1, interval_start=0, timeout=2)
            channel: Any = connection.channel()
            for name in (*QUEUES, *(dead_name(name) for name in QUEUES)):
                MESSAGES.labels(name).set(channel.queue_declare(name, passive=True).message_count)
    except OperationalError as error:
        raise OSError("the broker does not answer") from error
    BROKER_UP.set(1)
