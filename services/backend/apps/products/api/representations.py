"""Rows as JSON objects; the shapes are declared in ``apps.products.api.outputs``."""

from collections.abc import Iterable
from typing import Any

from apps.products.cards import Card, product_cards
from apps.products.models import Category, ProductReview, Tag, WishlistItem
from apps.products.selectors import category_parent_ids


def category_ref_to_dict(category: Category) -> dict[str, Any]:
    """How others name a category."""
    return {"id": category.pk, "slug": category.slug, "name": category.name}


def category_to_dict(category: Category, parent_id: int | None) -> dict[str, Any]:
    """A category in a list."""
    return category_ref_to_dict(category) | {
        "description": category.description,
        "parent_id": parent_id,
        "depth": category.depth,
        "has_children": category.numchild > 0,
    }


def categories_to_dicts(categories: list[Category]) -> list[dict[str, Any]]:
    """A page of categories, with one query for all their parents."""
    parents = category_parent_ids(categories)
    return [category_to_dict(category, parents[category.pk]) for category in categories]


def tag_to_dict(tag: Tag) -> dict[str, Any]:
    """A tag."""
    return {"id": tag.pk, "slug": tag.slug, "name": tag.name}


def review_to_dict(review: ProductReview) -> dict[str, Any]:
    """A review; its author by first name and initial only."""
    return {
        "id": review.pk,
        "product_id": review.product_id,
        "rating": review.rating,
        "title": review.title,
        "body": review.body,
        "verified_purchase": review.verified_purchase,
        "helpful_count": review.helpful_count,
        "status": review.status,
        "user": {"id": review.user_id, "name": _public_name(review.user)},
        "created_at": review.created_at,
        "updated_at": review.updated_at,
    }


def _public_name(user: Any) -> str:
    return f"{user.first_name} {user.last_name[:1]}".strip() or "Customer"


def wishlist_items_to_dicts(items: Iterable[WishlistItem]) -> list[dict[str, Any]]:
    """Wishlist items with their products, in one query for all of them."""
    rows = list(items)
    cards = {card["id"]: card for card in product_cards([row.product_id for row in rows])}
    return [
        {"id": row.pk, "product": cards[row.product_id], "added_at": row.created_at}
        for row in rows
        if row.product_id in cards
    ]


def suggestion_to_dict(card: Card) -> dict[str, Any]:
    """A product as autocompletion shows it."""
    images = card["images"]
    short = {key: card[key] for key in ("id", "slug", "name", "sku", "brand", "price", "currency")}
    return short | {"image": images[0]["url"] if images else None}
