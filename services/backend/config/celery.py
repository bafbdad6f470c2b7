"""The Celery application of worker and beat: ``celery -A config.celery worker``. The web processes do not need it."""

import os
from typing import Any

from celery import Celery, bootsteps, signals
from celery.beat import PersistentScheduler
from celery.worker.consumer import Consumer

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
# Django's system checks import every view, which a worker has no use for; `make lint` and the web processes run them.
os.environ.setdefault("CELERY_SKIP_CHECKS", "1")

from django.conf import settings

from apps.core.broker import EVENTS, QUEUES, routing_key, work_queue
from apps.core.heartbeat import EVERY_S, heartbeat
from config import worker_metrics  # noqa: F401 - connects its signals
from config.schedule import SCHEDULE, task_queue
from meshop_shared.tracing import tracing_start, tracing_stop

BROKER_URL = settings.MESHOP.broker_url or settings.MESHOP.redis_url
IS_REDIS = BROKER_URL.startswith("redis")

#: A Redis message that a dead worker held comes back after this long; longer than any task may run.
VISIBILITY_TIMEOUT_S = 900


_TRACED = ("celery", "psycopg", "redis", "requests", "httpx")


class EventConsumer(Consumer):
    """Celery's consumer without its delayed delivery: we use no ``eta``, and it would declare 28 queues and bind
    ours to patterns that let events stray into other queues.
    """

    class Blueprint(Consumer.Blueprint):  # type: ignore[misc, valid-type]
        default_steps = tuple(
            step for step in Consumer.Blueprint.default_steps if "delayed_delivery" not in str(step)
        )


class Heartbeat(bootsteps.StartStopStep):
    """Gives a worker's sign of life from the loop that hands out its tasks."""

    requires = ("celery.worker.components:Timer", "celery.worker.components:Pool")

    def start(self, parent: Any) -> None:
        """Begin, now that the pool works."""
        heartbeat()
        parent.timer.call_repeatedly(EVERY_S, heartbeat)


class HeartbeatScheduler(PersistentScheduler):
    """Gives beat's sign of life whenever it looks for what is due."""

    def tick(self, *args: Any, **kwargs: Any) -> float:
        """Send what is due; seconds until the next look."""
        heartbeat()
        return float(super().tick(*args, **kwargs))


def route(name: str, args: Any, kwargs: Any, options: Any, task: Any = None, **rest: Any) -> dict[str, str]:
    """Tasks of an app go to its queue (:func:`config.schedule.task_queue`)."""
    queue = task_queue(name)
    return {"queue": queue, "routing_key": routing_key(queue, "task")}


app = Celery("meshop", set_as_current=True)
app.conf.update(
    broker_url=BROKER_URL,
    broker_connection_retry_on_startup=True,
    broker_connection_max_retries=None,
    broker_heartbeat=30,
    broker_transport_options=(
        {
            "visibility_timeout": VISIBILITY_TIMEOUT_S,
            "global_keyprefix": "broker:",
            "socket_timeout": 15,
            "socket_connect_timeout": 5,
            "socket_keepalive": True,
        }
        if IS_REDIS
        else {"confirm_publish": True}
    ),
    accept_content=["json"],
    task_serializer="json",
    task_ignore_result=True,
    task_acks_late=True,
    task_reject_on_worker_lost=True,
    worker_prefetch_multiplier=1,
    worker_cancel_long_running_tasks_on_connection_loss=False,
    worker_consumer="config.celery:EventConsumer",
    worker_hijack_root_logger=False,
    worker_send_task_events=False,
    worker_enable_remote_control=False,
    task_soft_time_limit=600,
    task_time_limit=630,
    task_create_missing_queues=False,
    task_queues=[work_queue(name) for name in QUEUES],
    task_default_queue="default",
    task_default_exchange=EVENTS.name,
    task_default_exchange_type=EVENTS.type,
    task_default_routing_key=routing_key("default", "task"),
    task_routes=[route],
    beat_schedule=SCHEDULE,
    beat_scheduler="config.celery:HeartbeatScheduler",
    beat_max_loop_interval=EVERY_S,
    timezone="UTC",
)
app.steps["worker"].add(Heartbeat)
app.autodiscover_tasks()


@signals.setup_logging.connect
def keep_logging(**_: Any) -> None:
    """Logs are configured with the settings; being connected here keeps Celery from doing it again."""


@signals.worker_process_init.connect
def trace_tasks(**_: Any) -> None:
    """Each process of the pool sends its own spans: threads do not survive a fork."""
    tracing_start(service="worker", settings=settings.MESHOP, libraries=_TRACED)


@signals.worker_process_shutdown.connect
def send_spans(**_: Any) -> None:
    """Send what waits."""
    tracing_stop()


@signals.beat_init.connect
def trace_ticks(**_: Any) -> None:
    """Ticks begin the traces of what runs by the clock."""
    tracing_start(service="beat", settings=settings.MESHOP, libraries=("celery",))


@signals.before_task_publish.connect
def keep_time_to_ourselves(properties: dict[str, Any], **_: Any) -> None:
    """Workers drop what comes too late. RabbitMQ would, too, but make each a dead letter that waits for a person."""
    properties.pop("expiration", None)
