"""Slugs: words of a name, unique, never digits only (those are ids) and never a word of the URL scheme."""

import secrets

from django.utils.text import slugify

#: Path segments of the API that a product's slug must not hide behind.
RESERVED = frozenset(
    {
        "reviews", "categories", "tags", "wishlist", "suggest", "visual-search", "recommendations", "search",
        "pictures", "image-check",
    }
)  # fmt: skip


def slug_from(name: str, *, fallback: str) -> str:
    """Return the slug of ``name``; of ``fallback`` when no letter of it survives."""
    slug = slugify(name)[:180].strip("-_") or slugify(fallback)[:180].strip("-_")
    return f"p-{slug}".strip("-") if not slug or slug.isdigit() or slug in RESERVED else slug


def slug_retry(slug: str) -> str:
    """Return another slug for a name whose own one is taken; guessing again never takes long."""
    return f"{slug}-{secrets.token_hex(3)}"
