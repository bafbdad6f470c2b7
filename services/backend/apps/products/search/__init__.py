"""Product search: the port, and the words of the shop's own tables that an engine can be made of."""

from functools import cache

from django.conf import settings
from django.utils.module_loading import import_string

from apps.products.search.port import ProductSearch


@cache
def _maker(path: str) -> type[ProductSearch]:
    maker: type[ProductSearch] = import_string(path)
    return maker


def product_search() -> ProductSearch:
    """Return the engine of this deployment, which the setting ``PRODUCT_SEARCH`` names: an app above makes it."""
    return _maker(settings.PRODUCT_SEARCH)()
