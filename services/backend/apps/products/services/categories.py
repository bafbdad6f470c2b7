"""Writing the category tree."""

from collections.abc import Sequence

from django.db import transaction

from apps.core.events import event_emit
from apps.core.response_cache import CATALOGUE, stamp_bump
from apps.products.errors import CategoryNotFound
from apps.products.locks import category_tree_lock
from apps.products.models import Category, Product
from apps.products.services.search_extra import search_extra_refresh, search_extra_refresh_branch
from apps.products.slugs import slug_from, slug_retry


@transaction.atomic
def category_create(*, name: str, parent_id: int | None = None, description: str = "") -> Category:
    """Add a category below ``parent_id``, or at the top, in alphabetical place. Raises ``CategoryNotFound``."""
    category_tree_lock()
    slug = slug_from(name[:120], fallback="category")[:130]
    if Category.objects.filter(slug=slug).exists():
        slug = slug_retry(slug)
    values = {"name": name, "slug": slug, "description": description}
    if parent_id is None:
        category: Category = Category.objects.add_root(values)
    else:
        parent = Category.objects.filter(pk=parent_id).first()
        if parent is None:
            raise CategoryNotFound()
        category = Category.objects.add_child(parent, values)
    payload = {"category_id": category.pk, "slug": slug, "parent_id": parent_id}
    event_emit(type="category.created", aggregate=f"category:{category.pk}", payload=payload)
    stamp_bump(CATALOGUE)
    return category


@transaction.atomic
def category_changed(*, category_id: int) -> None:
    """Follow up on a rename or move that the tree's own forms have written."""
    search_extra_refresh_branch(category_ids=[category_id])
    _announce("category.changed", category_id)


@transaction.atomic
def category_delete(*, category_ids: Sequence[int]) -> None:
    """Delete categories with all below them; their products stay in the shop, without a category."""
    category_tree_lock()
    paths = list(Category.objects.filter(pk__in=category_ids).values_list("path", flat=True))
    orphans: list[int] = []
    for path in paths:
        orphans += Product.objects.filter(category__path__startswith=path).values_list("pk", flat=True)
    Category.objects.filter(pk__in=category_ids).delete()
    search_extra_refresh(product_ids=orphans)
    for category_id in category_ids:
        _announce("category.deleted", category_id)


def _announce(type: str, category_id: int) -> None:
    event_emit(type=type, aggregate=f"category:{category_id}", payload={"category_id": category_id})
    stamp_bump(CATALOGUE)
