"""Sales by day, article, category and customer; the contributions that they are sums of; segments; reports.

Days are days of the shop's time zone (``SHOP_TIME_ZONE``). Rows here never keep a row of another app from being
deleted: they name orders, products, categories and users without a constraint.
"""

from typing import Any, ClassVar

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F
from django.db.models.functions import Now

from apps.products.models import Category, Product


def _named(to: Any, **options: Any) -> Any:
    """A reference that the database does not enforce."""
    return models.ForeignKey(to, on_delete=models.DO_NOTHING, db_constraint=False, **options)


class OrderMeasures(models.Model):
    """Columns of what is measured of orders; :mod:`apps.analytics.measures` says what each means."""

    day = models.DateField()
    currency = models.CharField(max_length=3)
    placed_orders = models.BigIntegerField(default=0)
    placed_minor = models.BigIntegerField(default=0)
    cancelled_orders = models.BigIntegerField(default=0)
    cancelled_minor = models.BigIntegerField(default=0)
    orders = models.BigIntegerField(default=0)
    units = models.BigIntegerField(default=0)
    subtotal_minor = models.BigIntegerField(default=0)
    shipping_minor = models.BigIntegerField(default=0)
    tax_minor = models.BigIntegerField(default=0)
    discount_minor = models.BigIntegerField(default=0)
    total_minor = models.BigIntegerField(default=0)
    shipped_orders = models.BigIntegerField(default=0)
    delivered_orders = models.BigIntegerField(default=0)
    refunds = models.BigIntegerField(default=0)
    refunded_minor = models.BigIntegerField(default=0)
    credit_notes = models.BigIntegerField(default=0)
    credited_minor = models.BigIntegerField(default=0)

    class Meta:
        abstract = True


class ArticleMeasures(models.Model):
    """Columns of what is measured of articles."""

    day = models.DateField()
    currency = models.CharField(max_length=3)
    lines = models.BigIntegerField(default=0)
    units = models.BigIntegerField(default=0)
    revenue_minor = models.BigIntegerField(default=0)
    returned_units = models.BigIntegerField(default=0)
    returned_minor = models.BigIntegerField(default=0)

    class Meta:
        abstract = True


class SoldArticle(models.Model):
    """What order lines name by SKU, with the product and the categories that it belongs to today."""

    sku = models.CharField(max_length=64, unique=True)
    name = models.CharField(max_length=400)
    product = _named(Product, null=True, related_name="+")
    categories = ArrayField(
        models.BigIntegerField(), default=list, help_text="Its category and those above it, by id."
    )

    def __str__(self) -> str:
        return self.sku


class OrderContribution(OrderMeasures):
    """What one order adds to one day: its own day, and each day on which money of it was returned."""

    order = _named("orders.Order", related_name="+", db_index=False)
    user = _named(settings.AUTH_USER_MODEL, null=True, related_name="+", db_index=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["order", "day", "currency", "user"],
                nulls_distinct=False,
                name="order_contribution_once",
            )
        ]


class ArticleContribution(ArticleMeasures):
    """What one order adds to one day of one article."""

    order = _named("orders.Order", related_name="+", db_index=False)
    article = models.ForeignKey(SoldArticle, on_delete=models.PROTECT, related_name="+", db_index=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["order", "day", "currency", "article"], name="article_contribution_once"
            )
        ]


class DirtyOrder(models.Model):
    """A mark that something happened to an order; many may wait for the same one."""

    order = _named("orders.Order", related_name="+", db_index=False)
    marked_at = models.DateTimeField(db_default=Now())


class DailySales(OrderMeasures):
    """The sales of a day in a currency."""

    class Meta:
        verbose_name_plural = "daily sales"
        constraints = [models.UniqueConstraint(fields=["day", "currency"], name="daily_sales_once")]

    def __str__(self) -> str:
        return f"{self.day} {self.currency}"


class ProductAnalytics(ArticleMeasures):
    """The sales of one article on a day."""

    article = models.ForeignKey(SoldArticle, on_delete=models.PROTECT, related_name="days", db_index=False)

    class Meta:
        verbose_name_plural = "product analytics"
        constraints = [
            models.UniqueConstraint(fields=["day", "article", "currency"], name="product_analytics_once")
        ]
        indexes = [models.Index(fields=["article", "day"], name="product_analytics_article")]


class CategoryAnalytics(ArticleMeasures):
    """The sales of a day in a category and all below it; without a category, of articles that have none."""

    category = _named(Category, null=True, related_name="analytics", db_index=False)

    class Meta:
        verbose_name_plural = "category analytics"
        constraints = [
            models.UniqueConstraint(
                fields=["day", "category", "currency"], nulls_distinct=False, name="category_analytics_once"
            )
        ]
        indexes = [models.Index(fields=["category", "day"], name="category_analytics_category")]


