"""Entry points of the worker."""

from celery import shared_task
from django.core.management import call_command

from apps.orders.services.orders import orders_expire


@shared_task
def expire_orders() -> None:
    """Cancel the orders that were not paid in time."""
    orders_expire()


@shared_task
def prune_carts() -> None:
    """Forget abandoned guest carts."""
    call_command("carts_prune")
