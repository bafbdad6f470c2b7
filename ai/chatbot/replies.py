"""Sentences with their sources: a fact cannot be said without one."""

import unicodedata
from dataclasses import dataclass, field
from typing import Any

from chatbot.schemas import Citation, SourceKind

_LONGEST = 120


@dataclass(frozen=True)
class Source:
    """Where a fact comes from."""

    kind: SourceKind
    title: str
    url: str


@dataclass
class Reply:
    """What is answered, sentence by sentence."""

    sentences: list[str] = field(default_factory=list)
    citations: list[Citation] = field(default_factory=list)
    reasons: list[str] = field(default_factory=list)

    def ask(self, sentence: str) -> None:
        """Something that states no fact about the shop: a question, a greeting, what to do next."""
        self.sentences.append(sentence)

    def state(self, sentence: str, source: Source) -> None:
        """A fact and where it comes from."""
        for known in self.citations:
            if (known.kind, known.url) == (source.kind, source.url):
                self.sentences.append(f"{sentence} [{known.marker}]")
                return
        marker = len(self.citations) + 1
        self.citations.append(Citation(marker=marker, kind=source.kind, title=source.title, url=source.url))
        self.sentences.append(f"{sentence} [{marker}]")

    @property
    def text(self) -> str:
        """The reply, one sentence a line."""
        return "\n".join(self.sentences)


def plain(text: str) -> str:
    """Text of others as it may stand in a reply: one line, no brackets that look like citations, not endless."""
    kept = "".join(
        " " if unicodedata.category(letter)[0] == "C" else letter for letter in text.translate(_BRACKETS)
    )
    kept = " ".join(kept.split())
    return kept if len(kept) <= _LONGEST else f"{kept[: _LONGEST - 1]}…"


_BRACKETS = str.maketrans({"[": "(", "]": ")", "<": "‹", ">": "›"})


def product_source(card: dict[str, Any]) -> Source:
    """A product."""
    return Source("product", plain(card["name"]), f"/api/products/{card['id']}/")


def order_source(order: dict[str, Any]) -> Source:
    """An order."""
    return Source("order", f"Order {order['number']}", f"/api/orders/{order['id']}/")


def cart_source() -> Source:
    """The caller's cart."""
    return Source("cart", "Your cart", "/api/orders/cart/")


def policy_source(policy: dict[str, Any]) -> Source:
    """A text of the shop."""
    return Source("policy", plain(policy["title"]), f"/api/support/policies/#{policy['slug']}")
