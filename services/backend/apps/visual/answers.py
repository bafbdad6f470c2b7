"""Answers about pictures: what the service sees; without it, what words and the category find.

``source`` tells which: ``model`` or ``baseline`` for the service, ``fallback`` when nothing came from it.
"""

import base64
from collections.abc import Mapping
from dataclasses import dataclass
from typing import IO, Any

from django.conf import settings

from apps.core.ai_client import AiUnavailable, ai_ask
from apps.core.api.pagination import PageAsked
from apps.products.cards import product_cards
from apps.products.filters import ProductFilterSet
from apps.products.pictures import picture_thumbnail
from apps.products.search import product_search
from apps.products.search.port import SearchAsked
from apps.products.selectors import category_branch_ids
from apps.visual.selectors import categories_named

SERVICE = "visual_recognition"
#: What is sent is at most so large on its longer side: more is not looked at.
_SIDE = 640
#: Some of what is found may be hidden, sold out or of another category.
_SPARE = 4
_MOST = 100
_UNSEEN = "Pictures cannot be looked at now."


@dataclass(frozen=True, slots=True)
class Upload:
    """A picture that somebody sent."""

    file: IO[bytes]
    size: int


def visual_search(*, upload: Upload, text: str, category: str, limit: int) -> dict[str, Any]:
    """Products like the picture, best first; of a category (and below it), if one is named.

    ``text`` is what the fallback looks for. Raises ``ImageInvalid``, ``PayloadTooLarge``.
    """
    said = _ask("/v1/search", upload, {"limit": min(limit * _SPARE, _MOST)})
    if said is None or not said.get("items"):
        return _by_words(text=text, category=category, limit=limit)
    scores = {item["product_id"]: item["score"] for item in said["items"]}
    branch = set(category_branch_ids(slug=category) or []) if category else None
    cards = [
        card
        for card in product_cards(list(scores))
        if card["is_active"] and (branch is None or (card["category"] or {}).get("id") in branch)
    ][:limit]
    return {
        "source": said["source"],
        "model": said["model"],
        "reasons": said["reasons"],
        "confidence": said["confidence"],
        "results": [{"product": card, "score": scores[card["id"]]} for card in cards],
    }


def picture_inspect(*, upload: Upload) -> dict[str, Any]:
    """What staff want to know before they add a picture: copies in the shop, likely categories, main colours.

    Without the service, lists are empty and ``source`` is ``fallback``. Raises ``ImageInvalid``, ``PayloadTooLarge``.
    """
    said = _ask("/v1/inspect", upload, {})
    if said is None:
        return {
            "source": "fallback", "model": None, "reasons": [_UNSEEN], "confidence": None, "duplicates": [],
            "categories": [], "colours": [],
        }  # fmt: skip
    copies = {copy["product_id"]: copy for copy in reversed(said["duplicates"])}
    named = categories_named(slugs=[one["slug"] for one in said["categories"]])
    duplicates = [
        {
            "product": card,
            "image_id": copies[card["id"]]["image_id"],
            "likeness": copies[card["id"]]["likeness"],
        }
        for card in product_cards(list(copies))
    ]
    return {
        "source": said["source"],
        "model": said["model"],
        "reasons": said["reasons"],
        "confidence": said["confidence"],
        "duplicates": sorted(duplicates, key=lambda one: -one["likeness"]),
        "categories": [
            {"category": named[one["slug"]], "share": one["share"]}
            for one in said["categories"]
            if one["slug"] in named
        ],
        "colours": said["colours"],
    }


def _ask(path: str, upload: Upload, question: Mapping[str, Any]) -> dict[str, Any] | None:
    """The service's answer, None when there is none. The picture is read first: a bad one is refused either way."""
    picture = picture_thumbnail(upload.file, size=upload.size, side=_SIDE)
    asked = {"image": base64.b64encode(picture).decode(), **question}
    try:
        return ai_ask(SERVICE, path, asked, deadline_s=settings.MESHOP.ai_picture_deadline_ms / 1000)
    except AiUnavailable:
        return None


def _by_words(*, text: str, category: str, limit: int) -> dict[str, Any]:
    answer: dict[str, Any] = {"source": "fallback", "model": None, "confidence": None, "results": []}
    if not text and not category:
        return answer | {"reasons": [f"{_UNSEEN} Say in words what you look for, or name a category."]}
    filters = ProductFilterSet({"search": text, "category": category})
    filters.validate()
    found = product_search().search(
        SearchAsked(
            text=text, filters=filters, ordering="relevance" if text else "newest", page=PageAsked(limit)
        )
    )
    cards = [card for card in product_cards(found.ids) if card["is_active"]]
    looked = " and ".join(part for part in ("words" if text else "", "category" if category else "") if part)
    return answer | {
        "reasons": [f"{_UNSEEN} Found by {looked}."],
        "results": [{"product": card, "score": None} for card in cards],
    }
