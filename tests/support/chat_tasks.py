"""Tasks for the assistant, judged by what the database holds afterwards. Every run says it in another way."""

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


def _cart(**quantities: int) -> Callable[[Chatter], object]:
    return lambda chatter: chatter.holds(**quantities)


def _order(state: str, *keys: str, quantity: int = 1) -> Callable[[Chatter], object]:
    return lambda chatter: chatter.ordered(state, *keys, quantity=quantity)


def _two_orders(first: tuple[str, str], second: tuple[str, str]) -> Callable[[Chatter], object]:
    def make(chatter: Chatter) -> None:
        chatter.ordered(first[0], first[1], as_name="old")
        chatter.ordered(second[0], second[1], as_name="new")

    return make


_YES = ["yes", "Yes please", "ok, do it", "sure", "confirm", "yep go ahead", "that's right", "sounds good"]
_NO = ["no", "no thanks", "nope", "never mind", "don't", "No, leave it", "cancel that", "forget it"]

CART_TASKS = [
    Task(
        "add one",
        [
            [
                "add a tarnwick kettle to my cart",
                "I'd like to buy the Tarnwick kettle",
                "Can I get one Tarnwick Kettle?",
                "put a tarnwick kettle in my basket please",
                "tarnwick kettle, add it to the cart",
                "pls ad a tarnwick kettel to my crat",
                "Could you pop a Tarnwick Kettle into my trolley",
                "one tarnwick kettle please",
            ],
            CONFIRM,
        ],
        cart={"kettle": 1},
    ),
    Task(
        "add several",
        [
            [
                "add 3 brimley candles to my cart",
                "I'll take three Brimley candles",
                "get me 3x brimley beeswax candle",
                "3 brimley beeswax candles please",
                "Please put three of the Brimley beeswax candles in my basket",
                "i want to order three brimley candles",
                "could i have 3 brimley candles",
                "throw three brimley candles in the cart",
            ],
            CONFIRM,
        ],
        cart={"candle": 3},
    ),
    Task(
        "add a dozen",
        [
            [
                "I need a dozen Hexley socks in my cart",
                "add a dozen hexley wool socks",
                "twelve pairs of Hexley wool socks please, in my basket",
                "order 12 hexley wool socks",
            ],
            CONFIRM,
        ],
        cart={"socks": 12},
    ),
    Task(
        "add by text yes",
        [
            [
                "add two quillon chopping boards",
                "I want 2 Quillon boards in my cart",
                "please add a couple of quillon chopping boards to my basket",
            ],
            _YES,
        ],
        cart={"board": 2},
    ),
    Task(
        "add declined",
        [
            [
                "add a zorbit yoga mat to my cart",
                "I'd like the Zorbit mat",
                "put the zorbit yoga mat in my basket",
            ],
            _NO,
        ],
        cart={},
    ),
    Task(
        "add then more",
        [
            ["add a zorbit mat to the cart"],
            CONFIRM,
            ["two more", "add two more of them", "I'd like two more please"],
            CONFIRM,
        ],
        cart={"mat": 3},
    ),
    Task(
        "ambiguous colour",
        [
            [
                "add a fenwold umbrella to my cart",
                "I want a Fenwold umbrella",
                "get me one of the fenwold umbrellas please",
            ],
            ["the blue one", "blue please", "the blue", "I'll take the blue one"],
            CONFIRM,
        ],
        cart={"blue": 1},
    ),
    Task(
        "from a list",
        [
            [
                "show me fenwold umbrellas",
                "do you have fenwold umbrellas?",
                "I'm looking for a fenwold umbrella",
            ],
            ["add the red one to my cart", "I'll take the red one", "put the red one in my basket"],
            CONFIRM,
        ],
        cart={"red": 1},
    ),
    Task(
        "ambiguous brand",
        [
            [
                "I want to buy a tarnwick",
                "add a tarnwick to my basket",
            ],
            ["the teapot", "teapot please", "the teapot one"],
            CONFIRM,
        ],
        cart={"teapot": 1},
    ),
    Task(
        "variant asked",
        [
            ["add a cawdel linen shirt to my cart", "I'd like the Cawdel shirt", "buy a cawdel linen shirt"],
            ["medium", "the medium one", "in medium please", "Medium"],
            CONFIRM,
        ],
        cart={"shirt:Medium": 1},
    ),
    Task(
        "variant given",
        [
            [
                "add a large cawdel linen shirt to my cart",
                "one cawdel linen shirt in size large please",
                "I want the cawdel linen shirt in large",
            ],
            CONFIRM,
        ],
        cart={"shirt:Large": 1},
    ),
    Task(
        "number in the name",
        [
            [
                "add 3 lemon vervain soap 2 to my cart",
                "I want three lemon vervain soaps",
                "put 3 of the Lemon Vervain Soap 2 in my basket",
            ],
            CONFIRM,
        ],
        cart={"soap": 3},
    ),
    Task(
        "correct quantity",
        [
            ["add an osterly lamp to my cart"],
            [
                "no, two of them",
                "make it two",
                "actually two",
                "no, I want two",
                "two please",
                "make that 2 instead",
            ],
            CONFIRM,
        ],
        cart={"lamp": 2},
    ),
    Task(
        "correct product",
        [
            ["add a tarnwick kettle to my cart"],
            [
                "no, the tarnwick teapot",
                "no, I meant the Tarnwick teapot",
                "actually the tarnwick teapot",
                "No I want the tarnwick teapot instead",
            ],
            CONFIRM,
        ],
        cart={"teapot": 1},
    ),
    Task("sold out", [["add a vanterra waffle iron to my cart", "I want the Vanterra waffle iron"]], cart={}),
    Task(
        "unknown product",
        [["add a flurbish gronkulator to my cart", "I'd like to buy a flurbish gronkulator"]],
        cart={},
    ),
    Task(
        "two at once",
        [
            [
                "add a tarnwick kettle and two brimley candles to my cart",
                "put one tarnwick kettle and 2 brimley candles in the basket",
                "I'd like a tarnwick kettle and two brimley candles please",
            ],
            CONFIRM,
        ],
        cart={"kettle": 1, "candle": 2},
    ),
    Task(
        "about it, then add",
        [
            [
                "how much is the osterly reading lamp?",
                "what does the Osterly lamp cost",
                "price of osterly reading lamp",
            ],
            [
                "ok, add it to my cart",
                "I'll take it",
                "put it in my basket",
                "add one please",
                "great, I'll have two of them then",
            ][:4],
            CONFIRM,
        ],
        cart={"lamp": 1},
    ),
    Task(
        "about it, then two",
        [
            ["is the quillon chopping board in stock?"],
            ["add two to my cart", "I'll take 2 of them", "give me two of those please"],
            CONFIRM,
        ],
        cart={"board": 2},
    ),
    Task(
        "remove",
        [
            [
                "remove the tarnwick kettle from my cart",
                "take the kettle out of my basket",
                "I don't want the tarnwick kettle anymore",
                "get rid of the kettle please",
                "pls remvoe the kettle from my cart",
                "delete the tarnwick kettle",
                "the kettle can go",
                "drop the kettle from my trolley",
            ],
            CONFIRM,
        ],
        before=_cart(kettle=1, candle=2),
        cart={"candle": 2},
    ),
    Task(
        "remove some",
        [
            [
                "remove one of the candles from my cart",
                "take one candle out of my basket",
                "one candle less please",
                "delete 1 brimley candle from the cart",
            ],
            CONFIRM,
        ],
        before=_cart(kettle=1, candle=3),
        cart={"kettle": 1, "candle": 2},
    ),
    Task(
        "remove the only one",
        [
            ["remove it from my cart", "take that out of my basket please", "delete the item in my cart"],
            CONFIRM,
        ],
        before=_cart(mat=1),
        cart={},
    ),
    Task(
        "remove ambiguous",
        [
            ["remove the fenwold umbrella from my cart", "take the umbrella out of my cart"],
            ["the red one", "red", "the red umbrella"],
            CONFIRM,
        ],
        before=_cart(blue=1, red=1),
        cart={"blue": 1},
    ),
    Task(
        "remove what is not there",
        [["remove the osterly lamp from my cart", "take the zorbit mat out of my basket"]],
        before=_cart(kettle=1),
        cart={"kettle": 1},
    ),
    Task(
        "remove from an empty cart",
        [["remove the kettle from my cart", "take the lamp out of my basket"]],
        cart={},
    ),
    Task(
        "remove declined",
        [["remove the kettle from my cart"], _NO],
        before=_cart(kettle=1),
        cart={"kettle": 1},
    ),
    Task(
        "set",
        [
            [
                "change the kettles to 4",
                "make it 4 kettles in my cart",
                "set the quantity of the tarnwick kettle to four",
                "I want four kettles instead of one",
                "update the kettle quantity to 4",
                "please change the number of kettles in my cart to 4",
                "i need 4 kettles instead",
                "bump the kettle up to 4",
            ],
            CONFIRM,
        ],
        before=_cart(kettle=1, socks=2),
        cart={"kettle": 4, "socks": 2},
    ),
    Task(
        "set down",
        [
            [
                "I only want one pair of socks in my cart",
                "reduce the socks to one",
                "change socks to 1",
                "lower the quantity of wool socks to one",
            ],
            CONFIRM,
        ],
        before=_cart(kettle=1, socks=5),
        cart={"kettle": 1, "socks": 1},
    ),
    Task("double", [["double the candles in my cart"], CONFIRM], before=_cart(candle=3), cart={"candle": 6}),
    Task(
        "clear",
        [
            [
                "empty my cart",
                "clear the basket please",
                "remove everything from my cart",
                "throw everything out of my cart",
                "delete all items in my cart",
                "wipe my trolley",
            ],
            CONFIRM,
        ],
        before=_cart(kettle=1, socks=2, mat=1),
        cart={},
    ),
    Task("clear by text yes", [["please empty my basket"], _YES], before=_cart(kettle=1), cart={}),
    Task("clear declined", [["empty my cart"], _NO], before=_cart(kettle=1), cart={"kettle": 1}),
    Task(
        "swap",
        [
            [
                "replace the tarnwick kettle with the tarnwick teapot",
                "swap the kettle for the tarnwick teapot",
                "I want the tarnwick teapot instead of the kettle",
            ],
            CONFIRM,
        ],
        before=_cart(kettle=1),
        cart={"teapot": 1},
    ),
    Task(
        "remove and add",
        [
            [
                "remove the kettle and add two brimley candles to my cart",
                "take out the kettle, and put two brimley candles in",
                "add 2 brimley candles and remove the kettle",
            ],
            CONFIRM,
        ],
        before=_cart(kettle=1),
        cart={"candle": 2},
    ),
    Task(
        "show changes nothing",
        [["what's in my cart?", "show my basket", "how much is my cart?"]],
        before=_cart(kettle=2),
        cart={"kettle": 2},
    ),
    Task(
        "ask shipping while deciding",
        [
            ["add a zorbit yoga mat to my cart"],
            ["how much is shipping?", "what does delivery cost"],
            ["ok, yes add it", "yes"],
        ],
        cart={"mat": 1},
    ),
    Task("huge quantity", [["add 99999999 tarnwick kettles to my cart"]], cart={}),
    Task(
        "polite detour",
        [
            ["hello there", "hi"],
            ["do you sell quillon chopping boards?"],
            ["great, I'd like one please", "nice, add it", "ok I'll take one"],
            CONFIRM,
            ["thanks!"],
        ],
        cart={"board": 1},
    ),
    Task(
        "cheapest of those",
        [["show me fenwold umbrellas"], ["add the cheapest one", "I'll take the cheapest of those"], CONFIRM],
        cart={"blue": 1},
    ),
    Task(
        "another one",
        [["add another kettle to my cart", "one more tarnwick kettle please"], CONFIRM],
        before=_cart(kettle=1),
        cart={"kettle": 2},
    ),
]

