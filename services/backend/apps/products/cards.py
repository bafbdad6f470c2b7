"""Products as the shop shows them: the hot read path, one statement for any number of products.

The shape is the contract ``ProductOutput`` of the OpenAPI document; a test holds both together.
"""

from collections.abc import Sequence
from functools import lru_cache
from typing import Any
from urllib.parse import urljoin

import orjson
from django.conf import settings
from django.core.files.storage import default_storage
from django.db import connection

from meshop_shared.money import minor_to_decimal_string

Card = dict[str, Any]

_SELECT = """
SELECT p.id, p.slug, p.sku, p.name, p.description, p.brand, c.id, c.slug, c.name,
    p.price_minor, p.currency, p.rating, p.review_count, p.attributes::text, p.is_active, p.created_at,
    s.on_hand - s.reserved,
    ARRAY(SELECT t.name FROM products_product_tags pt JOIN products_tag t ON t.id = pt.tag_id
          WHERE pt.product_id = p.id ORDER BY t.name),
    (SELECT json_agg(json_build_array(i.id, i.file, i.is_primary, i.alt) ORDER BY i.is_primary DESC, i.id)
     FROM products_productimage i WHERE i.product_id = p.id)::text,
    (SELECT json_agg(json_build_array(v.id, v.sku, v.name, v.attributes, v.price_minor, vs.on_hand - vs.reserved)
                     ORDER BY v.id)
     FROM products_productvariant v JOIN inventory_stockitem vs ON vs.id = v.stock_item_id
     WHERE v.product_id = p.id AND v.is_active)::text
FROM products_product p
LEFT JOIN products_category c ON c.id = p.category_id
LEFT JOIN inventory_stockitem s ON s.id = p.stock_item_id
"""
_BY_IDS = f"{_SELECT} WHERE p.id = ANY(%s)"
_BY_ID = f"{_SELECT} WHERE p.id = %s"
_BY_SLUG = f"{_SELECT} WHERE p.slug = %s"


def product_cards(ids: Sequence[int]) -> list[Card]:
    """Products in the order of ``ids``, hidden ones too; ids that do not exist are left out."""
    if not ids:
        return []
    with connection.cursor() as cursor:
        cursor.execute(_BY_IDS, [list(ids)])
        cards = {row[0]: product_to_dict(row) for row in cursor.fetchall()}
    return [cards[pk] for pk in ids if pk in cards]


def product_card(*, id: int | None = None, slug: str | None = None) -> Card | None:
    """One product by id or slug, hidden ones too."""
    with connection.cursor() as cursor:
        cursor.execute(_BY_SLUG if id is None else _BY_ID, [slug if id is None else id])
        row = cursor.fetchone()
    return product_to_dict(row) if row else None


def product_to_dict(row: Sequence[Any]) -> Card:
    """Turn a row of the statement above into the public shape. Stock of variants adds up to the product's."""
    (
        pk, slug, sku, name, description, brand, category_id, category_slug, category_name,
        price_minor, currency, rating, review_count, attributes, is_active, created_at,
        own_stock, tags, images, variants,
    ) = row  # fmt: skip
    units = [_variant(unit, price_minor, currency) for unit in orjson.loads(variants)] if variants else []
    stock = sum(unit["stock"] for unit in units) if units else own_stock or 0
    return {
        "id": pk,
        "slug": slug,
        "sku": sku,
        "name": name,
        "description": description,
        "brand": brand,
        "category": {"id": category_id, "slug": category_slug, "name": category_name}
        if category_id
        else None,
        "tags": tags,
        "price": minor_to_decimal_string(price_minor, currency),
        "currency": currency,
        "stock": stock,
        "in_stock": stock > 0,
        "rating": round(rating, 2),
        "review_count": review_count,
        "images": [_image(image) for image in orjson.loads(images)] if images else [],
        "variants": units,
        "attributes": orjson.loads(attributes),
        "is_active": is_active,
        "created_at": created_at,
    }


def _variant(unit: list[Any], product_price_minor: int, currency: str) -> Card:
    pk, sku, name, attributes, price_minor, stock = unit
    price = product_price_minor if price_minor is None else price_minor
    return {
        "id": pk,
        "sku": sku,
        "name": name,
        "attributes": attributes,
        "price": minor_to_decimal_string(price, currency),
        "stock": stock,
    }


def _image(image: list[Any]) -> Card:
    pk, name, is_primary, alt = image
    return {"id": pk, "url": image_url(name), "is_primary": is_primary, "alt": alt}


@lru_cache(maxsize=20_000)
def image_url(name: str) -> str:
    """Absolute address of a stored picture."""
    return urljoin(settings.MESHOP.public_url, default_storage.url(name))
