"""What forecasts and proposals are asked for."""

from rest_framework import serializers

from apps.forecasting.answers import MOST_WEEKS
from apps.forecasting.models import LEAST_LEVEL, MOST_DAYS, MOST_LEVEL, DemandForecast


class SearchInput(serializers.Serializer):
    """Which articles."""

    search = serializers.CharField(
        required=False, default="", max_length=100, allow_blank=True, help_text="An SKU, or a part of a name."
    )


class ForecastInput(SearchInput):
    """Of what, and how far."""

    kind = serializers.ChoiceField(
        DemandForecast.Kind.choices, required=False, default=DemandForecast.Kind.ARTICLE
    )
    weeks = serializers.IntegerField(required=False, default=4, min_value=1, max_value=MOST_WEEKS)


class ReorderInput(SearchInput):
    """Terms that go before those of the articles and of the shop."""

    lead_time_days = serializers.IntegerField(required=False, min_value=0, max_value=MOST_DAYS)
    service_level = serializers.FloatField(
        required=False,
        min_value=LEAST_LEVEL,
        max_value=MOST_LEVEL,
        help_text="How surely the stock must last.",
    )
    moq = serializers.IntegerField(
        required=False, min_value=1, max_value=1_000_000, help_text="Smallest quantity that can be ordered."
    )
