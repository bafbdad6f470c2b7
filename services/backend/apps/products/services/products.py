"""Writing products. Every change commits together with its events, its price history and its stock movements."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NotRequired, TypedDict

from django.conf import settings
from django.contrib.auth.base_user import AbstractBaseUser
from django.db import IntegrityError, transaction
from django.utils import timezone

from apps.audit.services import audit_record
from apps.core.constraints import violated_constraint
from apps.core.events import event_emit
from apps.core.response_cache import CATALOGUE, stamp_bump
from apps.inventory.services import stock_item_create, stock_item_rename, stock_set_available
from apps.products.errors import CategoryNotFound, SkuTaken, SlugTaken
from apps.products.locks import product_lock
from apps.products.models import Category, PriceHistory, Product
from apps.products.services.search_extra import search_extra_refresh
from apps.products.services.snapshots import product_snapshot
from apps.products.services.tags import tag_ids
from apps.products.services.variants import VariantData, variants_create, variants_replace
from apps.products.slugs import slug_from, slug_retry
from meshop_shared.errors import NotFound, ValidationFailed

_SLUG_ATTEMPTS = 5
_PLAIN_FIELDS = ("sku", "slug", "name", "description", "brand", "attributes", "is_active")


class ProductData(TypedDict):
    """What staff may say about a product; texts are plain, ``price_minor`` is in ``currency``."""

    sku: NotRequired[str]
    slug: NotRequired[str]
    name: NotRequired[str]
    description: NotRequired[str]
    brand: NotRequired[str]
    category_id: NotRequired[int | None]
    tags: NotRequired[list[str]]
    price_minor: NotRequired[int]
    currency: NotRequired[str]
    attributes: NotRequired[dict[str, Any]]
    is_active: NotRequired[bool]
    stock: NotRequired[int]
    variants: NotRequired[list[VariantData]]


@transaction.atomic
def product_create(*, data: ProductData, actor: AbstractBaseUser | None = None) -> Product:
    """Create a product from ``sku``, ``name``, ``price_minor`` and whatever else ``data`` says.

    Without a slug one is made of the name, unique under concurrency. Raises ``SkuTaken``, ``SlugTaken``,
    ``CategoryNotFound``.
    """
    variants = data.get("variants") or []
    if variants and data.get("stock"):
        raise ValidationFailed.for_field("stock", "Stock of a product with variants is kept per variant.")
    category_id = _category_id(data.get("category_id"))
    with unique_codes():
        item = (
            None
            if variants
            else stock_item_create(sku=data["sku"], quantity=data.get("stock", 0), actor=actor)
        )
    product = Product(
        sku=data["sku"],
        name=data["name"],
        description=data.get("description", ""),
        brand=data.get("brand", ""),
        category_id=category_id,
        price_minor=data["price_minor"],
        currency=data.get("currency", settings.MESHOP.shop_currency),
        attributes=data.get("attributes", {}),
        is_active=data.get("is_active", True),
        stock_item=item,
    )
    _insert(product, slug=data.get("slug"))
    with unique_codes():
        variants_create(product=product, variants=variants, actor=actor)
    if tags := data.get("tags"):
        product.tags.set(tag_ids(names=tags))
    search_extra_refresh(product_ids=[product.pk])
    _price_record(product, actor)
    _announce("product.created", product)
    if actor is not None:
        after = product_snapshot(product, tags=bool(tags))
        audit_record(actor=actor, action="product.create", target=f"product:{product.pk}", after=after)
    return product


@transaction.atomic
def product_update(*, product_id: int, data: ProductData, actor: AbstractBaseUser | None = None) -> Product:
    """Change what ``data`` names and nothing else. ``variants`` is the whole list: the others are retired.

    ``stock`` is what can be sold from now on. Raises ``NotFound``, ``SkuTaken``, ``SlugTaken``,
    ``CategoryNotFound``, ``VariantsConflict``.
    """
    product = product_lock(product_id)
    before = product_snapshot(product, tags=actor is not None and "tags" in data)
    for name in (*_PLAIN_FIELDS, "price_minor", "currency"):
        if name in data:
            setattr(product, name, data[name])  # type: ignore[literal-required]
    if "category_id" in data:
        product.category_id = _category_id(data["category_id"])
    product.updated_at = timezone.now()
    with unique_codes():
        product.save()
        if product.sku != before["sku"] and product.stock_item_id:
            stock_item_rename(stock_item_id=product.stock_item_id, sku=product.sku)
        if "variants" in data:
            variants_replace(product=product, variants=data["variants"], actor=actor)
    if "stock" in data:
        _stock_set(product, data["stock"], actor)
    if "tags" in data:
        product.tags.set(tag_ids(names=data["tags"]))
    if "tags" in data or "category_id" in data:
        search_extra_refresh(product_ids=[product.pk])
    if (product.price_minor, product.currency) != (before["price_minor"], before["currency"]):
        _price_record(product, actor)
        _announce_price(product, before["price_minor"])
    _announce("product.updated", product, fields=sorted(data))
    if actor is not None:
        after = product_snapshot(product, tags="tags" in data)
        target = f"product:{product.pk}"
        audit_record(actor=actor, action="product.update", target=target, before=before, after=after)
    return product


@transaction.atomic
def product_deactivate(*, product_id: int, actor: AbstractBaseUser | None = None) -> None:
    """Take a product out of the shop. Orders, reviews and prices keep referring to it. Raises ``NotFound``."""
    product = product_lock(product_id)
    if not product.is_active:
        raise NotFound()
    product.is_active, product.updated_at = False, timezone.now()
    product.save(update_fields=["is_active", "updated_at"])
    _announce("product.deleted", product)
    audit_record(
        actor=actor,
        action="product.deactivate",
        target=f"product:{product.pk}",
        before={"is_active": True},
        after={"is_active": False},
    )


@contextmanager
def unique_codes() -> Iterator[None]:
    """Turn the loser of a race for a SKU or slug into a named conflict, leaving the transaction usable."""
    try:
        with transaction.atomic():
            yield
    except IntegrityError as error:
        constraint = violated_constraint(error)
        if "sku" in constraint:
            raise SkuTaken() from error
        if "slug" in constraint:
            raise SlugTaken() from error
        raise


def _insert(product: Product, *, slug: str | None) -> None:
    """Save under the wanted slug, or under the first free one made of the name."""
    own = slug or slug_from(product.name, fallback=product.sku)
    for attempt in range(_SLUG_ATTEMPTS):
        product.slug = own if attempt == 0 else slug_retry(own)
        try:
            with unique_codes():
                product.save(force_insert=True)
            return
        except SlugTaken:
            if slug is not None or attempt == _SLUG_ATTEMPTS - 1:
                raise


def _category_id(category_id: int | None) -> int | None:
    if category_id is not None and not Category.objects.filter(pk=category_id).exists():
        raise CategoryNotFound()
    return category_id


def _stock_set(product: Product, stock: int, actor: AbstractBaseUser | None) -> None:
    if product.stock_item_id is None:
        raise ValidationFailed.for_field("stock", "Stock of a product with variants is kept per variant.")
    stock_set_available(stock_item_id=product.stock_item_id, available=stock, actor=actor)


def _price_record(product: Product, actor: AbstractBaseUser | None) -> None:
    PriceHistory.objects.create(
        product=product,
        price_minor=product.price_minor,
        currency=product.currency,
        actor_id=actor.pk if actor else None,
    )


def _announce_price(product: Product, old_minor: int) -> None:
    payload = {
        "product_id": product.pk,
        "variant_id": None,
        "old_price_minor": old_minor,
        "price_minor": product.price_minor,
        "currency": product.currency,
    }
    event_emit(type="price.changed", aggregate=f"product:{product.pk}", payload=payload)


def _announce(type: str, product: Product, **extra: Any) -> None:
    payload = {"product_id": product.pk, "sku": product.sku, "slug": product.slug, **extra}
    event_emit(type=type, aggregate=f"product:{product.pk}", payload=payload)
    stamp_bump(CATALOGUE)
