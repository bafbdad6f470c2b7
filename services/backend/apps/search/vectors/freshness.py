"""Bringing marked products to Qdrant. Encoding takes time, so this runs beside the consumers, never in them."""

import time
from datetime import datetime

from django.conf import settings

from apps.search.locks import search_lock_tried
from apps.search.services.indexing import VECTORS, marked_write
from apps.search.services.marks import FOREVER
from apps.search.vectors.bootstrap import vector_collections
from apps.search.vectors.encoding import vectors_prune

#: One run of the sweep ends after about so long, whatever is left; the next goes on.
BUDGET_S = 120.0


def vectors_catch_up(*, budget_s: float = BUDGET_S, before: datetime = FOREVER) -> int:
    """Write what is marked, or was ``before`` a moment of the database's; one process at a time. How many products."""
    if not settings.MESHOP.qdrant_url:
        return 0
    with search_lock_tried("vectors") as is_mine:
        if not is_mine:
            return 0
        return marked_write(VECTORS, vector_collections, until=time.monotonic() + budget_s, before=before)


def vectors_tidy() -> None:
    """Bound the table of vectors, and remove old deletions from the collections."""
    vectors_prune()
    collections = vector_collections()
    for generation in collections.generations():
        collections.forget_gone(generation)
