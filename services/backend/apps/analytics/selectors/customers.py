"""Reading what customers do: segments, the funnel, cohorts."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from django.conf import settings
from django.db import connection
from django.db.models import Avg, Count, Max, QuerySet, Sum

from apps.analytics.models import CustomerSegment
from apps.analytics.selectors.sales import sales_totals

#: Of accounts opened in a period: who filled a cart, ordered, paid, received an order, and came back, ever since.
_CUSTOMER_FUNNEL = """
WITH people AS (
    SELECT id FROM accounts_user WHERE NOT is_staff
        AND date_joined >= (%(start)s::date::timestamp AT TIME ZONE %(zone)s)
        AND date_joined < ((%(end)s::date + 1)::timestamp AT TIME ZONE %(zone)s)
), facts AS (
    SELECT p.id, EXISTS (SELECT 1 FROM orders_cart c WHERE c.user_id = p.id) AS has_cart, a.placed, a.paid, a.delivered,
        a.days
    FROM people p LEFT JOIN LATERAL (
        SELECT sum(placed_orders) AS placed, sum(orders) AS paid, sum(delivered_orders) AS delivered,
            count(DISTINCT day) FILTER (WHERE orders > 0) AS days
        FROM analytics_useractivity WHERE user_id = p.id
    ) a ON TRUE
)
SELECT count(*), count(*) FILTER (WHERE has_cart OR placed > 0), count(*) FILTER (WHERE placed > 0),
    count(*) FILTER (WHERE paid > 0), count(*) FILTER (WHERE delivered > 0), count(*) FILTER (WHERE days > 1)
FROM facts
"""
#: Of visitors, customers and guests, with any activity in a period: who looked at a product, filled a cart, and ordered
#: (customers only) in it. Who signs in with a filled cart is a guest before and a customer after.
_VISITOR_FUNNEL = """
WITH visitors AS (
    SELECT visitor, user_id, bool_or(kind = 'viewed') AS viewed, bool_or(kind IN ('added', 'set')) AS filled
    FROM activity_activity
    WHERE visitor <> '' AND at >= (%(start)s::date::timestamp AT TIME ZONE %(zone)s)
        AND at < ((%(end)s::date + 1)::timestamp AT TIME ZONE %(zone)s)
    GROUP BY visitor, user_id
), facts AS (
    SELECT v.*, EXISTS (
        SELECT 1 FROM analytics_useractivity a
        WHERE a.user_id = v.user_id AND a.placed_orders > 0 AND a.day BETWEEN %(start)s AND %(end)s
    ) AS ordered
    FROM visitors v
)
SELECT count(*), count(*) FILTER (WHERE viewed), count(*) FILTER (WHERE filled), count(*) FILTER (WHERE ordered)
FROM facts
"""
_COHORTS = """
WITH firsts AS (
    SELECT user_id, date_trunc('month', min(day)::timestamp)::date AS month FROM analytics_useractivity
    WHERE orders > 0 AND currency = %(currency)s GROUP BY user_id
), cohort AS (
    SELECT * FROM firsts WHERE month >= %(start)s AND month <= %(end)s
)
SELECT c.month, ((extract(year FROM a.day) - extract(year FROM c.month)) * 12
        + extract(month FROM a.day) - extract(month FROM c.month))::int AS later,
    count(DISTINCT a.user_id), sum(a.orders)::bigint, sum(a.total_minor)::bigint
FROM cohort c JOIN analytics_useractivity a USING (user_id)
WHERE a.orders > 0 AND a.currency = %(currency)s GROUP BY 1, 2 ORDER BY 1, 2
"""


@dataclass(frozen=True, slots=True)
class Stage:
    """A stage of a funnel and how many got there."""

    name: str
    count: int


@dataclass(frozen=True, slots=True)
class CohortMonth:
    """What the customers of a cohort did in a month of theirs; month 0 is that of the first purchase."""

    month: int
    customers: int
    orders: int
    total_minor: int


@dataclass(frozen=True, slots=True)
class Cohort:
    """Customers by the month of their first purchase."""

    start: date
    months: tuple[CohortMonth, ...]

    @property
    def customers(self) -> int:
        """How many they are: all of them bought in their first month."""
        return self.months[0].customers


def order_funnel(*, start: date, end: date, currency: str) -> list[Stage]:
    """How far the orders placed in a period have come."""
    totals = sales_totals(start=start, end=end, currency=currency)
    names = (("placed", "placed_orders"), ("paid", "orders"), ("shipped", "shipped_orders"))
    return [Stage(name, totals[measure]) for name, measure in (*names, ("delivered", "delivered_orders"))]


def customer_funnel(*, start: date, end: date) -> list[Stage]:
    """How far the people have come who opened an account in a period."""
    with connection.cursor() as cursor:
        cursor.execute(_CUSTOMER_FUNNEL, {"start": start, "end": end, "zone": settings.MESHOP.shop_time_zone})
        counts = cursor.fetchone()
    names = ("registered", "filled_cart", "ordered", "paid", "received", "came_back")
    return [Stage(name, count) for name, count in zip(names, counts, strict=True)]


def visitor_funnel(*, start: date, end: date) -> list[Stage]:
    """How far the visitors of a period have come in it, guests among them."""
    with connection.cursor() as cursor:
        cursor.execute(_VISITOR_FUNNEL, {"start": start, "end": end, "zone": settings.MESHOP.shop_time_zone})
        counts = cursor.fetchone()
    names = ("visited", "viewed", "filled_cart", "ordered")
    return [Stage(name, count) for name, count in zip(names, counts, strict=True)]


def cohorts(*, start: date, end: date, currency: str) -> list[Cohort]:
    """Cohorts from the month of ``start`` to that of ``end``, each with the months in which any of it bought."""
    with connection.cursor() as cursor:
        cursor.execute(_COHORTS, {"start": start.replace(day=1), "end": end, "currency": currency})
        rows = cursor.fetchall()
    found: dict[date, list[CohortMonth]] = {}
    for month, *facts in rows:
        found.setdefault(month, []).append(CohortMonth(*facts))
    return [Cohort(month, tuple(months)) for month, months in found.items()]


def segment_summaries() -> list[dict[str, Any]]:
    """Each segment: how many customers, and what they are like on average."""
    rows = CustomerSegment.objects.order_by().values("segment", "currency")
    counted = rows.annotate(
        customers=Count("id"),
        total_minor=Sum("monetary_minor"),
        recency=Avg("recency_days"),
        purchases=Avg("frequency"),
        as_of=Max("as_of"),
    )
    return [dict(row) for row in counted]


def segment_customers(*, segment: str | None) -> QuerySet[CustomerSegment]:
    """Customers of a segment, or of all."""
    rows = CustomerSegment.objects.all()
    return rows.filter(segment=segment) if segment else rows
