"""What analytics are asked for."""

from datetime import date, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.utils import timezone
from rest_framework import serializers

from apps.analytics.models import CustomerSegment, SalesReport
from apps.core.api.fields import MAX_ID

#: Longest period of one answer or report.
MAX_DAYS = 3_660
_DEFAULT_DAYS = 30
ORDERINGS = {
    "-revenue": ("revenue_minor", True),
    "revenue": ("revenue_minor", False),
    "-units": ("units", True),
    "units": ("units", False),
    "-returned": ("returned_minor", True),
    "returned": ("returned_minor", False),
}


def shop_today() -> date:
    """The shop's day."""
    return timezone.now().astimezone(ZoneInfo(settings.MESHOP.shop_time_zone)).date()


class PeriodInput(serializers.Serializer):
    """First and last day; the last 30 days when neither is given."""

    start = serializers.DateField(required=False, help_text="First day; 29 days before `end` if not given.")
    end = serializers.DateField(required=False, help_text="Last day; today if not given.")

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Fill in what is missing, refuse what is upside down or too long."""
        end = attrs.setdefault("end", max(shop_today(), attrs.get("start", date.min)))
        if "start" not in attrs:
            attrs["start"] = date.fromordinal(max(1, end.toordinal() - _DEFAULT_DAYS + 1))
        if attrs["start"] > end:
            raise serializers.ValidationError({"start": ["The period must begin before it ends."]})
        if end - attrs["start"] >= timedelta(days=MAX_DAYS):
            raise serializers.ValidationError({"start": [f"A period has at most {MAX_DAYS:,} days."]})
        return attrs


class CurrencyPeriodInput(PeriodInput):
    """A period in one currency: amounts in different ones are never added."""

    currency = serializers.RegexField(
        r"^[A-Z]{3}$", required=False, help_text="ISO 4217; the shop's currency if not given."
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Fill in the currency."""
        attrs.setdefault("currency", settings.MESHOP.shop_currency)
        return super().validate(attrs)


class ArticlesInput(CurrencyPeriodInput):
    """Which articles, in which order."""

    ordering = serializers.ChoiceField(list(ORDERINGS), required=False, default="-revenue")
    search = serializers.CharField(
        required=False, default="", max_length=100, allow_blank=True, help_text="An SKU, or a part of a name."
    )


class CategoriesInput(CurrencyPeriodInput):
    """Categories in which order."""

    ordering = serializers.ChoiceField(list(ORDERINGS), required=False, default="-revenue")


class ActivityInput(CurrencyPeriodInput):
    """Whose activity."""

    user_id = serializers.IntegerField(required=False, min_value=1, max_value=MAX_ID)


class SegmentCustomersInput(serializers.Serializer):
    """Which segment."""

    segment = serializers.ChoiceField(CustomerSegment.Segment.choices, required=False)


class ReportCreateInput(CurrencyPeriodInput):
    """Body of ``POST reports/``; all of it may be left out."""

    kind = serializers.ChoiceField(SalesReport.Kind.choices, required=False, default=SalesReport.Kind.SALES)
    formats = serializers.ListField(
        child=serializers.ChoiceField(SalesReport.Format.choices),
        required=False,
        allow_empty=False,
        max_length=3,
        help_text="`csv`, `xlsx`, `pdf`; all if not given.",
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Fill in the formats."""
        attrs.setdefault("formats", list(SalesReport.Format.values))
        return super().validate(attrs)
