"""Keeping the index as the rows are: marks of what has changed, and their removal once the index knows.

A mark counts changes. Whoever indexes a product removes its mark only if no change was added meanwhile, so a change is
never lost; and documents carry versions (:mod:`apps.search.documents`), so an older state never replaces a newer one.
"""

from collections.abc import Sequence
from typing import Any

import structlog
from django.conf import settings
from django.db import connection

from apps.search.documents import documents_of
from apps.search.errors import EngineRefused, EngineUnavailable
from apps.search.stores import elastic_index

BATCH = 500
#: A worker that took marks and died is replaced after this long.
CLAIM_S = 60

log = structlog.get_logger(__name__)

_MARK = """
INSERT INTO search_dirtyproduct (product_id, marks) {products} ORDER BY 1
ON CONFLICT (product_id) DO UPDATE SET marks = search_dirtyproduct.marks + 1
"""
_CLAIM = """
UPDATE search_dirtyproduct SET claimed_until = now() + make_interval(secs => %s) WHERE product_id IN (
    SELECT product_id FROM search_dirtyproduct WHERE claimed_until IS NULL OR claimed_until < now()
    ORDER BY marked_at LIMIT %s FOR UPDATE SKIP LOCKED
) RETURNING product_id, marks
"""
_REMOVE = """
DELETE FROM search_dirtyproduct d USING unnest(%s::bigint[], %s::bigint[]) AS seen (product_id, marks)
WHERE d.product_id = seen.product_id AND d.marks = seen.marks
"""
_RELEASE = "UPDATE search_dirtyproduct SET claimed_until = NULL WHERE product_id = ANY(%s)"


def dirty_mark(*, product_ids: Sequence[int]) -> None:
    """Remember that these products have changed."""
    _mark("SELECT unnest(%s::bigint[]), 1", [sorted(set(product_ids))])


def dirty_mark_all() -> None:
    """Remember it of every product."""
    _mark("SELECT id, 1 FROM products_product", [])


def dirty_mark_tagged(*, tag_id: int) -> None:
    """Remember it of products with a tag; of all, when the tag and so its products are unknown by now."""
    _mark(
        """SELECT id, 1 FROM products_product p WHERE NOT EXISTS (SELECT 1 FROM products_tag WHERE id = %s)
        OR EXISTS (SELECT 1 FROM products_product_tags t WHERE t.product_id = p.id AND t.tag_id = %s)""",
        [tag_id, tag_id],
    )


def dirty_mark_branch(*, category_id: int) -> None:
    """Remember it of products in or below a category."""
    _mark(
        """SELECT p.id, 1 FROM products_category top JOIN products_category own ON starts_with(own.path, top.path)
        JOIN products_product p ON p.category_id = own.id WHERE top.id = %s""",
        [category_id],
    )


def index_catch_up() -> int:
    """Index what is marked, batch after batch; return how many. Stops at the first failure: marks stay for the sweep.

    Must not run inside a transaction that has read before: versions are drawn before the rows are read.
    """
    if not settings.MESHOP.elasticsearch_url:
        return 0
    done = 0
    while claimed := _claim():
        try:
            index = elastic_index()
            rendered = documents_of([product_id for product_id, _ in claimed])
            index.write(index.generations(), rendered)
        except (EngineUnavailable, EngineRefused) as error:
            _execute(_RELEASE, [[product_id for product_id, _ in claimed]])
            log.warning("index not updated", products=len(claimed), **error.extra)
            return done
        _execute(_REMOVE, [[product_id for product_id, _ in claimed], [marks for _, marks in claimed]])
        _execute(_RELEASE, [[product_id for product_id, _ in claimed]])  # those that changed meanwhile
        done += len(claimed)
    return done


def _claim() -> list[tuple[int, int]]:
    with connection.cursor() as cursor:
        cursor.execute(_CLAIM, [CLAIM_S, BATCH])
        return list(cursor.fetchall())


def _mark(products: str, parameters: list[Any]) -> None:
    if settings.MESHOP.elasticsearch_url:
        _execute(_MARK.format(products=products), parameters)


def _execute(statement: str, parameters: list[Any]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
