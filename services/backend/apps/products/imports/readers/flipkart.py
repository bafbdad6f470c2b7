"""Products of the Flipkart sample (PromptCloud, CC BY-SA 4.0): category trees, prices and specifications as text."""

import json
import re
from typing import Any

from apps.products.imports.errors import Unusable
from apps.products.imports.readers.fields import category_of, name_of, price_of, sku_of
from apps.products.imports.records import ArticleRecord
from apps.products.imports.source import RawRecord, Source
from apps.products.imports.text import clean_text

MAX_DEPTH = 4
MAX_SPECIFICATIONS, MAX_VALUE = 30, 200


class FlipkartReader:
    """Reads articles; the SKU is Flipkart's ``pid``, the price the discounted one."""

    def __init__(self, source: Source, *, currency: str, default_stock: int) -> None:
        self._columns, self._currency, self._stock = source.columns, currency, default_stock

    def article(self, record: RawRecord) -> ArticleRecord:
        """Turn one record into an article. Raises :class:`Unusable`."""
        values = dict(zip(self._columns, record.cells, strict=True))
        price = values.get("discounted_price") or values.get("retail_price") or ""
        if not price:
            raise Unusable("no_price")
        name = values["product_name"]
        brand = clean_text(values.get("brand", ""), field="brand", limit=120)
        return ArticleRecord(
            line=record.line,
            sku=sku_of(values["pid"]),
            name=name_of(name),
            price_minor=price_of(price, self._currency),
            currency=self._currency,
            description=clean_text(
                values.get("description", ""), field="description", limit=20_000, multiline=True
            ),
            brand=brand,
            category=_category(values["product_category_tree"], name=name, brand=brand),
            attributes=_specifications(values["product_specifications"]),
            stock=self._stock,
        )


def _category(tree: str, *, name: str, brand: str) -> tuple[str, ...]:
    """``["A >> B >> brand B >> name of the pro..."]`` without the nodes that are this one product or its brand."""
    try:
        parsed = json.loads(tree)
    except ValueError:
        parsed = None
    path = parsed[0] if isinstance(parsed, list) and parsed and isinstance(parsed[0], str) else tree
    nodes = [" ".join(node.split()) for node in path.split(">>")]
    own = (" ".join(name.split()).casefold(), brand.casefold())
    kept = [node for node in nodes if node and not _is_own(node.casefold().removesuffix("..."), *own)]
    return category_of(kept[:MAX_DEPTH])


def _is_own(node: str, name: str, brand: str) -> bool:
    return name.startswith(node.strip()) or node.startswith(name) or bool(brand and node.startswith(brand))


def _specifications(text: str) -> dict[str, Any]:
    """``{"product_specification"=>[{"key"=>"Color", "value"=>"Red"}, …]}``, a Ruby hash, as attributes."""
    if not text.strip():
        return {}
    try:
        parsed = json.loads(re.sub(r'"=>nil\b', '": null', text).replace('"=>', '":'))
        found = parsed["product_specification"]
        entries = [found] if isinstance(found, dict) else list(found or ())
        pairs = [(entry.get("key"), entry.get("value")) for entry in entries]
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise Unusable("bad_attributes", text[:60]) from error
    attributes: dict[str, Any] = {}
    for key, value in pairs:
        if isinstance(key, str) and key and isinstance(value, str) and len(attributes) < MAX_SPECIFICATIONS:
            name = clean_text(key.lower().replace(" ", "_"), field="attribute name", limit=60)
            attributes.setdefault(name, clean_text(value[:MAX_VALUE], field=name, limit=MAX_VALUE))
    return attributes
