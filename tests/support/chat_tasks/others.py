"""People who want a person."""

from tests.support.chat_tasks.task import CONFIRM, NO, YES, Task, order_in

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
    Task("human by text yes", [["please connect me to customer service"], YES], tickets=1),
    Task("human declined", [["I need a person"], NO]),
    Task(
        "human after trouble",
        [
            ["where is my order"],
            ["this is useless, let me talk to someone", "I want to complain to a human"],
            CONFIRM,
        ],
        before=order_in("pending", "kettle"),
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
        before=order_in("pending", "kettle"),
        orders={"order": "pending"},
    ),
]
