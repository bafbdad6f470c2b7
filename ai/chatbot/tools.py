"""The tools that change something: typed arguments in, one call of the shop, one sentence out.

A step runs only after its caller confirmed exactly these arguments; they are validated again then.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Annotated, Any, Generic, TypeVar
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from chatbot.replies import Source, cart_source, order_source, plain
from chatbot.schemas import Step
from chatbot.shop import CallersShop

Id = Annotated[int, Field(ge=1, le=2**63 - 1)]
Quantity = Annotated[int, Field(ge=1, le=10_000)]
ArgumentsT = TypeVar("ArgumentsT", bound=BaseModel)
Done = tuple[str, Source]


class Arguments(BaseModel):
    """Base of all arguments: nothing but what is declared."""

    model_config = ConfigDict(extra="forbid", strict=True)


class CartAdd(Arguments):
    """Units of a product, or of one of its variants."""

    product_id: Id
    variant_id: Id | None = None
    quantity: Quantity = 1


class CartSet(Arguments):
    """A line of the cart and its new quantity."""

    item_id: Id
    quantity: Quantity


class CartRemove(Arguments):
    """A line of the cart."""

    item_id: Id


class CartClear(Arguments):
    """Nothing."""


class OrderCancel(Arguments):
    """An order of the caller."""

    order_id: Id
    reason: Annotated[str, Field(max_length=200)] = ""


class ReturnLine(Arguments):
    """One article that comes back."""

    sku: Annotated[str, Field(min_length=1, max_length=64)]
    quantity: Quantity


class ReturnRequest(Arguments):
    """An order of the caller, whole or in part."""

    order_id: Id
    items: Annotated[list[ReturnLine], Field(min_length=1, max_length=100)] | None = None
    reason: Annotated[str, Field(max_length=500)] = ""


class TicketOpen(Arguments):
    """A question to a person, with what was said so far."""

    subject: Annotated[str, Field(min_length=1, max_length=200)]
    conversation_id: str
    transcript: Annotated[list[dict[str, str]], Field(max_length=40)]


@dataclass(frozen=True)
class Tool(Generic[ArgumentsT]):
    """Arguments and the call."""

    arguments: type[ArgumentsT]
    run: Callable[[CallersShop, ArgumentsT], Awaitable[Done]]


async def _cart_add(shop: CallersShop, asked: CartAdd) -> Done:
    cart = await shop.write("POST", "orders/cart/add/", asked.model_dump())
    line = next(
        (
            item
            for item in cart["items"]
            if (item["product"]["id"], item["variant_id"]) == (asked.product_id, asked.variant_id)
        ),
        None,
    )
    named = f"{line['quantity']} × {plain(line['product']['name'])}" if line else "it"
    return f"Done: your cart now has {named}, {_total(cart)}.", cart_source()


async def _cart_set(shop: CallersShop, asked: CartSet) -> Done:
    cart = await shop.write("PUT", f"orders/cart/items/{asked.item_id}/", {"quantity": asked.quantity})
    return f"Done: the quantity is {asked.quantity}, {_total(cart)}.", cart_source()


async def _cart_remove(shop: CallersShop, asked: CartRemove) -> Done:
    cart = await shop.write("DELETE", f"orders/cart/items/{asked.item_id}/")
    return f"Done: it is out of your cart, {_total(cart)}.", cart_source()


async def _cart_clear(shop: CallersShop, _: CartClear) -> Done:
    await shop.write("DELETE", "orders/cart/clear/")
    return "Done: your cart is empty.", cart_source()


async def _order_cancel(shop: CallersShop, asked: OrderCancel) -> Done:
    order = await shop.write("POST", f"orders/{asked.order_id}/cancel/", {"reason": asked.reason})
    return f"Done: order {order['number']} is {order['status']}.", order_source(order)


async def _return_request(shop: CallersShop, asked: ReturnRequest) -> Done:
    body = asked.model_dump(exclude={"order_id"}, exclude_none=True)
    wanted = await shop.write("POST", f"orders/{asked.order_id}/returns/", body)
    source = Source("return", f"Return request {wanted['id']}", f"/api/orders/{asked.order_id}/returns/")
    return f"Done: return request {wanted['id']} is {wanted['status']}; you hear from us.", source


async def _ticket_open(shop: CallersShop, asked: TicketOpen) -> Done:
    ticket = await shop.write("POST", "support/tickets/", asked.model_dump())
    source = Source("ticket", f"Ticket {ticket['id']}", f"/api/support/tickets/{ticket['id']}/")
    return f"Done: ticket {ticket['id']} is open, and a person answers it.", source


TOOLS: dict[str, Tool[Any]] = {
    "cart_add": Tool(CartAdd, _cart_add),
    "cart_set": Tool(CartSet, _cart_set),
    "cart_remove": Tool(CartRemove, _cart_remove),
    "cart_clear": Tool(CartClear, _cart_clear),
    "order_cancel": Tool(OrderCancel, _order_cancel),
    "return_request": Tool(ReturnRequest, _return_request),
    "ticket_open": Tool(TicketOpen, _ticket_open),
}


async def step_run(shop: CallersShop, step: Step) -> Done:
    """Run a confirmed step. Raises ``Refused`` and ``ShopUnavailable``."""
    tool = TOOLS[step.tool]
    return await tool.run(shop, tool.arguments.model_validate(step.arguments))


def step_of(tool: str, arguments: BaseModel) -> Step:
    """A step with checked arguments."""
    assert isinstance(arguments, TOOLS[tool].arguments)
    return Step(tool=tool, arguments=arguments.model_dump(mode="json"))


def ticket_of(*, subject: str, conversation_id: UUID, transcript: list[dict[str, str]]) -> Step:
    """The step that asks a person."""
    ticket = TicketOpen(subject=subject[:200], conversation_id=str(conversation_id), transcript=transcript)
    return step_of("ticket_open", ticket)


def _total(cart: dict[str, Any]) -> str:
    return f"{cart['total']} {cart['currency']} in total"
