"""Keeping ``Product.search_extra``: the words of its categories and tags that full text search may find it by."""

from collections.abc import Sequence

from django.db import connection

_REFRESH = """
UPDATE products_product p SET search_extra = concat_ws(' ',
    (SELECT string_agg(above.name, ' ' ORDER BY above.path)
     FROM products_category own JOIN products_category above ON starts_with(own.path, above.path)
     WHERE own.id = p.category_id),
    (SELECT string_agg(t.name, ' ' ORDER BY t.name)
     FROM products_product_tags pt JOIN products_tag t ON t.id = pt.tag_id WHERE pt.product_id = p.id))
"""
_BRANCH = f"""{_REFRESH} WHERE p.category_id IN (
    SELECT below.id FROM products_category below
    JOIN products_category top ON starts_with(below.path, top.path) WHERE top.id = ANY(%s))
"""  # noqa: S608 - constant text


def search_extra_refresh(*, product_ids: Sequence[int]) -> None:
    """Work out the words of these products again, after their category or tags have changed."""
    with connection.cursor() as cursor:
        cursor.execute(f"{_REFRESH} WHERE p.id = ANY(%s)", [list(product_ids)])


def search_extra_refresh_branch(*, category_ids: Sequence[int]) -> None:
    """The same for every product in or below these categories, after one was renamed or moved."""
    with connection.cursor() as cursor:
        cursor.execute(_BRANCH, [list(category_ids)])
