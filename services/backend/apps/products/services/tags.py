"""Tags, created by being used."""

from collections.abc import Sequence

from django.db.models import Q
from django.utils.text import slugify

from apps.products.models import Tag


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
