"""Reading what was sold by week, the last forecasts, and stock. One statement each."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import Any

from django.db import connection
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from apps.forecasting.models import DemandForecast
from apps.orders.models import OrderItem
from apps.products.models import Category, Product

#: Weeks of sales that a forecast is asked with: a year comes again, two at most are looked at.
WEEKS_KNOWN = 104
#: Articles without a forecast are proposed from the sales of so many weeks.
WEEKS_RECENT = 13
#: Articles that are looked at for one list of proposals.
MOST_ARTICLES = 20_000

_SOLD = """
SELECT {key}, floor(extract(epoch FROM %(until)s - o.created_at) / 604800)::int, sum(i.quantity)::float
FROM orders_order o JOIN orders_orderitem i ON i.order_id = o.id JOIN products_product p ON p.id = i.product_id
{join}
WHERE o.created_at >= %(since)s AND o.created_at < %(until)s AND o.status <> 'cancelled'
    AND i.quantity > 0 AND i.unit_price_minor > 0 AND {key} = ANY(%(keys)s)
GROUP BY 1, 2
"""
_SOLD_BY_ARTICLE = _SOLD.format(key="p.sku", join="")
_SOLD_BY_CATEGORY = _SOLD.format(key="c.slug", join="JOIN products_category c ON c.id = p.category_id")
_STOCK = """
SELECT p.id, p.sku, p.name,
    COALESCE(s.on_hand - s.reserved, 0) + COALESCE((
        SELECT sum(vs.on_hand - vs.reserved) FROM products_productvariant v
        JOIN inventory_stockitem vs ON vs.id = v.stock_item_id WHERE v.product_id = p.id AND v.is_active
    ), 0)::bigint AS available,
    r.lead_time_days, r.service_level, r.minimum_quantity, r.pack_size, f.most_needed
FROM products_product p LEFT JOIN inventory_stockitem s ON s.id = p.stock_item_id
LEFT JOIN forecasting_reorderpolicy r ON r.product_id = p.id
LEFT JOIN forecasting_demandforecast f ON f.kind = 'article' AND f.key = p.sku
WHERE p.is_active AND EXISTS (
    SELECT 1 FROM orders_orderitem i JOIN orders_order o ON o.id = i.order_id
    WHERE i.product_id = p.id AND o.status <> 'cancelled' AND i.quantity > 0
) AND (%(search)s = '' OR upper(p.sku) = upper(%(search)s) OR p.name ILIKE %(part)s)
ORDER BY p.id LIMIT %(most)s
"""


@dataclass(frozen=True, slots=True)
class Stocked:
    """A product, what can be sold of it and its variants, and how it is reordered (None: as all others).

    ``most_needed`` is what surely suffices for all weeks of its last forecast.
    """

    product_id: int
    sku: str
    name: str
    available: int
    lead_time_days: int | None
    service_level: float | None
    minimum_quantity: int | None
    pack_size: int | None
    most_needed: float | None


def articles_sold(*, search: str = "") -> QuerySet[Product]:
    """Products that were ever sold and can be sold still."""
    sold = OrderItem.objects.filter(product=OuterRef("pk"), quantity__gt=0).exclude(order__status="cancelled")
    products = Product.objects.filter(Exists(sold), is_active=True).only("id", "sku", "name")
    return products.filter(Q(sku__iexact=search) | Q(name__icontains=search)) if search else products


def categories_sold(*, search: str = "") -> QuerySet[Category]:
    """Categories of products that were ever sold."""
    sold = OrderItem.objects.filter(product__category=OuterRef("pk"), quantity__gt=0)
    categories = Category.objects.order_by().filter(Exists(sold.exclude(order__status="cancelled")))
    return categories.filter(Q(slug=search) | Q(name__icontains=search)) if search else categories


def weekly_units(*, kind: str, keys: Sequence[str], weeks: int) -> dict[str, list[float]]:
    """Units of the last weeks, the latest last, today included; from the first week with a sale on."""
    until = today_begins() + timedelta(days=1)
    statement = _SOLD_BY_CATEGORY if kind == DemandForecast.Kind.CATEGORY else _SOLD_BY_ARTICLE
    values: dict[str, Any] = {"until": until, "since": until - timedelta(weeks=weeks), "keys": list(keys)}
    found: dict[str, dict[int, float]] = defaultdict(dict)
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        for key, weeks_ago, units in cursor.fetchall():
            found[key][min(weeks_ago, weeks - 1)] = units
    return {
        key: [by_week.get(ago, 0.0) for ago in range(max(by_week), -1, -1)] for key, by_week in found.items()
    }


def today_begins() -> datetime:
    """The first moment of this day, UTC, as the trainings count days."""
    return datetime.combine(timezone.now().astimezone(UTC).date(), time.min, tzinfo=UTC)


def forecasts_stored(*, kind: str, keys: Sequence[str]) -> dict[str, DemandForecast]:
    """The last forecasts, by key."""
    rows = DemandForecast.objects.filter(kind=kind, key__in=list(keys))
    return {row.key: row for row in rows}


def articles_stocked(*, search: str = "") -> list[Stocked]:
    """Products that were ever sold, with their stock; at most :data:`MOST_ARTICLES`."""
    values: dict[str, Any] = {"search": search, "part": f"%{_escaped(search)}%", "most": MOST_ARTICLES}
    with connection.cursor() as cursor:
        cursor.execute(_STOCK, values)
        return [Stocked(*row) for row in cursor.fetchall()]


def _escaped(text: str) -> str:
    return text.replace("\\", r"\\").replace("%", r"\%").replace("_", r"\_")
