"""What the chat answers without its service: a search, and where the caller's orders stand. It changes nothing."""

import re
import uuid
from typing import Any

from apps.core.api.pagination import PageAsked
from apps.orders.selectors import order_list
from apps.products.cards import product_cards
from apps.products.filters import MAX_SEARCH_LENGTH, ProductFilterSet
from apps.products.search import product_search
from apps.products.search.port import SearchAsked

_ORDERS = re.compile(r"\b(orders?|deliver\w*|ship\w*|parcel|package|cancel|return)\b", re.IGNORECASE)
_SHOWN = 3
_AWAY = "The assistant is away right now."
_UNSURE = "I cannot say whether the change was made: please look at your cart and your orders, then try again later."


def chat_fallback(
    *, message: str | None, conversation_id: uuid.UUID | None, user_id: int | None
) -> dict[str, Any]:
    """Products that the words of ``message`` find, or the caller's latest orders when it speaks of orders.

    ``None`` confirms an action: the service may have died while it made the change.
    """
    sentences, citations = [_AWAY] if message is not None else [_AWAY, _UNSURE], []
    speaks_of_orders = message is None or _ORDERS.search(message)
    facts = _orders(user_id) if speaks_of_orders else _products(message or "")
    for number, (sentence, kind, title, url) in enumerate(facts, 1):
        sentences.append(f"{sentence} [{number}]")
        citations.append({"marker": number, "kind": kind, "title": title, "url": url})
    if not facts:
        sentences.append("Search the shop at /api/products/?search= and see your orders at /api/orders/.")
    return {
        "conversation_id": conversation_id or uuid.uuid4(),
        "reply": "\n".join(sentences),
        "citations": citations,
        "proposed_action": None,
        "source": "fallback",
        "model": None,
        "reasons": ["the assistant did not answer"],
    }


def _orders(user_id: int | None) -> list[tuple[str, str, str, str]]:
    if user_id is None:
        return []
    rows = order_list(user_id=user_id).order_by("-id")[:_SHOWN]
    return [
        (f"Order {row.number} is {row.status}.", "order", f"Order {row.number}", f"/api/orders/{row.pk}/")
        for row in rows
    ]


def _products(message: str) -> list[tuple[str, str, str, str]]:
    text = " ".join(message.split())[:MAX_SEARCH_LENGTH]
    if not text:
        return []
    filters = ProductFilterSet({})
    filters.validate()
    found = product_search().search(
        SearchAsked(text=text, filters=filters, ordering="relevance", page=PageAsked(_SHOWN))
    )
    return [
        (
            f"{card['name']} costs {card['price']} {card['currency']}.",
            "product",
            card["name"],
            f"/api/products/{card['id']}/",
        )
        for card in product_cards(found.ids)
    ]
