"""A shop to chat in: a small catalogue of names that nobody else sells, customers, and orders in every state."""

import time
from collections.abc import Callable
from typing import Any

import httpx

from tests.e2e.support.answers import ok
from tests.e2e.support.people import Person, Staff, line, place
from tests.e2e.support.things import unique
from tests.support.polling import wait_until

Json = Any
CATALOGUE = {
    "kettle": ("Tarnwick Kettle", "39.00"),
    "teapot": ("Tarnwick Teapot", "24.50"),
    "lamp": ("Osterly Reading Lamp", "59.90"),
    "blue": ("Fenwold Umbrella Blue", "19.00"),
    "red": ("Fenwold Umbrella Red", "21.00"),
    "board": ("Quillon Chopping Board", "32.00"),
    "candle": ("Brimley Beeswax Candle", "7.25"),
    "socks": ("Hexley Wool Socks", "12.00"),
    "soap": ("Lemon Vervain Soap 2", "4.10"),
    "mat": ("Zorbit Yoga Mat", "45.00"),
}
SOLD_OUT = ("gone", "Vanterra Waffle Iron", "80.00")
SHIRT = ("shirt", "Cawdel Linen Shirt", "49.00")


class ChatShop:
    """The catalogue, made once. ``products`` by their short names."""

    def __init__(self, staff: Staff) -> None:
        self.staff, self.products = staff, {}
        for key, (name, price) in CATALOGUE.items():
            self.products[key] = self._ensured(name, price=price, stock=1_000_000)
        key, name, price = SOLD_OUT
        self.products[key] = self._ensured(name, price=price, stock=0)
        key, name, price = SHIRT
        variants = [
            {
                "sku": unique("SHIRT"),
                "name": size,
                "attributes": {"size": size},
                "price": price,
                "stock": 1_000_000,
            }
            for size in ("Small", "Medium", "Large")
        ]
        self.products[key] = self._ensured(name, price=price, variants=variants)

    def _ensured(self, name: str, **fields: Json) -> Json:
        found = [row for row in self.staff.products(search=name, page_size=50) if row["name"] == name]
        return found[0] if found else self.staff.add_product(name=name, **fields)

    def searchable(self) -> None:
        """Wait until search finds all of it."""
        for product in self.products.values():
            wait_until(
                lambda name=product["name"]: any(row["name"] == name for row in self.staff.products(search=name)),
                what=product["name"], timeout_s=60,
            )  # fmt: skip


class Chatter:
    """A customer at the chat, and what the database says of them afterwards."""

    def __init__(self, shop: ChatShop, person: Person) -> None:
        self.shop, self.person = shop, person
        self.conversation: str | None = None
        self.answers: list[Json] = []
        self.made: dict[str, Json] = {}

    # What was before

    def holds(self, **quantities: int) -> None:
        """Put things into the cart."""
        for key, quantity in quantities.items():
            self.person.add_to_cart(self.shop.products[key], quantity)

    def ordered(self, state: str, *keys: str, as_name: str = "order", quantity: int = 1) -> Json:
        """Place an order and move it on."""
        self.shop.staff.stay_signed_in()
        lines = [line(self.shop.products[key], quantity) for key in keys]
        order = ok(place(self.person, *lines), 201)
        if state == "cancelled":
            ok(self.person.cancel(order))
        if state in ("processing", "shipped", "delivered"):
            pay(self.person, order)
        if state in ("shipped", "delivered"):
            ok(self.shop.staff.post(f"orders/{order['id']}/ship/", {"tracking": "1Z999"}))
        if state == "delivered":
            ok(self.shop.staff.post(f"orders/{order['id']}/deliver/"))
        self.made[as_name] = order
        return order

    # The conversation

    def post(self, body: Json) -> httpx.Response:
        """Send anything to the chat, in the conversation so far."""
        if self.conversation is not None:
            body = {"conversation_id": self.conversation, **body}
        return self.person.post("chat/", body)

    def says(self, text: str) -> Json:
        """Say something."""
        answer = ok(self.post({"message": text}))
        self.conversation = answer["conversation_id"]
        self.answers.append(answer)
        return answer

    def confirms(self) -> Json:
        """Confirm what was proposed last."""
        action = self.answers[-1]["proposed_action"]
        assert action is not None, f"nothing was proposed: {self.answers[-1]['reply']}"
        answer = ok(self.post({"confirm": action["id"]}))
        self.answers.append(answer)
        return answer

    # What is afterwards

    def cart(self) -> dict[str, int]:
        """Quantities by short name; variants as ``shirt:Medium``."""
        names = {product["id"]: key for key, product in self.shop.products.items()}
        found = {}
        for row in self.person.cart()["items"]:
            key = names.get(row["product"]["id"], row["product"]["name"])
            found[f"{key}:{row['variant_name']}" if row["variant_name"] else key] = row["quantity"]
        return found

    def orders(self) -> dict[str, str]:
        """Status by the name an order was made under."""
        names = {order["id"]: name for name, order in self.made.items()}
        return {
            names.get(row["id"], str(row["id"])): row["status"] for row in self.person.orders(page_size=50)
        }

    def returns(self) -> dict[str, Json]:
        """Returned quantities by order and SKU."""
        found = {}
        for name, order in self.made.items():
            for row in ok(self.person.get(f"orders/{order['id']}/returns/"))["results"]:
                found[name] = {item["sku"]: item["quantity"] for item in row["items"]}
        return found

    def tickets(self) -> int:
        """How many there are."""
        return int(ok(self.person.get("support/tickets/"))["count"])


def pay(person: Person, order: Json) -> None:
    """Pay with the provider that moves no money, and wait until the order knows."""
    pages = {"success_url": "https://example.com/yes", "cancel_url": "https://example.com/no"}
    body = {**pages, "order_id": order["id"]}
    session = ok(person.post("payments/create-checkout-session/", body, key=unique("pay")), 201)
    path = "payments/fake/" + session["url"].partition("/api/payments/fake/")[2]
    ok(person.post(path, {"card": "4242424242424242"}))
    wait_until(
        lambda: ok(person.get(f"orders/{order['id']}/"))["payment_status"] == "paid",
        timeout_s=30,
        what="paid",
    )


Expect = Callable[[Chatter], bool]


def timed(call: Callable[[], Json]) -> tuple[Json, float]:
    """An answer and its seconds."""
    began = time.perf_counter()
    return call(), time.perf_counter() - began
