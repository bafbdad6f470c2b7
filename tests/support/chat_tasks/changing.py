"""What people want changed in their carts, or only to know."""

from tests.support.chat_tasks.task import CONFIRM, NO, YES, Task, cart_of

CHANGING_TASKS = [
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
        before=cart_of(kettle=1, candle=2),
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
        before=cart_of(kettle=1, candle=3),
        cart={"kettle": 1, "candle": 2},
    ),
    Task(
        "remove the only one",
        [
            ["remove it from my cart", "take that out of my basket please", "delete the item in my cart"],
            CONFIRM,
        ],
        before=cart_of(mat=1),
        cart={},
    ),
    Task(
        "remove ambiguous",
        [
            ["remove the fenwold umbrella from my cart", "take the umbrella out of my cart"],
            ["the red one", "red", "the red umbrella"],
            CONFIRM,
        ],
        before=cart_of(blue=1, red=1),
        cart={"blue": 1},
    ),
    Task(
        "remove what is not there",
        [["remove the osterly lamp from my cart", "take the zorbit mat out of my basket"]],
        before=cart_of(kettle=1),
        cart={"kettle": 1},
    ),
    Task(
        "remove from an empty cart",
        [["remove the kettle from my cart", "take the lamp out of my basket"]],
        cart={},
    ),
    Task(
        "remove declined",
        [["remove the kettle from my cart"], NO],
        before=cart_of(kettle=1),
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
        before=cart_of(kettle=1, socks=2),
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
        before=cart_of(kettle=1, socks=5),
        cart={"kettle": 1, "socks": 1},
    ),
    Task(
        "double", [["double the candles in my cart"], CONFIRM], before=cart_of(candle=3), cart={"candle": 6}
    ),
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
        before=cart_of(kettle=1, socks=2, mat=1),
        cart={},
    ),
    Task("clear by text yes", [["please empty my basket"], YES], before=cart_of(kettle=1), cart={}),
    Task("clear declined", [["empty my cart"], NO], before=cart_of(kettle=1), cart={"kettle": 1}),
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
        before=cart_of(kettle=1),
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
        before=cart_of(kettle=1),
        cart={"candle": 2},
    ),
    Task(
        "show changes nothing",
        [["what's in my cart?", "show my basket", "how much is my cart?"]],
        before=cart_of(kettle=2),
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
        before=cart_of(kettle=1),
        cart={"kettle": 2},
    ),
]
