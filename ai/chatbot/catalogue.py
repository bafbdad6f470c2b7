"""Questions about the catalogue. Prices and stock come from the shop's answer and from nowhere else."""

from typing import Any

from chatbot.articles import article_find, article_pointed, articles_search
from chatbot.conversations import Wish
from chatbot.replies import plain, product_source
from chatbot.slots import Said
from chatbot.turns import SHOWN, Turn

Json = dict[str, Any]
_FITS = 0.5


async def products_search(turn: Turn, said: Said) -> None:
    """Show what a phrase finds, within the price that was named."""
    filters = said.filters()
    ordering = filters.pop("ordering", None)
    if said.phrase:
        matches = await articles_search(turn, said, filters)
        best = max((match.recall for match in matches), default=0.0)
        cards = [match.card for match in matches if match.recall >= max(_FITS * best, 0.3)]
        cards = [match.card for match in matches if match.recall >= best - 0.06] if best >= 1 else cards
    else:
        cards = await turn.shop.products("", {**filters, **({"ordering": ordering} if ordering else {})})
    if ordering in ("price", "-price"):
        cards = sorted(cards, key=lambda card: float(card["price"]), reverse=ordering == "-price")
    elif ordering == "rating":
        cards = sorted(cards, key=lambda card: -card["rating"])
    if not cards:
        within = " at that price" if filters else ""
        turn.reply.ask(f"I found no “{said.phrase or 'product'}”{within}. Try other words.")
        return
    for place, card in enumerate(cards[:SHOWN], 1):
        turn.reply.state(f"{place}. {_facts(card)}", product_source(card))
    turn.show_products(cards[:SHOWN])
    if len(cards) > SHOWN:
        turn.reply.ask("There are more; tell me more about what you need.")


async def product_info(turn: Turn, said: Said, *, product_id: int | None = None) -> None:
    """Say what the shop knows of one product."""
    if product_id is None and not said.phrase and article_pointed(turn, said) is None:
        turn.reply.ask("Which product do you mean?")
        return
    card = await article_find(turn, Wish(kind="info", product_id=product_id), said)
    if card is None:
        return
    source = product_source(card)
    turn.reply.state(_facts(card), source)
    if card["brand"]:
        turn.reply.state(f"It is made by {plain(card['brand'])}.", source)
    for name, value in list(card["attributes"].items())[:5]:
        turn.reply.state(f"{plain(str(name)).capitalize()}: {plain(str(value))}.", source)
    if card["variants"]:
        names = ", ".join(
            f"{plain(variant['name'])} ({variant['price']} {card['currency']}, "
            + (f"{variant['stock']} in stock)" if variant["stock"] else "sold out)")
            for variant in card["variants"][:8]
        )
        turn.reply.state(f"It comes as {names}.", source)
    if card["review_count"]:
        turn.reply.state(f"{card['review_count']} customers rate it {card['rating']:.1f} of 5.", source)


def _facts(card: Json) -> str:
    stock = f"{card['stock']} in stock" if card["stock"] else "sold out"
    return f"{plain(card['name'])} costs {card['price']} {card['currency']}, {stock}."
