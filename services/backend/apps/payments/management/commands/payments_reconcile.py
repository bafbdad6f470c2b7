"""``manage.py payments_reconcile``: mend what lies between the provider and us."""

from argparse import ArgumentParser
from dataclasses import asdict
from typing import Any

from django.core.management.base import BaseCommand

from apps.payments.services.reconcile import payments_reconcile


class Command(BaseCommand):
    """One pass over what is due."""

    help = "Finish or mend payments, refunds and webhook events that a crash or a lost answer left half done."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """``--everything`` after an outage."""
        parser.add_argument("--everything", action="store_true", help="look at all that is open, due or not")

    def handle(self, *args: Any, **options: Any) -> None:
        """Print what was mended."""
        mended = payments_reconcile(everything=options["everything"])
        parts = ", ".join(f"{count} {what.replace('_', ' ')}" for what, count in asdict(mended).items())
        self.stdout.write(f"Mended: {parts}.")
