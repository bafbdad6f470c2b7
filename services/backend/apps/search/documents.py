"""Documents: what the indices hold of a product, read in one statement whatever the number.

The version of a document is drawn from a sequence *before* the rows are read. Whoever draws a later number reads at
least as new a state, so the engines' rule "the higher version stays" (external versioning) never lets an older state
win, however late or out of order it arrives, and no clock is involved.
"""

import hashlib
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import orjson
from django.db import connection

Document = dict[str, Any]
#: Between the name and the value of an attribute; not a character of texts.
SEPARATOR = "\x1f"

_ROWS = """
SELECT p.id, p.sku, p.slug, p.name, p.description, p.brand, p.price_minor, p.rating, p.review_count, p.is_active,
    (extract(epoch FROM p.created_at) * 1000000)::bigint, p.attributes::text,
    coalesce(
        (SELECT s.on_hand > s.reserved FROM inventory_stockitem s WHERE s.id = p.stock_item_id),
        EXISTS (SELECT 1 FROM products_productvariant v JOIN inventory_stockitem s ON s.id = v.stock_item_id
                WHERE v.product_id = p.id AND v.is_active AND s.on_hand > s.reserved)),
    (SELECT json_agg(json_build_array(above.id, above.name) ORDER BY above.path) FROM products_category own
     JOIN products_category above ON above.path = ANY(
         ARRAY(SELECT left(own.path, part) FROM generate_series(4, length(own.path), 4) part))
     WHERE own.id = p.category_id)::text,
    (SELECT json_agg(json_build_array(t.id, t.name) ORDER BY t.name) FROM products_product_tags pt
     JOIN products_tag t ON t.id = pt.tag_id WHERE pt.product_id = p.id)::text,
    (SELECT json_agg(json_build_array(v.sku, v.name, v.attributes) ORDER BY v.id)
     FROM products_productvariant v WHERE v.product_id = p.id AND v.is_active)::text
FROM products_product p
"""


@dataclass(frozen=True, slots=True)
class Rendered:
    """Documents of one version; ``missing`` are products that are no more."""

    version: int
    documents: dict[int, Document]
    missing: list[int]


def documents_of(ids: Sequence[int]) -> Rendered:
    """Read the current documents of ``ids``."""
    with connection.cursor() as cursor:
        version = version_next(cursor)
        cursor.execute(f"{_ROWS} WHERE p.id = ANY(%s)", [list(ids)])
        documents = {row[0]: document(row) for row in cursor.fetchall()}
    return Rendered(version, documents, [pk for pk in ids if pk not in documents])


def documents_after(position: int, *, last: int, limit: int) -> Rendered:
    """Read the documents of the next ``limit`` products with ids above ``position``, up to ``last``."""
    with connection.cursor() as cursor:
        version = version_next(cursor)
        cursor.execute(
            f"{_ROWS} WHERE p.id > %s AND p.id <= %s ORDER BY p.id LIMIT %s", [position, last, limit]
        )
        return Rendered(version, {row[0]: document(row) for row in cursor.fetchall()}, [])


def version_next(cursor: Any) -> int:
    """A version that is higher than any drawn before."""
    cursor.execute("SELECT nextval('search_version')")
    return int(cursor.fetchone()[0])


def document(row: Sequence[Any]) -> Document:
    """Turn a row of the statement above into a document."""
    (
        pk, sku, slug, name, description, brand, price_minor, rating, review_count, is_active,
        created_us, attributes_json, in_stock, categories_json, tags_json, variants_json,
    ) = row  # fmt: skip
    categories = orjson.loads(categories_json) if categories_json else []
    tags = orjson.loads(tags_json) if tags_json else []
    variants = orjson.loads(variants_json) if variants_json else []
    own = orjson.loads(attributes_json)
    attributes = list(_pairs([own, *(variant[2] for variant in variants)]))
    return {
        "id": pk,
        "sku": sku,
        "codes": sorted({code.lower() for code in (sku, slug, *(variant[0] for variant in variants))}),
        "name": name,
        "name_sort": name,
        "description": description,
        "brand": brand,
        "brand_name": brand,
        "category_ids": [category[0] for category in categories],
        "category_names": [category[1] for category in categories],
        "tag_ids": [tag[0] for tag in tags],
        "tag_names": [tag[1] for tag in tags],
        "attributes": sorted({attribute_token(name, value) for name, value in attributes}),
        "attribute_words": sorted({str(value) for _, value in attributes if not isinstance(value, bool)}),
        "price_minor": price_minor,
        "rating": rating,
        "review_count": review_count,
        "in_stock": in_stock,
        "is_active": is_active,
        "created_us": created_us,
    }


def attribute_token(name: str, value: Any) -> str:
    """One keyword for an attribute with its value; equal numbers make equal tokens, as in ``jsonb``."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        value = int(value) if math.isfinite(value) and value == int(value) else float(value)
    return f"{name}{SEPARATOR}{orjson.dumps(value).decode()}"


def attribute_value(token: str) -> tuple[str, Any]:
    """The inverse of :func:`attribute_token`."""
    name, _, value = token.partition(SEPARATOR)
    return name, orjson.loads(value)


def checksum(document: Document) -> str:
    """Equal for equal documents."""
    return hashlib.blake2b(orjson.dumps(document, option=orjson.OPT_SORT_KEYS), digest_size=16).hexdigest()


def _pairs(sets: Iterable[dict[str, Any]]) -> Iterable[tuple[str, Any]]:
    for attributes in sets:
        for name, value in attributes.items():
            if isinstance(value, str | int | float):
                yield name, value
