"""Input fields of the catalogue."""

import math
from typing import Any

from django.utils.text import slugify
from rest_framework import serializers

from apps.products.slugs import RESERVED
from apps.products.text import plain_text

MAX_STOCK = 1_000_000_000
_MAX_ATTRIBUTES, _MAX_NAME, _MAX_VALUE = 50, 100, 500


class TextField(serializers.CharField):
    """Plain text: markup in it is removed, and what is only markup counts as empty."""

    def __init__(self, *, multiline: bool = False, **kwargs: Any) -> None:
        self._multiline = multiline
        super().__init__(**kwargs)

    def run_validation(self, data: Any = serializers.empty) -> Any:
        """Clean before the rules of length and emptiness are applied."""
        if data is not serializers.empty and data is not None:
            if not isinstance(data, str):
                self.fail("invalid")
            data = plain_text(data, multiline=self._multiline)
        return super().run_validation(data)


class TagField(TextField):
    """Name of a tag; needs at least one letter or digit."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(max_length=60, **kwargs)

    def to_internal_value(self, data: Any) -> str:
        """Return the name."""
        name = super().to_internal_value(data)
        if not slugify(name, allow_unicode=True):
            self.fail("invalid")
        return name


class SkuField(serializers.CharField):
    """A stock keeping unit: one printable word of up to 64 characters."""

    default_error_messages = {"sku": "Use up to 64 printable characters without spaces at the ends."}

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(max_length=64, **kwargs)

    def to_internal_value(self, data: Any) -> str:
        """Return the SKU."""
        if not isinstance(data, str):
            self.fail("invalid")
        sku = super().to_internal_value(data)
        if not sku.isprintable() or "<" in sku or ">" in sku:
            self.fail("sku")
        return sku


class ProductSlugField(serializers.SlugField):
    """A slug that the URL scheme can carry: not only digits, not a word of ours."""

    default_error_messages = {"slug": "A slug needs a letter, and some words are reserved."}

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(max_length=200, **kwargs)

    def to_internal_value(self, data: Any) -> str:
        """Return the slug."""
        if not isinstance(data, str):
            self.fail("invalid")
        slug = super().to_internal_value(data)
        if slug.isdigit() or slug in RESERVED:
            self.fail("slug")
        return slug


class StockField(serializers.IntegerField):
    """Units that can be sold: a JSON integer from 0."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(min_value=0, max_value=MAX_STOCK, **kwargs)

    def to_internal_value(self, data: Any) -> int:
        """Accept a JSON integer."""
        if isinstance(data, bool) or not isinstance(data, int):
            self.fail("invalid")
        return super().to_internal_value(data)


class RatingField(serializers.IntegerField):
    """Stars: a JSON integer from 1 to 5."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(min_value=1, max_value=5, **kwargs)

    def to_internal_value(self, data: Any) -> int:
        """Accept a JSON integer."""
        if isinstance(data, bool) or not isinstance(data, int):
            self.fail("invalid")
        return super().to_internal_value(data)


class AttributesField(serializers.DictField):
    """Names to scalars: text, finite numbers, booleans."""

    default_error_messages = {
        "many": f"Give at most {_MAX_ATTRIBUTES} attributes.",
        "name": f"Attribute names have 1 to {_MAX_NAME} characters.",
        "value": f"Attribute values are numbers, booleans or texts of at most {_MAX_VALUE} characters.",
    }

    def to_internal_value(self, data: Any) -> dict[str, Any]:
        """Return the attributes, texts without markup."""
        if not isinstance(data, dict):
            self.fail("not_a_dict", input_type=type(data).__name__)
        if len(data) > _MAX_ATTRIBUTES:
            self.fail("many")
        return {self._name(name): self._value(value) for name, value in data.items()}

    def _name(self, name: str) -> str:
        clean = plain_text(name)
        if not 1 <= len(clean) <= _MAX_NAME:
            self.fail("name")
        return clean

    def _value(self, value: Any) -> Any:
        if isinstance(value, str) and len(clean := plain_text(value)) <= _MAX_VALUE:
            return clean
        if isinstance(value, bool) or (isinstance(value, int) and abs(value) < 2**63):
            return value
        if not isinstance(value, float) or not math.isfinite(value):
            self.fail("value")
        return value
