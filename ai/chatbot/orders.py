"""The caller's own orders: where they stand, and wishes to cancel or return them."""

from typing import Any

from chatbot.conversations import Item, Question, Wish
from chatbot.matching import chosen, matches_of
from chatbot.replies import order_source, plain
from chatbot.slots import Said
from chatbot.tools import OrderCancel, ReturnLine, ReturnRequest, step_of
from chatbot.turns import SHOWN, Turn, listed, picked

Json = dict[str, Any]
_CANCELLABLE = ("pending", "processing")
_RETURNABLE = ("shipped", "delivered")
_STATES = {
    "pending": ("pending", "unpaid", "open"), "processing": ("processing", "paid"), "shipped": ("shipped", "sent"),
    "delivered": ("delivered", "arrived"), "cancelled": ("cancelled", "canceled"),
}  # fmt: skip
_WORDS = {
    "pending": "waits for payment", "processing": "is being packed", "shipped": "was shipped",
    "delivered": "was delivered", "cancelled": "is cancelled",
}  # fmt: skip


async def _orders(turn: Turn) -> list[Json] | None:
    """The caller's orders; ``None`` after telling a guest to sign in."""
    if not turn.shop.caller.signed_in:
        turn.reply.ask("Please sign in first: then I can see your orders.")
        return None
    rows = await turn.shop.orders()
    if not rows:
        turn.reply.ask("You have no orders yet.")
        return None
    return rows


async def orders_list(turn: Turn, said: Said) -> None:
    """Say which orders there are."""
    rows = await _orders(turn)
    for row in (rows or [])[:SHOWN]:
        turn.reply.state(_line(row), order_source(row))
    turn.conversation.orders = [_item(row) for row in (rows or [])[:SHOWN]]


async def order_status(turn: Turn, said: Said) -> None:
    """Say where an order stands; the latest, unless another is meant."""
    rows = await _orders(turn)
    if rows is None:
        return
    found = orders_meant(turn, said, rows)
    if found is None:
        _unknown(turn, said)
        return
    row = found[0]
    turn.conversation.order = _item(row)
    turn.reply.state(_line(row), order_source(row))
    for event in await turn.shop.timeline(row["id"]):
        tracking = event["data"].get("tracking")
        if tracking:
            turn.reply.state(f"The carrier's number is {plain(str(tracking))}.", order_source(row))
    if len(found) > 1 and not (said.recent or said.order_numbers or said.order_ids):
        for other in found[1:SHOWN]:
            turn.reply.state(_line(other), order_source(other))
        turn.conversation.orders = [_item(row) for row in found[:SHOWN]]


async def order_cancel(turn: Turn, wish: Wish, said: Said) -> None:
    """Propose to cancel an order."""
    row = await _one(turn, wish, said, _CANCELLABLE, "cancel")
    if row is None:
        return
    arguments = OrderCancel(order_id=row["id"], reason=(wish.reason or said.reason)[:200])
    turn.reply.state(_line(row), order_source(row))
    wish = wish.model_copy(update={"order_id": row["id"]})
    turn.add_step(wish, step_of("order_cancel", arguments), f"cancel order {row['number']}")


async def order_return(turn: Turn, wish: Wish, said: Said) -> None:
    """Propose to ask for a return, of all of an order or of the articles that were named."""
    row = await _one(turn, wish, said, _RETURNABLE, "return")
    if row is None:
        return
    items = _items_meant(Said(f"{said.text} {wish.phrase}") if wish.phrase else said, wish, row)
    what = "all of it"
    if items:
        names = {item["sku"]: plain(item["name"]) for item in row["items"]}
        what = ", ".join(f"{item.quantity} × {names[item.sku]}" for item in items)
    reason = (wish.reason or said.reason)[:500]
    arguments = ReturnRequest(order_id=row["id"], items=items, reason=reason)
    turn.reply.state(_line(row), order_source(row))
    wish = wish.model_copy(update={"order_id": row["id"], "reason": reason})
    turn.add_step(
        wish, step_of("return_request", arguments), f"ask to return {what} from order {row['number']}"
    )


def _items_meant(said: Said, wish: Wish, row: Json) -> list[ReturnLine] | None:
    if not (said.content or said.doubtful) or len(row["items"]) == 1:
        quantity = wish.quantity or said.quantity(row["items"][0]["name"] if row["items"] else "")
        if len(row["items"]) == 1 and quantity is not None and quantity < row["items"][0]["quantity"]:
            return [ReturnLine(sku=row["items"][0]["sku"], quantity=quantity)]
        return None
    found: list[ReturnLine] = []
    for part in said.parts():
        for match in chosen(matches_of(part, row["items"])):
            quantity = part.quantity(match.card["name"]) or match.card["quantity"]
            line = ReturnLine(sku=match.card["sku"], quantity=min(quantity, match.card["quantity"]))
            if all(other.sku != line.sku for other in found):
                found.append(line)
    return found or None


