"""Reads of the shop's pictures and of what they show."""

from collections.abc import Sequence
from typing import Any

from django.db import connection

_PICTURES = """
SELECT i.id, i.file, i.product_id, c.slug
FROM products_productimage i
JOIN products_product p ON p.id = i.product_id AND p.is_active
LEFT JOIN products_category c ON c.id = p.category_id
WHERE i.id < %s
ORDER BY i.id DESC
LIMIT %s
"""


def pictures_shown(*, before: int, limit: int) -> list[dict[str, Any]]:
    """Pictures of products that the shop shows, newest first, with ids below ``before``."""
    with connection.cursor() as cursor:
        cursor.execute(_PICTURES, [before, limit])
        return [
            {"id": pk, "file": file, "product_id": product_id, "category": category}
            for pk, file, product_id, category in cursor.fetchall()
        ]


def categories_named(*, slugs: Sequence[str]) -> dict[str, dict[str, Any]]:
    """Categories by slug, as products name theirs."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT id, slug, name FROM products_category WHERE slug = ANY(%s)", [list(slugs)])
        return {slug: {"id": pk, "slug": slug, "name": name} for pk, slug, name in cursor.fetchall()}
