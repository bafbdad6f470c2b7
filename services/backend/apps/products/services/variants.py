"""Writing the variants of a product, inside the transaction of the product they belong to."""

from collections.abc import Sequence
from typing import Any, NotRequired, TypedDict

from django.contrib.auth.base_user import AbstractBaseUser

from apps.audit.services import audit_record
from apps.core.events import event_emit
from apps.inventory.services import stock_item_create, stock_set_available
from apps.products.errors import VariantsConflict
from apps.products.models import PriceHistory, Product, ProductVariant
from apps.products.services.snapshots import variant_snapshot
from meshop_shared.errors import ValidationFailed


class VariantData(TypedDict):
    """What staff may say about a variant. ``price_minor`` empty means the product's price."""

    sku: str
    name: str
    attributes: NotRequired[dict[str, Any]]
    price_minor: NotRequired[int | None]
    stock: NotRequired[int]


def variants_create(
    *, product: Product, variants: Sequence[VariantData], actor: AbstractBaseUser | None
) -> None:
    """Add variants, each with its own ledger. A taken SKU surfaces as ``IntegrityError``."""
    for data in variants:
        item = stock_item_create(sku=data["sku"], quantity=data.get("stock", 0), actor=actor)
        variant = ProductVariant.objects.create(
            product=product,
            sku=data["sku"],
            name=data["name"],
            attributes=data.get("attributes", {}),
            price_minor=data.get("price_minor"),
            stock_item=item,
        )
        if variant.price_minor is not None:
            _price_record(product, variant, actor)
        _audit("variant.create", variant, {}, actor)


def variants_replace(
    *, product: Product, variants: Sequence[VariantData], actor: AbstractBaseUser | None
) -> None:
    """Make ``variants``, matched by SKU, what the product is sold as; those not named are retired, not deleted.

    Carts and orders hold units, so a product never switches between having variants and having none.
    """
    known = {variant.sku: variant for variant in product.variants.order_by("pk")}
    if product.stock_item_id is not None:
        if variants:
            raise VariantsConflict()
        return
    if not variants:
        raise ValidationFailed.for_field("variants", "Keep at least one variant; hide the product instead.")
    wanted = {data["sku"] for data in variants}
    retired = [variant for sku, variant in known.items() if sku not in wanted and variant.is_active]
    ProductVariant.objects.filter(pk__in=[variant.pk for variant in retired]).update(is_active=False)
    for variant in retired:
        before, variant.is_active = variant_snapshot(variant), False
        _audit("variant.retire", variant, before, actor)
    for data in variants:
        if data["sku"] in known:
            _update(product, known[data["sku"]], data, actor)
    variants_create(
        product=product, variants=[data for data in variants if data["sku"] not in known], actor=actor
    )


def _update(
    product: Product, variant: ProductVariant, data: VariantData, actor: AbstractBaseUser | None
) -> None:
    before, old = variant_snapshot(variant), variant.price_minor
    variant.is_active, variant.name = True, data["name"]
    variant.attributes = data.get("attributes", variant.attributes)
    variant.price_minor = data.get("price_minor", old)
    variant.save()
    if variant.price_minor != old:
        _price_record(product, variant, actor)
        _announce_price(product, variant, old)
    _audit("variant.update", variant, before, actor)
    if "stock" in data:
        stock_set_available(stock_item_id=variant.stock_item_id, available=data["stock"], actor=actor)


def _audit(
    action: str, variant: ProductVariant, before: dict[str, Any], actor: AbstractBaseUser | None
) -> None:
    after = variant_snapshot(variant)
    audit_record(actor=actor, action=action, target=f"variant:{variant.pk}", before=before, after=after)


def _price_record(product: Product, variant: ProductVariant, actor: AbstractBaseUser | None) -> None:
    price = product.price_minor if variant.price_minor is None else variant.price_minor
    PriceHistory.objects.create(
        product=product,
        variant=variant,
        price_minor=price,
        currency=product.currency,
        actor_id=actor.pk if actor else None,
    )


def _announce_price(product: Product, variant: ProductVariant, old_minor: int | None) -> None:
    payload = {
        "product_id": product.pk,
        "variant_id": variant.pk,
        "old_price_minor": product.price_minor if old_minor is None else old_minor,
        "price_minor": product.price_minor if variant.price_minor is None else variant.price_minor,
        "currency": product.currency,
    }
    event_emit(type="price.changed", aggregate=f"product:{product.pk}", payload=payload)
