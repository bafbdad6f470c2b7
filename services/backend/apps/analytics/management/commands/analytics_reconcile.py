"""``manage.py analytics_reconcile``: prove that analytics equal a recount of the orders."""

import time
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from apps.analytics.selectors.counts import order_count
from apps.analytics.selectors.differences import CHECKS, Comparison, check_run, totals_compare
from apps.analytics.services.contributions import orders_catch_up
from apps.analytics.services.repairing import analytics_repair
from apps.analytics.statement_time import statements_may_take_long
from apps.products.imports.progress import Progress
from meshop_shared.money import minor_to_decimal_string


class Command(BaseCommand):
    """Ends with 0 when every row agrees, and with 1 and the first differences when not.

    On a busy shop an order may change between its event and this look at it: ``--wait`` looks again until all agrees.
    """

    help = "Recount all orders and compare with analytics, to the cent; --repair corrects what differs."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the options."""
        parser.add_argument(
            "--repair", action="store_true", help="derive again whatever differs, then check again"
        )
        parser.add_argument(
            "--wait",
            type=float,
            default=0,
            metavar="S",
            help="look again for so many seconds before giving up",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Compare, repair if asked, and say how it ended."""
        with statements_may_take_long():
            agrees = self._agrees(options["wait"])
            if not agrees and options["repair"]:
                self._repair()
                agrees = self._agrees(options["wait"])
        if not agrees:
            raise CommandError("Analytics differ from the orders; --repair corrects them.")
        self.stdout.write("Analytics equal the orders.")

    def _agrees(self, wait_s: float) -> bool:
        deadline = time.monotonic() + wait_s
        while True:
            orders_catch_up()
            results = [check_run(check) for check in CHECKS]
            agrees = not any(result.differing for result in results)
            if agrees or time.monotonic() >= deadline:
                self._tell(results)
                return agrees and all(total.agrees for total in totals_compare())
            time.sleep(min(2.0, max(0.0, deadline - time.monotonic())))

    def _tell(self, results: list[Comparison]) -> None:
        for result in results:
            self.stdout.write(f"{result.name}: {result.rows:,} rows, {result.differing:,} differ")
            for example in result.examples:
                self.stdout.write(f"  {example}")
        for total in totals_compare():
            orders = minor_to_decimal_string(total.orders_minor, total.currency)
            counted = minor_to_decimal_string(total.counted_minor, total.currency)
            self.stdout.write(
                f"{total.currency}: {total.orders:,} orders of {orders}, counted {total.counted:,} of {counted}"
            )

    def _repair(self) -> None:
        with Progress(label="Repairing", total=order_count(), unit="orders") as progress:
            wrong = analytics_repair(progress=progress.advance)
        self.stdout.write(f"Repaired {wrong:,} rows.")
