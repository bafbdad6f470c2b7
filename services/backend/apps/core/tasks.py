"""Entry points of the worker."""

from typing import Any

from celery import Task, shared_task
from celery.exceptions import Reject
from django.db import InterfaceError, OperationalError

from apps.core.inbox import database_wait, event_deliver
from apps.core.pruning import backbone_prune


@shared_task(bind=True, acks_on_failure_or_timeout=False, soft_time_limit=300, time_limit=330)
def event_consume(self: Task, consumer: str, message: dict[str, Any], attempt: int = 0) -> None:
    """Deliver an event to a consumer; while the database is away, hold the message and then give it back."""
    try:
        event_deliver(consumer=consumer, message=message, attempt=attempt)
    except (OperationalError, InterfaceError) as error:
        database_wait()
        raise Reject(error, requeue=True) from error


@shared_task
def prune() -> None:
    """Delete what the backbone does not need any more."""
    backbone_prune()
