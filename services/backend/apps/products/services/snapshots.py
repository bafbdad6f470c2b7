"""What the audit shows of products and variants, before and after an action of staff."""

from typing import Any

from apps.products.models import Product, ProductVariant

_PRODUCT = (
    "sku", "slug", "name", "description", "brand", "category_id", "price_minor", "currency", "attributes",
    "is_active",
)  # fmt: skip
_VARIANT = ("product_id", "sku", "name", "attributes", "price_minor", "is_active")


def product_snapshot(product: Product, *, tags: bool) -> dict[str, Any]:
    """A product as it is; its ``tags`` take a query. Stock has entries of its own."""
    state = {name: getattr(product, name) for name in _PRODUCT}
    if tags:
        state["tags"] = sorted(product.tags.values_list("name", flat=True))
    return state


def variant_snapshot(variant: ProductVariant) -> dict[str, Any]:
    """A variant as it is."""
    return {name: getattr(variant, name) for name in _VARIANT}
