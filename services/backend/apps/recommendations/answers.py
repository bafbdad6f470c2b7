"""Recommendations: what the service says, filled up with best sellers, or best sellers alone when it says nothing.

``source`` tells which: ``model``, ``cache`` or ``baseline`` for the service, ``fallback`` when nothing came from it.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from apps.activity.selectors import recently_viewed_ids
from apps.core.ai_client import AiUnavailable, ai_ask
from apps.core.response_cache import cached_bytes
from apps.products.cards import Card, product_cards
from apps.recommendations.selectors import (
    best_seller_ids,
    bought_lines,
    cart_skus,
    category_path,
    newest_ids,
    products_by_sku,
    sellable_by_sku,
    sellable_ids,
    skus_of,
)

SERVICE = "recommendations"
#: The service knows nothing of stock: so many times what is shown is asked for.
_SPARE = 3
_MOST = 100
#: Best sellers that are counted, so that enough are left when some are sold out.
_COUNTED = 200
_HISTORY = 1_000
_VIEWED = 20
_TEXTS = {
    "bought": "Because you bought {name}",
    "viewed": "Because you viewed {name}",
    "again": "You bought this before",
    "similar": "Similar to {name}",
    "together": "Often bought together with {name}",
    "cart": "Goes with {name} in your cart",
    "popular": "Popular now",
    "trending": "Trending now",
    "bestseller": "Best seller",
    "category_bestseller": "Best seller in {name}",
    "new": "New in the shop",
}


@dataclass(frozen=True, slots=True)
class _Pick:
    product_id: int
    kind: str
    because: str | None = None
    because_id: int | None = None


def recommendations_for_user(
    *, user_id: int | None, token: str | None, viewed_ids: Sequence[int], again: bool, limit: int
) -> dict[str, Any]:
    """For a customer, or for a guest by what they viewed; ``token`` names a guest's cart."""
    seen = recently_viewed_ids(user_id=user_id, token=token, limit=_VIEWED)
    viewed_ids = list(dict.fromkeys([*viewed_ids, *seen]))[:_VIEWED]
    bought = bought_lines(user_id=user_id, limit=_HISTORY) if user_id is not None else []
    question = {"bought": bought, "viewed": skus_of(product_ids=viewed_ids), "again": again}
    hidden = set(viewed_ids)
    if not again:
        owned = products_by_sku(skus=[str(line["sku"]) for line in bought])
        hidden |= {product.id for product in owned.values()}
    return _answer("/v1/for-you", question, hidden=hidden, category=None, limit=limit)


def recommendations_for_product(*, card: Card, together: bool, limit: int) -> dict[str, Any]:
    """Similar to a product, or bought together with it."""
    path = "/v1/bought-together" if together else "/v1/similar"
    question = {"sku": card["sku"], "name": card["name"][:500]}
    return _answer(path, question, hidden={card["id"]}, category=card["category"], limit=limit)


def recommendations_for_cart(*, user_id: int | None, token: str | None, limit: int) -> dict[str, Any]:
    """What goes with the caller's cart."""
    skus = cart_skus(user_id=user_id, token=token)
    hidden = {product.id for product in products_by_sku(skus=skus).values()}
    return _answer("/v1/cart" if skus else None, {"skus": skus}, hidden=hidden, category=None, limit=limit)


def _answer(
    path: str | None, question: Mapping[str, Any], *, hidden: set[int], category: Mapping[str, Any] | None, limit: int
) -> dict[str, Any]:  # fmt: skip
    said: dict[str, Any] | None = None
    if path is not None:
        try:
            said = ai_ask(SERVICE, path, {**question, "limit": min(limit * _SPARE, _MOST)})
        except AiUnavailable:
            said = None
    picks = [pick for pick in _picks(said) if pick.product_id not in hidden] if said else []
    picks = picks[:limit]
    source, model = (said["source"], said["model"]) if said and picks else ("fallback", None)
    if len(picks) < limit:
        picks += _best_sellers(
            hidden=hidden | {pick.product_id for pick in picks}, category=category, limit=limit - len(picks)
        )
    cards = {card["id"]: card for card in product_cards([pick.product_id for pick in picks])}
    results = [_result(pick, cards[pick.product_id]) for pick in picks if pick.product_id in cards]
    reasons = list(dict.fromkeys(result["reason"]["text"] for result in results))
    return {"source": source, "model": model, "reasons": reasons, "results": results}


def _picks(said: Mapping[str, Any]) -> list[_Pick]:
    items = said.get("items") or []
    products = sellable_by_sku(skus=[item["sku"] for item in items])
    reasons = products_by_sku(skus=sorted({item["because"] for item in items if item["because"]}))
    picks = []
    for item in items:
        product, because = products.get(item["sku"]), reasons.get(item["because"])
        if product is not None and item["kind"] in _TEXTS:
            named = because is not None or "{name}" not in _TEXTS[item["kind"]]
            kind = item["kind"] if named else "popular"
            picks.append(
                _Pick(product.id, kind, because.name if because else None, because.id if because else None)
            )
    return picks


def _best_sellers(*, hidden: set[int], category: Mapping[str, Any] | None, limit: int) -> list[_Pick]:
    picks: list[_Pick] = []
    branch = category_path(slug=str(category["slug"])) if category else None
    if category and branch:
        picks = _selling(branch, "category_bestseller", category["name"], hidden, limit)
    if len(picks) < limit:
        hidden = hidden | {pick.product_id for pick in picks}
        picks += _selling(None, "bestseller", None, hidden, limit - len(picks))
    return picks


def _selling(branch: str | None, kind: str, because: str | None, hidden: set[int], limit: int) -> list[_Pick]:
    """Best sellers, counted again each minute and checked against stock each time; then what is new."""

    def make() -> bytes:
        return json.dumps(best_seller_ids(branch=branch, limit=_COUNTED)).encode()

    stored = cached_bytes(name=f"best sellers {branch}", stamps=(), make=make, max_age_s=60)
    ids = sellable_ids(product_ids=[pk for pk in json.loads(stored or b"[]") if pk not in hidden])
    picks = [_Pick(pk, kind, because) for pk in ids[:limit]]
    if len(picks) < limit:
        hidden = hidden | set(ids)
        newest = newest_ids(branch=branch, limit=limit + len(hidden))
        picks += [_Pick(pk, "new") for pk in newest if pk not in hidden]
    return picks[:limit]


def _result(pick: _Pick, card: Card) -> dict[str, Any]:
    text = _TEXTS[pick.kind].format(name=pick.because)
    return {"product": card, "reason": {"kind": pick.kind, "text": text, "product_id": pick.because_id}}
