"""Values of a file turned into those of the shop, or refused with a reason."""

import json
import re
from decimal import Decimal
from functools import lru_cache
from typing import Any

from babel.numbers import is_currency

from apps.products.imports.errors import Unusable
from apps.products.imports.text import clean_text
from meshop_shared.money import decimal_to_minor

MAX_STOCK = 1_000_000_000
MAX_SKU = 64
MAX_ATTRIBUTES, MAX_ATTRIBUTE_NAME, MAX_ATTRIBUTE_VALUE = 50, 60, 200
MAX_TAGS, MAX_DEPTH = 50, 8
_WHOLE = re.compile(r"\d{1,10}", re.ASCII)


def sku_of(value: Any, *, field: str = "sku") -> str:
    """A SKU: up to 64 printable characters without space at the ends."""
    text = str(value).strip() if isinstance(value, (str, int)) and not isinstance(value, bool) else ""
    if not text:
        raise Unusable("missing_sku", field)
    if len(text) > MAX_SKU or not text.isprintable():
        raise Unusable("bad_sku", text[:100])
    return text


def name_of(value: Any, *, field: str = "name", limit: int = 200) -> str:
    """A name that is not empty."""
    name = clean_text(text_of(value, field=field), field=field, limit=limit)
    if not name:
        raise Unusable("missing_name", field)
    return name


def text_of(value: Any, *, field: str) -> str:
    """Text; numbers of JSON become text, anything deeper is refused."""
    if value is None:
        return ""
    if isinstance(value, (str, int, Decimal)) and not isinstance(value, bool):
        return str(value)
    raise Unusable(f"bad_{field}", "text expected")


def price_of(value: Any, currency: str) -> int:
    """An amount of at least 0, exact in ``currency``."""
    text = (
        str(value).strip() if isinstance(value, (str, int, Decimal)) and not isinstance(value, bool) else ""
    )
    try:
        minor = decimal_to_minor(text if len(text) <= 30 else "", currency)
    except ValueError as error:
        raise Unusable("bad_price", text[:40]) from error
    if minor < 0:
        raise Unusable("bad_price", text)
    return minor


@lru_cache(maxsize=512)
def currency_of(value: str) -> str:
    """An ISO 4217 code in upper case."""
    code = value.strip().upper()
    if len(code) != 3 or not is_currency(code):
        raise Unusable("bad_currency", code[:20])
    return code


def stock_of(value: Any) -> int:
    """A whole number of units, not negative."""
    text = str(value).strip() if isinstance(value, (str, int)) and not isinstance(value, bool) else ""
    if not _WHOLE.fullmatch(text) or int(text) > MAX_STOCK:
        raise Unusable("bad_stock", str(value)[:40])
    return int(text)


def category_of(value: Any) -> tuple[str, ...]:
    """A path as ``A > B > C`` or a list of names; empty for none."""
    parts = value if isinstance(value, list) else text_of(value, field="category").split(">")
    names = [clean_text(text_of(part, field="category"), field="category", limit=120) for part in parts]
    path = tuple(name for name in names if name)
    if len(path) > MAX_DEPTH:
        raise Unusable("too_long", f"category: {len(path)} levels, at most {MAX_DEPTH}")
    return path


def tags_of(value: Any) -> tuple[str, ...]:
    """Names separated by commas, or a list of names; repeated ones count once."""
    parts = value if isinstance(value, list) else text_of(value, field="tags").split(",")
    names = [clean_text(text_of(part, field="tags"), field="tag", limit=60) for part in parts]
    tags = tuple({name.casefold(): name for name in names if name}.values())
    if len(tags) > MAX_TAGS:
        raise Unusable("too_long", f"tags: {len(tags)}, at most {MAX_TAGS}")
    return tags


def attributes_of(value: Any) -> dict[str, Any]:
    """A flat JSON object of texts, numbers and truth values; as text in CSV."""
    if isinstance(value, str):
        if not value.strip():
            return {}
        try:
            value = json.loads(value, parse_constant=_no_constant)
        except (ValueError, RecursionError) as error:
            raise Unusable("bad_attributes", "not a JSON object") from error
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise Unusable("bad_attributes", "not a JSON object")
    if len(value) > MAX_ATTRIBUTES:
        raise Unusable("too_long", f"attributes: {len(value)}, at most {MAX_ATTRIBUTES}")
    return {
        clean_text(name, field="attribute name", limit=MAX_ATTRIBUTE_NAME): _attribute(name, item)
        for name, item in value.items()
        if item is not None
    }


def _attribute(name: str, value: Any) -> str | int | float | bool:
    if isinstance(value, str):
        return clean_text(value, field=f"attribute {name[:40]}", limit=MAX_ATTRIBUTE_VALUE)
    if isinstance(value, Decimal):
        return float(value)
    if isinstance(value, (bool, int, float)) and abs(value) <= 10**15:
        return value
    raise Unusable("bad_attributes", f"{name[:60]}: text, number or truth value expected")


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")
