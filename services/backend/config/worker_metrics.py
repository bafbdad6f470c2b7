"""A worker's metrics: counted in the processes of its pool, shown by the one that looks after them."""

import time
from typing import Any

from celery import Task, signals
from django.conf import settings
from prometheus_client import CollectorRegistry, multiprocess, start_http_server

from apps.core.inbox_metrics import TASK_SECONDS, TASKS, TASKS_RUNNING

#: Where a task's request keeps when it began.
_BEGAN = "meshop_began"


@signals.worker_ready.connect
def metrics_show(**_: Any) -> None:
    """Serve them, if there is a port. ``PROMETHEUS_MULTIPROC_DIR`` is where the pool's processes write theirs."""
    if settings.MESHOP.metrics_port and settings.MESHOP.prometheus_multiproc_dir:
        registry = CollectorRegistry()
        multiprocess.MultiProcessCollector(registry)
        start_http_server(settings.MESHOP.metrics_port, registry=registry)


@signals.worker_process_shutdown.connect
def metrics_bury(pid: int = 0, **_: Any) -> None:
    """What a process of the pool is doing ends with it."""
    if settings.MESHOP.prometheus_multiproc_dir:
        multiprocess.mark_process_dead(pid)


@signals.task_prerun.connect
def task_begin(task: Task, **_: Any) -> None:
    """Note when it began."""
    setattr(task.request, _BEGAN, time.monotonic())
    TASKS_RUNNING.inc()


@signals.task_postrun.connect
def task_end(task: Task, state: str | None = None, **_: Any) -> None:
    """Count it. Tasks are ours, and so are their names."""
    TASKS_RUNNING.dec()
    TASKS.labels(task.name, (state or "UNKNOWN").lower()).inc()
    began = getattr(task.request, _BEGAN, None)
    if began is not None:
        TASK_SECONDS.labels(task.name).observe(time.monotonic() - began)
