"""``manage.py stock_audit``: does the ledger reconcile?"""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from apps.inventory.models import StockItem
from apps.inventory.selectors import stock_drift_list


class Command(BaseCommand):
    """Compares stock levels with movements and live reservations; exits with 1 when they differ."""

    help = "Check that on_hand is the sum of movements and reserved the sum of live reservations."

    def handle(self, *args: Any, **options: Any) -> None:
        """Print each drifting item, then the verdict."""
        drift = stock_drift_list()
        for item in drift:
            self.stdout.write(
                f"{item.sku}: on_hand {item.on_hand}, movements {item.movements}; "
                f"reserved {item.reserved}, live reservations {item.reservations}"
            )
        if drift:
            raise CommandError(f"{len(drift)} stock items do not reconcile.")
        self.stdout.write(f"{StockItem.objects.count()} stock items reconcile.")
