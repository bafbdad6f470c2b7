"""Reading sales of days, articles, categories and customers."""

from datetime import date
from typing import Any

from django.db.models import Count, Q, QuerySet, Sum

from apps.analytics.measures import ARTICLE_MEASURES, ORDER_MEASURES
from apps.analytics.models import (
    CategoryAnalytics,
    DailySales,
    ProductAnalytics,
    SoldArticle,
    UserActivity,
)
from apps.products.models import Category


def daily_sales(*, start: date, end: date, currency: str | None) -> QuerySet[DailySales]:
    """Days of a period, in one currency or in all."""
    rows = DailySales.objects.filter(day__range=(start, end))
    return rows.filter(currency=currency) if currency else rows


def sales_totals(*, start: date, end: date, currency: str) -> dict[str, int]:
    """The measures of orders, summed over a period."""
    rows = daily_sales(start=start, end=end, currency=currency)
    return rows.aggregate(**{name: Sum(name, default=0) for name in ORDER_MEASURES})


def article_sales(*, start: date, end: date, currency: str, search: str = "") -> QuerySet[SoldArticle]:
    """Articles that were sold or returned in a period, with their sums."""
    articles = SoldArticle.objects.all()
    if search:
        articles = articles.filter(Q(sku__iexact=search) | Q(name__icontains=search))
    return _summed(articles.filter(days__day__range=(start, end), days__currency=currency), "days")


def article_sales_count(*, start: date, end: date, currency: str, search: str = "") -> int:
    """How many these are."""
    rows = ProductAnalytics.objects.filter(day__range=(start, end), currency=currency)
    if search:
        rows = rows.filter(Q(article__sku__iexact=search) | Q(article__name__icontains=search))
    return rows.aggregate(count=Count("article", distinct=True))["count"]


def category_sales(*, start: date, end: date, currency: str) -> QuerySet[Category]:
    """Categories with the sums of a period, each with all below it; those without sales are left out."""
    categories = Category.objects.order_by()
    return _summed(
        categories.filter(analytics__day__range=(start, end), analytics__currency=currency), "analytics"
    )


def category_sales_count(*, start: date, end: date, currency: str) -> int:
    """How many these are."""
    rows = CategoryAnalytics.objects.filter(day__range=(start, end), currency=currency)
    return rows.filter(category__in=Category.objects.order_by()).aggregate(
        count=Count("category", distinct=True)
    )["count"]


def uncategorised_sales(*, start: date, end: date, currency: str) -> dict[str, int]:
    """The sums of articles that have no category."""
    rows = CategoryAnalytics.objects.filter(day__range=(start, end), currency=currency, category=None)
    return rows.aggregate(**{name: Sum(name, default=0) for name in ARTICLE_MEASURES})


def user_activity(
    *, start: date, end: date, currency: str | None, user_id: int | None
) -> QuerySet[UserActivity]:
    """What customers did on the days of a period: one customer, or all."""
    rows = UserActivity.objects.filter(day__range=(start, end))
    rows = rows.filter(currency=currency) if currency else rows
    return rows if user_id is None else rows.filter(user_id=user_id)


def _summed(rows: QuerySet[Any], relation: str) -> QuerySet[Any]:
    return rows.annotate(**{name: Sum(f"{relation}__{name}") for name in ARTICLE_MEASURES})
