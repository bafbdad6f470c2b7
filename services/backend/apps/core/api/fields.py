"""Serializer fields that several apps use."""

from decimal import Decimal
from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from meshop_shared.money import decimal_to_minor

#: Largest id PostgreSQL can hold; beyond it a lookup would be an error instead of a miss.
MAX_ID = 2**63 - 1


class IdField(serializers.IntegerField):
    """An id of another object. Strict: ``true``, ``1.0`` and ``"1"`` are not ids."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(min_value=1, max_value=MAX_ID, **kwargs)

    def to_internal_value(self, data: Any) -> int:
        """Accept a JSON integer."""
        return super().to_internal_value(_whole_number(self, data))


class StrictCharField(serializers.CharField):
    """Text. Strict: numbers are not text."""

    def to_internal_value(self, data: Any) -> str:
        """Accept a JSON string."""
        return super().to_internal_value(_text(self, data))


class StrictEmailField(serializers.EmailField):
    """An e-mail address of at most 254 characters (RFC 5321), in lower case."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(max_length=254, **kwargs)

    def to_internal_value(self, data: Any) -> str:
        """Accept a JSON string."""
        return super().to_internal_value(_text(self, data)).lower()


class StrictBooleanField(serializers.BooleanField):
    """``true`` or ``false``; not ``1``, ``"yes"`` or ``"on"``."""

    def to_internal_value(self, data: Any) -> bool:
        """Accept a JSON boolean."""
        if not isinstance(data, bool):
            self.fail("invalid", input=data)
        return data


class QuantityField(serializers.IntegerField):
    """A number of units: a JSON integer from 1 to 10,000."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(min_value=1, max_value=10_000, **kwargs)

    def to_internal_value(self, data: Any) -> int:
        """Accept a JSON integer."""
        return super().to_internal_value(_whole_number(self, data))


def _text(field: serializers.Field, data: Any) -> Any:
    if not isinstance(data, str):
        field.fail("invalid")
    return data


def _whole_number(field: serializers.Field, data: Any) -> Any:
    if isinstance(data, bool | float | str):
        field.fail("invalid")
    return data


@extend_schema_field({"type": "string", "pattern": r"^-?\d+(\.\d+)?$", "example": "12.34"})
class DecimalStringField(serializers.Field):
    """An amount of money as decimal text (numbers are accepted); validated against a currency by the service."""

    default_error_messages = {
        "invalid": "A valid amount is required.",
        "negative": "The amount must not be negative.",
    }

    def to_internal_value(self, data: Any) -> str:
        """Return canonical decimal text of at most three places."""
        if isinstance(data, bool) or not isinstance(data, str | int | float) or len(str(data)) > 20:
            self.fail("invalid")
        text = str(data).strip()
        try:
            if decimal_to_minor(text, "KWD") < 0:
                self.fail("negative")
        except ValueError:
            self.fail("invalid")
        return str(Decimal(text))

    def to_representation(self, value: Any) -> str:
        """Amounts are already formatted."""
        return str(value)
