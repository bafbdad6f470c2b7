"""Entry points of the worker."""

from celery import shared_task

from apps.payments.services.reconcile import payments_reconcile


@shared_task
def reconcile() -> int:
    """Mend what is due; return how much was."""
    return payments_reconcile().total
