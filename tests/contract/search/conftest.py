"""Both engines, and one way to ask them."""

from dataclasses import dataclass

import pytest

from apps.core.api.pagination import PageAsked
from apps.products.filters import ProductFilterSet
from apps.products.models import Product
from apps.products.search.port import ProductSearch, SearchAnswer, SearchAsked
from apps.search.elastic.index import ElasticIndex
from apps.search.postgres.engine import PostgresProductSearch
from apps.search.selectors import synonym_rules
from tests.support.search import engine_on, index_everything, own_index


@dataclass
class Engine:
    """An engine under the contract; ``settle`` makes it know what the database knows."""

    search: ProductSearch
    index: ElasticIndex | None

    def settle(self) -> None:
        if self.index is not None:
            self.index.synonyms_put(synonym_rules())
            index_everything(self.index)

    def ask(
        self, text: str = "", *, page: int = 1, size: int = 20, cursor: str | None = None,
        facets: bool = False, highlights: bool = False, ordering: str = "relevance", **filters: str,
    ) -> SearchAnswer:  # fmt: skip
        filter_set = ProductFilterSet(filters)
        filter_set.validate()
        return self.search.search(
            SearchAsked(
                text=text,
                filters=filter_set,
                ordering=ordering,
                page=PageAsked(size, number=page, cursor=cursor),
                facets=facets,
                highlights=highlights,
            )
        )

    def names(self, *args: str, **kwargs: str) -> list[str]:
        names = dict(Product.objects.values_list("pk", "name"))
        return [names[pk] for pk in self.ask(*args, **kwargs).ids]


@pytest.fixture(params=["postgresql", "elasticsearch"])
def engine(request, db):
    if request.param == "postgresql":
        yield Engine(PostgresProductSearch(), None)
        return
    for index in own_index():
        yield Engine(engine_on(index), index)
