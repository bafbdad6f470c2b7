"""``manage.py carts_prune``: forget abandoned guest carts."""

from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.utils import timezone

from apps.orders.models import Cart


class Command(BaseCommand):
    """Deletes guest carts that are older than the cookie which names them."""

    help = "Delete guest carts older than --days (default 30)."

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare ``--days``."""
        parser.add_argument("--days", type=int, default=30)

    def handle(self, *args: Any, **options: Any) -> None:
        """Print how many carts were deleted."""
        before = timezone.now() - timedelta(days=options["days"])
        _, deleted = Cart.objects.filter(user__isnull=True, updated_at__lt=before).delete()
        self.stdout.write(f"{deleted.get('orders.Cart', 0)} guest carts deleted.")
