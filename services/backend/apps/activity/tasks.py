"""Entry points of the worker."""

from celery import shared_task

from apps.activity.services import activity_flush, activity_prune


@shared_task
def flush() -> int:
    """Write down what visitors did since the last time."""
    return activity_flush()


@shared_task
def prune() -> int:
    """Forget what was done long ago."""
    return activity_prune()
