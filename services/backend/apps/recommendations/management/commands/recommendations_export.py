"""``manage.py recommendations_export FILE``."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand

from apps.recommendations.export import order_lines_export


class Command(BaseCommand):
    """Write the order lines that ``python -m recommendations.train --data FILE`` learns from."""

    help = "Write the order lines that python -m recommendations.train --data FILE learns from."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Where to."""
        parser.add_argument("file", type=Path)

    def handle(self, *args: Any, **options: Any) -> None:
        """Write, and say how much."""
        size = order_lines_export(file=options["file"])
        self.stdout.write(f"{size:,} bytes in {options['file']}")
