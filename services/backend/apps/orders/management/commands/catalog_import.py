"""``manage.py catalog_import``: a catalogue, and the orders behind it, out of a file."""

import time
from argparse import ArgumentParser, RawDescriptionHelpFormatter
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from apps.orders.imports.run import ImportOptions, import_run
from apps.products.imports.errors import Unusable
from apps.products.imports.lock import import_lock
from apps.products.imports.readers.fields import MAX_STOCK, currency_of
from apps.products.imports.source import Format, Source
from apps.products.imports.terminal import failures_as_sentences

FORMATS = ("auto", "meshop", "online-retail", "flipkart")
MAX_BATCH = 50_000
EXAMPLES = """
examples:
  manage.py catalog_import products.csv --dry-run       what would happen, and which lines are wrong
  manage.py catalog_import products.jsonl.gz            import or update, matched by SKU
  manage.py catalog_import online_retail_II_2009_2010.csv.gz --orders
                                                        articles, customers and the order history

An import that was interrupted goes on where it stopped when the same command is given again; a finished one changes
nothing when repeated. Files may be gzip; the format is recognised by the header. docs/catalog-import.md has more.
"""


class Command(BaseCommand):
    """Imports a file, says what became of each line, and exits with 1 and one sentence when it cannot."""

    help = "Import a catalogue: the shop's own CSV or JSON lines, Online Retail II, or the Flipkart sample."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the options."""
        parser.formatter_class = RawDescriptionHelpFormatter
        parser.epilog = EXAMPLES
        parser.add_argument("file", type=Path, metavar="FILE", help="CSV or JSON lines, plain or gzip")
        parser.add_argument("--format", choices=FORMATS, default="auto", help="insist on a format")
        parser.add_argument(
            "--orders", action="store_true", help="with online-retail: import customers and orders too"
        )
        parser.add_argument("--dry-run", action="store_true", help="rehearse; the database stays as it is")
        parser.add_argument(
            "--no-resume", dest="resume", action="store_false", help="begin at the first line again"
        )
        parser.add_argument(
            "--resume", dest="resume", action="store_true", help="go on where it stopped (default)"
        )
        parser.add_argument(
            "--batch-size", type=int, default=2_000, metavar="N", help="lines per transaction (default 2,000)"
        )
        parser.add_argument(
            "--currency",
            metavar="CUR",
            help="currency of prices that name none (default GBP for online-retail, INR for flipkart, the shop's else)",
        )
        parser.add_argument(
            "--stock",
            type=int,
            default=100,
            metavar="N",
            help="opening stock of articles that name none (default 100)",
        )
        parser.add_argument(
            "--rejects",
            type=Path,
            metavar="PATH",
            help="CSV of rejected lines (default FILE.rejects.csv, here)",
        )
        parser.set_defaults(resume=True)

    def handle(self, *args: Any, **options: Any) -> None:
        """Check the options, import, report."""
        began = time.monotonic()
        with failures_as_sentences():
            source = Source(options["file"], wanted=options["format"])
            with import_lock():
                text = import_run(source=source, options=self._options(source, options))
        self.stdout.write(text)
        self.stdout.write(f"Took {time.monotonic() - began:.1f} s.")

    def _options(self, source: Source, options: dict[str, Any]) -> ImportOptions:
        if not 1 <= options["batch_size"] <= MAX_BATCH:
            raise CommandError(f"--batch-size must be between 1 and {MAX_BATCH:,}.")
        if not 0 <= options["stock"] <= MAX_STOCK:
            raise CommandError(f"--stock must be between 0 and {MAX_STOCK:,}.")
        if options["orders"] and source.format != Format.ONLINE_RETAIL:
            raise CommandError(f"--orders needs invoice lines, and {source.path.name} has none.")
        rejects = options["rejects"] or Path(f"{source.path.name.removesuffix('.gz')}.rejects.csv")
        if rejects.exists() and rejects.samefile(source.path):
            raise CommandError("--rejects must not be the file that is imported.")
        try:
            currency = currency_of(options["currency"] or self._currency(source.format))
        except Unusable as error:
            raise CommandError(f"--currency must be an ISO 4217 code, not {error.detail!r}.") from error
        return ImportOptions(
            orders=options["orders"],
            dry_run=options["dry_run"],
            resume=options["resume"],
            batch_size=options["batch_size"],
            currency=currency,
            stock=options["stock"],
            rejects=rejects,
        )

    def _currency(self, format: Format) -> str:
        shop: str = settings.MESHOP.shop_currency
        return {Format.ONLINE_RETAIL: "GBP", Format.FLIPKART: "INR"}.get(format, shop)
