"""``manage.py analytics_backfill``: derive all analytics from the orders that there are."""

import time
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from apps.analytics.selectors.counts import order_count
from apps.analytics.services.backfill import BATCH, analytics_backfill
from apps.analytics.statement_time import statements_may_take_long
from apps.products.imports.progress import Progress


class Command(BaseCommand):
    """May run at any time and again: the shop goes on meanwhile, and a second run changes nothing."""

    help = "Derive all analytics from the orders that there are; needed once, and after SHOP_TIME_ZONE has changed."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the options."""
        parser.add_argument(
            "--batch-size", type=int, default=BATCH, metavar="N", help="orders per transaction"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Go over all orders and say what was different."""
        began = time.monotonic()
        with (
            statements_may_take_long(),
            Progress(label="Orders", total=order_count(), unit="orders") as progress,
        ):
            differences = analytics_backfill(
                progress=progress.advance, batch_size=max(1, options["batch_size"])
            )
        self.stdout.write(f"{differences:,} differences. Took {time.monotonic() - began:.1f} s.")
