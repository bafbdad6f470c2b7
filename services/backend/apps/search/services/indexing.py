"""Keeping the stores as the rows are: marks of what has changed (:mod:`apps.search.services.marks`), and their removal
once the store knows. Documents carry versions (:mod:`apps.search.documents`), so an older state never replaces a newer.
"""

import math
import time
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, Protocol

import structlog
from django.conf import settings

from apps.search.documents import Rendered, documents_of
from apps.search.errors import EngineRefused, EngineUnavailable
from apps.search.locks import search_lock_tried
from apps.search.services.marks import FOREVER, Marks
from apps.search.stores import elastic_index

BATCH = 500
#: A consumer is not kept longer by changes of others.
BUDGET_S = 30.0

log = structlog.get_logger(__name__)


class Store(Protocol):
    """Where documents go."""

    def generations(self) -> list[str]:
        """All that hear of every change."""

    def write(self, generations: Sequence[str], rendered: Rendered) -> object:
        """Store documents and deletions; a newer version that is there stays."""


TEXT, VECTORS = Marks("search_dirtyproduct"), Marks("search_dirtyvector")


def dirty_mark(*, product_ids: Sequence[int]) -> None:
    """Remember that these products have changed."""
    products_mark("SELECT unnest(%s::bigint[]), 1", [sorted(set(product_ids))])


def dirty_mark_all() -> None:
    """Remember it of every product."""
    products_mark("SELECT id, 1 FROM products_product", [])


def dirty_mark_tagged(*, tag_id: int) -> None:
    """Remember it of products with a tag; of all, when the tag and so its products are unknown by now."""
    products_mark(
        """SELECT id, 1 FROM products_product p WHERE NOT EXISTS (SELECT 1 FROM products_tag WHERE id = %s)
        OR EXISTS (SELECT 1 FROM products_product_tags t WHERE t.product_id = p.id AND t.tag_id = %s)""",
        [tag_id, tag_id],
    )


def dirty_mark_stocked(*, stock_item_id: int) -> None:
    """Remember it of the product that this stock is of."""
    products_mark(
        """SELECT id, 1 FROM products_product WHERE stock_item_id = %s
        UNION SELECT product_id, 1 FROM products_productvariant WHERE stock_item_id = %s""",
        [stock_item_id, stock_item_id],
    )


def dirty_mark_branch(*, category_id: int) -> None:
    """Remember it of products in or below a category."""
    products_mark(
        """SELECT p.id, 1 FROM products_category top JOIN products_category own ON starts_with(own.path, top.path)
        JOIN products_product p ON p.category_id = own.id WHERE top.id = %s""",
        [category_id],
    )


def index_catch_up() -> int:
    """Index what is marked, batch after batch; return how many. Stops at the first failure and after
    :data:`BUDGET_S`: marks stay for the sweep.

    One process writes at a time, and looks again after it has let go; the others leave their marks to it. So the
    more there is to do, the larger batches get, and consumers are not held up by the store. Must not run inside a
    transaction that has read before: versions are drawn before the rows are read.
    """
    done, until = 0, time.monotonic() + BUDGET_S
    while settings.MESHOP.elasticsearch_url:
        with search_lock_tried(TEXT.table) as is_mine:
            written = marked_write(TEXT, elastic_index, until=until) if is_mine else 0
        done += written
        if not written or not TEXT.are_waiting():
            break
    return done


def marked_write(
    marks: Marks, store: Callable[[], Store], *, until: float = math.inf, before: datetime = FOREVER
) -> int:
    """The same for any store, up to a moment of the monotonic clock, for marks made before one of the database's.

    Without either it may never end: a busy shop makes marks as quickly as they are written.
    """
    done = 0
    while time.monotonic() < until and (claimed := marks.claim(BATCH, before=before)):
        try:
            target = store()
            rendered = documents_of([product_id for product_id, _ in claimed])
            target.write(target.generations(), rendered)
        except (EngineUnavailable, EngineRefused) as error:
            marks.release(claimed)
            log.warning("index not updated", products=len(claimed), marks=marks.table, **error.extra)
            return done
        marks.remove(claimed)
        done += len(claimed)
    return done


def products_mark(products: str, parameters: Sequence[Any]) -> None:
    """Remember for each store that the products which a statement selects as ``(id, 1)`` have changed."""
    if settings.MESHOP.elasticsearch_url:
        TEXT.add(products, parameters)
    if settings.MESHOP.qdrant_url:
        VECTORS.add(products, parameters)
