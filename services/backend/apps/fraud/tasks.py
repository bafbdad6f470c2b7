"""Entry points of the worker."""

from celery import shared_task

from apps.fraud.services.labels import labels_by_time, labels_tell


@shared_task
def sweep() -> int:
    """Let time label what nobody complained about, and tell the service what it does not know yet."""
    labels_by_time()
    return labels_tell()
