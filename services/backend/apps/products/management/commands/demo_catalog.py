"""``manage.py demo_catalog``: a plausible catalogue of any size."""

import time
from argparse import ArgumentParser, RawDescriptionHelpFormatter
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from apps.products.imports.demo.grow import demo_catalogue_clear, demo_catalogue_grow
from apps.products.imports.lock import import_lock
from apps.products.imports.progress import Progress
from apps.products.imports.terminal import failures_as_sentences

MAX_PRODUCTS = 1_000_000
EXAMPLES = """
examples:
  manage.py demo_catalog                                 500 products
  manage.py demo_catalog --products 100000 --seed 7      the same 100,000 on every machine
  manage.py demo_catalog --products 0 --clear            no demo products at all

Growing is repeatable: the same arguments again change nothing, more products add the missing ones.
"""


class Command(BaseCommand):
    """Grows products, categories, variants, prices, stock and pictures from a seed. Safe while the shop is live."""

    help = "Grow a plausible demo catalogue, the same for the same seed."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the options."""
        parser.formatter_class = RawDescriptionHelpFormatter
        parser.epilog = EXAMPLES
        parser.add_argument(
            "--products", type=int, default=500, metavar="N", help="how many, up to 1,000,000 (default 500)"
        )
        parser.add_argument("--seed", type=int, default=1, metavar="S", help="another seed, other products")
        parser.add_argument("--clear", action="store_true", help="first delete all demo products of any seed")

    def handle(self, *args: Any, **options: Any) -> None:
        """Clear if asked, grow, say what happened."""
        products, seed = options["products"], options["seed"]
        if not 0 <= products <= MAX_PRODUCTS:
            raise CommandError(f"--products must be between 0 and {MAX_PRODUCTS:,}.")
        if seed < 0:
            raise CommandError("--seed must not be negative.")
        with failures_as_sentences(), import_lock():
            self._run(products=products, seed=seed, clear=options["clear"])

    def _run(self, *, products: int, seed: int, clear: bool) -> None:
        if clear:
            with Progress(label="Clearing", total=None, unit="products") as progress:
                deleted = demo_catalogue_clear(progress=progress.advance)
            self.stdout.write(f"Deleted {deleted:,} demo products.")
        began = time.monotonic()
        with Progress(label="Growing", total=products, unit="products") as progress:
            created = demo_catalogue_grow(products=products, seed=seed, progress=progress.advance)
        self.stdout.write(
            f"Demo catalogue: {products:,} products under seed {seed}, {created:,} created, "
            f"{products - created:,} were there, {time.monotonic() - began:.1f} s."
        )
