"""Wishes about the cart, made into steps that can be confirmed."""

import re
from typing import Any

from chatbot.articles import article_find, article_pointed
from chatbot.conversations import Item, Question, Wish
from chatbot.matching import chosen, matches_of, variants_of
from chatbot.replies import cart_source, plain, product_source
from chatbot.slots import Said
from chatbot.tools import CartAdd, CartClear, CartRemove, CartSet, step_of
from chatbot.turns import SHOWN, Turn, listed, picked

Json = dict[str, Any]
MAX_QUANTITY = 10_000
_FACTORS = {"double": 2, "triple": 3, "twice": 2}
_RELATIVE = re.compile(r"\b(?:(more|extra|additional|another)|(less|fewer))\b")
_BY = re.compile(r"\b(?:(increase|raise|up)|(decrease|reduce|lower|cut))\b.*\bby\b")


async def cart_add(turn: Turn, wish: Wish, said: Said) -> None:
    """Propose to add a product."""
    card = await article_find(turn, wish, said)
    if card is None:
        return
    variant = await _variant(turn, wish, said, card)
    if variant is False:
        return
    unit = variant or card
    quantity = wish.quantity or said.quantity(_name(card, variant)) or 1
    if not await _quantity_is_sane(turn, quantity):
        return
    source = product_source(card)
    if unit["stock"] < 1:
        turn.reply.state(f"{_name(card, variant)} is sold out.", source)
        return
    if unit["stock"] < quantity:
        turn.reply.state(f"Only {unit['stock']} of {_name(card, variant)} are left.", source)
        return
    wish = wish.model_copy(update={"product_id": card["id"], "quantity": quantity})
    turn.reply.state(f"{_name(card, variant)} costs {unit['price']} {card['currency']}.", source)
    step = step_of(
        "cart_add",
        CartAdd(product_id=card["id"], variant_id=variant["id"] if variant else None, quantity=quantity),
    )
    turn.add_step(wish, step, f"add {quantity} × {_name(card, variant)} to your cart")


async def _variant(turn: Turn, wish: Wish, said: Said, card: Json) -> Any:
    """The chosen variant, ``None`` when there are none, ``False`` after asking."""
    variants = [variant for variant in card["variants"] if variant["stock"] > 0] or card["variants"]
    if not variants:
        return None
    found = (
        variants_of(Said(f"{said.text} {wish.phrase}"), card["variants"]) if len(variants) > 1 else variants
    )
    if len(found) == 1:
        return found[0]
    choices = [Item(id=variant["id"], name=plain(variant["name"])) for variant in (found or variants)]
    wish = wish.model_copy(
        update={"product_id": card["id"], "quantity": wish.quantity or said.quantity(card["name"])}
    )
    turn.ask_back(
        f"{plain(card['name'])} comes in several forms: {listed(choices[:12])}. Which one do you want?",
        Question(slot="variant", wish=wish, choices=choices[:20]),
    )
    return False


async def cart_remove(turn: Turn, wish: Wish, said: Said) -> None:
    """Propose to take a line out, or some of its units."""
    line = await _line(turn, wish, said, "take out")
    if line is None:
        return
    name, held = _line_name(line), line["quantity"]
    less = wish.quantity or said.quantity(line["product"]["name"])
    wish = wish.model_copy(update={"product_id": line["product"]["id"], "quantity": less})
    if less is not None and less < held:
        step = step_of("cart_set", CartSet(item_id=line["id"], quantity=held - less))
        turn.add_step(wish, step, f"take {less} × {name} out of your cart and leave {held - less}")
    else:
        turn.add_step(
            wish, step_of("cart_remove", CartRemove(item_id=line["id"])), f"take {name} out of your cart"
        )


async def cart_set(turn: Turn, wish: Wish, said: Said) -> None:
    """Propose another quantity of a line; of what is not in the cart, that many are added."""
    lines = (await turn.shop.cart())["items"]
    speaks = said.content or article_pointed(turn, said) is not None
    if wish.product_id is None and speaks and not _lines_meant(turn, wish, said, lines):
        await cart_add(turn, wish.model_copy(update={"kind": "cart_add"}), said)
        return
    line = await _line(turn, wish, said, "change")
    if line is None:
        return
    quantity = wish.quantity or _wanted(said, line)
    if quantity is None:
        turn.ask_back(
            f"How many of {_line_name(line)} do you want?",
            Question(slot="quantity", wish=wish.model_copy(update={"product_id": line["product"]["id"]})),
        )
        return
    wish = wish.model_copy(update={"product_id": line["product"]["id"], "quantity": quantity})
    if quantity < 1:
        turn.add_step(
            wish, step_of("cart_remove", CartRemove(item_id=line["id"])),
            f"take {_line_name(line)} out of your cart",
        )  # fmt: skip
        return
    if not await _quantity_is_sane(turn, quantity):
        return
    if quantity > line["available"]:
        turn.reply.state(f"Only {line['available']} of {_line_name(line)} are left.", cart_source())
        return
    step = step_of("cart_set", CartSet(item_id=line["id"], quantity=quantity))
    turn.add_step(wish, step, f"change {_line_name(line)} in your cart to {quantity}")


