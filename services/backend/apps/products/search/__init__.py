"""Product search: the port and the engine behind it."""

from functools import cache

from apps.products.search.port import ProductSearch
from apps.products.search.postgres import PostgresProductSearch


@cache
def product_search() -> ProductSearch:
    """Return the engine of this deployment."""
    return PostgresProductSearch()
