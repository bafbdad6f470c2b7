"""``manage.py ai_backfill [TABLE …]``."""

import json
import time
from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from apps.features.mirrors import MIRRORS
from apps.features.services import features_backfill


class Command(BaseCommand):
    """Fill the feature tables of the AI PostgreSQL from the shop's history."""

    help = (
        "Fill the feature tables of the AI PostgreSQL from the shop's history; may be repeated at any time."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Which tables."""
        parser.add_argument(
            "tables", nargs="*", metavar="TABLE", help=f"of {', '.join(MIRRORS)}; default: all"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """One JSON line for each table."""
        if settings.MESHOP.ai_database_url is None:
            raise CommandError("AI_DATABASE_URL is not set")
        for name in options["tables"] or MIRRORS:
            if name not in MIRRORS:
                raise CommandError(f"{name} is no feature table; there are {', '.join(MIRRORS)}")
            begin = time.monotonic()
            rows = features_backfill(table=MIRRORS[name].table)
            seconds = round(time.monotonic() - begin, 2)
            self.stdout.write(json.dumps({"table": name, "rows": rows, "seconds": seconds}))