async def _one(turn: Turn, wish: Wish, said: Said, states: tuple[str, ...], verb: str) -> Json | None:
    """The order that is meant and may be moved; ``None`` after asking which, or saying why not."""
    rows = await _orders(turn)
    if rows is None:
        return None
    if wish.order_id is not None:
        found: list[Json] | None = [row for row in rows if row["id"] == wish.order_id]
    else:
        found = orders_meant(turn, said, rows, prefer=states)
    if not found:
        _unknown(turn, said)
        return None
    possible = [row for row in found if row["status"] in states]
    if not possible:
        turn.reply.state(f"{_line(found[0])[:-1]}, so it cannot be {_PAST[verb]}.", order_source(found[0]))
        turn.conversation.order = _item(found[0])
        return None
    if len(possible) == 1:
        turn.conversation.order = _item(possible[0])
        return possible[0]
    for row in possible[:SHOWN]:
        turn.reply.state(_line(row), order_source(row))
    choices = [_item(row) for row in possible[:20]]
    turn.conversation.orders = choices
    wish = wish.model_copy(
        update={"reason": wish.reason or said.reason, "phrase": wish.phrase or said.plain[:200]}
    )
    turn.ask_back(
        f"Which order shall I {verb}: {listed(choices[:SHOWN])}?",
        Question(slot="order", wish=wish, choices=choices),
    )
    return None


_PAST = {"cancel": "cancelled", "return": "returned"}


def orders_meant(
    turn: Turn, said: Said, rows: list[Json], *, prefer: tuple[str, ...] = ()
) -> list[Json] | None:
    """Orders that the message can mean, newest first; ``None`` when it names one that is not the caller's."""
    if said.order_numbers or said.order_ids:
        named = [row for row in rows if row["number"] in said.order_numbers]
        named = named or [row for row in rows if row["id"] in said.order_ids]
        return named or None
    tails = [token.upper() for token in said.tokens if len(token) >= 4 and any(c.isdigit() for c in token)]
    ended = [row for row in rows if any(row["number"].endswith(tail) for tail in tails)]
    if ended:
        return ended
    conversation = turn.conversation
    item = picked(conversation.orders, said)
    if item is not None:
        return [row for row in rows if row["id"] == item.id]
    states = [state for state, words in _STATES.items() if set(words) & set(said.tokens)]
    named = [row for row in rows if row["status"] in states] if states and not said.phrase else []
    with_article = _with_article(said, rows)
    if with_article:
        movable = [row for row in with_article if row["status"] in prefer]
        found = movable or with_article
        return found[:1] if said.recent else found
    if said.recent:
        return (named or rows)[:1]
    if said.oldest:
        return (named or rows)[-1:]
    if named:
        return named
    if {"it", "that", "this"} & set(said.tokens) and conversation.order is not None:
        known = [row for row in rows if row["id"] == conversation.order.id]
        if known:
            return known
    movable = [row for row in rows if row["status"] in prefer]
    return movable or rows


def _with_article(said: Said, rows: list[Json]) -> list[Json]:
    if not (said.content or said.doubtful):
        return []
    cards = {item["name"]: item for row in rows for item in row["items"]}
    names = {match.card["name"] for match in chosen(matches_of(said, list(cards.values())))}
    return [row for row in rows if any(item["name"] in names for item in row["items"])]


def _unknown(turn: Turn, said: Said) -> None:
    named = ", ".join([*said.order_numbers, *map(str, said.order_ids)])
    turn.reply.ask(f"I find no order {named} among yours." if named else "I find no such order among yours.")


def _line(row: Json) -> str:
    names = ", ".join(f"{item['quantity']} × {plain(item['name'])}" for item in row["items"][:3])
    more = f" and {len(row['items']) - 3} more" if len(row["items"]) > 3 else ""
    return f"Order {row['number']} ({names}{more}; {row['total']} {row['currency']}) {_WORDS[row['status']]}."


def _item(row: Json) -> Item:
    names = ", ".join(plain(item["name"]) for item in row["items"][:2])
    return Item(id=row["id"], name=f"{row['number']} ({names})")
