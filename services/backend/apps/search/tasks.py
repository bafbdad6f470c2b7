"""Entry points of the worker."""

from celery import shared_task
from django.conf import settings
from django.utils.module_loading import import_string

from apps.search.generations.retiring import generations_expire
from apps.search.services.indexing import index_catch_up
from apps.search.services.proposals import synonyms_propose
from apps.search.services.querylog import query_log_flush, query_log_prune
from apps.search.services.synonyms import synonyms_reconcile


@shared_task
def sweep() -> int:
    """Index what marks have been left by a crash or an outage."""
    return index_catch_up()


@shared_task
def expire_generations() -> None:
    """Delete kept generations whose time is over."""
    generations_expire()


@shared_task
def sweep_vectors() -> int:
    """Write vectors of what has changed. Loaded when needed: Qdrant's client and the encoder are large."""
    if not settings.MESHOP.qdrant_url:
        return 0
    return int(import_string("apps.search.vectors.freshness.vectors_catch_up")())


@shared_task
def tidy_vectors() -> None:
    """Forget vectors that nobody needs."""
    if settings.MESHOP.qdrant_url:
        import_string("apps.search.vectors.freshness.vectors_tidy")()


@shared_task
def synonyms() -> bool:
    """Bring the engine the synonyms that an outage kept from it."""
    return synonyms_reconcile()


@shared_task
def propose_synonyms() -> int:
    """Look for synonyms in what was searched."""
    return synonyms_propose()


@shared_task
def flush_query_log() -> int:
    """Write down what has been searched since the last time."""
    return query_log_flush()


@shared_task
def prune_query_log() -> int:
    """Forget what was searched long ago."""
    return query_log_prune()