class UserActivity(OrderMeasures):
    """What a customer did on a day."""

    user = _named(settings.AUTH_USER_MODEL, related_name="+", db_index=False)

    class Meta:
        verbose_name_plural = "user activity"
        constraints = [models.UniqueConstraint(fields=["user", "day", "currency"], name="user_activity_once")]
        indexes = [models.Index(fields=["day", "id"], name="user_activity_day")]


class CustomerSegment(models.Model):
    """Where a customer stands: recency, frequency and money of their purchases, and the segment these lead to."""

    class Segment(models.TextChoices):
        """Names of segments, the best first."""

        CHAMPIONS = "champions", "Champions: bought lately, often, and for much"
        LOYAL = "loyal", "Loyal: buy often"
        PROMISING = "promising", "Promising: bought lately, and not often yet"
        AT_RISK = "at_risk", "At risk: bought often and much, and not for a while"
        HIBERNATING = "hibernating", "Hibernating: bought seldom, and not for a while"
        LOST = "lost", "Lost: bought once or twice, long ago"

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, on_delete=models.DO_NOTHING, db_constraint=False, related_name="+"
    )
    segment = models.CharField(max_length=12, choices=Segment)
    currency = models.CharField(max_length=3)
    recency_days = models.PositiveIntegerField(help_text="Days since the last purchase.")
    frequency = models.PositiveIntegerField(help_text="Days on which they bought.")
    monetary_minor = models.BigIntegerField(help_text="What they spent, less what went back.")
    recency_score = models.PositiveSmallIntegerField(help_text="1–5, 5 is best.")
    frequency_score = models.PositiveSmallIntegerField(help_text="1–5, 5 is best.")
    monetary_score = models.PositiveSmallIntegerField(help_text="1–5, 5 is best.")
    first_day = models.DateField()
    last_day = models.DateField()
    as_of = models.DateField(help_text="The day that recency is counted from.")

    class Meta:
        indexes = [models.Index(F("segment"), F("monetary_minor").desc(), F("id").desc(), name="segment_top")]

    def __str__(self) -> str:
        return f"user {self.user_id}: {self.segment}"


class SalesReport(models.Model):
    """A report that somebody asked for, and how far it is."""

    class Kind(models.TextChoices):
        """What a row of it is."""

        SALES = "sales", "by day"
        PRODUCTS = "products", "by article"
        CATEGORIES = "categories", "by category"
        CUSTOMERS = "customers", "by customer"
        PRODUCT_DAYS = "product_days", "by article and day"

    class Status(models.TextChoices):
        """Where it is."""

        PENDING = "pending"
        RUNNING = "running"
        DONE = "done"
        FAILED = "failed"

    class Format(models.TextChoices):
        """What it can be had as."""

        CSV = "csv"
        XLSX = "xlsx"
        PDF = "pdf"

    kind = models.CharField(max_length=16, choices=Kind)
    start = models.DateField()
    end = models.DateField(help_text="The last day of it.")
    currency = models.CharField(max_length=3)
    formats = ArrayField(models.CharField(max_length=4, choices=Format))
    status = models.CharField(max_length=8, choices=Status, default=Status.PENDING)
    progress = models.PositiveSmallIntegerField(default=0, help_text="Per cent.")
    rows = models.PositiveBigIntegerField(default=0)
    attempts = models.PositiveSmallIntegerField(default=0)
    lease_until = models.DateTimeField(
        null=True, blank=True, help_text="Until when its worker is taken for alive."
    )
    error = models.CharField(max_length=300, blank=True)
    requested_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    created_at = models.DateTimeField(db_default=Now())
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=models.Q(start__lte=F("end")), name="report_period_in_order")
        ]
        indexes = [
            models.Index(
                fields=["created_at"],
                name="report_open",
                condition=models.Q(status__in=("pending", "running")),
            )
        ]

    def __str__(self) -> str:
        return f"report {self.pk}: {self.kind}, {self.start} to {self.end}"


class ReportFile(models.Model):
    """A finished file of a report, kept by the database in chunks: every pod can serve it."""

    report = models.ForeignKey(SalesReport, on_delete=models.CASCADE, related_name="files")
    format = models.CharField(max_length=4, choices=SalesReport.Format)
    size = models.PositiveBigIntegerField(help_text="Bytes.")
    sha256 = models.CharField(max_length=64)

    class Meta:
        ordering: ClassVar[list[str]] = ["id"]
        constraints = [models.UniqueConstraint(fields=["report", "format"], name="report_file_once")]

    def __str__(self) -> str:
        return f"{self.format} of report {self.report_id}"


class ReportChunk(models.Model):
    """A piece of a file."""

    file = models.ForeignKey(ReportFile, on_delete=models.CASCADE, related_name="chunks", db_index=False)
    number = models.PositiveIntegerField()
    content = models.BinaryField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["file", "number"], name="report_chunk_once")]
