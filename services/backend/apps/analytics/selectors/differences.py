"""Where analytics and a recount of the orders disagree."""

from dataclasses import dataclass

from django.conf import settings
from django.db import connection

from apps.analytics import recount
from apps.analytics.measures import ARTICLE_MEASURES, ORDER_MEASURES


@dataclass(frozen=True, slots=True)
class Check:
    """A table, the recount that it must equal, and what both are known by."""

    name: str
    recount: str
    stored: str
    key: tuple[str, ...]
    measures: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Comparison:
    """What a check found: rows on either side, how many of them differ, and the first of those."""

    name: str
    rows: int
    differing: int
    examples: tuple[str, ...]


def _stored(table: str, key: tuple[str, ...], measures: tuple[str, ...]) -> str:
    return f"SELECT {', '.join((*key, *measures))} FROM {table}"  # noqa: S608


_BY_SKU = "analytics_productanalytics JOIN analytics_soldarticle a ON a.id = article_id"
CHECKS = tuple(
    Check(name, counted, _stored(table, key, measures), key, measures)
    for name, counted, table, key, measures in (
        ("DailySales", recount.DAILY, "analytics_dailysales", ("day", "currency"), ORDER_MEASURES),
        (
            "UserActivity",
            recount.USERS,
            "analytics_useractivity",
            ("user_id", "day", "currency"),
            ORDER_MEASURES,
        ),
        ("ProductAnalytics", recount.ARTICLES, _BY_SKU, ("sku", "day", "currency"), ARTICLE_MEASURES),
        (
            "CategoryAnalytics",
            recount.CATEGORIES,
            "analytics_categoryanalytics",
            ("category_id", "day", "currency"),
            ARTICLE_MEASURES,
        ),
    )
)
_EXAMPLES = 5
#: Each currency: what orders add up to, and what analytics make of it.
_TOTALS = """
SELECT currency, coalesce(o.orders, 0)::bigint, coalesce(o.total, 0)::bigint, coalesce(s.orders, 0)::bigint,
    coalesce(s.total, 0)::bigint
FROM (SELECT currency, count(*) AS orders, sum(total_minor) AS total FROM orders_order GROUP BY currency) o
FULL JOIN (
    SELECT currency, sum(placed_orders + credit_notes) AS orders, sum(placed_minor - credited_minor) AS total
    FROM analytics_dailysales GROUP BY currency
) s USING (currency) ORDER BY currency
"""


@dataclass(frozen=True, slots=True)
class Total:
    """All orders of a currency, as they are and as analytics count them."""

    currency: str
    orders: int
    orders_minor: int
    counted: int
    counted_minor: int

    @property
    def agrees(self) -> bool:
        """Whether both are the same, to the last minor unit."""
        return (self.orders, self.orders_minor) == (self.counted, self.counted_minor)


def totals_compare() -> list[Total]:
    """Compare the totals of all orders."""
    with connection.cursor() as cursor:
        cursor.execute(_TOTALS)
        return [Total(*row) for row in cursor.fetchall()]


def check_run(check: Check) -> Comparison:
    """Recount and compare, in one statement that sees one moment."""
    with connection.cursor() as cursor:
        cursor.execute(_comparison(check), {"zone": settings.MESHOP.shop_time_zone})
        rows = cursor.fetchall()
    total, differing = (rows[0][0], rows[0][1]) if rows else (0, 0)
    return Comparison(check.name, total, differing, tuple(row[2] for row in rows if row[2]))


def _comparison(check: Check) -> str:
    first, *others = check.key  # the first may be null in a table of categories
    join = " AND ".join(
        [f"coalesce(r.{first}::text, '') = coalesce(s.{first}::text, '')"]
        + [f"r.{name} = s.{name}" for name in others]
    )
    counted = ", ".join(f"r.{name}" for name in check.measures)
    stored = ", ".join(f"s.{name}" for name in check.measures)
    label = " || ' ' || ".join(f"coalesce(r.{name}::text, s.{name}::text, '-')" for name in check.key)
    shown = f"{label} || ': counted ' || ({counted})::text || ', stored ' || ({stored})::text"
    return f"""
WITH compared AS (
    SELECT ({counted}) IS DISTINCT FROM ({stored}) AS differs, {shown} AS example
    FROM ({check.recount}) AS r FULL JOIN ({check.stored}) AS s ON {join}
), counts AS (SELECT count(*) AS rows, count(*) FILTER (WHERE differs) AS differing FROM compared)
SELECT counts.rows, counts.differing, example.example FROM counts
LEFT JOIN (SELECT example FROM compared WHERE differs ORDER BY example LIMIT {_EXAMPLES}) AS example ON TRUE
"""  # noqa: S608
