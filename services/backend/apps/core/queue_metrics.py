"""How much waits in the broker's queues."""

from typing import Any

from celery import current_app
from kombu.exceptions import OperationalError
from prometheus_client import Gauge

from apps.core.broker import queues_all

MESSAGES = Gauge(
    "meshop_queue_messages", "Messages that wait in a queue.", ["queue"], multiprocess_mode="livemax"
)
BROKER_UP = Gauge("meshop_broker_up", "1 while the broker answers.", multiprocess_mode="livemax")


def queues_measure() -> None:
    """Ask the broker. Raises ``OSError`` when it is away.

    Queues are declared as everywhere, which changes nothing; asked passively for one where nothing waits, kombu says
    of Redis that there is none.
    """
    BROKER_UP.set(0)
    try:
        with current_app.connection_for_read(connect_timeout=2) as connection:
            connection.ensure_connection(max_retries=1, interval_start=0, timeout=2)
            channel = connection.channel()
            for queue in queues_all():
                declared: Any = queue(channel).queue_declare()
                MESSAGES.labels(queue.name).set(declared.message_count)
    except OperationalError as error:
        raise OSError("the broker does not answer") from error
    BROKER_UP.set(1)
