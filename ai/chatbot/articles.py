"""Which product of the shop is meant: one that was shown, one that was spoken of, or one that search finds."""

import asyncio
from itertools import pairwise
from typing import Any

from chatbot.conversations import Item, Question, Wish
from chatbot.matching import Match, chosen, matches_of
from chatbot.shop import Refused
from chatbot.slots import Said
from chatbot.turns import SHOWN, Turn, item_of, listed, picked

Json = dict[str, Any]
_SEARCHES = 6


async def article_find(turn: Turn, wish: Wish, said: Said) -> Json | None:
    """The product, or ``None`` after asking back or saying that there is none."""
    if wish.product_id is not None:
        return await _fetched(turn, wish.product_id)
    item = article_pointed(turn, said)
    if item is not None:
        return await _fetched(turn, item.id)
    if not said.phrase:
        turn.ask_back("Which product do you mean?", Question(slot="product", wish=wish))
        return None
    matches = await articles_search(turn, said)
    found = chosen(matches)
    if len(found) == 1:
        turn.speak_of(found[0].card)
        return found[0].card
    if found:
        _ask_which(turn, wish, [match.card for match in found], f"Several products fit “{said.phrase}”")
    elif matches:
        _ask_which(
            turn, wish, [match.card for match in matches], f"I found no “{said.phrase}”; the closest are"
        )
    else:
        turn.ask_back(
            f"I found no product called “{said.phrase}”. How else is it called?",
            Question(slot="product", wish=wish),
        )
    return None


def article_pointed(turn: Turn, said: Said) -> Item | None:
    """What "the second one", "the cheapest of those", "the blue one" or "it" means."""
    conversation = turn.conversation
    shown = conversation.products
    if item := picked(shown, said):
        return item
    if shown and said.points and (by_price := _by_price(shown, said)):
        return by_price
    if shown and said.anaphora and said.content:
        found = chosen(matches_of(said, [{"id": item.id, "name": item.name} for item in shown]))
        if len(found) == 1:
            return next(item for item in shown if item.id == found[0].card["id"])
    if not said.content:
        return conversation.product or (shown[0] if len(shown) == 1 else None)
    return None


def _by_price(items: list[Item], said: Said) -> Item | None:
    ordering = said.filters().get("ordering")
    if ordering not in ("price", "-price") or not all(item.price for item in items):
        return None
    return sorted(items, key=lambda item: float(item.price), reverse=ordering == "-price")[0]


async def articles_search(turn: Turn, said: Said, filters: dict[str, str] | None = None) -> list[Match]:
    """Products that have anything of what was said, best first.

    All words at once; when nothing has them all, each word and each pair of neighbours.
    """
    words = said.content or said.doubtful
    cards = await turn.shop.products(" ".join(words), filters or {})
    matches = matches_of(said, cards)
    if matches and matches[0].recall >= 1:
        return matches
    ordinary = [token for token in said.tokens if len(token) > 2]
    pairs = [" ".join(pair) for pair in pairwise(ordinary) if set(pair) & set(words)]
    texts = list(dict.fromkeys([*words, *pairs, *said.doubtful]))[:_SEARCHES]
    if len(texts) > 1 or texts != [" ".join(words)]:
        for more in await asyncio.gather(*(turn.shop.products(text, filters or {}) for text in texts)):
            cards += more
    unique = {card["id"]: card for card in cards}
    return matches_of(said, list(unique.values()))


def _ask_which(turn: Turn, wish: Wish, cards: list[Json], sentence: str) -> None:
    choices = [item_of(card) for card in cards[:SHOWN]]
    turn.conversation.products = choices
    turn.ask_back(
        f"{sentence}: {listed(choices)}. Which one do you mean?",
        Question(slot="product", wish=wish, choices=choices),
    )


async def _fetched(turn: Turn, product_id: int) -> Json | None:
    try:
        card = await turn.shop.product(product_id)
    except Refused:
        turn.reply.ask("That product is not in the shop any more.")
        return None
    turn.speak_of(card)
    return card
