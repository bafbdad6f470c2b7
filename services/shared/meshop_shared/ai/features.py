"""What models learn from: tables in the AI PostgreSQL that mirror the shop row by row.

The shop names every row, so writing one again changes nothing, whatever the order of arrival. Customers are numbers.
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg import sql

_CONNECT_TIMEOUT_S = 3
_STATEMENT_TIMEOUT_MS = 300_000
_FETCH = 5_000


@dataclass(frozen=True)
class FeatureTable:
    """A table. ``merge`` says what a row that is there already takes from one that arrives; nothing, without it."""

    name: str
    columns: tuple[str, ...]
    schema: str
    merge: str = ""

    @property
    def key(self) -> str:
        """The column that names a row: the first one."""
        return self.columns[0]


SALES = FeatureTable(
    "ai_sale",
    (
        "line_id",
        "order_id",
        "customer",
        "sku",
        "name",
        "category",
        "at",
        "quantity",
        "price_minor",
        "cancelled",
    ),
    """
    CREATE TABLE IF NOT EXISTS ai_sale (
        line_id bigint PRIMARY KEY, order_id bigint NOT NULL, customer bigint, sku text NOT NULL, name text NOT NULL,
        category text NOT NULL, at timestamptz NOT NULL, quantity integer NOT NULL, price_minor bigint NOT NULL,
        cancelled boolean NOT NULL
    );
    CREATE INDEX IF NOT EXISTS ai_sale_at ON ai_sale (at);
    """,
    merge="cancelled = ai_sale.cancelled OR excluded.cancelled",
)
PRICES = FeatureTable(
    "ai_price",
    ("entry_id", "sku", "at", "price_minor"),
    """
    CREATE TABLE IF NOT EXISTS ai_price (
        entry_id bigint PRIMARY KEY, sku text NOT NULL, at timestamptz NOT NULL, price_minor bigint NOT NULL
    );
    CREATE INDEX IF NOT EXISTS ai_price_sku ON ai_price (sku, at);
    """,
)
PRODUCTS = FeatureTable(
    "ai_product",
    ("product_id", "at", "sku", "name", "words", "attributes", "shown"),
    """
    CREATE TABLE IF NOT EXISTS ai_product (
        product_id bigint PRIMARY KEY, at timestamptz NOT NULL, sku text NOT NULL, name text NOT NULL,
        words text NOT NULL, attributes text NOT NULL, shown boolean NOT NULL,
        changed_at timestamptz NOT NULL DEFAULT clock_timestamp()
    );
    CREATE INDEX IF NOT EXISTS ai_product_changed ON ai_product (changed_at);
    """,
    merge="""
        at = excluded.at, sku = excluded.sku, name = excluded.name, words = excluded.words,
        attributes = excluded.attributes, shown = excluded.shown, changed_at = clock_timestamp()
    WHERE excluded.at >= ai_product.at AND (excluded.sku, excluded.name, excluded.words, excluded.attributes,
        excluded.shown) IS DISTINCT FROM (ai_product.sku, ai_product.name, ai_product.words, ai_product.attributes,
        ai_product.shown)
    """,
)
VIEWS = FeatureTable(
    "ai_view",
    ("view_id", "visitor", "customer", "sku", "at"),
    """
    CREATE TABLE IF NOT EXISTS ai_view (
        view_id bigint PRIMARY KEY, visitor text NOT NULL, customer bigint, sku text NOT NULL, at timestamptz NOT NULL
    );
    CREATE INDEX IF NOT EXISTS ai_view_at ON ai_view (at);
    """,
)
CARTS = FeatureTable(
    "ai_cart",
    ("change_id", "visitor", "customer", "sku", "kind", "quantity", "at"),
    """
    CREATE TABLE IF NOT EXISTS ai_cart (
        change_id bigint PRIMARY KEY, visitor text NOT NULL, customer bigint, sku text NOT NULL, kind text NOT NULL,
        quantity integer NOT NULL, at timestamptz NOT NULL
    );
    CREATE INDEX IF NOT EXISTS ai_cart_at ON ai_cart (at);
    """,
)
#: Counts of a day only grow, so the larger ones are the later ones.
SEARCHES = FeatureTable(
    "ai_search",
    ("text_id", "day", "text", "searches", "in_vain"),
    """
    CREATE TABLE IF NOT EXISTS ai_search (
        text_id bigint PRIMARY KEY, day date NOT NULL, text text NOT NULL, searches integer NOT NULL,
        in_vain integer NOT NULL
    );
    CREATE INDEX IF NOT EXISTS ai_search_day ON ai_search (day);
    """,
    merge="""
        searches = greatest(ai_search.searches, excluded.searches),
        in_vain = greatest(ai_search.in_vain, excluded.in_vain)
    """,
)
STOCK = FeatureTable(
    "ai_stock",
    ("movement_id", "sku", "at", "quantity"),
    """
    CREATE TABLE IF NOT EXISTS ai_stock (
        movement_id bigint PRIMARY KEY, sku text NOT NULL, at timestamptz NOT NULL, quantity bigint NOT NULL
    );
    """,
)
TABLES = (SALES, PRICES, PRODUCTS, VIEWS, CARTS, SEARCHES, STOCK)


class FeatureStore:
    """Writes and reads the tables; one short connection for each call, so that a lost server needs no repair."""

    def __init__(self, database_url: str) -> None:
        self._url = database_url

    @contextmanager
    def _connection(self) -> Iterator[psycopg.Connection]:
        options = f"-c statement_timeout={_STATEMENT_TIMEOUT_MS}"
        with psycopg.connect(self._url, connect_timeout=_CONNECT_TIMEOUT_S, options=options) as connection:
            yield connection

    def prepare(self) -> None:
        """Create what is missing; safe to call from several processes at once."""
        with self._connection() as connection:
            connection.execute("SELECT pg_advisory_xact_lock(hashtext('meshop_ai features'))")
            for table in TABLES:
                connection.execute(table.schema)

    def put(self, table: FeatureTable, rows: Iterable[tuple[Any, ...]]) -> int:
        """Write rows, all or none, and return how many were given. They are streamed: memory does not grow with them.

        Raises ``psycopg.Error``.
        """
        target, arriving = sql.Identifier(table.name), sql.Identifier("arriving")
        columns = sql.SQL(", ").join(map(sql.Identifier, table.columns))
        written = 0
        with self._connection() as connection:
            make = sql.SQL("CREATE TEMP TABLE {} AS SELECT {} FROM {} LIMIT 0")
            connection.execute(make.format(arriving, columns, target))
            statement = sql.SQL("COPY {} ({}) FROM STDIN").format(arriving, columns)
            with connection.cursor().copy(statement) as copy:
                for row in rows:
                    copy.write_row(row)
                    written += 1
            connection.execute(
                sql.SQL("INSERT INTO {} ({}) SELECT {} FROM {} ORDER BY 1 ON CONFLICT ({}) DO {}").format(
                    target, columns, columns, arriving, sql.Identifier(table.key),
                    sql.SQL(f"UPDATE SET {table.merge}" if table.merge else "NOTHING"),
                )
            )  # fmt: skip
        return written

    def read(self, table: FeatureTable) -> Iterator[tuple[Any, ...]]:
        """All rows in the order of their keys, streamed: memory does not grow with the table."""
        statement = sql.SQL("SELECT {} FROM {} ORDER BY 1").format(
            sql.SQL(", ").join(map(sql.Identifier, table.columns)), sql.Identifier(table.name)
        )
        with self._connection() as connection, connection.cursor(name="features") as cursor:
            cursor.itersize = _FETCH
            yield from cursor.execute(statement)
