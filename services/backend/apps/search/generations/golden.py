"""Golden queries: products of the catalogue must be found by what they are called.

A mapping with a mistake passes every comparison of contents and finds nothing. So a sample is searched in the new
generation itself, by the engine that customers ask, and compared with what the live generation finds.
"""

from typing import Any

from django.conf import settings

from apps.core.api.pagination import PageAsked
from apps.products.filters import ProductFilterSet
from apps.products.models import Product
from apps.products.search.port import SearchAsked
from apps.search.documents import documents_of
from apps.search.elastic.client import elastic_client
from apps.search.elastic.engine import ElasticProductSearch
from apps.search.generations.journal import generation_live
from apps.search.generations.models import IndexGeneration
from apps.search.generations.sampling import sample_ids
from apps.search.generations.stores import TEXT, VECTORS, text_store, vector_store

QUERIES = 40
#: Share of the sample that must be among the first ten by its name, unless the live generation finds fewer, too.
NAMES_FOUND = 0.9
TIMEOUT_S = 30.0
_TEN = 10


def golden_queries(generation: IndexGeneration) -> tuple[dict[str, Any], dict[str, Any]]:
    """Ask for a sample; shares that were found, and what is wrong with them."""
    products = list(Product.objects.filter(pk__in=sample_ids(QUERIES), is_active=True))
    if not products:
        return {}, {}
    by_sku, by_name = text_found(generation.name, products)
    found: dict[str, Any] = {
        "golden": {"queries": len(products), "sku_first": by_sku, "name_in_ten": by_name}
    }
    bad: dict[str, Any] = {}
    if by_sku < 1:
        bad["sku_first"] = by_sku
    if by_name < NAMES_FOUND and by_name < _live_share(products):
        bad["name_in_ten"] = by_name
    if VECTORS in generation.stores:
        documents = documents_of([product.pk for product in products]).documents
        share = round(vector_store().finds(generation.name, list(documents.values())) / len(products), 3)
        found["golden"]["nearest_itself"] = share
        if share < 1:
            bad["nearest_itself"] = share
    return found, bad


def text_found(generation: str, products: list[Product]) -> tuple[float, float]:
    """Shares of products that are first by their SKU, and among the first ten by their name, in this generation."""
    engine = ElasticProductSearch(
        elastic_client(settings.MESHOP.elasticsearch_url),
        timeout_s=TIMEOUT_S,
        alias=text_store().physical(generation),
    )
    first = ten = 0
    for product in products:
        first += _ask(engine, product.sku)[:1] == [product.pk]
        found = Product.objects.filter(pk__in=_ask(engine, product.name))
        ten += product.name in set(found.values_list("name", flat=True))
    return round(first / len(products), 3), round(ten / len(products), 3)


def _live_share(products: list[Product]) -> float:
    live = generation_live()
    return text_found(live.name, products)[1] if live and TEXT in live.stores else 1.0


def _ask(engine: ElasticProductSearch, text: str) -> list[int]:
    filters = ProductFilterSet({})
    filters.validate()
    return engine.search(
        SearchAsked(text=text, filters=filters, ordering="relevance", page=PageAsked(_TEN))
    ).ids
