"""Entry points of the worker."""

from celery import shared_task

from apps.accounts.services.sessions import sessions_prune


@shared_task
def prune_sessions() -> None:
    """Forget sessions whose tokens have all expired."""
    sessions_prune()
