"""``manage.py catalog_reindex``: build the search index anew; one JSON line per step."""

from typing import Any

import orjson
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from apps.search.services.rebuilding import index_rebuild


class Command(BaseCommand):
    """Builds beside the index that is searched, then swaps."""

    help = "Build the search index anew without interrupting searches."

    def handle(self, *args: Any, **options: Any) -> None:
        """Build and swap."""
        if not settings.MESHOP.elasticsearch_url:
            raise CommandError("ELASTICSEARCH_URL is not set: PostgreSQL searches, and needs no index.")
        index_rebuild(report=lambda **what: self.stdout.write(orjson.dumps(what).decode()))
