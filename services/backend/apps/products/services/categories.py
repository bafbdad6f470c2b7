"""Writing the category tree."""

from django.db import transaction

from apps.core.events import event_emit
from apps.core.response_cache import CATALOGUE, stamp_bump
from apps.products.errors import CategoryNotFound
from apps.products.locks import category_tree_lock
from apps.products.models import Category
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
        category: Category = Category.add_root(**values)
    else:
        parent = Category.objects.filter(pk=parent_id).first()
        if parent is None:
            raise CategoryNotFound()
        category = parent.add_child(**values)
    payload = {"category_id": category.pk, "slug": slug, "parent_id": parent_id}
    event_emit(type="category.created", aggregate=f"category:{category.pk}", payload=payload)
    stamp_bump(CATALOGUE)
    return category
