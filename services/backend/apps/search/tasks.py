"""Entry points of the worker."""

from celery import shared_task

from apps.search.services.indexing import index_catch_up


@shared_task
def sweep() -> int:
    """Index what marks have been left by a crash or an outage."""
    return index_catch_up()
