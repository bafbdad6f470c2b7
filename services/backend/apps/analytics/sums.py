"""Statements that keep aggregates the sums of contributions, made from the lists of measures.

Every one adds differences: what a table should have gained since it was last looked at. A row of nothing but zeros is
as good as no row, and is deleted.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from apps.analytics.measures import ARTICLE_MEASURES, ORDER_MEASURES


@dataclass(frozen=True, slots=True)
class Sums:
    """A table that sums: its key, and what it reads from a source that has the columns of contributions."""

    table: str
    key: tuple[str, ...]
    measures: tuple[str, ...]
    #: What the rows of the source are counted under, if that is not a column of the same name.
    spread: str = ""
    where: str = ""

    def fill(self, source: str) -> str:
        """Rows of this table out of ``source``, summed, without those that come to nothing."""
        sums = ", ".join(f"sum({name})::bigint AS {name}" for name in self.measures)
        keys = ", ".join(self.key)
        something = " OR ".join(f"sum({name}) <> 0" for name in self.measures)
        return f"SELECT {keys}, {sums} FROM {source} {self.spread} {self.where} GROUP BY {keys} HAVING {something}"  # noqa: S608

    def add(self, rows: str) -> str:
        """Add ``rows`` of differences, in the order of the key."""
        columns = ", ".join((*self.key, *self.measures))
        added = ", ".join(f"{name} = {self.table}.{name} + excluded.{name}" for name in self.measures)
        keys = ", ".join(self.key)
        return (
            f"INSERT INTO {self.table} ({columns}) {rows} ORDER BY {keys} "
            f"ON CONFLICT ({keys}) DO UPDATE SET {added}"
        )

    def sweep(self) -> str:
        """Delete the rows of nothing but zeros."""
        return f"DELETE FROM {self.table} WHERE {_all_zero(self.table, self.measures)}"  # noqa: S608

    def sweep_days(self, source: str) -> str:
        """Delete those on the days of ``source``."""
        days = f"SELECT DISTINCT day FROM {source}"  # noqa: S608
        return f"{self.sweep()} AND day IN ({days})"

    def drift(self, source: str) -> str:
        """By how much this table differs from the sums of ``source``."""
        minus = ", ".join((*self.key, *(f"-{name} AS {name}" for name in self.measures)))
        both = f"({self.fill(source)} UNION ALL SELECT {minus} FROM {self.table}) AS both_sides"  # noqa: S608
        return Sums(self.table, self.key, self.measures).fill(both)


def _all_zero(table: str, measures: Sequence[str]) -> str:
    return f"({', '.join(f'{table}.{name}' for name in measures)}) = ({', '.join('0' for _ in measures)})"


ORDER_KEY = ("order_id", "day", "currency", "user_id")
ARTICLE_KEY = ("order_id", "day", "currency", "article_id")
ORDER_CONTRIBUTIONS = Sums("analytics_ordercontribution", ORDER_KEY, ORDER_MEASURES)
ARTICLE_CONTRIBUTIONS = Sums("analytics_articlecontribution", ARTICLE_KEY, ARTICLE_MEASURES)

#: Aggregates of what orders contribute.
ORDER_SUMS = (
    Sums("analytics_dailysales", ("day", "currency"), ORDER_MEASURES),
    Sums(
        "analytics_useractivity",
        ("user_id", "day", "currency"),
        ORDER_MEASURES,
        where="WHERE user_id IS NOT NULL",
    ),
)
CATEGORY_SUMS = Sums(
    "analytics_categoryanalytics",
    ("day", "category_id", "currency"),
    ARTICLE_MEASURES,
    # An article counts in its category and in each above it, or in none.
    spread="""JOIN analytics_soldarticle a ON a.id = article_id CROSS JOIN LATERAL unnest(
        CASE WHEN cardinality(a.categories) = 0 THEN ARRAY[NULL::bigint] ELSE a.categories END
    ) AS category_id""",
)
#: Aggregates of what they contribute to articles.
ARTICLE_SUMS = (
    Sums("analytics_productanalytics", ("day", "article_id", "currency"), ARTICLE_MEASURES),
    CATEGORY_SUMS,
)
