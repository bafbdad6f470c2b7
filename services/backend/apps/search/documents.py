"""Documents: what the indices hold of a product, read in three statements whatever the number.

The version of a document is drawn from a sequence *before* the rows are read. Whoever draws a later number reads at
least as new a state, so the engines' rule "the higher version stays" (external versioning) never lets an older state
win, however late or out of order it arrives, and no clock is involved.
"""

import hashlib
import math
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from operator import itemgetter
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
        (SELECT bool_or(s.on_hand > s.reserved) FROM products_productvariant v
         JOIN inventory_stockitem s ON s.id = v.stock_item_id WHERE v.product_id = p.id AND v.is_active), false),
    p.category_id, ARRAY(SELECT pt.tag_id FROM products_product_tags pt WHERE pt.product_id = p.id),
    (SELECT json_agg(json_build_array(v.sku, v.name, v.attributes) ORDER BY v.id)
     FROM products_productvariant v WHERE v.product_id = p.id AND v.is_active)::text
FROM products_product p
"""
_WAYS = """
SELECT own.id, above.id, above.name FROM products_category own JOIN products_category above ON above.path = ANY(
    ARRAY(SELECT left(own.path, part) FROM generate_series(4, length(own.path), 4) part))
WHERE own.id = ANY(%s) ORDER BY own.id, above.path
"""
_TAGS = "SELECT id, name FROM products_tag WHERE id = ANY(%s)"

Names = list[tuple[int, str]]
#: Place of the category's id in a row; those of the tags follow.
_CATEGORY = 13


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
        documents = _documents(cursor.fetchall())
    return Rendered(version, documents, [pk for pk in ids if pk not in documents])


def documents_streamed(position: int, *, last: int, limit: int, batch: int) -> Iterator[Rendered]:
    """Read the documents of the next ``limit`` products with ids above ``position``, up to ``last``, in id order.

    They come ``batch`` at a time from a server-side cursor: memory is that of one batch. Outside a transaction the
    cursor outlives its statement, and none is open while a batch is used. All have the version drawn before it.
    """
    with connection.cursor() as cursor:
        version = version_next(cursor)
    statement = f"{_ROWS} WHERE p.id > %s AND p.id <= %s ORDER BY p.id LIMIT %s"
    with connection.chunked_cursor() as rows:
        rows.execute(statement, [position, last, limit])
        while fetched := rows.fetchmany(batch):
            yield Rendered(version, _documents(fetched), [])


def version_next(cursor: Any) -> int:
    """A version that is higher than any drawn before."""
    cursor.execute("SELECT nextval('search_version')")
    return int(cursor.fetchone()[0])


def _documents(rows: Sequence[Sequence[Any]]) -> dict[int, Document]:
    """Documents by id. Names of categories and tags are read once for all of them, in two more statements."""
    if not rows:
        return {}
    ways: dict[int, Names] = defaultdict(list)
    with connection.cursor() as cursor:
        cursor.execute(_WAYS, [list({row[_CATEGORY] for row in rows if row[_CATEGORY] is not None})])
        for own, pk, name in cursor.fetchall():
            ways[own].append((pk, name))
        cursor.execute(_TAGS, [list({tag_id for row in rows for tag_id in row[_CATEGORY + 1]})])
        tags = dict(cursor.fetchall())
    return {row[0]: document(row, ways.get(row[_CATEGORY], []), tags) for row in rows}


def document(row: Sequence[Any], categories: Names, tag_names: Mapping[int, str]) -> Document:
    """Turn a row of the statement above into a document; ``categories`` lead from the top to the product's own."""
    (
        pk, sku, slug, name, description, brand, price_minor, rating, review_count, is_active,
        created_us, attributes_json, in_stock, _, tag_ids, variants_json,
    ) = row  # fmt: skip
    tags = sorted(((pk, tag_names[pk]) for pk in tag_ids if pk in tag_names), key=itemgetter(1))
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
