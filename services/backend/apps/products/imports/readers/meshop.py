"""The shop's own format: CSV with a header, or one JSON object a line. Described in ``docs/catalog-import.md``."""

import json
from decimal import Decimal
from typing import Any

from apps.products.imports.errors import SourceUnusable, Unusable
from apps.products.imports.readers.fields import (
    attributes_of,
    category_of,
    currency_of,
    name_of,
    price_of,
    sku_of,
    stock_of,
    tags_of,
    text_of,
)
from apps.products.imports.records import ArticleRecord, VariantRecord
from apps.products.imports.source import RawRecord, Source
from apps.products.imports.text import clean_text

CSV_COLUMNS = (
    "sku", "name", "description", "brand", "category", "tags", "price", "currency", "stock", "attributes",
)  # fmt: skip
JSON_KEYS = frozenset(CSV_COLUMNS) | {"variants"}
_VARIANT_KEYS = frozenset({"sku", "name", "attributes", "price", "stock"})
MAX_VARIANTS = 200


class MeshopReader:
    """Reads articles. Columns that are absent leave what the shop has; ``stock`` defaults to ``default_stock``."""

    def __init__(self, source: Source, *, currency: str, default_stock: int) -> None:
        """Raises :class:`SourceUnusable` when the header names unknown columns."""
        self._columns, self._currency, self._stock = source.columns, currency, default_stock
        if unknown := sorted(set(self._columns) - set(CSV_COLUMNS)):
            raise SourceUnusable(
                f"{source.path} has unknown columns: {', '.join(unknown)}; known are {', '.join(CSV_COLUMNS)}."
            )
        if len(set(self._columns)) < len(self._columns):
            raise SourceUnusable(f"{source.path} names a column twice.")

    def article(self, record: RawRecord) -> ArticleRecord:
        """Turn one record into an article. Raises :class:`Unusable`."""
        if self._columns:
            values: dict[str, Any] = dict(zip(self._columns, record.cells, strict=True))
        else:
            values = _json_object(record.cells[0])
        currency = currency_of(text_of(values.get("currency"), field="currency") or self._currency)
        price = price_of(values.get("price"), currency)
        stock = values.get("stock")
        return ArticleRecord(
            line=record.line,
            sku=sku_of(values.get("sku")),
            name=name_of(values.get("name")),
            price_minor=price,
            currency=currency,
            description=_text(values, "description", 20_000),
            brand=_text(values, "brand", 120),
            category=category_of(values["category"]) if "category" in values else None,
            tags=tags_of(values["tags"]) if "tags" in values else None,
            attributes=attributes_of(values["attributes"]) if "attributes" in values else None,
            stock=self._stock if stock is None or stock == "" else stock_of(stock),
            variants=self._variants(values["variants"], currency) if "variants" in values else None,
        )

    def _variants(self, value: Any, currency: str) -> list[VariantRecord]:
        if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
            raise Unusable("bad_variants", "a list of objects expected")
        if len(value) > MAX_VARIANTS:
            raise Unusable("too_long", f"variants: {len(value)}, at most {MAX_VARIANTS}")
        variants = [self._variant(item, currency) for item in value]
        if len({variant.sku for variant in variants}) < len(variants):
            raise Unusable("bad_variants", "the same sku twice")
        return variants

    def _variant(self, item: dict[str, Any], currency: str) -> VariantRecord:
        if unknown := sorted(item.keys() - _VARIANT_KEYS):
            raise Unusable("bad_variants", f"unknown key {unknown[0][:60]}")
        price, stock = item.get("price"), item.get("stock")
        return VariantRecord(
            sku=sku_of(item.get("sku"), field="variants.sku"),
            name=name_of(item.get("name"), field="variants.name"),
            attributes=attributes_of(item.get("attributes")),
            price_minor=None if price is None else price_of(price, currency),
            stock=self._stock if stock is None else stock_of(stock),
        )


def _json_object(line: str) -> dict[str, Any]:
    try:
        values = json.loads(line, parse_float=Decimal)
    except (ValueError, RecursionError) as error:
        raise Unusable("bad_json", str(error)[:100]) from error
    if not isinstance(values, dict):
        raise Unusable("bad_json", "an object expected")
    if unknown := sorted(values.keys() - JSON_KEYS):
        raise Unusable("unknown_key", unknown[0][:60])
    if "\\u0000" in line:  # an escaped one is visible only after parsing
        raise Unusable("null_byte")
    return values


def _text(values: dict[str, Any], field: str, limit: int) -> str | None:
    if field not in values:
        return None
    return clean_text(text_of(values[field], field=field), field=field, limit=limit, multiline=limit > 1_000)
