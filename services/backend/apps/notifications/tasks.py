"""Entry points of the worker."""

from celery import shared_task

from apps.notifications.services.mails import emails_send_due
from apps.notifications.services.pruning import notifications_prune


@shared_task
def send_due_mails() -> int:
    """Attempt mails that failed before, and those whose sender has died."""
    return emails_send_due()


@shared_task
def prune() -> None:
    """Forget old mails and notifications."""
    notifications_prune()
