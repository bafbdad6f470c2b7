"""Tags, created by being used."""

from collections.abc import Sequence

from django.db import transaction
from django.db.models import Q
from django.utils.text import slugify

from apps.core.events import event_emit
from apps.core.response_cache import CATALOGUE, stamp_bump
from apps.products.models import Product, Tag
from apps.products.services.search_extra import search_extra_refresh


def tag_ids(*, names: Sequence[str]) -> list[int]:
    """Return the ids of the tags called ``names``, creating missing ones; safe when two callers do so at once."""
    wanted = {_slug(name): name for name in names}
    missing = set(wanted) - set(Tag.objects.filter(slug__in=wanted).values_list("slug", flat=True))
    if missing:
        Tag.objects.bulk_create(
            (Tag(slug=slug, name=wanted[slug]) for slug in sorted(missing)), ignore_conflicts=True
        )
    found = Tag.objects.filter(Q(slug__in=wanted) | Q(name__in=wanted.values()))
    return list(found.values_list("pk", flat=True))


def _slug(name: str) -> str:
    return (slugify(name) or slugify(name, allow_unicode=True))[:70]


@transaction.atomic
def tag_changed(*, tag_id: int) -> None:
    """Follow up on a rename: products are found by their tags."""
    tagged = Product.tags.through.objects.filter(tag_id=tag_id)
    search_extra_refresh(product_ids=list(tagged.values_list("product_id", flat=True)))
    _announce(tag_id)


@transaction.atomic
def tags_delete(*, tag_ids: Sequence[int]) -> None:
    """Delete tags; products that had them can no longer be found by them."""
    tagged = Product.tags.through.objects.filter(tag_id__in=tag_ids)
    product_ids = list(tagged.values_list("product_id", flat=True))
    Tag.objects.filter(pk__in=tag_ids).delete()
    search_extra_refresh(product_ids=product_ids)
    for tag_id in tag_ids:
        _announce(tag_id)


def _announce(tag_id: int) -> None:
    event_emit(type="tag.changed", aggregate=f"tag:{tag_id}", payload={"tag_id": tag_id})
    stamp_bump(CATALOGUE)
