"""All tasks for the assistant."""

from tests.support.chat_tasks.adding import ADDING_TASKS
from tests.support.chat_tasks.changing import CHANGING_TASKS
from tests.support.chat_tasks.orders import ORDER_TASKS
from tests.support.chat_tasks.others import OTHER_TASKS

TASKS = [*ADDING_TASKS, *CHANGING_TASKS, *ORDER_TASKS, *OTHER_TASKS]
