"""What a cart or an order needs to know of a product: its price, its stock item and whether it can be sold."""

from collections.abc import Iterable
from dataclasses import dataclass

from apps.products.models import Product, ProductVariant

#: A product, or one of its variants.
UnitKey = tuple[int, int | None]


@dataclass(frozen=True, slots=True)
class SellableUnit:
    """One thing with one price and one stock item. ``available`` is 0 while it is not shown in the shop."""

    product_id: int
    variant_id: int | None
    sku: str
    name: str
    price_minor: int
    currency: str
    stock_item_id: int | None
    available: int
    needs_variant: bool = False


def sellable_units_get(keys: Iterable[UnitKey]) -> dict[UnitKey, SellableUnit]:
    """Look up all ``keys`` in at most two queries. Unknown and hidden ones are missing from the answer.

    A product that is sold by variant only comes back with ``needs_variant`` when asked for without one.
    """
    wanted = set(keys)
    product_ids = [product_id for product_id, variant_id in wanted if variant_id is None]
    variant_ids = [variant_id for _, variant_id in wanted if variant_id is not None]
    units: dict[UnitKey, SellableUnit] = {}
    if product_ids:
        rows = Product.objects.filter(pk__in=product_ids, is_active=True).values_list(
            "id", "sku", "name", "price_minor", "currency", "stock_item_id",
            "stock_item__on_hand", "stock_item__reserved",
        )  # fmt: skip
        for pk, sku, name, price, currency, stock_item_id, on_hand, reserved in rows:
            available = on_hand - reserved if stock_item_id else 0
            units[pk, None] = SellableUnit(
                pk,
                None,
                sku,
                name,
                price,
                currency,
                stock_item_id,
                available,
                needs_variant=not stock_item_id,
            )
    if variant_ids:
        variants = ProductVariant.objects.filter(pk__in=variant_ids, is_active=True, product__is_active=True)
        variant_rows = variants.values_list(
            "product_id", "id", "sku", "product__name", "name", "price_minor", "product__price_minor",
            "product__currency", "stock_item_id", "stock_item__on_hand", "stock_item__reserved",
        )  # fmt: skip
        for row in variant_rows:
            product_id, variant_id, sku, product_name, variant_name, own_price, base, currency, item = row[:9]
            on_hand, reserved = row[9:]
            units[product_id, variant_id] = SellableUnit(
                product_id, variant_id, sku, f"{product_name} — {variant_name}",
                base if own_price is None else own_price, currency, item, on_hand - reserved,
            )  # fmt: skip
    return {key: unit for key, unit in units.items() if key in wanted}
