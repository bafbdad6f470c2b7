"""A task for the assistant, judged by what the database holds afterwards. Every run says it in another way."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from tests.support.chat_shop import Chatter

#: In a script: confirm what was proposed last, by its id.
CONFIRM = object()


@dataclass(frozen=True)
class Task:
    """What somebody wants: what was before, what they say (a list is alternatives), and what must be afterwards."""

    name: str
    says: Sequence[object]
    cart: dict[str, int] | None = None
    orders: dict[str, str] | None = None
    returns: dict[str, dict[str, int]] | None = None
    tickets: int = 0
    before: Callable[[Chatter], object] = field(default=lambda chatter: None)

    def run(self, chatter: Chatter, number: int) -> None:
        """Set up and talk; the ``number``-th alternative of each turn."""
        self.before(chatter)
        names = {name: order["number"] for name, order in chatter.made.items()}
        for turn in self.says:
            if turn is CONFIRM:
                chatter.confirms()
                continue
            said = turn if isinstance(turn, str) else turn[number % len(turn)]
            chatter.says(said.format(**names))

    def problems(self, chatter: Chatter) -> list[str]:
        """What is not as it must be."""
        found = []
        if (cart := chatter.cart()) != (self.cart or {}):
            found.append(f"cart {cart} is not {self.cart or {}}")
        if (orders := chatter.orders()) != (self.orders or {}):
            found.append(f"orders {orders} are not {self.orders or {}}")
        wanted = {
            name: {chatter.shop.products[key]["sku"]: count for key, count in items.items()}
            for name, items in (self.returns or {}).items()
        }
        if chatter.made and (returns := chatter.returns()) != wanted:
            found.append(f"returns {returns} are not {wanted}")
        if (tickets := chatter.tickets()) != self.tickets:
            found.append(f"tickets {tickets} are not {self.tickets}")
        return found


def cart_of(**quantities: int) -> Callable[[Chatter], object]:
    """Before: a cart with these."""
    return lambda chatter: chatter.holds(**quantities)


def order_in(state: str, *keys: str, quantity: int = 1) -> Callable[[Chatter], object]:
    """Before: an order in this state."""
    return lambda chatter: chatter.ordered(state, *keys, quantity=quantity)


def two_orders(first: tuple[str, str], second: tuple[str, str]) -> Callable[[Chatter], object]:
    """Before: an older order and a newer one, each with its state and its product."""

    def make(chatter: Chatter) -> None:
        chatter.ordered(first[0], first[1], as_name="old")
        chatter.ordered(second[0], second[1], as_name="new")

    return make


#: Ways to agree, and to decline.
YES = ["yes", "Yes please", "ok, do it", "sure", "confirm", "yep go ahead", "that's right", "sounds good"]
NO = ["no", "no thanks", "nope", "never mind", "don't", "No, leave it", "cancel that", "forget it"]
