"""``manage.py index_audit [--sample N | --all] [--repair]``: compare the search index with the tables."""

import sys
from typing import Any

import orjson
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from apps.search.errors import EngineRefused, EngineUnavailable
from apps.search.services.auditing import index_audit, index_repair


class Command(BaseCommand):
    """Prints one JSON line. Exits with 1 when something differs and was not repaired."""

    help = "Compare the search index with the tables, and index again what differs."

    def add_arguments(self, parser: CommandParser) -> None:
        """How much, and what then."""
        parser.add_argument("--sample", type=int, default=5_000, help="Products to compare (5000).")
        parser.add_argument("--all", action="store_true", help="Compare every product.")
        parser.add_argument("--seed", type=int, help="Draw the same sample again.")
        parser.add_argument("--repair", action="store_true", help="Index again what differs.")

    def handle(self, *args: Any, **options: Any) -> None:
        """Compare, mend, report."""
        if not settings.MESHOP.elasticsearch_url:
            raise CommandError("ELASTICSEARCH_URL is not set: PostgreSQL searches, and has no index.")
        if options["sample"] < 1:
            raise CommandError("--sample must be 1 or more.")
        try:
            drift = index_audit(sample=None if options["all"] else options["sample"], seed=options["seed"])
        except (EngineUnavailable, EngineRefused, LookupError) as error:
            raise CommandError(f"The index cannot be compared: {error}") from error
        repaired = index_repair(drift) if options["repair"] else 0
        self.stdout.write(orjson.dumps(drift.report(repaired=repaired)).decode())
        if drift.ids and not options["repair"]:
            sys.exit(1)
