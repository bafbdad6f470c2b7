"""``manage.py orders_expire``: cancel unpaid orders whose reservation has run out."""

from typing import Any

from django.core.management.base import BaseCommand

from apps.orders.services.orders import orders_expire


class Command(BaseCommand):
    """Sweeps until nothing is overdue."""

    help = "Cancel unpaid orders whose time has run out and free their stock."

    def handle(self, *args: Any, **options: Any) -> None:
        """Print how many orders were cancelled."""
        total = 0
        while expired := orders_expire():
            total += expired
        self.stdout.write(f"{total} orders expired.")
