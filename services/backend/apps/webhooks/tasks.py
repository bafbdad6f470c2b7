"""Entry points of the worker."""

from celery import shared_task

from apps.webhooks.services.pruning import deliveries_prune
from apps.webhooks.services.sending import deliveries_send_due


@shared_task
def send_due() -> int:
    """Attempt deliveries that failed before, that had to wait, and those whose sender has died."""
    return deliveries_send_due()


@shared_task
def prune() -> None:
    """Forget old deliveries."""
    deliveries_prune()
