"""The port of product search."""

from typing import Protocol

from django.db.models import QuerySet

from apps.products.filters import ProductFilterSet
from apps.products.models import Product


class ProductSearch(Protocol):
    """Finds products by what people type: exact SKU or slug first, then by words, forgiving typos.

    Never sees a text that is empty or longer than ``MAX_SEARCH_LENGTH``.
    """

    def search(self, *, text: str, filters: ProductFilterSet) -> QuerySet[Product]:
        """Return the matches among what ``filters`` (validated) lets through, each with an integer ``relevance``.

        ``(relevance, id)`` is a total order that the same data always yields again, so it can be paged by cursor.
        """
        ...

    def suggest(self, *, text: str, limit: int) -> list[int]:
        """Return ids of at most ``limit`` shown products that ``text`` is probably the beginning of, best first."""
        ...
