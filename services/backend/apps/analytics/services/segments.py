"""Segmenting the customers anew."""

from array import array

import numpy as np
from django.conf import settings
from django.db import connection, transaction

from apps.analytics.segmentation import Segmentation, customers_segment

_BATCH = 10_000
#: As of the last day with sales: on a shop that sells, that is today.
_PURCHASES = """
WITH last AS (SELECT max(day) AS day FROM analytics_dailysales WHERE orders > 0 AND currency = %(currency)s)
SELECT user_id, (max(last.day) - max(a.day) FILTER (WHERE orders > 0)) AS recency,
    count(*) FILTER (WHERE orders > 0) AS frequency,
    sum(total_minor - refunded_minor - credited_minor)::bigint AS monetary,
    (min(a.day) FILTER (WHERE orders > 0) - date '1970-01-01') AS first_day,
    (max(last.day) - date '1970-01-01') AS as_of
FROM analytics_useractivity a CROSS JOIN last WHERE currency = %(currency)s
GROUP BY user_id HAVING count(*) FILTER (WHERE orders > 0) > 0 ORDER BY user_id
"""
_STORE = """
INSERT INTO analytics_customersegment AS old (user_id, segment, currency, recency_days, frequency, monetary_minor,
    recency_score, frequency_score, monetary_score, first_day, last_day, as_of)
SELECT user_id, segment, %s, recency, frequency, monetary, r, f, m, date '1970-01-01' + first_day,
    date '1970-01-01' + as_of - recency, date '1970-01-01' + as_of
FROM unnest(%s::bigint[], %s::text[], %s::int[], %s::int[], %s::bigint[], %s::smallint[], %s::smallint[],
    %s::smallint[], %s::int[], %s::int[]
) AS n (user_id, segment, recency, frequency, monetary, r, f, m, first_day, as_of)
ON CONFLICT (user_id) DO UPDATE SET (segment, currency, recency_days, frequency, monetary_minor, recency_score,
    frequency_score, monetary_score, first_day, last_day, as_of) = (excluded.segment, excluded.currency,
    excluded.recency_days, excluded.frequency, excluded.monetary_minor, excluded.recency_score,
    excluded.frequency_score, excluded.monetary_score, excluded.first_day, excluded.last_day, excluded.as_of)
WHERE (old.segment, old.currency, old.recency_days, old.frequency, old.monetary_minor, old.recency_score,
    old.frequency_score, old.monetary_score, old.first_day, old.last_day, old.as_of) IS DISTINCT FROM (excluded.segment,
    excluded.currency, excluded.recency_days, excluded.frequency, excluded.monetary_minor, excluded.recency_score,
    excluded.frequency_score, excluded.monetary_score, excluded.first_day, excluded.last_day, excluded.as_of)
"""
_FORGET = """
DELETE FROM analytics_customersegment s WHERE NOT EXISTS (
    SELECT 1 FROM analytics_useractivity a WHERE a.user_id = s.user_id AND a.currency = %s AND a.orders > 0)
"""


@transaction.atomic
def segments_refresh(*, seed: int = 0) -> int:
    """Compute the segment of each customer who has bought; return how many rows that changed.

    Counts purchases in the shop's currency. Memory: some hundred bytes per customer.
    """
    currency = settings.MESHOP.shop_currency
    columns = _purchases(currency)
    found = customers_segment(recency=columns[1], frequency=columns[2], monetary=columns[3], seed=seed)
    return _store(currency, columns, found)


def _purchases(currency: str) -> list[np.ndarray]:
    """By column: user, recency, frequency, money, first day and day of the count, days since 1970."""
    columns = [array("q") for _ in range(6)]
    with connection.cursor() as cursor:
        cursor.execute(_PURCHASES, {"currency": currency})
        while rows := cursor.fetchmany(_BATCH):
            for column, values in zip(columns, zip(*rows, strict=True), strict=True):
                column.extend(values)
    return [np.array(column, dtype=np.int64) for column in columns]


def _store(currency: str, columns: list[np.ndarray], found: Segmentation) -> int:
    users, recency, frequency, monetary, first_day, as_of = columns
    changed = 0
    with connection.cursor() as cursor:
        for start in range(0, len(users), _BATCH):
            part = slice(start, start + _BATCH)
            scores = found.scores[part]
            numbers = [scores[:, column].tolist() for column in range(3)]
            cursor.execute(
                _STORE,
                [
                    currency, users[part].tolist(), found.names[part], recency[part].tolist(),
                    frequency[part].tolist(), monetary[part].tolist(), *numbers, first_day[part].tolist(),
                    as_of[part].tolist(),
                ],
            )  # fmt: skip
            changed += cursor.rowcount
        cursor.execute(_FORGET, [currency])
        return changed + cursor.rowcount
