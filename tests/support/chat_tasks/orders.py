"""What people want of their orders."""

from tests.support.chat_tasks.task import CONFIRM, NO, YES, Task, order_in, two_orders

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
        before=order_in("pending", "kettle"),
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
        before=order_in("pending", "kettle"),
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
        before=two_orders(("pending", "kettle"), ("pending", "lamp")),
        orders={"old": "pending", "new": "cancelled"},
    ),
    Task(
        "cancel asked which",
        [
            ["cancel my order", "I want to cancel an order"],
            ["the one with the kettle", "{old}", "the kettle order"],
            CONFIRM,
        ],
        before=two_orders(("pending", "kettle"), ("pending", "lamp")),
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
        before=two_orders(("pending", "kettle"), ("pending", "lamp")),
        orders={"old": "cancelled", "new": "pending"},
    ),
    Task(
        "cancel paid",
        [
            ["cancel order {order} because I found it cheaper", "please cancel my order, I changed my mind"],
            CONFIRM,
        ],
        before=order_in("processing", "mat"),
        orders={"order": "cancelled"},
    ),
    Task(
        "cancel shipped is refused",
        [["cancel order {order}", "cancel my order"]],
        before=order_in("shipped", "kettle"),
        orders={"order": "shipped"},
    ),
    Task(
        "cancel declined",
        [["cancel my order"], NO],
        before=order_in("pending", "kettle"),
        orders={"order": "pending"},
    ),
    Task(
        "cancel by text yes",
        [["cancel my order"], YES],
        before=order_in("pending", "kettle"),
        orders={"order": "cancelled"},
    ),
    Task(
        "cancel what is not mine",
        [["cancel order 01J9ZC2M5T8K4XQ7W3VN", "please cancel 01J9ZC2M5T8K4XQ7W3VN"]],
        before=order_in("pending", "kettle"),
        orders={"order": "pending"},
    ),
    Task(
        "cancel the pending one",
        [["cancel my order", "cancel my pending order"], CONFIRM],
        before=two_orders(("delivered", "kettle"), ("pending", "lamp")),
        orders={"old": "delivered", "new": "cancelled"},
    ),
    Task(
        "status, then cancel it",
        [
            ["where is my order?", "what's the status of my order", "track my order"],
            ["cancel it", "please cancel it", "ok, cancel that order"],
            CONFIRM,
        ],
        before=order_in("pending", "board"),
        orders={"order": "cancelled"},
    ),
    Task(
        "status changes nothing",
        [["where is my order {order}?", "has my order shipped yet?", "when will my order arrive"]],
        before=order_in("shipped", "mat"),
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
        before=order_in("delivered", "lamp"),
        orders={"order": "delivered"},
        returns={"order": {"lamp": 1}},
    ),
    Task(
        "return the only one",
        [["I want to return my order", "retrun my order", "please open a return for my last order"], CONFIRM],
        before=order_in("delivered", "lamp"),
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
        before=order_in("delivered", "lamp"),
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
        before=order_in("delivered", "kettle", "candle"),
        orders={"order": "delivered"},
        returns={"order": {"kettle": 1}},
    ),
    Task(
        "return some of them",
        [["return one of the candles from my order", "send back 1 candle from order {order}"], CONFIRM],
        before=order_in("delivered", "candle", quantity=3),
        orders={"order": "delivered"},
        returns={"order": {"candle": 1}},
    ),
    Task(
        "return pending is refused",
        [["return order {order}", "I want to return my order"]],
        before=order_in("pending", "kettle"),
        orders={"order": "pending"},
    ),
    Task(
        "return declined",
        [["return order {order}"], NO],
        before=order_in("delivered", "kettle"),
        orders={"order": "delivered"},
    ),
    Task(
        "return the delivered one",
        [["I want to return my kettle", "return the kettle order"], CONFIRM],
        before=two_orders(("delivered", "kettle"), ("pending", "lamp")),
        orders={"old": "delivered", "new": "pending"},
        returns={"old": {"kettle": 1}},
    ),
]
