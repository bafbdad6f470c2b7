"""Shapes of the answers, for the OpenAPI document."""

from rest_framework import serializers

_SOURCE = serializers.ChoiceField(
    choices=["model", "cache", "baseline", "fallback"],
    help_text="`baseline`: the service without a model; `fallback`: without it, its last forecasts or past sales.",
)


class ForecastModelOutput(serializers.Serializer):
    """The model that forecast."""

    name = serializers.CharField()
    version = serializers.CharField()
    digest = serializers.CharField()


class ForecastProductOutput(serializers.Serializer):
    """An article."""

    id = serializers.IntegerField()
    sku = serializers.CharField()
    name = serializers.CharField()


class ForecastCategoryOutput(serializers.Serializer):
    """A category."""

    id = serializers.IntegerField()
    slug = serializers.CharField()
    name = serializers.CharField()


class ForecastWeekOutput(serializers.Serializer):
    """A week to come; four of five weeks fall between `low` and `high`."""

    start = serializers.DateField()
    end = serializers.DateField()
    units = serializers.FloatField()
    low = serializers.FloatField()
    high = serializers.FloatField()


class ForecastOutput(serializers.Serializer):
    """What will be sold of an article, or of the articles of a category itself, and why."""

    product = ForecastProductOutput(allow_null=True)
    category = ForecastCategoryOutput(allow_null=True)
    source = _SOURCE  # type: ignore[assignment]
    model = ForecastModelOutput(allow_null=True)
    method = serializers.CharField(help_text="`ensemble`, one of its members, or `seasonal_naive`.")
    weeks = ForecastWeekOutput(many=True)
    reasons = serializers.ListField(child=serializers.CharField())


class ReorderProposalOutput(serializers.Serializer):
    """An article to order now, and why."""

    product = ForecastProductOutput()
    available = serializers.IntegerField()
    quantity = serializers.IntegerField(help_text="What to order.")
    reorder_point = serializers.IntegerField()
    order_up_to = serializers.IntegerField()
    safety_stock = serializers.IntegerField()
    expected = serializers.FloatField(help_text="Units expected until the delivery after next.")
    days_left = serializers.FloatField(help_text="Days that the stock lasts at the expected pace.")
    lead_time_days = serializers.IntegerField()
    service_level = serializers.FloatField()
    moq = serializers.IntegerField()
    pack_size = serializers.IntegerField()
    source = _SOURCE  # type: ignore[assignment]
    model = ForecastModelOutput(allow_null=True)
    method = serializers.CharField()
    reasons = serializers.ListField(child=serializers.CharField())


class _AnswerPage(serializers.Serializer):
    source = _SOURCE  # type: ignore[assignment]
    model = ForecastModelOutput(allow_null=True)
    reasons = serializers.ListField(child=serializers.CharField())
    count = serializers.IntegerField(min_value=0)
    next = serializers.URLField(allow_null=True)
    previous = serializers.URLField(allow_null=True)


class ForecastsPage(_AnswerPage):
    """A list of forecasts; `source` and `model` are those of the best of them."""

    results = ForecastOutput(many=True)


class ReorderProposalsPage(_AnswerPage):
    """A list of proposals, the most urgent first."""

    results = ReorderProposalOutput(many=True)