def _wanted(said: Said, line: Json) -> int | None:
    name, held = line["product"]["name"], int(line["quantity"])
    for word, factor in _FACTORS.items():
        if word in said.tokens:
            return held * factor
    number = said.quantity(name)
    if number is None:
        return None
    by = _BY.search(said.plain)
    if by:
        return held + number if by[1] else max(held - number, 0)
    relative = _RELATIVE.search(said.plain)
    if relative:
        return held + number if relative[1] else max(held - number, 0)
    return number


async def cart_clear(turn: Turn, wish: Wish, said: Said) -> None:
    """Propose to empty the cart."""
    cart = await turn.shop.cart()
    if not cart["items"]:
        turn.reply.state("Your cart is empty already.", cart_source())
        return
    turn.add_step(wish, step_of("cart_clear", CartClear()), "empty your cart")


async def cart_show(turn: Turn, said: Said) -> None:
    """Say what is in the cart."""
    cart = await turn.shop.cart()
    if not cart["items"]:
        turn.reply.state("Your cart is empty.", cart_source())
        return
    for line in cart["items"][:20]:
        turn.reply.state(
            f"{line['quantity']} × {_line_name(line)} at {line['unit_price']} {cart['currency']} each.",
            cart_source(),
        )
    turn.reply.state(f"Together that is {cart['total']} {cart['currency']}.", cart_source())
    turn.conversation.products = [
        Item(id=line["product"]["id"], name=plain(line["product"]["name"]), price=line["unit_price"])
        for line in cart["items"][:20]
    ]


async def cart_holds(turn: Turn, said: Said) -> bool:
    """Whether the phrase means something in the cart."""
    return len(chosen(matches_of(said, _as_cards((await turn.shop.cart())["items"])))) > 0


async def _line(turn: Turn, wish: Wish, said: Said, verb: str) -> Json | None:
    """The line of the cart that is meant, or ``None`` after saying why not."""
    lines = (await turn.shop.cart())["items"]
    if not lines:
        turn.reply.state("Your cart is empty.", cart_source())
        return None
    found = _lines_meant(turn, wish, said, lines)
    if len(found) == 1:
        turn.conversation.product = Item(
            id=found[0]["product"]["id"],
            name=plain(found[0]["product"]["name"]),
            price=found[0]["unit_price"],
        )
        return found[0]
    choices = [Item(id=line["id"], name=_line_name(line)) for line in (found or lines)[:SHOWN]]
    if not found and said.phrase:
        turn.reply.state(f"“{said.phrase}” is not in your cart.", cart_source())
    turn.ask_back(
        f"Your cart has {listed(choices)}. Which one shall I {verb}?",
        Question(slot="line", wish=wish, choices=choices),
    )
    return None


def _lines_meant(turn: Turn, wish: Wish, said: Said, lines: list[Json]) -> list[Json]:
    if wish.product_id is not None:
        return [line for line in lines if line["product"]["id"] == wish.product_id]
    if said.content or said.doubtful:
        found = chosen(matches_of(said, _as_cards(lines)))
        if found:
            cards = [match.card["line"] for match in found]
            return variants_in(said, cards) if len(cards) > 1 else cards
        if said.content:
            return []
    shown = picked([Item(id=line["id"], name="") for line in lines], said)
    if shown is not None:
        return [line for line in lines if line["id"] == shown.id]
    pointed = article_pointed(turn, said)
    held = [line for line in lines if pointed is not None and line["product"]["id"] == pointed.id]
    return held or (lines if len(lines) == 1 else [])


def variants_in(said: Said, lines: list[Json]) -> list[Json]:
    """Lines whose variant the message names, else all."""
    words = set(Said(said.text).folded)
    named = [line for line in lines if line["variant_name"] and Said(line["variant_name"]).folded & words]
    return named or lines


def _as_cards(lines: list[Json]) -> list[Json]:
    return [
        {
            "id": line["product"]["id"], "name": line["product"]["name"], "sku": line["sku"],
            "variant_name": line["variant_name"], "line": line,
        }
        for line in lines
    ]  # fmt: skip


async def _quantity_is_sane(turn: Turn, quantity: int) -> bool:
    if 1 <= quantity <= MAX_QUANTITY:
        return True
    turn.reply.ask("I can only do that with a quantity of at least one, and not with so many.")
    return False


def _name(card: Json, variant: Json | None) -> str:
    return f"{plain(card['name'])} ({plain(variant['name'])})" if variant else plain(card["name"])


def _line_name(line: Json) -> str:
    name = plain(line["product"]["name"])
    return f"{name} ({plain(line['variant_name'])})" if line["variant_name"] else name
