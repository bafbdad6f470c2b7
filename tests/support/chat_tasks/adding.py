"""What people want in their carts."""

from tests.support.chat_tasks.task import CONFIRM, NO, YES, Task

ADDING_TASKS = [
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
            YES,
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
            NO,
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
]
