"""Shapes of the answers, for the OpenAPI document."""

from rest_framework import serializers

from apps.analytics.models import CustomerSegment, SalesReport
from apps.core.api.fields import DecimalStringField


class OrderMeasuresOutput(serializers.Serializer):
    """What is measured of orders. Orders, units and amounts without a prefix are of paid, uncancelled orders."""

    currency = serializers.CharField()
    orders = serializers.IntegerField()
    units = serializers.IntegerField()
    subtotal = DecimalStringField()
    shipping = DecimalStringField()
    tax = DecimalStringField()
    discount = DecimalStringField()
    total = DecimalStringField()
    average_order = DecimalStringField(help_text="`total` by `orders`, rounded; 0 without orders.")
    refunds = serializers.IntegerField(help_text="Refunds that arrived on these days.")
    refunded = DecimalStringField()
    credit_notes = serializers.IntegerField(help_text="Imported orders with a negative total.")
    credited = DecimalStringField()
    net = DecimalStringField(help_text="`total` less `refunded` and `credited`.")
    placed_orders = serializers.IntegerField(help_text="All orders, whatever became of them.")
    placed = DecimalStringField()
    cancelled_orders = serializers.IntegerField(help_text="Cancelled or expired.")
    cancelled = DecimalStringField()
    shipped_orders = serializers.IntegerField()
    delivered_orders = serializers.IntegerField()


class DailySalesOutput(OrderMeasuresOutput):
    """The sales of a day; days without any have no row."""

    day = serializers.DateField()


class SalesSummaryOutput(serializers.Serializer):
    """A period and the one of the same length before it."""

    start = serializers.DateField()
    end = serializers.DateField()
    current = OrderMeasuresOutput()
    previous = OrderMeasuresOutput()


class UserActivityOutput(OrderMeasuresOutput):
    """What a customer did on a day."""

    day = serializers.DateField()
    user_id = serializers.IntegerField()


class ArticleMeasuresOutput(serializers.Serializer):
    """What is measured of articles; ``revenue`` is before discounts, shipping and tax."""

    orders = serializers.IntegerField(help_text="Sales that contain it; in a category, once per article.")
    units = serializers.IntegerField()
    revenue = DecimalStringField()
    returned_units = serializers.IntegerField()
    returned = DecimalStringField()
    currency = serializers.CharField()


class ProductSalesOutput(ArticleMeasuresOutput):
    """The sales of an article in a period."""

    sku = serializers.CharField()
    name = serializers.CharField()
    product_id = serializers.IntegerField(allow_null=True, help_text="Null when it is not in the catalogue.")


class CategoryNameOutput(serializers.Serializer):
    """A category."""

    id = serializers.IntegerField()
    slug = serializers.CharField()
    name = serializers.CharField()


class CategorySalesOutput(ArticleMeasuresOutput):
    """The sales of a category and all below it in a period."""

    category = CategoryNameOutput()


class CategorySalesPage(serializers.Serializer):
    """A list of categories, and what was sold of articles without one."""

    count = serializers.IntegerField(min_value=0)
    next = serializers.URLField(allow_null=True)
    previous = serializers.URLField(allow_null=True)
    results = CategorySalesOutput(many=True)
    uncategorised = ArticleMeasuresOutput()


class SegmentOutput(serializers.Serializer):
    """A segment of the customers."""

    segment = serializers.ChoiceField(CustomerSegment.Segment.choices)
    description = serializers.CharField()
    customers = serializers.IntegerField()
    share = serializers.FloatField(help_text="Of all customers who have bought, 0–1.")
    total = DecimalStringField(help_text="What they spent, less what went back.")
    average_recency_days = serializers.FloatField()
    average_purchases = serializers.FloatField()
    currency = serializers.CharField()
    as_of = serializers.DateField()


class SegmentCustomerOutput(serializers.ModelSerializer[CustomerSegment]):
    """A customer and their segment. Scores are from 1 to 5, 5 is best."""

    user_id = serializers.IntegerField()
    spent = DecimalStringField(help_text="Less what went back.")

    class Meta:
        model = CustomerSegment
        fields = (
            "user_id", "segment", "recency_days", "frequency", "spent", "currency", "recency_score",
            "frequency_score", "monetary_score", "first_day", "last_day", "as_of",
        )  # fmt: skip
        read_only_fields = fields


class StageOutput(serializers.Serializer):
    """A stage of a funnel."""

    stage = serializers.CharField()
    count = serializers.IntegerField()
    of_first = serializers.FloatField(allow_null=True, help_text="Share of the first stage, 0–1.")
    of_previous = serializers.FloatField(allow_null=True, help_text="Share of the stage before, 0–1.")


class FunnelOutput(serializers.Serializer):
    """How far the orders of a period have come, and the people who opened an account in it, and its visitors."""

    start = serializers.DateField()
    end = serializers.DateField()
    currency = serializers.CharField()
    orders = StageOutput(many=True)
    customers = StageOutput(many=True)
    visitors = StageOutput(many=True)


class CohortMonthOutput(serializers.Serializer):
    """What a cohort did in one of its months; months without purchases are left out."""

    month = serializers.IntegerField(help_text="Months since the first purchase; 0 is its own.")
    customers = serializers.IntegerField()
    retention = serializers.FloatField(help_text="Share of the cohort that bought, 0–1.")
    orders = serializers.IntegerField()
    total = DecimalStringField()


class CohortOutput(serializers.Serializer):
    """Customers whose first purchase was in one month."""

    cohort = serializers.DateField(help_text="First day of that month.")
    customers = serializers.IntegerField()
    months = CohortMonthOutput(many=True)


class CohortsOutput(serializers.Serializer):
    """Cohorts of a period."""

    start = serializers.DateField()
    end = serializers.DateField()
    currency = serializers.CharField()
    cohorts = CohortOutput(many=True)


class ReportFileOutput(serializers.Serializer):
    """A finished file."""

    format = serializers.ChoiceField(SalesReport.Format.choices)
    size = serializers.IntegerField(help_text="Bytes.")
    sha256 = serializers.CharField()
    url = serializers.URLField()


class ReportOutput(serializers.ModelSerializer[SalesReport]):
    """A report; ``files`` fills when ``status`` is ``done``."""

    files = ReportFileOutput(many=True)
    requested_by = serializers.IntegerField(allow_null=True)

    class Meta:
        model = SalesReport
        fields = (
            "id", "kind", "start", "end", "currency", "formats", "status", "progress", "rows", "error", "files",
            "requested_by", "created_at", "finished_at",
        )  # fmt: skip
        read_only_fields = fields