ORDER_TASKS = [
    Task(
        "cancel by number",
        [
            [
                "cancel order {order}",
                "please cancel my order {order}",
                "I'd like to cancel {order}",
                "can you stop order {order}",
                "call off {order} please",
            ],
            CONFIRM,
        ],
        before=_order("pending", "kettle"),
        orders={"order": "cancelled"},
    ),
    Task(
        "cancel the only one",
        [
            [
                "cancel my order",
                "I want to cancel my order please",
                "cancle my oder",
                "I don't want my order anymore",
            ],
            CONFIRM,
        ],
        before=_order("pending", "kettle"),
        orders={"order": "cancelled"},
    ),
    Task(
        "cancel the last",
        [
            [
                "cancel my last order",
                "please call off my latest order",
                "cancel my most recent order",
                "undo my last order",
            ],
            CONFIRM,
        ],
        before=_two_orders(("pending", "kettle"), ("pending", "lamp")),
        orders={"old": "pending", "new": "cancelled"},
    ),
    Task(
        "cancel asked which",
        [
            ["cancel my order", "I want to cancel an order"],
            ["the one with the kettle", "{old}", "the kettle order"],
            CONFIRM,
        ],
        before=_two_orders(("pending", "kettle"), ("pending", "lamp")),
        orders={"old": "cancelled", "new": "pending"},
    ),
    Task(
        "cancel by article",
        [
            [
                "cancel the order with the kettle",
                "cancel my kettle order",
                "please cancel the order for the tarnwick kettle",
            ],
            CONFIRM,
        ],
        before=_two_orders(("pending", "kettle"), ("pending", "lamp")),
        orders={"old": "cancelled", "new": "pending"},
    ),
    Task(
        "cancel paid",
        [
            ["cancel order {order} because I found it cheaper", "please cancel my order, I changed my mind"],
            CONFIRM,
        ],
        before=_order("processing", "mat"),
        orders={"order": "cancelled"},
    ),
    Task(
        "cancel shipped is refused",
        [["cancel order {order}", "cancel my order"]],
        before=_order("shipped", "kettle"),
        orders={"order": "shipped"},
    ),
    Task(
        "cancel declined",
        [["cancel my order"], _NO],
        before=_order("pending", "kettle"),
        orders={"order": "pending"},
    ),
    Task(
        "cancel by text yes",
        [["cancel my order"], _YES],
        before=_order("pending", "kettle"),
        orders={"order": "cancelled"},
    ),
    Task(
        "cancel what is not mine",
        [["cancel order 01J9ZC2M5T8K4XQ7W3VN", "please cancel 01J9ZC2M5T8K4XQ7W3VN"]],
        before=_order("pending", "kettle"),
        orders={"order": "pending"},
    ),
    Task(
        "cancel the pending one",
        [["cancel my order", "cancel my pending order"], CONFIRM],
        before=_two_orders(("delivered", "kettle"), ("pending", "lamp")),
        orders={"old": "delivered", "new": "cancelled"},
    ),
    Task(
        "status, then cancel it",
        [
            ["where is my order?", "what's the status of my order", "track my order"],
            ["cancel it", "please cancel it", "ok, cancel that order"],
            CONFIRM,
        ],
        before=_order("pending", "board"),
        orders={"order": "cancelled"},
    ),
    Task(
        "status changes nothing",
        [["where is my order {order}?", "has my order shipped yet?", "when will my order arrive"]],
        before=_order("shipped", "mat"),
        orders={"order": "shipped"},
    ),
    Task(
        "return by number",
        [
            [
                "return order {order}",
                "I want to return order {order}",
                "I'd like to send back {order}",
                "start a return for {order} please",
            ],
            CONFIRM,
        ],
        before=_order("delivered", "lamp"),
        orders={"order": "delivered"},
        returns={"order": {"lamp": 1}},
    ),
    Task(
        "return the only one",
        [["I want to return my order", "retrun my order", "please open a return for my last order"], CONFIRM],
        before=_order("delivered", "lamp"),
        orders={"order": "delivered"},
        returns={"order": {"lamp": 1}},
    ),
    Task(
        "return broken",
        [
            [
                "my osterly lamp arrived broken, I want to return it",
                "the lamp is defective, I want my money back",
                "The reading lamp came damaged and I'd like to send it back",
            ],
            CONFIRM,
        ],
        before=_order("delivered", "lamp"),
        orders={"order": "delivered"},
        returns={"order": {"lamp": 1}},
    ),
    Task(
        "return a part",
        [
            [
                "return the kettle from my last order",
                "I'd like to send back the kettle I bought",
                "I want to return the tarnwick kettle from order {order}",
            ],
            CONFIRM,
        ],
        before=_order("delivered", "kettle", "candle"),
        orders={"order": "delivered"},
        returns={"order": {"kettle": 1}},
    ),
    Task(
        "return some of them",
        [["return one of the candles from my order", "send back 1 candle from order {order}"], CONFIRM],
        before=_order("delivered", "candle", quantity=3),
        orders={"order": "delivered"},
        returns={"order": {"candle": 1}},
    ),
    Task(
        "return pending is refused",
        [["return order {order}", "I want to return my order"]],
        before=_order("pending", "kettle"),
        orders={"order": "pending"},
    ),
    Task(
        "return declined",
        [["return order {order}"], _NO],
        before=_order("delivered", "kettle"),
        orders={"order": "delivered"},
    ),
    Task(
        "return the delivered one",
        [["I want to return my kettle", "return the kettle order"], CONFIRM],
        before=_two_orders(("delivered", "kettle"), ("pending", "lamp")),
        orders={"old": "delivered", "new": "pending"},
        returns={"old": {"kettle": 1}},
    ),
]

OTHER_TASKS = [
    Task(
        "human",
        [
            [
                "I want to talk to a human",
                "can I speak to a real person please",
                "open a support ticket",
                "get me an agent",
            ],
            CONFIRM,
        ],
        tickets=1,
    ),
    Task("human by text yes", [["please connect me to customer service"], _YES], tickets=1),
    Task("human declined", [["I need a person"], _NO]),
    Task(
        "human after trouble",
        [
            ["where is my order"],
            ["this is useless, let me talk to someone", "I want to complain to a human"],
            CONFIRM,
        ],
        before=_order("pending", "kettle"),
        orders={"order": "pending"},
        tickets=1,
    ),
    Task(
        "terms change nothing",
        [
            [
                "can I return something I don't like?",
                "how do I cancel an order?",
                "how long do I have to return an item",
            ]
        ],
        before=_order("pending", "kettle"),
        orders={"order": "pending"},
    ),
]

TASKS = [*CART_TASKS, *ORDER_TASKS, *OTHER_TASKS]
